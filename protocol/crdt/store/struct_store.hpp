// The state of one document: structs by client and clock, types, chains, contents, delete set. It
// offers the primitive steps of integration (find, split, link, merge, drop content), each of which
// keeps the invariants of check_invariants(). It does not resolve conflicts.
//
// Invariants: the structs of a client are disjoint and sorted by clock; the gaps between them are
// listed in `holes`; an item with a chain is linked in it exactly once; `deleted` holds exactly the
// clocks of deleted structs; the visible length of a type is the sum over its sequence.
// Thread: one owner at a time (the document actor); nothing here is shared.
// Source: yjs 13.6 StructStore, with the holes of yjs 14.
#pragma once

#include <memory>
#include <new>
#include <unordered_map>
#include <vector>

#include "protocol/crdt/store/content_arena.hpp"
#include "protocol/crdt/store/item.hpp"
#include "protocol/crdt/store/key_index.hpp"
#include "protocol/crdt/store/order_index.hpp"
#include "protocol/crdt/store/slab.hpp"
#include "protocol/crdt/store/string_table.hpp"
#include "protocol/crdt/wire/client_lookup.hpp"
#include "protocol/crdt/wire/range_set.hpp"

namespace troupe::crdt {

class struct_run;  // struct_run.hpp

/// What a document has of one client.
struct client_state {
  /// First clock to item_handle.
  sorted_blocks structs;
  /// Gaps below `end`, ascending; nearly always none.
  std::vector<clock_range> holes;
  /// The end of its last struct, and that struct.
  clock_type end = 0;
  item_handle newest = none;
  /// Its part of the delete set.
  range_set deleted;
  /// An item whose content has spare room behind it; see growing_capacity.
  item_handle growing = none;
  /// How many more structs there are than entries in the index: those in braids.
  std::size_t braided = 0;
  /// Where the last search ended, and what it found, which may be gone by now.
  mutable sorted_blocks::position last_found;
  mutable item_handle last_hit = none;
  /// Bytes of the content of `growing`, spare room included.
  std::uint32_t growing_capacity = 0;

  /// Its entry in the state vector: the first clock that is missing.
  clock_type state() const noexcept { return holes.empty() ? end : holes.front().clock; }
};

/// A step is about as long as the search for a cut takes for so many units, and as moving so many
/// holes takes.
inline constexpr clock_type units_per_step = 4;
inline constexpr std::size_t holes_per_step = 64;

class struct_store {
 public:
  struct_store() = default;
  /// With the same handles; without garbage, spare room and indices of chains.
  struct_store(const struct_store& other);
  struct_store(struct_store&&) noexcept = default;
  struct_store& operator=(struct_store&&) noexcept = default;

  // --- reading ---
  const client_lookup& clients() const noexcept { return clients_; }
  const client_state& state_of(client_index client) const noexcept { return states_[client]; }
  const item& at(item_handle handle) const noexcept { return items_[handle]; }
  const chain& chain_at(chain_handle handle) const noexcept { return chains_[handle]; }
  const type_record& type_at(type_handle handle) const noexcept { return types_[handle]; }
  std::string_view string_at(string_handle handle) const noexcept { return strings_[handle]; }
  /// Names and keys; their handles are the numbers below.
  std::size_t string_count() const noexcept { return strings_.size(); }
  const std::vector<type_handle>& roots() const noexcept { return roots_; }
  std::size_t item_count() const noexcept { return items_.size() + braided_; }
  /// The structs in braids, beside one for each strand, and the records of all others.
  std::size_t braided_count() const noexcept { return braided_; }
  std::size_t record_count() const noexcept { return items_.size(); }

  /// Changes whenever an item is inserted, split or merged. If the next change after a merge undoes
  /// it, items and places are as they were before the merge, and the revision is, too.
  std::uint64_t revision() const noexcept { return revision_; }

  /// The encoded content of an item; empty for kinds that have none in the arena. Valid until the
  /// next change.
  byte_view content_of(const item& of) const noexcept;

  /// Steps that cannot be foreseen from the size of an update: looking for the unit at which a
  /// content is cut, closing holes. A step takes some nanoseconds.
  std::uint64_t steps() const noexcept { return steps_; }

  /// Whether the struct with this id is here.
  bool knows(unit_id id) const noexcept {
    const client_state& state = states_[id.client];
    return id.clock < state.end && (state.holes.empty() || !is_in_hole(state, id.clock));
  }

  /// Replaces `out` by the parts of the range that are not known, ascending.
  void find_unknown(client_index client, clock_range range, std::vector<clock_range>& out) const;

  /// The item, strand or GC that contains the id, or none.
  item_handle find(unit_id id) const noexcept {
    const client_state& state = states_[id.client];
    if (contains(state.last_hit, id)) return state.last_hit;
    return search(state, id.clock);
  }
  /// The same by an id from outside, whose client may be unknown and whose clock may be too large.
  item_handle find(struct_id id) const noexcept;

  type_handle find_root(std::string_view name) const;

  /// The chain of `key` in `type`, or none.
  chain_handle find_keyed_chain(type_handle type, string_handle key) const noexcept {
    const type_record& of = types_[type];
    return (of.key_bits & type_record::bit_of(key)) == 0 ? none : search_key(of, type, key);
  }
  /// How many keyed chains are found by the index: those of types that have many.
  std::size_t indexed_keys() const noexcept { return keys_.size(); }
  string_handle find_string(std::string_view text) const { return strings_.find(text); }

  /// The item as it would stand on the wire, from `offset` units in, `length` units long. `parent`
  /// receives what the view's parent points to where there is one; a slice through a surrogate pair
  /// or of values re-uses `scratch`. Views are valid until the next change of the store or the
  /// scratch.
  struct_view view_of(item_handle handle, clock_type offset, clock_type length, parent_view& parent,
                      byte_buffer& scratch) const;

  /// Frees memory that is reserved for growth or only makes changes quicker.
  void shrink() {
    content_.shrink();
    order_.reset();
  }

  /// The index of chains in which searches among concurrent insertions were long; null: of none.
  const order_index* order() const noexcept { return order_.get(); }
  bool is_ordered(chain_handle chain) const { return order_ && order_->has(chain); }

  /// Bytes allocated, for figures. Linear in the clients.
  std::size_t memory() const;

  /// Bytes that the structs, contents, names and client ids take, without what is reserved for
  /// growth or waits to be collected: what deleting makes smaller. An estimate. O(1).
  std::size_t size_in_memory() const noexcept {
    return size_of_structs(items_.size()) + size_of_clients(states_.size()) +
           chains_.size() * (sizeof(chain) + sizeof_index_of_key) +
           types_.size() * sizeof(type_record) + strings_.memory() + content_.used() -
           content_.garbage();
  }
  /// The same of so many structs without their contents, and of so many client ids.
  static constexpr std::size_t size_of_structs(std::size_t count) noexcept {
    return count * (sizeof(item) + sizeof_index_entry);
  }
  static constexpr std::size_t size_of_clients(std::size_t count) noexcept {
    return count * (sizeof(client_state) + sizeof_client_rest);
  }
  /// Bytes of contents, garbage included.
  std::uint64_t content_size() const noexcept { return content_.used(); }

  /// Bytes of content that can still be stored.
  std::uint64_t content_room() const noexcept { return content_.room(); }

  // --- changing: used by integration and collection only ---
  client_index client_for(client_id id);
  item& edit(item_handle handle) noexcept { return items_[handle]; }
  type_record& edit_type(type_handle handle) noexcept { return types_[handle]; }
  client_state& edit_state(client_index client) noexcept { return states_[client]; }

  type_handle root_for(std::string_view name);
  chain_handle chain_for(type_handle type, const parent_view& parent);
  type_handle add_type(item_handle owner, type_kind kind, std::string_view name);
  void remove_type(type_handle handle);

  /// A new unlinked item with the ids and content of `from`, trimmed to [offset, offset + length).
  /// A tombstone is marked as deleted, but not noted as such.
  item_handle add_item(client_index client, const struct_view& from, clock_type offset,
                       clock_type length);

  /// A new item of a whole struct that begins where the last struct of its client ends: linked in
  /// behind `left` and indexed. A tombstone is marked as deleted, but not noted as such.
  item_handle append_item(client_index client, const struct_view& from, item_handle left);
  item_handle add_gc(client_index client, clock_range range);

  /// Lengthens the last struct of a client by the range, if that is a GC and the range follows it.
  bool extend_last_gc(client_index client, clock_range range);

  /// Puts a new struct into the index of its client and closes the hole it fills.
  void index_struct(item_handle handle);

  /// Notes that [clock, end) of a client is now known, filling a hole or leaving one below.
  void note_known(client_index client, clock_range range);

  /// The item that ends exactly at the id (split if need be), or the GC that contains it.
  /// Requires: knows(id). Sets `was_split`.
  item_handle find_ending_at(unit_id id, bool& was_split);
  /// The item that starts exactly at the id (split if need be), or the GC that contains it. `guess`
  /// is an item that may well be it.
  item_handle find_starting_at(unit_id id, item_handle guess, bool& was_split);

  /// Splits an item `offset` units in; returns the new right part. A strand is cut there with all
  /// of its braid. Source: yjs splitItem.
  item_handle split(item_handle handle, clock_type offset);

  void link_after(item_handle handle, chain_handle into, item_handle left);

  /// Appends the content of `from` (units [offset, offset + length)) to an item's own.
  void extend_content(item_handle handle, const struct_view& from, clock_type offset,
                      clock_type length);

  /// Makes a deleted item a tombstone without content, or a GC that has lost its place too.
  void drop_content(item_handle handle);
  void turn_into_gc(item_handle handle);

  /// Whether the struct that an item continues is the record just before it and not its left
  /// neighbour: then merge_with_left() would do nothing. Reads those two records only, which lie
  /// side by side.
  bool is_surely_apart(item_handle handle) const noexcept {
    if (handle <= 1) return false;
    const item& right = items_[handle];
    const item& before = items_[handle - 1];
    return (right.left != handle - 1) & (before.length != 0) & (before.client == right.client) &
           (before.end() == right.clock);
  }

  /// Merges an item with the one on its left if they belong together. Returns the item that it is a
  /// part of afterwards. Ignores a handle that was merged away.
  item_handle merge_with_left(item_handle handle);

  /// Merges neighbours among the structs that touch [from, to]. Source: yjs tryToMergeWithLefts.
  void merge_around(client_index client, clock_type from, clock_type to);

  /// Lets a tombstone become a part of a braid if it ends a row of one. Records of tombstones are
  /// freed. Cheap where it does not. Requires: nobody keeps handles of tombstones of one unit.
  void braid(item_handle handle) {
    const item& last = items_[handle];
    if ((last.kind() == content_kind::deleted) & (last.length == 1) & (last.left != none))
      braid_behind(items_[last.left], last, handle);
  }

  /// Makes items of a strand and its braid again, unless all of that stands in one type.
  void part_types(item_handle handle);

  /// Rewrites the arena when more than half of it is garbage.
  void compact_if_worth();

  /// Has the chain indexed from now on. False, and nothing happens, if it has more than `items_max`
  /// items, or if something in it does not stand where the rules of Yjs would have put it.
  bool order_chain(chain_handle handle, std::size_t items_max);
  void drop_order(chain_handle handle);
  void drop_orders() noexcept { order_.reset(); }

 private:
  friend class struct_run;  // the steps of append_item() for many structs in a row

  static constexpr std::size_t sizeof_index_entry = 16;   // clock and handle, in blocks half full
  static constexpr std::size_t sizeof_client_rest = 200;  // its id in two tables, its first blocks
  static constexpr std::size_t sizeof_index_of_key = 8;   // about, in the index

  static bool is_in_hole(const client_state& state, clock_type clock) noexcept;
  void copy_contents(const content_arena& from);
  chain_handle search_key(const type_record& of, type_handle type,
                          string_handle key) const noexcept;
  chain_handle keyed_chain_for(type_handle type, string_handle key);
  /// Whether add_few_key() may add the chain of this key.
  bool is_new_few_key(const type_record& of, string_handle key) const noexcept {
    return (of.key_bits & type_record::bit_of(key)) == 0 && of.key_count < few_keys;
  }
  /// The chain of a key that the type does not have yet.
  [[gnu::always_inline]] chain_handle add_few_key(type_handle type, string_handle key) {
    const chain_handle added = chains_.allocate();
    type_record& of = types_[type];
    new (&chains_[added]) chain{type, key, none, none, of.keyed};
    of.keyed = added;
    of.key_bits |= type_record::bit_of(key);
    ++of.key_count;
    return added;
  }
  bool can_be_braided(const item& of) const noexcept;
  void braid_behind(const item& before, const item& last, item_handle handle);
  void begin_braid(item_handle last, std::uint32_t strands);
  void lengthen_braid(item_handle first);
  void move_item(item_handle from, item_handle to);
  void take_place(item_handle of, item_handle by);
  item_handle cut_braid(item_handle first, clock_type row);
  void end_braid_of_one_row(item_handle first);
  item_handle split_strand(item_handle handle, clock_type offset);
  void part_braid(item_handle first);
  void turn_braid_into_gc(item_handle handle);
  void forget_item(item_handle handle);
  /// The strand of the braid of `handle` that has the clock, or `handle` if it is no strand.
  item_handle strand_at(item_handle handle, clock_type clock) const noexcept {
    const item& of = items_[handle];
    if (!of.is_strand()) return handle;
    return of.content + (clock - items_[of.content].clock) % of.content_size;
  }
  bool can_merge(const item& left, item_handle right_handle, const item& right) const noexcept;
  void merge(item_handle left_handle, item_handle right_handle);
  item_handle merge_side_by_side(item_handle left, item_handle right);
  void note_linked(item_handle handle);
  std::uint32_t room_behind(item_handle handle, std::uint32_t size);
  void forget_growing(client_state& state);
  item_handle search(const client_state& state, clock_type clock) const noexcept;
  /// Rare, and kept out of the loops that search.
  [[gnu::noinline]] static bool is_in_strand(const item& strand, clock_type offset) noexcept {
    return offset % strand.content_size == 0;
  }
  bool contains(item_handle handle, unit_id id) const noexcept {
    if (handle == none) return false;
    const item& candidate = items_[handle];
    const clock_type offset = id.clock - candidate.clock;  // wraps below its start
    return candidate.client == id.client && offset < candidate.length &&
           (!candidate.is_strand() || is_in_strand(candidate, offset));
  }

  /// A merge that the next change may undo.
  struct undoable_merge {
    std::uint64_t revision_before = 0;
    std::uint64_t revision_after = 0;
    item_handle left = none;
    item_handle right = none;  // freed; the next item to be made gets it again
    clock_type clock = 0;      // of the right part
  };

  void change_revision() noexcept { revision_ = ++newest_revision_; }

  std::uint64_t revision_ = 1;
  std::uint64_t newest_revision_ = 1;  // none is given twice
  std::uint64_t steps_ = 0;
  std::size_t braided_ = 0;
  undoable_merge last_merge_;
  client_lookup clients_;
  std::vector<client_state> states_;
  slab<item> items_;
  slab<chain> chains_;
  slab<type_record> types_;
  content_arena content_;
  string_table strings_;
  std::vector<type_handle> roots_;
  std::unordered_map<string_handle, type_handle> root_by_name_;
  key_index keys_;                      // chains of types with many keys
  std::unique_ptr<order_index> order_;  // nearly always null
};

}  // namespace troupe::crdt
