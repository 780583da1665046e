#include "actors/node_metrics.hpp"

#include <string>

#include <caf/actor_system.hpp>
#include <caf/telemetry/metric_registry.hpp>

namespace troupe {

node_metrics::node_metrics(caf::actor_system& system) {
  caf::telemetry::metric_registry& registry = system.metrics();
  sessions_ = registry.gauge_singleton("troupe", "sessions", "Sessions that are connected now.");
  nearly_full_documents_ = registry.gauge_singleton(
      "troupe", "nearly-full-documents", "Open documents with 80 % of their client ids or size.");
  folded_documents_ = registry.gauge_singleton("troupe", "folded-documents",
                                               "Open documents whose state is folded.");
  folds_ =
      registry.counter_singleton("troupe", "folds", "Times that a document was folded.", "1", true);
  unfolds_ = registry.counter_singleton("troupe", "unfolds",
                                        "Times that a folded document was decoded.", "1", true);
  messages_ = registry.counter_singleton("troupe", "messages", "Messages received from clients.",
                                         "1", true);
  auto* const family = registry.counter_family("troupe", "closed-connections", {"reason"},
                                               "Connections that ended, by reason.", "1", true);
  for (std::size_t i = 0; i < close_reason_count; ++i) {
    const std::string label{describe(static_cast<close_reason>(i)).label};
    closed_[i] = family->get_or_add({{"reason", label}});
  }
  auto* const refused = registry.counter_family("troupe", "refused-messages", {"code"},
                                                "JSON messages refused with an error.", "1", true);
  for (std::size_t i = 0; i < request_error_count; ++i) {
    const std::string code{describe(static_cast<request_error>(i)).code};
    refused_[i] = refused->get_or_add({{"code", code}});
  }
  turned_away_ = registry.counter_family("troupe", "turned-away-connections", {"reason"},
                                         "Connections refused before their upgrade.", "1", true);
  left_out_presence_ =
      registry.counter_family("troupe", "left-out-presence", {"reason"},
                              "Clients left out of the presence of a document.", "1", true);
  held_back_ = registry.counter_singleton(
      "troupe", "held-back-connections",
      "Upgrades of clients that had been closed before, answered late or refused.", "1", true);
  accept_failures_ = registry.counter_singleton(
      "troupe", "accept-failures",
      "Attempts to accept a connection that failed for want of descriptors or memory.", "1", true);
  dropped_presence_ = registry.counter_singleton(
      "troupe", "dropped-presence", "Presence messages dropped for their rate.", "1", true);
  ignored_messages_ = registry.counter_singleton(
      "troupe", "ignored-messages", "Messages of unknown types that were ignored.", "1", true);
  reading_paused_ = registry.counter_singleton(
      "troupe", "rate-pauses", "Times a session stopped reading for its rate limit.", "1", true);
  presence_skipped_ = registry.counter_singleton("troupe", "skipped-presence",
                                                 "Presence left out for slow sessions.", "1", true);
  failed_checkpoints_ = registry.counter_singleton(
      "troupe", "failed-checkpoints",
      "Checkpoints not written because they would not have restored their document.", "1", true);
  unsendable_differences_ = registry.counter_singleton(
      "troupe", "unsendable-differences",
      "Times that a node lacked what could not be sent to it, as one value was too large.", "1",
      true);
  storage_refusing_ = registry.gauge_singleton(
      "troupe", "storage-refusing", "1 while edits are refused because storage cannot be written.");
  storage_failures_ = registry.counter_family("troupe", "storage-failures", {"reason"},
                                              "Times that storage became unwritable.", "1", true);
  queued_webhooks_ =
      registry.gauge_singleton("troupe", "queued-webhooks", "Webhooks that wait or are under way.");
  sent_webhooks_ =
      registry.counter_singleton("troupe", "sent-webhooks", "Webhooks delivered.", "1", true);
  failed_webhooks_ = registry.counter_singleton("troupe", "failed-webhooks",
                                                "Attempts to deliver that failed.", "1", true);
  dead_webhooks_ =
      registry.counter_singleton("troupe", "dead-webhooks", "Webhooks given up.", "1", true);
  left_out_webhooks_ = registry.counter_singleton(
      "troupe", "left-out-webhooks", "Webhooks for which there was no room.", "1", true);
  failed_key_fetches_ = registry.counter_singleton(
      "troupe", "failed-key-fetches", "Attempts to fetch keys that failed.", "1", true);
  authorisations_ =
      registry.counter_family("troupe", "authorisations", {"outcome"},
                              "Answers of the application about who may enter.", "1", true);
}

caf::telemetry::int_counter& node_metrics::storage_failures(errc why) const {
  const std::string_view label = to_string(why);
  return *storage_failures_->get_or_add({{"reason", caf::string_view{label.data(), label.size()}}});
}

caf::telemetry::int_counter& node_metrics::authorisations(std::string_view outcome) const {
  return *authorisations_->get_or_add(
      {{"outcome", caf::string_view{outcome.data(), outcome.size()}}});
}

caf::telemetry::int_counter& node_metrics::turned_away(std::string_view why) const {
  return *turned_away_->get_or_add({{"reason", caf::string_view{why.data(), why.size()}}});
}

caf::telemetry::int_counter& node_metrics::left_out_presence(errc why) const {
  const std::string_view label = to_string(why);
  return *left_out_presence_->get_or_add(
      {{"reason", caf::string_view{label.data(), label.size()}}});
}

}  // namespace troupe
