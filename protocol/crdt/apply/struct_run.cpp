#include "protocol/crdt/apply/struct_run.hpp"

#include <new>

namespace troupe::crdt {

const struct_view* struct_run::place(client_index client, const struct_view* next,
                                     const struct_view* end, clock_type target) {
  client_ = client;
  chain_ = none;  // what came between two runs may have deleted its type
  type_ = none;
  client_state& state = store_.states_[client];
  const struct_view* const first = next;
  const clock_type start = state.end;
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
    write_item(handle, view, left, right);
    state.structs.append(view.clock, handle);
    state.newest = handle;
    state.end = view.clock + view.length;
    guess_.note({client, state.end - 1}, handle);
    visible_ += view.length & (0 - std::uint32_t{is_countable(view.kind)});
    const bool is_tombstone = view.kind == content_kind::deleted;
    deleted_starts_[deleted_count_] = view.clock;
    deleted_count_ += is_tombstone & (view.clock != deleted_end_);
    deleted_end_ = is_tombstone ? state.end : deleted_end_;
    deleted_ends_[deleted_count_] = deleted_end_;
    may_merge_[may_merge_count_] = handle;
    may_merge_count_ += may_merge;
    if (deleted_count_ == noted_max || may_merge_count_ == noted_max) flush();
  }
  if (next == first) return next;
  flush();
  store_.change_revision();
  change_.note_inserted(client, {start, state.end - start});
  return next;
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
                            item_handle right) {
  const std::uint32_t content = keep_content(view);
  new (&store_.items_[handle]) item(item_between(left, right, chain_, client_, view, content));
  if (view.kind == content_kind::type)
    store_.items_[handle].content =
        store_.add_type(handle, view.type, as_text(view.content_bytes()));
}

std::uint32_t struct_run::keep_content(const struct_view& view) {
  if (view.kind == content_kind::type) return 0;
  return store_.content_.add(view.content_bytes(), input_);
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
