// A set of clocks of one client as sorted, disjoint, non-adjacent ranges: a client's part of the
// delete set.
#pragma once

#include <algorithm>

#include "protocol/crdt/wire/sorted_blocks.hpp"

namespace troupe::crdt {

class range_set {
 public:
  /// Adds a range; overlapping and adjacent ones become one.
  void add(clock_range range);

  /// As add(). Requires: the range is not empty, and none in the set ends above its start.
  void append(clock_range range) {
    if (!ranges_.empty()) {
      const auto last = ranges_.last();
      if (range.clock == end_of(last)) {
        ranges_.set_value(last, ranges_[last] + range.length);
        return;
      }
    }
    ranges_.append(range.clock, range.length);
  }

  bool contains(clock_type clock) const noexcept;
  /// Whether every clock of the range is in the set. Quicker if it is the range behind the one that
  /// was asked for before, as when a whole delete set comes again.
  bool covers(clock_range range) const noexcept {
    if (ranges_.is_entry(near_)) {
      const auto after = ranges_.next(near_);
      if (!ranges_.is_end(after) && ranges_.clock(after) == range.clock) {
        near_ = after;
        return range.length <= ranges_[after];
      }
    }
    return search_covering(range);
  }
  bool empty() const noexcept { return ranges_.empty(); }

  /// The number of ranges.
  std::size_t size() const noexcept { return ranges_.size(); }

  /// Calls visit(clock_range) in ascending order.
  template <class Visitor>
  void for_each(Visitor visit) const {
    if (ranges_.empty()) return;
    for (auto p = ranges_.first(); !ranges_.is_end(p); p = ranges_.next(p))
      visit(clock_range{ranges_.clock(p), ranges_[p]});
  }

  /// The same, cut to a range.
  template <class Visitor>
  void for_each_in(clock_range within, Visitor visit) const {
    if (ranges_.empty() || within.length == 0) return;
    auto p = ranges_.find_at_or_before(within.clock);
    if (ranges_.is_end(p)) p = ranges_.first();
    for (; !ranges_.is_end(p) && ranges_.clock(p) < within.end(); p = ranges_.next(p)) {
      const clock_type from = std::max(ranges_.clock(p), within.clock);
      const clock_type to = std::min(end_of(p), within.end());
      if (from < to) visit(clock_range{from, to - from});
    }
  }

  std::size_t memory() const noexcept { return ranges_.memory(); }

 private:
  clock_type end_of(sorted_blocks::position p) const noexcept {
    return ranges_.clock(p) + ranges_[p];
  }

  bool search_covering(clock_range range) const noexcept;

  sorted_blocks ranges_;                  // first clock to length
  mutable sorted_blocks::position near_;  // where the last search ended
};

}  // namespace troupe::crdt
