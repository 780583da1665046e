#include "protocol/crdt/wire/range_set.hpp"

#include <algorithm>

namespace troupe::crdt {

void range_set::add(clock_range range) {
  if (range.length == 0) return;
  // Mostly they come in order.
  if (ranges_.empty() || range.clock >= end_of(ranges_.last())) return append(range);
  const auto before = ranges_.find_near(near_, range.clock);
  if (ranges_.is_end(before) || range.clock > end_of(before)) {
    near_ = ranges_.insert_after(before, range.clock, range.length);
  } else {
    if (end_of(before) >= range.end()) return;
    ranges_.set_value(before, range.end() - ranges_.clock(before));
  }
  // Swallow what the grown range now reaches. Positions end with each erasure, so look again.
  const clock_type start = ranges_.clock(near_);
  for (;;) {
    const auto grown = ranges_.find_near(near_, start);
    const auto after = ranges_.next(grown);
    if (ranges_.is_end(after) || ranges_.clock(after) > end_of(grown)) return;
    ranges_.set_value(grown, std::max(end_of(grown), end_of(after)) - start);
    ranges_.erase(after);
  }
}

bool range_set::contains(clock_type clock) const noexcept { return covers({clock, 1}); }

bool range_set::search_covering(clock_range range) const noexcept {
  const auto before = ranges_.find_near(near_, range.clock);
  return !ranges_.is_end(before) && range.end() <= end_of(before);
}

}  // namespace troupe::crdt
