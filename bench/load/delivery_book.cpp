#include "bench/load/delivery_book.hpp"

namespace troupe::load {

delivery_book::delivery_book(const shape& document, delivery_counts& counts, histogram& latencies,
                             const window& measured)
    : shape_(document),
      counts_(counts),
      latencies_(latencies),
      measured_(measured),
      writers_(document.writers),
      positions_(document.clients * document.writers) {}

void delivery_book::sent(std::size_t writer, time_point due) {
  writer_state& of = writers_[writer];
  ++of.next;
  ++counts_.sent;
  of.updates.push_back({due, shape_.clients - 1});
}

/// Returns how many updates are done now that were not before.
std::size_t delivery_book::advance(std::size_t receiver, std::size_t writer, const id_range& range,
                                   time_point now, histogram& latencies) {
  writer_state& of = writers_[writer];
  crdt::clock_type& position = positions_[receiver * shape_.writers + writer];
  if (range.end <= position) {
    ++counts_.repeated;
    return 0;
  }
  const std::uint64_t from = position / shape_.characters;
  const std::uint64_t to = range.end / shape_.characters;
  std::uint64_t whole_from = from;  // what comes before has been skipped
  if (range.begin > position) {
    ++counts_.gaps;
    whole_from = (range.begin + shape_.characters - 1) / shape_.characters;
    counts_.lost += whole_from - from;
  }
  position = range.end;
  for (std::uint64_t number = from; number < to; ++number) {
    if (number < of.first || number >= of.next) {
      ++counts_.foreign;  // nobody has sent it
      continue;
    }
    update& each = of.updates[number - of.first];
    --each.receivers_left;
    if (number < whole_from) continue;
    ++counts_.delivered;
    if (each.due >= measured_.begin && each.due < measured_.end) latencies.record(now - each.due);
  }
  std::size_t done = 0;
  for (; !of.updates.empty() && of.updates.front().receivers_left == 0; ++done) {
    of.updates.pop_front();
    ++of.first;
  }
  counts_.done += done;
  return done;
}

std::uint64_t delivery_book::missing() const noexcept {
  std::uint64_t sum = 0;
  for (const writer_state& each : writers_)
    for (const update& waiting : each.updates) sum += waiting.receivers_left;
  return sum;
}

}  // namespace troupe::load
