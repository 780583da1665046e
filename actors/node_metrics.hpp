// The counters of a node, in CAF's metric registry, so that CAF's exporter shows them beside its
// own. Looked up once: the registry takes locks, a counter does not.
#pragma once

#include <array>
#include <string_view>

#include <caf/fwd.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/metric_family_impl.hpp>

#include "base/close_reason.hpp"
#include "base/errc.hpp"
#include "protocol/request_error.hpp"

namespace troupe {

class node_metrics {
 public:
  explicit node_metrics(caf::actor_system& system);

  caf::telemetry::int_gauge& sessions() const noexcept { return *sessions_; }
  /// Documents that are open and nearly full; see crdt::nearly_full().
  caf::telemetry::int_gauge& nearly_full_documents() const noexcept {
    return *nearly_full_documents_;
  }
  /// Documents that are open and folded; see foldable_state. How often any was folded, and decoded.
  caf::telemetry::int_gauge& folded_documents() const noexcept { return *folded_documents_; }
  caf::telemetry::int_counter& folds() const noexcept { return *folds_; }
  caf::telemetry::int_counter& unfolds() const noexcept { return *unfolds_; }
  caf::telemetry::int_counter& messages() const noexcept { return *messages_; }
  /// Connections that were closed for this reason.
  caf::telemetry::int_counter& closed(close_reason reason) const noexcept {
    return *closed_[static_cast<std::size_t>(reason)];
  }
  /// JSON messages that were refused for this reason.
  caf::telemetry::int_counter& refused(request_error code) const noexcept {
    return *refused_[static_cast<std::size_t>(code)];
  }
  /// Connections that were turned away before their upgrade.
  caf::telemetry::int_counter& turned_away(std::string_view why) const;
  /// Upgrades that were answered late, or refused, since their client had been closed before.
  caf::telemetry::int_counter& held_back() const noexcept { return *held_back_; }
  /// Attempts to accept a connection that failed for want of descriptors or memory.
  caf::telemetry::int_counter& accept_failures() const noexcept { return *accept_failures_; }
  /// Frames of presence above the rate of presence.
  caf::telemetry::int_counter& dropped_presence() const noexcept { return *dropped_presence_; }
  /// Clients in presence that were left out for this reason; see sync::awareness::apply.
  caf::telemetry::int_counter& left_out_presence(errc why) const;
  /// Messages of types that the server does not know, and empty frames.
  caf::telemetry::int_counter& ignored_messages() const noexcept { return *ignored_messages_; }
  /// Times that a session stopped reading because its client sent too fast.
  caf::telemetry::int_counter& reading_paused() const noexcept { return *reading_paused_; }
  /// Deliveries of presence that were left out for sessions that read too slowly.
  caf::telemetry::int_counter& presence_skipped() const noexcept { return *presence_skipped_; }
  /// Checkpoints that were not written, since they would not have restored their document.
  caf::telemetry::int_counter& failed_checkpoints() const noexcept { return *failed_checkpoints_; }
  /// Times that another node lacked what could not be sent to it.
  caf::telemetry::int_counter& unsendable_differences() const noexcept {
    return *unsendable_differences_;
  }
  /// 1 while edits are refused because storage cannot be written.
  caf::telemetry::int_gauge& storage_refusing() const noexcept { return *storage_refusing_; }
  /// Times that storage became unwritable for this reason.
  caf::telemetry::int_counter& storage_failures(errc why) const;
  /// Webhooks that wait or are under way.
  caf::telemetry::int_gauge& queued_webhooks() const noexcept { return *queued_webhooks_; }
  /// Those that were delivered; attempts that failed; those that were given up; those for which
  /// there was no room.
  caf::telemetry::int_counter& sent_webhooks() const noexcept { return *sent_webhooks_; }
  caf::telemetry::int_counter& failed_webhooks() const noexcept { return *failed_webhooks_; }
  caf::telemetry::int_counter& dead_webhooks() const noexcept { return *dead_webhooks_; }
  caf::telemetry::int_counter& left_out_webhooks() const noexcept { return *left_out_webhooks_; }
  /// Questions to the application: "granted", "denied", "unavailable", or "cached".
  caf::telemetry::int_counter& authorisations(std::string_view outcome) const;
  /// Attempts to fetch the keys of tokens that failed.
  caf::telemetry::int_counter& failed_key_fetches() const noexcept { return *failed_key_fetches_; }

 private:
  caf::telemetry::int_gauge* sessions_;
  caf::telemetry::int_gauge* nearly_full_documents_;
  caf::telemetry::int_gauge* folded_documents_;
  caf::telemetry::int_counter* folds_;
  caf::telemetry::int_counter* unfolds_;
  caf::telemetry::int_counter* messages_;
  caf::telemetry::int_counter* held_back_;
  caf::telemetry::int_counter* accept_failures_;
  caf::telemetry::int_counter* dropped_presence_;
  caf::telemetry::int_counter* ignored_messages_;
  caf::telemetry::int_counter* reading_paused_;
  caf::telemetry::int_counter* presence_skipped_;
  caf::telemetry::int_counter* failed_checkpoints_;
  caf::telemetry::int_counter* unsendable_differences_;
  caf::telemetry::int_gauge* storage_refusing_;
  caf::telemetry::int_gauge* queued_webhooks_;
  caf::telemetry::int_counter* sent_webhooks_;
  caf::telemetry::int_counter* failed_webhooks_;
  caf::telemetry::int_counter* dead_webhooks_;
  caf::telemetry::int_counter* left_out_webhooks_;
  caf::telemetry::int_counter* failed_key_fetches_;
  caf::telemetry::metric_family_impl<caf::telemetry::int_counter>* authorisations_;
  caf::telemetry::metric_family_impl<caf::telemetry::int_counter>* storage_failures_;
  caf::telemetry::metric_family_impl<caf::telemetry::int_counter>* turned_away_;
  caf::telemetry::metric_family_impl<caf::telemetry::int_counter>* left_out_presence_;
  std::array<caf::telemetry::int_counter*, close_reason_count> closed_;
  std::array<caf::telemetry::int_counter*, request_error_count> refused_;
};

}  // namespace troupe
