// What has to change in a document so that it shows again what it showed at an earlier state of its
// own history. Contents are the same where they are the same unit of the same client; these stay.
// What is visible now and was not then is to be deleted. What was visible then and is deleted now,
// collected or not, is to be inserted again as a copy, in front of the place where it was, as the
// undo of yjs does (Source: yjs 13.6 structs/Item.js redoItem). Where what is to be deleted and
// what is to be inserted between two that stay begin or end alike, that part stays, too: what an
// earlier restore has inserted is not inserted again. Format markers count as contents, so that the
// live items of a type come in the order of then, one by one.
//
// Only reads both documents. Cost: linear in both, times the logarithm of the pieces that stay.
// Types in types are walked with explicit lists, since their depth is up to whoever wrote them.
#pragma once

#include <string_view>
#include <vector>

#include "protocol/crdt/store/struct_store.hpp"
#include "protocol/crdt/wire/decoded_update.hpp"

namespace troupe::crdt {

/// A part of an item of then, to be inserted again with all that is in it.
struct restored_part {
  item_handle from = none;
  clock_type offset = 0;
  clock_type length = 0;
};

/// Handles of the document as it is now; `copies` of then.
struct restore_plan {
  /// Units of a sequence that are to be inserted in a row.
  struct insertion {
    type_handle in = none;  ///< none: the root `root`, which nothing was ever written to.
    std::string_view root;  ///< Where `in` is none.
    unit_id before;         ///< In front of this unit;
    unit_id after;          ///< else behind this one; else at the very beginning.
    std::size_t first = 0;  ///< Into `copies`.
    std::size_t count = 0;
  };
  struct entry {
    type_handle in = none;
    std::string_view root;
    std::string_view key;
    restored_part value;
  };

  std::vector<restored_part> copies;
  std::vector<insertion> insertions;
  std::vector<entry> entries;
  std::vector<client_range> removals;

  // Of the copies, with all that is in them.
  std::uint64_t structs = 0;
  std::uint64_t units = 0;
  std::uint64_t bytes = 0;

  bool empty() const noexcept { return insertions.empty() && entries.empty() && removals.empty(); }
};

/// Views of names are those of the two stores.
restore_plan plan_restore(const struct_store& now, const struct_store& then);

}  // namespace troupe::crdt
