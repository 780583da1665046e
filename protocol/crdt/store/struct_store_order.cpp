// The part of the store that makes the index of a chain and keeps it current.
#include <utility>

#include "protocol/crdt/store/struct_store.hpp"

namespace troupe::crdt {

namespace {

/// The units from the root of a chain's tree down to the one that was passed last. A run of units
/// each of which hangs on the one before it is one step.
class path_down {
 public:
  /// Whether the item may stand behind what was passed: its origin is on the path. Returns the
  /// depth of its first unit, or 0 if it may not.
  std::uint64_t pass(const item& next) {
    while (!steps_.empty() && !steps_.back().has(next.origin)) steps_.pop_back();
    if (steps_.empty() && !next.origin.is_none()) return 0;
    std::uint64_t depth = 1;
    if (!steps_.empty()) {
      step& origin = steps_.back();
      origin.length = next.origin.clock - origin.first.clock + 1;
      depth = origin.depth + origin.length;
    }
    steps_.push_back({next.id(), next.length, depth});
    return depth;
  }

 private:
  struct step {
    unit_id first;
    clock_type length = 0;
    std::uint64_t depth = 0;  // of the first unit

    bool has(unit_id id) const noexcept {
      return id.client == first.client && id.clock - first.clock < length;
    }
  };

  std::vector<step> steps_;
};

bool continues_own(const item& of) noexcept {
  return of.origin == unit_id{of.client, of.clock - 1};
}

}  // namespace

bool struct_store::order_chain(chain_handle handle, std::size_t items_max) {
  if (is_ordered(handle)) return true;
  std::size_t count = 0;
  for (item_handle at = chains_[handle].head; at != none; at = items_[at].right)
    if ((count += items_[at].is_strand() ? items_[at].rows() : 1) > items_max) return false;
  for (item_handle at = chains_[handle].head; at != none; at = items_[at].right)
    if (items_[at].is_strand()) part_braid(items_[at].content);
  std::vector<std::pair<item_handle, order_index::rank>> ranks;
  ranks.reserve(count);
  path_down path;
  for (item_handle at = chains_[handle].head; at != none; at = items_[at].right) {
    const std::uint64_t depth = path.pass(items_[at]);
    if (depth == 0) return false;
    ranks.push_back({at, {depth, clients_.id(items_[at].client)}});
  }
  if (!order_) order_ = std::make_unique<order_index>();
  order_->add_chain(handle, ranks);
  // From right to left, so that the first of equal ones remains.
  for (auto at = ranks.rbegin(); at != ranks.rend(); ++at) {
    const item& sibling = items_[at->first];
    if (!continues_own(sibling))
      order_->note_sibling(handle, {sibling.origin, sibling.right_origin, at->second.client},
                           sibling.id());
  }
  return true;
}

void struct_store::drop_order(chain_handle handle) {
  if (!order_) return;
  order_->drop(handle);
  if (order_->empty()) order_.reset();
}

/// An item was linked into its chain, or split off.
void struct_store::note_linked(item_handle handle) {
  const item& linked = items_[handle];
  if (!order_->has(linked.chain)) return;
  const client_id author = clients_.id(linked.client);
  std::uint64_t depth = 1;
  if (!linked.origin.is_none()) {
    const item_handle origin = find(linked.origin);
    depth = order_->depth_of(origin) + (linked.origin.clock - items_[origin].clock) + 1;
  }
  order_->insert(linked.chain, handle, linked.left, {depth, author});
  if (!continues_own(linked))
    order_->note_sibling(linked.chain, {linked.origin, linked.right_origin, author}, linked.id());
}

}  // namespace troupe::crdt
