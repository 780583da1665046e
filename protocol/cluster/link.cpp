#include "protocol/cluster/link.hpp"

#include <utility>

#include "base/check.hpp"

namespace troupe::cluster {

namespace {

std::size_t cost_of(const std::string& payload) noexcept {
  return payload.size() + batch_overhead_bytes;
}

}  // namespace

link::link(link_limits limits)
    : limits_(limits), queue_(limits), joiner_(limits.message_bytes_max) {
  TROUPE_CHECK(limits.credit_bytes >= 2 * (limits.payload_bytes_max + batch_overhead_bytes));
  TROUPE_CHECK(limits.payload_bytes_max >= 4 * limits.chunk_bytes_min);
}

void link::open(link_epoch epoch) {
  reset();
  epoch_ = epoch;
}

void link::close() {
  reset();
  epoch_.reset();
}

void link::reset() {
  queue_.clear();
  sent_ = acknowledged_ = 0;
  under_way_ = {};
  under_way_bytes_ = 0;
  joiner_.clear();
  received_ = confirmed_ = 0;
  owed_bytes_ = 0;
  is_paused_ = false;
}

// --- sending ---

pushed link::push(shared_bytes message, traffic_class of, std::string_view document) {
  if (!epoch_) return pushed::closed;
  return queue_.push(std::move(message), of, document);
}

std::vector<lost_document> link::take_lost(std::size_t count_max) {
  return queue_.take_lost(count_max);
}

std::optional<batch> link::next_batch(time_point now) {
  const std::size_t cost_max = limits_.payload_bytes_max + batch_overhead_bytes;
  if (under_way_bytes_ + cost_max > limits_.credit_bytes) return std::nullopt;
  std::string payload = queue_.take_payload();
  if (payload.empty()) return std::nullopt;
  ++sent_;
  under_way_.push_back({cost_of(payload), now});
  under_way_bytes_ += cost_of(payload);
  ++counted_.sent_batches;
  counted_.sent_bytes += payload.size();
  return make_batch(std::move(payload));
}

/// Any batch acknowledges all that may be acknowledged.
batch link::make_batch(std::string payload) {
  if (!is_paused_) {
    confirmed_ = received_;
    owed_bytes_ = 0;
  }
  return {*epoch_, sent_, confirmed_, std::move(payload)};
}

std::optional<batch> link::take_ack(time_point now) {
  const std::optional<time_point> due = ack_due();
  if (!due || *due > now) return std::nullopt;
  ++counted_.acks;
  return make_batch({});
}

std::optional<link::time_point> link::ack_due() const {
  if (is_paused_ || confirmed_ == received_) return std::nullopt;
  if (owed_bytes_ >= limits_.ack_bytes) return owed_since_;
  return owed_since_ + limits_.ack_delay;
}

// --- receiving ---

result<received> link::on_batch(const batch& arrived, time_point now) {
  received outcome;
  if (epoch_ != arrived.epoch) {
    outcome.is_stale = true;
    return outcome;
  }
  const bool has_payload = !arrived.payload.empty();
  if (arrived.sequence != received_ + (has_payload ? 1 : 0))
    return fail(errc::out_of_sequence, "a batch is missing or repeated");
  if (arrived.payload.size() > limits_.payload_bytes_max)
    return fail(errc::number_too_large, "payload of a batch");
  TROUPE_TRY(take_acknowledgement(arrived.acknowledged));
  if (!has_payload) return outcome;
  const std::size_t cost = cost_of(arrived.payload);
  if (owed_bytes_ + cost > limits_.unacknowledged_bytes_max)
    return fail(errc::number_too_large, "batches beyond any credit");
  if (confirmed_ == received_) owed_since_ = now;
  owed_bytes_ += cost;
  ++received_;
  ++counted_.received_batches;
  counted_.received_bytes += arrived.payload.size();
  const shared_bytes payload = shared_bytes::copy_of(as_bytes(arrived.payload));
  TROUPE_TRY(joiner_.add(payload, outcome.messages));
  return outcome;
}

result<void> link::take_acknowledgement(batch_number up_to) {
  if (up_to < acknowledged_ || up_to > sent_)
    return fail(errc::out_of_sequence, "an acknowledgement of what was not sent");
  for (; acknowledged_ < up_to; ++acknowledged_) {
    under_way_bytes_ -= under_way_.front().bytes;
    under_way_.pop_front();
  }
  return {};
}

link_figures link::figures(time_point now) const {
  link_figures figures = counted_;
  figures.queued_bytes = queue_.queued_bytes();
  figures.queued_messages = queue_.queued_messages();
  figures.unacknowledged_bytes = under_way_bytes_;
  figures.unacknowledged_batches = under_way_.size();
  figures.incomplete_bytes = joiner_.waiting_bytes();
  figures.lost_documents = queue_.lost_documents();
  if (!under_way_.empty())
    figures.lag =
        std::chrono::duration_cast<std::chrono::milliseconds>(now - under_way_.front().sent_at);
  figures.dropped_bytes = queue_.counted().dropped_bytes;
  figures.dropped_messages = queue_.counted().dropped_messages;
  figures.replaced_messages = queue_.counted().replaced_messages;
  return figures;
}

}  // namespace troupe::cluster
