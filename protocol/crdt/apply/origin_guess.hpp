// Guesses which item ends at an id, without a search, among the structs of a large update. The
// caller must check the guess against the item. Filled while one update is integrated; owned by the
// integrator of a document.
//
// How: the clocks of a client are cut into equal buckets, about one per struct, and each bucket
// holds the last item that ended in it. The structs of a client arrive in the order of their clocks
// and items get ascending handles, so an item that is not in its bucket is mostly a few handles
// below.
#pragma once

#include <bit>
#include <vector>

#include "protocol/crdt/store/item.hpp"
#include "protocol/crdt/wire/decoded_update.hpp"

namespace troupe::crdt {

class origin_guess {
 public:
  /// The buckets of one client.
  struct span {
    clock_type first = 0;  ///< Its lowest clock in the update...
    clock_type end = 0;    ///< ...and the end of its last struct.
    std::uint32_t offset = 0;
    std::uint32_t count = 0;  ///< In structs at first, then in buckets; 0: none.
    std::uint32_t shift = 0;
  };

  /// Makes buckets for the structs of `update`, whose clients are indices below `client_count`.
  /// Time follows from the update, not from `client_count`. Requires: end() came before.
  void begin(const decoded_update& update, std::size_t client_count);

  /// Forgets everything and frees the memory of a large update.
  void end() noexcept;

  /// Notes that an item ends with the unit `last`. Requires: a struct of the update covers it.
  void note(unit_id last, item_handle handle) noexcept {
    const span& of = spans_[last.client];
    handles_[of.offset + ((last.clock - of.first) >> of.shift)] = handle;
  }

  /// The item that the bucket of this id holds, or none.
  item_handle find(unit_id id) const noexcept {
    const span& of = spans_[id.client];
    const clock_type bucket = (id.clock - of.first) >> of.shift;  // anything if below `first`
    return bucket < of.count ? handles_[of.offset + bucket] : none;
  }

 private:
  // By client. Kept between updates, where all are empty: a document may have millions of clients.
  std::vector<span> spans_;
  std::vector<client_index> used_;  // those of this update
  std::vector<item_handle> handles_;
};

}  // namespace troupe::crdt
