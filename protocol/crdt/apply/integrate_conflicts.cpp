// The part of the integrator that finds a place among concurrent insertions.
#include "protocol/crdt/apply/integrate.hpp"
#include "protocol/crdt/apply/ordered_place.hpp"

namespace troupe::crdt {

/// Where among the items that were inserted concurrently the new one belongs: `left` if there are
/// none. `right` bounds the search.
item_handle integrator::find_left(client_index client, const struct_view& view, clock_type offset,
                                  item_handle left, item_handle right, chain_handle into) {
  is_conflicting_ = left != none ? store_.at(left).right != right
                                 : right == none || store_.at(right).left != none;
  conflict_scan::place where{into, view.origin, view.right_origin};
  if (offset > 0) where.origin = {client, view.clock + offset - 1};
  // A right origin in front of the origin, in the same item, has cut that one: no editor does this.
  if (left != none && store_.at(left).last_id() != where.origin) store_.drop_order(into);
  if (!is_conflicting_) return left;
  const client_id own_id = store_.clients().id(client);
  if (credit_.is_enough()) credit_.spend(store_.order_chain(into, credit_.items_max()));
  if (store_.is_ordered(into)) {
    if (const auto found = find_ordered_left(store_, where, own_id, left, right)) {
      is_conflicting_ = false;
      unused_orders_ = 0;
      return *found;
    }
    store_.drop_order(into);
  }
  const item_handle found = scan_for_left(where, own_id, left, right);
  steps_ += scan_.steps();
  credit_.add(scan_.steps());
  return found;
}

/// Source: Item.integrate, the loop over conflicting items.
item_handle integrator::scan_for_left(const conflict_scan::place& where, client_id own_id,
                                      item_handle left, item_handle right) {
  const item_handle sibling = scan_.begin(where, own_id, store_.revision());
  if (sibling != none) left = sibling;
  item_handle other = left != none ? store_.at(left).right : store_.chain_at(where.chain).head;
  while (other != none && other != right) {
    const item& o = store_.at(other);
    scan_.visit(other);
    if (o.origin == where.origin) {
      // Inserted at the same place: the lower client id comes first.
      const client_id other_id = store_.clients().id(o.client);
      if (other_id < own_id) {
        left = other;
        scan_.pass();
      } else if (o.right_origin == where.right_origin) {
        break;
      }
    } else if (!o.origin.is_none()) {
      // Inserted behind something between our origin and here: it stays with that.
      const item_handle stays_with = store_.find(o.origin);
      if (!scan_.has_seen(stays_with)) break;
      if (!scan_.is_open(stays_with)) {
        left = other;
        scan_.pass();
      }
    } else {
      break;
    }
    other = o.right;
  }
  return left;
}

}  // namespace troupe::crdt
