// Finds places in the sequence of a shared type for an editor, and remembers the last one, so that
// the next edit walks only the items in between. It lives as long as one open transaction, in which
// no item record is freed, so its handles stay valid.
#pragma once

#include "protocol/crdt/apply/transaction.hpp"
#include "protocol/crdt/edit/value.hpp"

namespace troupe::crdt {

/// A place between two items that stand next to each other, tombstones and format markers included.
struct sequence_place {
  chain_handle in = none;  ///< none: the sequence of a root that nothing was ever written to.
  item_handle left = none;
  item_handle right = none;
  std::uint32_t index = 0;  ///< Visible units left of it.
  attributes formats;       ///< In force here: the last live marker of each key left of it.
};

/// A format marker: its key, and its value as `any`. Requires: kind format.
attributes::entry format_of(const struct_store& in, const item& marker);

/// Whether a cut `offset` units into the item would halve a surrogate pair.
bool cuts_pair(const struct_store& in, const item& cut, clock_type offset) noexcept;

/// Moves over the item on the right. Requires: there is one. Source: ItemTextListPosition.forward.
void step_over(const struct_store& in, sequence_place& at);

class edit_cursor {
 public:
  edit_cursor(struct_store& in, transaction& change) : store_(&in), change_(&change) {}

  /// The place directly behind unit `index` of a sequence, left of the tombstones and markers that
  /// follow; at its very front for index 0. Cuts the item there if need be, which changes nothing
  /// that anybody sees. Requires: index is at most its length. Fails with out_of_range (inside a
  /// surrogate pair: its halves would not survive). Cost: the items between here and there; after a
  /// step back over a format marker, from the front.
  result<sequence_place> move_to(chain_handle in, std::uint32_t index);

  /// Starts the next search at this place. Its left neighbour is visible, or there is none.
  void remember(const sequence_place& at) { last_ = at; }

  /// Something was appended behind `tail`, up to `end`: a place that was there moves along.
  void follow_end(item_handle tail, const sequence_place& end);

  /// Items stepped over so far; for tests.
  std::size_t steps() const noexcept { return steps_; }

 private:
  void go_back(std::uint32_t index);

  struct_store* store_;
  transaction* change_;
  sequence_place last_;  // its `right` may be outdated
  std::size_t steps_ = 0;
};

}  // namespace troupe::crdt
