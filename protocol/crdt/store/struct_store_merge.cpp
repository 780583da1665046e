// The part of the store that makes one struct of two.
#include <cstring>

#include "protocol/crdt/store/struct_store.hpp"

namespace troupe::crdt {

bool struct_store::can_merge(const item& left, item_handle right_handle,
                             const item& right) const noexcept {
  if (left.client != right.client || left.end() != right.clock || left.kind_bits != right.kind_bits)
    return false;
  if (left.is_gc()) return true;
  return left.right == right_handle && is_mergeable(left.kind()) &&
         left.is_deleted == right.is_deleted && right.origin == left.last_id() &&
         left.right_origin == right.right_origin;
}

/// Frees a record that is in no chain and no index any more.
void struct_store::forget_item(item_handle handle) {
  items_[handle].length = 0;  // contains nothing, should a search remember it
  items_.release(handle);
}

void struct_store::merge(item_handle left_handle, item_handle right_handle) {
  item& left = items_[left_handle];
  item& right = items_[right_handle];
  client_state& state = states_[left.client];
  left.is_kept = left.is_kept != 0 || right.is_kept != 0;
  if (state.newest == right_handle) state.newest = left_handle;
  if (has_content_in_arena(left.kind())) {
    left.is_ascii = left.is_ascii != 0 && right.is_ascii != 0;
    if (left.content + left.content_size == right.content && state.growing != left_handle) {
      if (state.growing == right_handle) {
        state.growing = left_handle;
        state.growing_capacity += left.content_size;
      }
      left.content_size += right.content_size;
    } else {
      if (state.growing == right_handle) forget_growing(state);
      const std::uint32_t where = room_behind(left_handle, right.content_size);
      std::memcpy(content_.at(where), content_.at(right.content), right.content_size);
      content_.add_garbage(right.content_size);
    }
  }
  left.length += right.length;
  if (!left.is_gc()) {
    if (order_ && order_->has(left.chain)) order_->erase(left.chain, right_handle);
    left.right = right.right;
    if (right.right != none)
      items_[right.right].left = left_handle;
    else
      chains_[left.chain].tail = left_handle;
  }
  forget_item(right_handle);
  const std::uint64_t before = revision_;
  change_revision();
  last_merge_ = {before, revision_, left_handle, right_handle, right.clock};
}

/// `left` and `right` stand side by side and can merge. Where that is a strand, only its last or
/// its first tombstone does; it leaves the braid.
item_handle struct_store::merge_side_by_side(item_handle left, item_handle right) {
  if (items_[left].is_strand()) {
    const clock_type row = (items_[left].rows() - 1) * items_[left].content_size;
    left = split_strand(left, row);
  }
  if (items_[right].is_strand()) split_strand(right, items_[right].content_size);
  client_state& state = states_[items_[right].client];
  state.structs.erase(state.structs.find_near(state.last_found, items_[right].clock));
  merge(left, right);
  return left;
}

item_handle struct_store::merge_with_left(item_handle handle) {
  const item& right = items_[handle];
  const item_handle left = right.left;
  if (right.length == 0 || left == none || !can_merge(items_[left], handle, right)) return handle;
  return merge_side_by_side(left, handle);
}

void struct_store::merge_around(client_index client, clock_type from, clock_type to) {
  client_state& state = states_[client];
  auto& structs = state.structs;
  auto at = structs.find_near(state.last_found, to);
  if (structs.is_end(at)) return;
  bool has_merged = false;
  // Merging continues to the left as long as it succeeds, also beyond the range.
  while (!structs.is_first(at) && (has_merged || items_[structs[at]].clock >= from)) {
    const auto before = structs.previous(at);
    item_handle left = structs[before];
    if (items_[left].is_strand()) left += items_[left].content_size - 1;  // the last of its braid
    const item_handle right = structs[at];
    has_merged = can_merge(items_[left], right, items_[right]);
    at = before;
    if (!has_merged) continue;
    const clock_type last = items_[left].last();
    merge_side_by_side(left, right);
    at = structs.find_near(state.last_found, last);
  }
}

}  // namespace troupe::crdt
