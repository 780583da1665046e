#include "protocol/crdt/apply/ordered_place.hpp"

namespace troupe::crdt {

namespace {

using rank = order_index::rank;

/// One search; `depth_` is that of the new item and of all that compete with it.
class ordered_search {
 public:
  ordered_search(const struct_store& store, const conflict_scan::place& where, client_id own,
                 item_handle left)
      : store_(store), order_(*store.order()), where_(where), own_(own), left_(left) {
    if (left != none) depth_ = order_.depth_of(left) + store.at(left).length;
  }

  std::optional<item_handle> find(item_handle right) {
    if (!bound_by(right) || !bound_by_sibling()) return {};
    // The last competitor with a lower id, or the origin, which is less deep.
    const item_handle last = order_.last_before(where_.chain, bound_, {depth_, own_});
    if (last == left_) return left_;
    // The new item goes behind all that hangs on it.
    const item_handle next = order_.first_after(last, {depth_ + 1, 0});
    return next != none ? store_.at(next).left : store_.chain_at(where_.chain).tail;
  }

 private:
  bool is_behind(item_handle first, item_handle second) const {
    return first == none || order_.is_before(first, second);
  }

  /// Competitors end where the chain gets less deep, or at the right origin.
  bool bound_by(item_handle right) {
    bound_ = left_ != none ? order_.first_after(left_, {depth_, 0}) : none;
    if (right == none || right == bound_ || store_.at(right).chain != where_.chain ||
        !is_behind(left_, right) || (bound_ != none && !order_.is_before(right, bound_)))
      return true;
    bound_ = right;
    return order_.depth_of(right) == depth_;
  }

  /// And at the first competitor for exactly this place whose id is not lower.
  bool bound_by_sibling() {
    for (const item_handle sibling : {noted_sibling(), continuing_sibling()}) {
      if (sibling == none || sibling == bound_) continue;
      if (!is_behind(left_, sibling)) return false;
      if (bound_ == none || order_.is_before(sibling, bound_)) bound_ = sibling;
    }
    return true;
  }

  item_handle noted_sibling() const {
    const unit_id found =
        order_.find_sibling(where_.chain, {where_.origin, where_.right_origin, own_});
    return found.is_none() ? none : store_.find(found);
  }

  /// What its own author wrote behind the origin, in one run with it.
  item_handle continuing_sibling() const {
    if (left_ == none) return none;
    const unit_id next{where_.origin.client, where_.origin.clock + 1};
    if (store_.clients().id(next.client) < own_ || !store_.knows(next)) return none;
    const item_handle found = store_.find(next);
    const item& sibling = store_.at(found);
    const bool is_one = sibling.clock == next.clock && sibling.origin == where_.origin &&
                        sibling.right_origin == where_.right_origin &&
                        sibling.chain == where_.chain;
    return is_one ? found : none;
  }

  const struct_store& store_;
  const order_index& order_;
  const conflict_scan::place& where_;
  client_id own_;
  item_handle left_;
  item_handle bound_ = none;  // the first item that the new one stays in front of; none: the end
  std::uint64_t depth_ = 1;
};

}  // namespace

std::optional<item_handle> find_ordered_left(const struct_store& store,
                                             const conflict_scan::place& where, client_id own,
                                             item_handle left, item_handle right) {
  return ordered_search{store, where, own, left}.find(right);
}

}  // namespace troupe::crdt
