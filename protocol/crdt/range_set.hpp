// A set of clocks of one client as sorted, disjoint, non-adjacent ranges: a client's part of the
// delete set.
#pragma once

#include "protocol/crdt/sorted_blocks.hpp"

namespace troupe::crdt {

class range_set {
 public:
  /// Adds a range; overlapping and adjacent ones become one.
  void add(clock_range range);

  bool contains(clock_type clock) const noexcept;
  /// Whether every clock of the range is in the set.
  bool covers(clock_range range) const noexcept;
  bool empty() const noexcept { return ranges_.empty(); }

  /// The number of ranges.
  std::size_t size() const noexcept { return ranges_.size(); }

  /// Calls visit(clock_range) in ascending order.
  template <class Visitor>
  void for_each(Visitor visit) const {
    if (ranges_.empty()) return;
    for (auto p = ranges_.first(); !ranges_.is_end(p); p = ranges_.next(p)) visit(ranges_[p]);
  }

  std::size_t memory() const noexcept { return ranges_.memory(); }

 private:
  sorted_blocks<clock_range> ranges_;
};

}  // namespace troupe::crdt
