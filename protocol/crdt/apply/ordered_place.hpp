// The search of find_left() in a chain that has an index, without a walk. Source: yjs 13.6,
// Item.integrate, the loop over conflicting items; docs/adr/0011-work-of-an-update.md says why both
// find the same place.
#pragma once

#include <optional>

#include "protocol/crdt/apply/conflict_scan.hpp"
#include "protocol/crdt/store/struct_store.hpp"

namespace troupe::crdt {

/// The item behind which a new one goes (none: in front of all), or nullopt where the index does
/// not know: the right origin lies inside of something that the new item does not hang on. `left`
/// ends with the origin, `right` begins with the right origin. Requires: the chain is indexed.
std::optional<item_handle> find_ordered_left(const struct_store& store,
                                             const conflict_scan::place& where, client_id own,
                                             item_handle left, item_handle right);

}  // namespace troupe::crdt
