// The part of the store that keeps tombstones of overwritten keys in few records.
//
// Somebody who drags a shape sets two keys of it, 60 times a second. What is overwritten stays as
// tombstones of one unit each, which Yjs cannot merge: the tombstones of one key are not side by
// side in the order of clocks, since those of the other stand between them. They form rows, of one
// tombstone for each key, and so do those of more keys, of one type or of several:
//
//   clock    10   11 | 12   13 | 14   15        here two strands of three rows: the tombstones
//   key       x    y |  x    y |  x    y        10, 12, 14 of x, and 11, 13, 15 of y
//
// A braid has these rows. It takes one record for each key, a strand, in which each tombstone but
// the first has the one before it as its origin; and one entry in the index of its client, under
// its first clock. The records of its strands have consecutive handles, in the order of their
// clocks. In its chain a strand stands for its tombstones, as an item with a run of units does. It
// has two rows at least. A place between two of its tombstones cuts the braid into two, and what
// belongs to no row any more is an item of its own again, so that all structs and updates are as
// without it.
//
// Invariant: the tombstones of a braid have no right origin, are not kept, and stand under keys
// whose chains have no index of their order. Each strand has a key of its own: no client writes
// anything else, and whoever walks along a key may then collect the braid of what stands there.
#include <array>
#include <utility>

#include "base/check.hpp"
#include "protocol/crdt/store/struct_store.hpp"

namespace troupe::crdt {

namespace {

/// So many keys are set together at most.
constexpr std::uint32_t strands_max = 16;

}  // namespace

/// Whether it is a tombstone of one unit that may be part of a braid.
bool struct_store::can_be_braided(const item& of) const noexcept {
  return of.kind() == content_kind::deleted && !of.is_strand() && of.length == 1 &&
         of.right_origin.is_none() && of.is_kept == 0 && chains_[of.chain].key != no_string &&
         !is_ordered(of.chain);
}

void struct_store::braid_behind(const item& before, const item& last, item_handle handle) {
  if (before.client != last.client || before.last_id() != last.origin) return;
  const clock_type step = last.clock - before.last();
  if (step < 2 || step > strands_max || !can_be_braided(last)) return;
  if (!before.is_strand()) {
    if (can_be_braided(before)) begin_braid(handle, step);
  } else if (before.content_size == step && last.left == before.content + step - 1) {
    lengthen_braid(before.content);
  }
}

/// Makes a braid of the two rows that end with `last`, if that is what they are.
void struct_store::begin_braid(item_handle last, std::uint32_t strands) {
  const clock_type end = items_[last].end();
  const client_index client = items_[last].client;
  if (end < 2 * strands) return;
  const clock_type first_clock = end - 2 * strands;
  client_state& state = states_[client];
  std::array<item_handle, std::size_t{2} * strands_max> rows;
  auto at = state.structs.find_near(state.last_found, end - 1);
  for (std::uint32_t i = 2 * strands; i-- > 0; at = state.structs.previous(at)) {
    rows[i] = state.structs[at];
    const item& each = items_[rows[i]];
    if (each.clock != first_clock + i || !can_be_braided(each)) return;
    if (i > 0 && state.structs.is_first(at)) return;
    if (i == 0) break;
  }
  for (std::uint32_t i = 0; i < strands; ++i) {
    const item& lower = items_[rows[i]];
    const item& upper = items_[rows[strands + i]];
    const bool is_strand = upper.left == rows[i] && upper.origin == lower.id();
    // That one may merge with its left neighbour, and so become more than one unit.
    const bool continues_own = lower.origin == unit_id{client, lower.clock - 1};
    if (!is_strand || continues_own) return;
    for (std::uint32_t k = 0; k < i; ++k)
      if (items_[rows[k]].chain == lower.chain) return;
  }
  change_revision();
  item_handle first = rows[0];
  bool is_in_row = true;
  for (std::uint32_t i = 0; i < strands; ++i) is_in_row = is_in_row && rows[i] == first + i;
  if (!is_in_row) {
    first = items_.allocate_row(strands);
    for (std::uint32_t i = 0; i < strands; ++i) move_item(rows[i], first + i);
  }
  for (std::uint32_t i = strands; i-- > 1;)
    state.structs.erase(state.structs.find_near(state.last_found, first_clock + i));
  state.structs.set_value(state.structs.find_near(state.last_found, first_clock), first);
  for (std::uint32_t i = 0; i < strands; ++i) {
    item& strand = items_[first + i];
    strand.value_is_any = 1;
    strand.content = first;
    strand.content_size = strands;
  }
  state.braided += strands - 1;
  lengthen_braid(first);
}

/// Adds one row to a braid, if all of its tombstones are there.
void struct_store::lengthen_braid(item_handle first) {
  const std::uint32_t strands = items_[first].content_size;
  const clock_type row = items_[first].entry_end();
  for (std::uint32_t i = 0; i < strands; ++i) {
    const item& strand = items_[first + i];
    if (strand.right == none) return;
    const item& added = items_[strand.right];
    if (added.id() != unit_id{strand.client, row + i} || added.origin != strand.last_id() ||
        !can_be_braided(added))
      return;
  }
  change_revision();
  client_state& state = states_[items_[first].client];
  for (std::uint32_t i = strands; i-- > 0;) {
    item& strand = items_[first + i];
    const item_handle added = strand.right;
    state.structs.erase(state.structs.find_near(state.last_found, row + i));
    strand.right = items_[added].right;
    if (strand.right != none)
      items_[strand.right].left = first + i;
    else
      chains_[strand.chain].tail = first + i;
    strand.length += strands;
    forget_item(added);
  }
  if (row + strands == state.end) state.newest = first + strands - 1;
  state.braided += strands;
  braided_ += strands;
}

/// Gives an item another record. The index still has the old one.
void struct_store::move_item(item_handle from, item_handle to) {
  new (&items_[to]) item(items_[from]);
  take_place(from, to);
  forget_item(from);
}

/// Lets the neighbours of one record refer to another.
void struct_store::take_place(item_handle of, item_handle by) {
  const item& placed = items_[of];
  chain& list = chains_[placed.chain];
  (placed.left != none ? items_[placed.left].right : list.head) = by;
  (placed.right != none ? items_[placed.right].left : list.tail) = by;
}

/// Splits a braid behind so many rows; returns the first strand, or item, of the right part.
/// Requires: both parts have rows.
item_handle struct_store::cut_braid(item_handle first, clock_type row) {
  change_revision();
  const std::uint32_t strands = items_[first].content_size;
  const clock_type rows = items_[first].rows();
  TROUPE_CHECK(row > 0 && row < rows);
  const item_handle right_first = items_.allocate_row(strands);
  for (std::uint32_t i = 0; i < strands; ++i) {
    item& left = items_[first + i];
    item& right = *new (&items_[right_first + i]) item(left);
    right.clock += row * strands;
    right.length = (rows - row - 1) * strands + 1;
    right.origin = {right.client, right.clock - strands};
    right.left = first + i;
    right.content = right_first;
    left.length = (row - 1) * strands + 1;
    left.right = right_first + i;
    (right.right != none ? items_[right.right].left : chains_[right.chain].tail) = right_first + i;
  }
  client_state& state = states_[items_[first].client];
  const auto place = state.structs.find_near(state.last_found, items_[first].clock);
  state.structs.insert_after(place, items_[right_first].clock, right_first);
  if (state.newest == first + strands - 1) state.newest = right_first + strands - 1;
  --state.braided;
  braided_ -= strands;
  end_braid_of_one_row(first);
  end_braid_of_one_row(right_first);
  return right_first;
}

/// Makes items of the strands of a braid that has one row only.
void struct_store::end_braid_of_one_row(item_handle first) {
  if (items_[first].rows() > 1) return;
  const std::uint32_t strands = items_[first].content_size;
  client_state& state = states_[items_[first].client];
  for (std::uint32_t i = 0; i < strands; ++i) {
    item& single = items_[first + i];
    single.value_is_any = 0;
    single.content = single.content_size = 0;
    if (i == 0) continue;
    const auto place = state.structs.find_near(state.last_found, single.clock - 1);
    state.structs.insert_after(place, single.clock, first + i);
  }
  state.braided -= strands - 1;
}

/// As split().
item_handle struct_store::split_strand(item_handle handle, clock_type offset) {
  const item_handle first = items_[handle].content;
  const std::uint32_t strands = items_[handle].content_size;
  return cut_braid(first, (offset + strands - 1) / strands) + (handle - first);
}

/// Makes items of all of a braid.
void struct_store::part_braid(item_handle first) {
  while (items_[first].is_strand()) cut_braid(first, items_[first].rows() - 1);
}

void struct_store::part_types(item_handle handle) {
  if (!items_[handle].is_strand()) return;
  const item_handle first = items_[handle].content;
  const type_handle type = chains_[items_[first].chain].type;
  for (std::uint32_t i = 1; i < items_[first].content_size; ++i)
    if (chains_[items_[first + i].chain].type != type) return part_braid(first);
}

/// Makes one GC of the whole braid of a strand whose chain goes. Its other strands leave theirs.
/// Requires: part_types() has been called.
void struct_store::turn_braid_into_gc(item_handle handle) {
  const item_handle first = items_[handle].content;
  const std::uint32_t strands = items_[first].content_size;
  const clock_range range{items_[first].clock, items_[first].entry_end() - items_[first].clock};
  client_state& state = states_[items_[first].client];
  for (std::uint32_t i = 0; i < strands; ++i) {
    const item& strand = items_[first + i];
    if (first + i != handle) {
      chain& list = chains_[strand.chain];
      (strand.left != none ? items_[strand.left].right : list.head) = strand.right;
      (strand.right != none ? items_[strand.right].left : list.tail) = strand.left;
    }
    if (i > 0) forget_item(first + i);
  }
  if (state.newest == first + strands - 1) state.newest = first;
  state.braided -= std::size_t{range.length} - 1;
  braided_ -= range.length - strands;
  item& collected = items_[first];
  collected = {};
  collected.clock = range.clock;
  collected.length = range.length;
  collected.client = static_cast<client_index>(&state - states_.data()) & 0xff'ffff;
  collected.is_deleted = 1;
}

}  // namespace troupe::crdt
