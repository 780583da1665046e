#include "actors/node_metrics.hpp"

#include <caf/actor_system.hpp>

namespace troupe {

node_metrics::node_metrics(caf::actor_system& system, scraping how)
    : scraping_(how),
      maker_(system.metrics()),
      traffic_(maker_),
      documents_(maker_),
      storage_(maker_),
      peers_(maker_),
      ready_(maker_.gauge("ready", "1 while the node can take clients (/readyz).")),
      build_(maker_.gauges("build-info", "version", "1; the label says what runs.")),
      token_checks_(maker_.counters("token-checks", "outcome", "Tokens that were looked at.")),
      sessions_(maker_.gauge("sessions", "Sessions that are connected now.")),
      nearly_full_documents_(maker_.gauge("nearly-full-documents",
                                          "Open documents with 80 % of their client ids or size.")),
      folded_documents_(maker_.gauge("folded-documents", "Open documents whose state is folded.")),
      folds_(maker_.counter("folds", "Times that a document was folded.")),
      unfolds_(maker_.counter("unfolds", "Times that a folded document was decoded.")),
      held_back_(maker_.counter(
          "held-back-connections",
          "Upgrades of clients that had been closed before, answered late or refused.")),
      accept_failures_(maker_.counter(
          "accept-failures",
          "Attempts to accept a connection that failed because descriptors or memory ran out.")),
      dropped_presence_(
          maker_.counter("dropped-presence", "Presence messages dropped for their rate or size.")),
      ignored_messages_(
          maker_.counter("ignored-messages", "Messages of unknown types that were ignored.")),
      reading_paused_(
          maker_.counter("rate-pauses", "Times a session stopped reading for its rate limit.")),
      presence_skipped_(maker_.counter("skipped-presence", "Presence left out for slow sessions.")),
      failed_checkpoints_(maker_.counter(
          "failed-checkpoints",
          "Checkpoints not written because they would not have restored their document.")),
      unsendable_differences_(maker_.counter(
          "unsendable-differences",
          "Times that a node lacked what could not be sent to it, as one value was too large.")),
      storage_refusing_(maker_.gauge(
          "storage-refusing", "1 while edits are refused because storage cannot be written.")),
      queued_webhooks_(maker_.gauge("queued-webhooks", "Webhooks that wait or are under way.")),
      sent_webhooks_(maker_.counter("sent-webhooks", "Webhooks delivered.")),
      failed_webhooks_(maker_.counter("failed-webhooks", "Attempts to deliver that failed.")),
      dead_webhooks_(maker_.counter("dead-webhooks", "Webhooks given up.")),
      left_out_webhooks_(
          maker_.counter("left-out-webhooks", "Webhooks for which there was no room.")),
      oldest_webhook_(maker_.gauge(
          "oldest-webhook", "Age of the oldest webhook that waits; 0: none does.", "seconds")),
      failed_key_fetches_(
          maker_.counter("failed-key-fetches", "Attempts to fetch keys that failed.")),
      upstream_waiting_(
          maker_.gauge("upstream-waiting", "Documents that wait to be fetched from upstream.url.")),
      upstream_fetches_(maker_.counters("upstream-fetches", "outcome",
                                        "Documents that upstream.url was asked for.")),
      authorisations_(maker_.counters("authorisations", "outcome",
                                      "Answers of the application about who may enter.")),
      storage_failures_(
          maker_.counters("storage-failures", "reason", "Times that storage became unwritable.")),
      turned_away_(maker_.counters("turned-away-connections", "reason",
                                   "Connections refused before their upgrade.")),
      left_out_presence_(maker_.counters("left-out-presence", "reason",
                                         "Clients left out of the presence of a document.")) {
  token_checks_.with({"accepted", "missing", "expired", "bad_signature"});
  authorisations_.with({"granted", "denied", "unavailable", "cached"});
  upstream_fetches_.with({"fetched", "empty", "failed", "refused"});
  turned_away_.with({"too_many", "too_fast", "origin", "plain", "tls", "closed_before"});
  for (const errc each : {errc::disk_full, errc::storage_failed}) storage_failures(each);
  for (const errc each : {errc::not_owner, errc::quota_exceeded}) left_out_presence(each);
  const auto closed =
      maker_.counters("closed-connections", "reason", "Connections that ended, by reason.");
  for (std::size_t i = 0; i < close_reason_count; ++i)
    closed_[i] = &closed.of(describe(static_cast<close_reason>(i)).label);
  const auto refused =
      maker_.counters("refused-messages", "code", "JSON messages refused with an error.");
  for (std::size_t i = 0; i < request_error_count; ++i)
    refused_[i] = &refused.of(describe(static_cast<request_error>(i)).code);
}

metric_counter& node_metrics::storage_failures(errc why) const {
  return storage_failures_.of(to_string(why));
}

metric_counter& node_metrics::authorisations(std::string_view outcome) const {
  return authorisations_.of(outcome);
}

metric_counter& node_metrics::upstream_fetches(std::string_view outcome) const {
  return upstream_fetches_.of(outcome);
}

metric_counter& node_metrics::turned_away(std::string_view why) const {
  return turned_away_.of(why);
}

metric_counter& node_metrics::left_out_presence(errc why) const {
  return left_out_presence_.of(to_string(why));
}

}  // namespace troupe
