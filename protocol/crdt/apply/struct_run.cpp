#include "protocol/crdt/apply/struct_run.hpp"

#include <new>

namespace troupe::crdt {

const struct_view* struct_run::place(client_index client, const struct_view* next,
                                     const struct_view* end, clock_type target) {
  client_ = client;
  chain_ = none;  // what came between two runs may have deleted its type
  type_ = none;
  owned_ = none;
  client_state& state = store_.states_[client];
  const struct_view* const first = next;
  const clock_type start = state.end;
  while (next != end && next->clock == state.end && next->clock <= target) {
    const struct_view* rest = next;
    if (!next->has_origin()) {
      rest = place_fields(state, next, end, target);
      if (rest == next && place_first(*next)) ++rest;
    } else if (!next->has_key) {
      rest = place_beside(client, state, next, end, target);
    } else {
      rest = place_rows(state, next, end, target);
      if (rest == next && place_in_key(*next)) ++rest;
    }
    if (rest == next) break;
    next = rest;
  }
  if (next == first) return next;
  flush();
  store_.change_revision();
  change_.note_inserted(client, {start, state.end - start});
  return next;
}

/// Places those that stand beside a neighbour in a sequence, up to the first other struct. A loop
/// of its own, so that nothing else takes registers from it.
const struct_view* struct_run::place_beside(client_index client, client_state& state,
                                            const struct_view* next, const struct_view* end,
                                            clock_type target) {
  for (; next != end; ++next) {
    const struct_view& view = *next;
    if (view.clock != state.end || view.clock > target || !view.has_origin()) break;
    const item_handle left = find_left(view);
    if (left == none) break;
    store_.items_.make_room();
    item& before = store_.items_[left];
    const item_handle right = before.right;
    item& after = store_.items_[right];
    const bool is_between =
        right != none ? after.id() == view.right_origin : !view.has_right_origin();
    if (!is_between || (before.chain != chain_ && !enter_chain(before.chain))) break;
    const item_handle handle = store_.items_.allocate();
    // A struct can only merge with the one that it continues, and only if that is its left
    // neighbour. If a kind changes before the end, then by a deletion, after which both sides are
    // looked at.
    const bool may_merge = (before.kind() == view.kind) & is_mergeable(view.kind) &
                           (view.origin == unit_id{client, view.clock - 1}) &
                           (before.right_origin == view.right_origin);
    before.right = handle;
    (right != none ? after.left : store_.chains_[chain_].tail) = handle;
    write_item(handle, view, left, right, chain_);
    visible_ += view.length & (0 - std::uint32_t{is_countable(view.kind)});
    note_placed(client, state, handle, view, may_merge);
  }
  return next;
}

inline void struct_run::note_placed(client_index client, client_state& state, item_handle handle,
                                    const struct_view& view, bool may_merge) {
  state.structs.append(view.clock, handle);
  state.newest = handle;
  state.end = view.clock + view.length;
  guess_.note({client, state.end - 1}, handle);
  const bool is_tombstone = view.kind == content_kind::deleted;
  deleted_starts_[deleted_count_] = view.clock;
  deleted_count_ += is_tombstone & (view.clock != deleted_end_);
  deleted_end_ = is_tombstone ? state.end : deleted_end_;
  deleted_ends_[deleted_count_] = deleted_end_;
  may_merge_[may_merge_count_] = handle;
  may_merge_count_ += may_merge;
  if (deleted_count_ == noted_max || may_merge_count_ == noted_max) flush();
}

/// Places the fields of an object: structs that are each the first of a key in one type that is no
/// root, up to the first other struct.
const struct_view* struct_run::place_fields(client_state& state, const struct_view* next,
                                            const struct_view* end, clock_type target) {
  const auto is_field = [](const struct_view& view) {
    return view.parent != nullptr && view.parent->has_key && !view.parent->is_root;
  };
  if (!is_field(*next)) return next;
  const unit_id owner = next->parent->owner;
  const type_handle type = find_parent(*next->parent);
  if (type == none) return next;
  string_table& strings = store_.strings_;
  const bool is_whole = store_.types_[type].key_count == 0;
  string_handle key =
      is_whole ? strings.intern(next->parent->key, first_key_) : strings.intern(next->parent->key);
  if (is_whole) first_key_ = key;
  for (;;) {
    const chain_handle into = store_.is_new_few_key(store_.types_[type], key)
                                  ? store_.add_few_key(type, key)
                                  : store_.keyed_chain_for(type, key);
    chain& list = store_.chains_[into];
    if (list.head != none || store_.is_ordered(into)) break;
    const item_handle handle = store_.items_.allocate();
    list.head = list.tail = handle;
    write_item(handle, *next, none, none, into);
    note_placed(client_, state, handle, *next, false);
    if (++next == end || next->clock != state.end || next->clock > target || !is_field(*next) ||
        next->parent->owner != owner)
      break;
    key = strings.intern(next->parent->key);
  }
  return next;
}

/// Places a struct that names its parent as the first of its key, or of the sequence. False,
/// without an effect, if it is not the first, or if the parent is not there and alive.
bool struct_run::place_first(const struct_view& view) {
  if (view.parent == nullptr) return false;
  const type_handle type = find_parent(*view.parent);
  if (type == none) return false;
  const chain_handle into = store_.chain_for(type, *view.parent);
  if (store_.chains_[into].head != none || store_.is_ordered(into)) return false;
  const item_handle handle = store_.items_.allocate();
  store_.chains_[into].head = store_.chains_[into].tail = handle;
  write_item(handle, view, none, none, into);
  if (!view.parent->has_key && is_countable(view.kind)) store_.types_[type].length += view.length;
  note_placed(client_, store_.states_[client_], handle, view, false);
  return true;
}

/// The parent, if it is there and alive.
type_handle struct_run::find_parent(const parent_view& parent) {
  if (parent.is_root) {
    if (root_ == none || root_name_ != parent.name) {
      root_ = store_.root_for(parent.name);
      root_name_ = parent.name;
    }
    return root_;
  }
  if (owned_ != none && owner_ == parent.owner) return owned_;
  const item_handle found = find_owner(parent.owner);
  if (found == none) return none;
  const item& owner = store_.items_[found];
  if (owner.kind() != content_kind::type || owner.is_deleted != 0) return none;
  owner_ = parent.owner;
  return owned_ = owner.content;
}

/// The item with this unit, or none.
item_handle struct_run::find_owner(unit_id id) const noexcept {
  constexpr unsigned steps_max = 8;
  const item_handle newest = store_.states_[client_].newest;  // mostly it came just now
  item_handle guess = newest != none && store_.items_[newest].id() == id ? newest : guess_.find(id);
  for (unsigned step = 0; step < steps_max && guess != none; ++step, --guess)
    if (store_.items_[guess].id() == id && store_.items_[guess].kind() == content_kind::type)
      return guess;
  return store_.find(id);
}

/// Places a struct behind the newest value of a key, which it replaces. False, without an effect,
/// if its origin is something else, or if its type is not alive.
bool struct_run::place_in_key(const struct_view& view) {
  const item_handle left = view.has_right_origin() ? none : find_left(view);
  if (left == none) return false;
  store_.items_.make_room();
  item& before = store_.items_[left];
  const chain_handle into = before.chain;
  chain& list = store_.chains_[into];
  const item_handle owner = store_.types_[list.type].owner;
  if (list.key == no_string || before.right != none || store_.is_ordered(into) ||
      (owner != none && store_.items_[owner].is_deleted != 0))
    return false;
  const item_handle handle = store_.items_.allocate();
  const bool may_merge = before.kind() == view.kind && is_mergeable(view.kind) &&
                         view.origin == unit_id{client_, view.clock - 1} &&
                         before.right_origin == view.right_origin;
  const bool is_alive = before.is_deleted == 0;
  before.right = handle;
  list.tail = handle;
  write_item(handle, view, left, none, into);
  note_placed(client_, store_.states_[client_], handle, view, may_merge);
  if (is_alive) {  // rare: somebody who sends a whole document has deleted it
    flush();
    change_.delete_item(left);
    chain_ = none;  // whatever was in it may be gone, too
    owned_ = none;
  }
  if (view.kind == content_kind::deleted && !may_merge && !change_.has_killed())
    store_.braid(handle);
  return true;
}

/// Places tombstones of overwritten keys that lengthen the braid in front of them by whole rows, up
/// to the first other struct.
const struct_view* struct_run::place_rows(client_state& state, const struct_view* next,
                                          const struct_view* end, clock_type target) {
  if (next->kind != content_kind::deleted || state.newest == none) return next;
  const item& newest = store_.items_[state.newest];
  if (!newest.is_strand() || !is_open_behind(newest)) return next;
  const item_handle first = newest.content;
  const std::uint32_t strands = newest.content_size;
  const auto is_in_row = [&](const struct_view& view, clock_type clock) {
    return (view.clock == clock) & (view.clock <= target) & view.has_key & (view.length == 1) &
           (view.kind == content_kind::deleted) & !view.has_right_origin() &
           (view.origin == unit_id{client_, clock - strands});
  };
  const clock_type start = state.end;
  while (static_cast<std::size_t>(end - next) >= strands) {
    bool is_row = true;
    for (std::uint32_t i = 0; i < strands; ++i) is_row &= is_in_row(next[i], state.end + i);
    if (!is_row) break;
    state.end += strands;
    next += strands;
  }
  const clock_type added = state.end - start;
  if (added == 0) return next;
  for (std::uint32_t i = 0; i < strands; ++i) {
    store_.items_[first + i].length += added;
    guess_.note({client_, state.end - strands + i}, first + i);
  }
  state.braided += added;
  store_.braided_ += added;
  note_tombstones({start, added});
  return next;
}

/// Whether the strands of a braid are the last of their keys, in types that are alive.
bool struct_run::is_open_behind(const item& strand) const noexcept {
  for (std::uint32_t i = 0; i < strand.content_size; ++i) {
    const item& each = store_.items_[strand.content + i];
    const item_handle owner = store_.types_[store_.chains_[each.chain].type].owner;
    if (each.right != none || (owner != none && store_.items_[owner].is_deleted != 0)) return false;
  }
  return true;
}

void struct_run::note_tombstones(clock_range range) {
  deleted_starts_[deleted_count_] = range.clock;
  deleted_count_ += range.clock != deleted_end_;
  deleted_end_ = range.end();
  deleted_ends_[deleted_count_] = deleted_end_;
  if (deleted_count_ == noted_max) flush();
}

/// The item that ends with the origin, or none if there is none such.
item_handle struct_run::find_left(const struct_view& view) const noexcept {
  constexpr unsigned steps_max = 4;
  const auto ends_there = [&](item_handle handle) {
    const item& found = store_.items_[handle];
    return (found.last_id() == view.origin) & (found.length != 0) & !found.is_gc();
  };
  item_handle guess = guess_.find(view.origin);
  for (unsigned step = 0; step < steps_max && guess != none; ++step, --guess)
    if (ends_there(guess)) return guess;
  const item_handle found = store_.find(view.origin);
  return found != none && ends_there(found) ? found : none;
}

/// Makes this chain the one that the run writes to, if it may.
bool struct_run::enter_chain(chain_handle handle) {
  const chain& list = store_.chains_[handle];
  const item_handle owner = store_.types_[list.type].owner;
  if (list.key != no_string || (owner != none && store_.items_[owner].is_deleted != 0) ||
      store_.is_ordered(handle))
    return false;
  if (type_ != none) store_.types_[type_].length += visible_;
  visible_ = 0;
  chain_ = handle;
  type_ = list.type;
  return true;
}

void struct_run::write_item(item_handle handle, const struct_view& view, item_handle left,
                            item_handle right, chain_handle into) {
  if (view.kind == content_kind::type) return write_type(handle, view, left, right, into);
  const std::uint32_t content = store_.content_.add(view.content_bytes(), input_);
  new (&store_.items_[handle]) item(item_between(left, right, into, client_, view, content));
}

void struct_run::write_type(item_handle handle, const struct_view& view, item_handle left,
                            item_handle right, chain_handle into) {
  new (&store_.items_[handle]) item(item_between(left, right, into, client_, view, 0));
  store_.items_[handle].content = store_.add_type(handle, view.type, as_text(view.content_bytes()));
}

void struct_run::flush() {
  if (type_ != none) store_.types_[type_].length += visible_;
  visible_ = 0;
  for (std::size_t i = 0; i < deleted_count_; ++i)
    change_.note_born_deleted_last(client_,
                                   {deleted_starts_[i], deleted_ends_[i + 1] - deleted_starts_[i]});
  for (std::size_t i = 0; i < may_merge_count_; ++i) change_.note_may_merge(may_merge_[i]);
  deleted_count_ = may_merge_count_ = 0;
  deleted_end_ = no_clock;
}

}  // namespace troupe::crdt
