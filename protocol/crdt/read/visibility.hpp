// Which parts of an item are visible; a template parameter of all exporters. visible_now is the
// document as it is, at the cost of testing one bit. visible_at is the document at a snapshot,
// where a run may be visible in parts, cut at the clocks of the snapshot. Neither changes the
// store. Source: yjs 13.6 isVisible, splitSnapshotAffectedStructs, typeMapGetSnapshot.
#pragma once

#include <algorithm>

#include "protocol/crdt/read/snapshot.hpp"

namespace troupe::crdt {

/// One unit of an item: the value of a key. handle == none: there is none.
struct unit_place {
  item_handle handle = none;
  clock_type offset = 0;
};

class visible_now {
 public:
  /// Calls visit(offset, length) for the parts of an item that show, in order.
  template <class Visit>
  void for_each_part(const item& of, Visit visit) const {
    if (of.is_deleted == 0) visit(clock_type{0}, of.length);
  }

  /// The current value of a key.
  unit_place value_of(const struct_store& in, const chain& keyed) const {
    if (keyed.tail == none || !in.at(keyed.tail).is_visible()) return {};
    return {keyed.tail, in.at(keyed.tail).length - 1};
  }

  std::size_t length_of(const struct_store& in, type_handle type) const {
    return in.type_at(type).length;
  }
};

class visible_at {
 public:
  /// Requires: `at` outlives this; the store learns no new client meanwhile.
  visible_at(const struct_store& in, const snapshot& at);

  template <class Visit>
  void for_each_part(const item& of, Visit visit) const {
    const view_of_client& client = clients_[of.client];
    const clock_type end = std::min(of.end(), client.end);
    clock_type from = of.clock;
    for (auto gone = first_ending_above(*client.deleted, from);
         from < end && gone != client.deleted->end() && gone->clock < end; ++gone) {
      if (gone->clock > from) visit(from - of.clock, gone->clock - from);
      from = gone->end();
    }
    if (from < end) visit(from - of.clock, end - from);
  }

  /// The value that the key had: the last one known then, unless it was deleted then.
  unit_place value_of(const struct_store& in, const chain& keyed) const;

  std::size_t length_of(const struct_store& in, type_handle type) const;

 private:
  struct view_of_client {
    clock_type end = 0;  ///< The first clock that was not known.
    const std::vector<clock_range>* deleted;
  };
  std::vector<view_of_client> clients_;  // by index in the store
};

}  // namespace troupe::crdt
