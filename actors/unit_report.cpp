#include "actors/unit_report.hpp"

#include "protocol/dialects/dialects.hpp"

namespace troupe {

namespace {

void add(metric_counter* to, std::uint64_t count) {
  if (count > 0) to->inc(static_cast<std::int64_t>(count));
}

void change(metric_gauge& of, std::uint64_t from, std::uint64_t to) {
  if (from != to) of.inc(static_cast<std::int64_t>(to) - static_cast<std::int64_t>(from));
}

}  // namespace

void unit_report::publish(unit_tally& tally) {
  const traffic_metrics& to = metrics_->traffic();
  const traffic_count traffic = tally.take_traffic();
  add(to.messages, traffic.messages);
  add(to.sent_frames, traffic.sent_frames);
  add(to.received_bytes, traffic.received_bytes);
  add(to.sent_bytes, traffic.sent_bytes);
  add(to.deliveries, tally.take_deliveries());
  const unit_tally::picture& now = tally.now();
  change(*to.connections, reported_.connections, now.connections);
  change(*to.queued_bytes, reported_.queued_bytes, now.queued_bytes);
  for (std::size_t i = 0; i < dialect_count_max; ++i)
    if (reported_.sessions[i] != now.sessions[i])
      change(to.dialect_sessions.of(codec_of(static_cast<dialect>(i)).traits().name),
             reported_.sessions[i], now.sessions[i]);
  reported_ = now;
}

}  // namespace troupe
