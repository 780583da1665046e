// The metrics of a node, in CAF's registry, so that CAF's exporter shows them beside its own.
// Counting costs the hot path little: I/O units count in plain numbers and add them once a second
// (unit_tally), documents once a turn, and times are only taken while somebody scrapes them.
// Owner: the node. Thread: any.
#pragma once

#include <array>
#include <string_view>

#include <caf/fwd.hpp>

#include "actors/metric_groups.hpp"
#include "actors/metric_maker.hpp"
#include "base/close_reason.hpp"
#include "base/errc.hpp"
#include "protocol/request_error.hpp"

namespace troupe {

/// Whether anybody can read the metrics, so that taking times is worth its cost.
enum class scraping : std::uint8_t { off, on };

class node_metrics {
 public:
  explicit node_metrics(caf::actor_system& system, scraping how = scraping::on);

  /// The names of all of them, as the exporter shows them.
  const std::vector<std::string>& names() const noexcept { return maker_.names(); }
  bool takes_times() const noexcept { return scraping_ == scraping::on; }

  const traffic_metrics& traffic() const noexcept { return traffic_; }
  const document_metrics& documents() const noexcept { return documents_; }
  const storage_metrics& storage() const noexcept { return storage_; }
  const peer_metrics& peers() const noexcept { return peers_; }

  /// 1 while /readyz answers 200.
  metric_gauge& ready() const noexcept { return *ready_; }
  /// What runs here.
  void show_version(std::string_view version) const { build_.of(version).value(1); }
  /// Tokens that were looked at: "accepted", "missing", or the name of the fault.
  metric_counter& token_checks(std::string_view outcome) const { return token_checks_.of(outcome); }

  metric_gauge& sessions() const noexcept { return *sessions_; }
  /// Documents that are open and nearly full; see crdt::nearly_full().
  metric_gauge& nearly_full_documents() const noexcept { return *nearly_full_documents_; }
  /// Documents that are open and folded; see foldable_state. How often any was folded, and decoded.
  metric_gauge& folded_documents() const noexcept { return *folded_documents_; }
  metric_counter& folds() const noexcept { return *folds_; }
  metric_counter& unfolds() const noexcept { return *unfolds_; }
  /// Connections that were closed for this reason.
  metric_counter& closed(close_reason reason) const noexcept {
    return *closed_[static_cast<std::size_t>(reason)];
  }
  /// JSON messages that were refused for this reason.
  metric_counter& refused(request_error code) const noexcept {
    return *refused_[static_cast<std::size_t>(code)];
  }
  /// Connections that were turned away before their upgrade.
  metric_counter& turned_away(std::string_view why) const;
  /// Upgrades that were answered late, or refused, since their client had been closed before.
  metric_counter& held_back() const noexcept { return *held_back_; }
  /// Attempts to accept a connection that failed for want of descriptors or memory.
  metric_counter& accept_failures() const noexcept { return *accept_failures_; }
  /// Frames of presence above the rate of presence.
  metric_counter& dropped_presence() const noexcept { return *dropped_presence_; }
  /// Clients in presence that were left out for this reason; see sync::awareness::apply.
  metric_counter& left_out_presence(errc why) const;
  /// Messages of types that the server does not know, and empty frames.
  metric_counter& ignored_messages() const noexcept { return *ignored_messages_; }
  /// Times that a session stopped reading because its client sent too fast.
  metric_counter& reading_paused() const noexcept { return *reading_paused_; }
  /// Deliveries of presence that were left out for sessions that read too slowly.
  metric_counter& presence_skipped() const noexcept { return *presence_skipped_; }
  /// Checkpoints that were not written, since they would not have restored their document.
  metric_counter& failed_checkpoints() const noexcept { return *failed_checkpoints_; }
  /// Times that another node lacked what could not be sent to it.
  metric_counter& unsendable_differences() const noexcept { return *unsendable_differences_; }
  /// 1 while edits are refused because storage cannot be written.
  metric_gauge& storage_refusing() const noexcept { return *storage_refusing_; }
  /// Times that storage became unwritable for this reason.
  metric_counter& storage_failures(errc why) const;
  /// Webhooks that wait or are under way.
  metric_gauge& queued_webhooks() const noexcept { return *queued_webhooks_; }
  /// Those that were delivered; attempts that failed; those that were given up; those for which
  /// there was no room.
  metric_counter& sent_webhooks() const noexcept { return *sent_webhooks_; }
  metric_counter& failed_webhooks() const noexcept { return *failed_webhooks_; }
  metric_counter& dead_webhooks() const noexcept { return *dead_webhooks_; }
  metric_counter& left_out_webhooks() const noexcept { return *left_out_webhooks_; }
  /// Seconds since the oldest that waits was announced.
  metric_gauge& oldest_webhook() const noexcept { return *oldest_webhook_; }
  /// Questions to the application: "granted", "denied", "unavailable", or "cached".
  metric_counter& authorisations(std::string_view outcome) const;
  /// Documents that were asked of upstream.url: "fetched", "empty", "failed", or "refused", if this
  /// server does not take what was fetched. How many wait to be asked for.
  metric_counter& upstream_fetches(std::string_view outcome) const;
  metric_gauge& upstream_waiting() const noexcept { return *upstream_waiting_; }
  /// Attempts to fetch the keys of tokens that failed.
  metric_counter& failed_key_fetches() const noexcept { return *failed_key_fetches_; }

 private:
  const scraping scraping_;
  metric_maker maker_;
  traffic_metrics traffic_;
  document_metrics documents_;
  storage_metrics storage_;
  peer_metrics peers_;
  metric_gauge* ready_;
  labelled<metric_gauge> build_;
  labelled<metric_counter> token_checks_;
  metric_gauge* sessions_;
  metric_gauge* nearly_full_documents_;
  metric_gauge* folded_documents_;
  metric_counter* folds_;
  metric_counter* unfolds_;
  metric_counter* held_back_;
  metric_counter* accept_failures_;
  metric_counter* dropped_presence_;
  metric_counter* ignored_messages_;
  metric_counter* reading_paused_;
  metric_counter* presence_skipped_;
  metric_counter* failed_checkpoints_;
  metric_counter* unsendable_differences_;
  metric_gauge* storage_refusing_;
  metric_gauge* queued_webhooks_;
  metric_counter* sent_webhooks_;
  metric_counter* failed_webhooks_;
  metric_counter* dead_webhooks_;
  metric_counter* left_out_webhooks_;
  metric_gauge* oldest_webhook_;
  metric_counter* failed_key_fetches_;
  metric_gauge* upstream_waiting_;
  labelled<metric_counter> upstream_fetches_;
  labelled<metric_counter> authorisations_;
  labelled<metric_counter> storage_failures_;
  labelled<metric_counter> turned_away_;
  labelled<metric_counter> left_out_presence_;
  std::array<metric_counter*, close_reason_count> closed_;
  std::array<metric_counter*, request_error_count> refused_;
};

}  // namespace troupe
