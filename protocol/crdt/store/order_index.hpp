// Finds the place of an item among concurrent insertions without walking past them. It is made for
// a chain in which such walks have become long, and from then on the store keeps it current; other
// chains do not pay for it. Owned by the store of a document.
//
// What it knows of a chain. Each unit hangs on its origin, so the units of a chain are a tree, and
// its depth is that of its origin plus one. In a chain that was built by the rules of Yjs each unit
// is followed by all that hangs on it, directly or not, before anything else comes (the chain shows
// its tree in preorder). What competes for a place are then the items of one depth up to the next
// one that is less deep, and a search asks for the next, or the last, item below a given rank. An
// update that no client would make can break the order; for such a chain there is no index.
// docs/adr/0011-work-of-an-update.md has the argument.
//
// Each chain has a binary tree of its items in the order of the chain, balanced by size; a part
// that has become lopsided is built anew. All operations cost about the logarithm of the chain.
#pragma once

#include <compare>
#include <map>
#include <unordered_map>
#include <vector>

#include "protocol/crdt/store/item.hpp"

namespace troupe::crdt {

class order_index {
 public:
  /// By depth, then by author. A search for what is less deep than `d` asks for what is below
  /// {d, 0}.
  struct rank {
    std::uint64_t depth = 0;
    client_id client = 0;

    friend auto operator<=>(const rank&, const rank&) = default;
  };

  /// Items with the same origin and right origin stand in the order of their authors' ids.
  struct sibling_key {
    unit_id origin;
    unit_id right_origin;
    client_id client = 0;

    friend auto operator<=>(const sibling_key&, const sibling_key&) = default;
  };

  bool has(chain_handle chain) const { return chains_.contains(chain); }
  bool empty() const noexcept { return chains_.empty(); }

  /// Adds a chain, whose items are given from left to right with the ranks of their first units.
  void add_chain(chain_handle chain, const std::vector<std::pair<item_handle, rank>>& items);
  void drop(chain_handle chain) { chains_.erase(chain); }

  /// An item was put behind `left`, or in front of all if that is none. Requires: has(chain).
  void insert(chain_handle chain, item_handle handle, item_handle left, rank of);
  void erase(chain_handle chain, item_handle handle);

  /// Of several with the same key the one that was noted last stands in front. An item that
  /// continues the unit in front of its own is not noted: whoever searches finds it by its id.
  void note_sibling(chain_handle chain, const sibling_key& key, unit_id first_unit) {
    chains_.at(chain).siblings[key] = first_unit;
  }
  /// The first unit of the first sibling with this author or a higher one, or none.
  unit_id find_sibling(chain_handle chain, const sibling_key& from) const;

  std::uint64_t depth_of(item_handle handle) const noexcept { return nodes_[handle].own.depth; }
  bool is_before(item_handle left, item_handle right) const noexcept {
    return position_of(left) < position_of(right);
  }

  /// The next item behind `from` with a rank below `bound`, or none.
  item_handle first_after(item_handle from, rank bound) const noexcept;
  /// The last item in front of `from` with a rank below `bound`, or none. `from` none: the end.
  item_handle last_before(chain_handle chain, item_handle from, rank bound) const noexcept;

  /// Bytes allocated, about.
  std::size_t memory() const noexcept;

 private:
  struct node {
    item_handle left = none;
    item_handle right = none;
    item_handle parent = none;
    std::uint32_t size = 1;
    item_handle least = none;  // of its part of the tree: the item with the lowest rank
    rank own;
  };
  struct indexed_chain {
    item_handle root = none;
    std::map<sibling_key, unit_id> siblings;
  };

  std::uint32_t size_of(item_handle at) const noexcept { return at == none ? 0 : nodes_[at].size; }
  bool has_below(item_handle part, rank bound) const noexcept {
    return part != none && nodes_[nodes_[part].least].own < bound;
  }
  item_handle first_of(item_handle part, rank bound) const noexcept;
  item_handle last_of(item_handle part, rank bound) const noexcept;
  std::uint32_t position_of(item_handle handle) const noexcept;
  void sum_up(item_handle at) noexcept;
  void sum_up_to_root(indexed_chain& in, item_handle from);
  void replace(indexed_chain& in, item_handle old, item_handle by) noexcept;
  item_handle build(std::size_t from, std::size_t to, item_handle parent);
  void rebuild(indexed_chain& in, item_handle part);

  std::vector<node> nodes_;  // by item
  std::unordered_map<chain_handle, indexed_chain> chains_;
  std::vector<item_handle> in_order_;  // of the part that is built, kept for its memory
};

}  // namespace troupe::crdt
