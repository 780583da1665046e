#include "protocol/crdt/store/order_index.hpp"

#include <algorithm>

namespace troupe::crdt {

void order_index::add_chain(chain_handle chain,
                            const std::vector<std::pair<item_handle, rank>>& items) {
  indexed_chain& added = chains_[chain];
  in_order_.clear();
  for (const auto& [handle, of] : items) {
    if (handle >= nodes_.size())
      nodes_.resize(std::max<std::size_t>(handle + 1, nodes_.size() * 2));
    nodes_[handle] = {};
    nodes_[handle].own = of;
    in_order_.push_back(handle);
  }
  added.root = build(0, in_order_.size(), none);
}

void order_index::insert(chain_handle chain, item_handle handle, item_handle left, rank of) {
  indexed_chain& in = chains_.at(chain);
  if (handle >= nodes_.size()) nodes_.resize(std::max<std::size_t>(handle + 1, nodes_.size() * 2));
  nodes_[handle] = {};
  nodes_[handle].own = of;
  item_handle parent = left == none ? in.root : nodes_[left].right;
  const bool is_beside = left != none && parent == none;
  if (is_beside) parent = left;
  while (!is_beside && parent != none && nodes_[parent].left != none) parent = nodes_[parent].left;
  nodes_[handle].parent = parent;
  if (parent == none)
    in.root = handle;
  else
    (is_beside ? nodes_[parent].right : nodes_[parent].left) = handle;
  sum_up_to_root(in, handle);
}

void order_index::erase(chain_handle chain, item_handle handle) {
  indexed_chain& in = chains_.at(chain);
  const node gone = nodes_[handle];
  if (gone.left == none || gone.right == none) {
    replace(in, handle, gone.left != none ? gone.left : gone.right);
    return sum_up_to_root(in, gone.parent);
  }
  item_handle next = gone.right;  // takes its place
  while (nodes_[next].left != none) next = nodes_[next].left;
  const bool is_child = next == gone.right;
  const item_handle changed = is_child ? next : nodes_[next].parent;
  if (!is_child) {
    replace(in, next, nodes_[next].right);
    nodes_[next].right = gone.right;
    nodes_[gone.right].parent = next;
  }
  nodes_[next].left = gone.left;
  nodes_[gone.left].parent = next;
  replace(in, handle, next);
  sum_up_to_root(in, changed);
}

unit_id order_index::find_sibling(chain_handle chain, const sibling_key& from) const {
  const auto& siblings = chains_.at(chain).siblings;
  const auto found = siblings.lower_bound(from);
  const bool is_one = found != siblings.end() && found->first.origin == from.origin &&
                      found->first.right_origin == from.right_origin;
  return is_one ? found->second : unit_id::none;
}

item_handle order_index::first_after(item_handle from, rank bound) const noexcept {
  if (has_below(nodes_[from].right, bound)) return first_of(nodes_[from].right, bound);
  for (item_handle at = from, up = nodes_[at].parent; up != none; at = up, up = nodes_[at].parent) {
    if (nodes_[up].left != at) continue;
    if (nodes_[up].own < bound) return up;
    if (has_below(nodes_[up].right, bound)) return first_of(nodes_[up].right, bound);
  }
  return none;
}

item_handle order_index::last_before(chain_handle chain, item_handle from,
                                     rank bound) const noexcept {
  if (from == none) {
    const item_handle root = chains_.find(chain)->second.root;
    return has_below(root, bound) ? last_of(root, bound) : none;
  }
  if (has_below(nodes_[from].left, bound)) return last_of(nodes_[from].left, bound);
  for (item_handle at = from, up = nodes_[at].parent; up != none; at = up, up = nodes_[at].parent) {
    if (nodes_[up].right != at) continue;
    if (nodes_[up].own < bound) return up;
    if (has_below(nodes_[up].left, bound)) return last_of(nodes_[up].left, bound);
  }
  return none;
}

/// Requires: has_below(part, bound).
item_handle order_index::first_of(item_handle part, rank bound) const noexcept {
  for (;;) {
    const node& at = nodes_[part];
    if (has_below(at.left, bound))
      part = at.left;
    else if (at.own < bound)
      return part;
    else
      part = at.right;
  }
}

item_handle order_index::last_of(item_handle part, rank bound) const noexcept {
  for (;;) {
    const node& at = nodes_[part];
    if (has_below(at.right, bound))
      part = at.right;
    else if (at.own < bound)
      return part;
    else
      part = at.left;
  }
}

std::uint32_t order_index::position_of(item_handle handle) const noexcept {
  std::uint32_t position = size_of(nodes_[handle].left);
  for (item_handle at = handle, up = nodes_[at].parent; up != none; at = up, up = nodes_[at].parent)
    if (nodes_[up].right == at) position += size_of(nodes_[up].left) + 1;
  return position;
}

void order_index::sum_up(item_handle at) noexcept {
  node& whole = nodes_[at];
  whole.size = 1 + size_of(whole.left) + size_of(whole.right);
  whole.least = at;
  for (const item_handle part : {whole.left, whole.right})
    if (part != none && nodes_[nodes_[part].least].own < nodes_[whole.least].own)
      whole.least = nodes_[part].least;
}

/// Brings everything above a change up to date, and builds the highest lopsided part anew.
void order_index::sum_up_to_root(indexed_chain& in, item_handle from) {
  constexpr std::uint32_t never_lopsided = 8;
  item_handle lopsided = none;
  for (item_handle at = from; at != none; at = nodes_[at].parent) {
    sum_up(at);
    const node& whole = nodes_[at];
    const std::uint64_t larger = std::max(size_of(whole.left), size_of(whole.right));
    if (whole.size > never_lopsided && larger * 4 > std::uint64_t{whole.size} * 3) lopsided = at;
  }
  if (lopsided != none) rebuild(in, lopsided);
}

void order_index::replace(indexed_chain& in, item_handle old, item_handle by) noexcept {
  const item_handle parent = nodes_[old].parent;
  if (parent == none)
    in.root = by;
  else
    (nodes_[parent].left == old ? nodes_[parent].left : nodes_[parent].right) = by;
  if (by != none) nodes_[by].parent = parent;
}

/// Makes a balanced tree of [from, to) of in_order_.
item_handle order_index::build(std::size_t from, std::size_t to, item_handle parent) {
  if (from == to) return none;
  const std::size_t middle = from + (to - from) / 2;
  const item_handle top = in_order_[middle];
  nodes_[top].parent = parent;
  nodes_[top].left = build(from, middle, top);
  nodes_[top].right = build(middle + 1, to, top);
  sum_up(top);
  return top;
}

void order_index::rebuild(indexed_chain& in, item_handle part) {
  const item_handle parent = nodes_[part].parent;
  in_order_.clear();
  item_handle at = part;
  while (nodes_[at].left != none) at = nodes_[at].left;
  const std::uint32_t count = nodes_[part].size;
  for (std::uint32_t i = 0; i < count; ++i) {
    in_order_.push_back(at);
    if (i + 1 == count) break;
    if (nodes_[at].right != none) {
      for (at = nodes_[at].right; nodes_[at].left != none;) at = nodes_[at].left;
    } else {
      item_handle below = at;
      for (at = nodes_[at].parent; nodes_[at].right == below; at = nodes_[at].parent) below = at;
    }
  }
  const bool is_left = parent != none && nodes_[parent].left == part;
  const item_handle top = build(0, in_order_.size(), parent);
  if (parent == none)
    in.root = top;
  else
    (is_left ? nodes_[parent].left : nodes_[parent].right) = top;
}

std::size_t order_index::memory() const noexcept {
  constexpr std::size_t sibling_size = sizeof(std::pair<sibling_key, unit_id>) + 32;
  std::size_t bytes = nodes_.capacity() * sizeof(node);
  for (const auto& [chain, of] : chains_) bytes += of.siblings.size() * sibling_size;
  return bytes;
}

}  // namespace troupe::crdt
