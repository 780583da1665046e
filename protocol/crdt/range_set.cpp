#include "protocol/crdt/range_set.hpp"

namespace troupe::crdt {

namespace {

constexpr auto clock_of = [](const clock_range& range) noexcept { return range.clock; };

}  // namespace

void range_set::add(clock_range range) {
  if (range.length == 0) return;
  if (ranges_.empty() || range.clock > ranges_.back().end()) {  // mostly they come in order
    ranges_.append(range, range.clock);
    return;
  }
  auto before = ranges_.find_at_or_before(range.clock, clock_of);
  if (!ranges_.is_end(before) && ranges_[before].end() >= range.clock) {
    clock_range& grown = ranges_[before];
    if (grown.end() >= range.end()) return;
    grown.length = range.end() - grown.clock;
  } else {
    ranges_.insert_after(before, range, range.clock, clock_of);
    before = ranges_.find_at_or_before(range.clock, clock_of);
  }
  // Swallow what the grown range now reaches. Positions end with each erasure, so look again.
  const clock_type start = ranges_[before].clock;
  for (;;) {
    before = ranges_.find_at_or_before(start, clock_of);
    const auto after = ranges_.next(before);
    clock_range& grown = ranges_[before];
    if (ranges_.is_end(after) || ranges_[after].clock > grown.end()) return;
    grown.length = std::max(grown.end(), ranges_[after].end()) - grown.clock;
    ranges_.erase(after, clock_of);
  }
}

bool range_set::contains(clock_type clock) const noexcept { return covers({clock, 1}); }

bool range_set::covers(clock_range range) const noexcept {
  const auto before = ranges_.find_at_or_before(range.clock, clock_of);
  return !ranges_.is_end(before) && range.end() <= ranges_[before].end();
}

}  // namespace troupe::crdt
