// Bounds the work of applying an update before anything changes, in steps of some nanoseconds each.
// Nearly all structs of an update cost a fixed amount, which is not counted: its bytes bound it.
// What may grow faster is a search among concurrent insertions, the search for the unit at which a
// content is cut, and a short range that deletes much. Pure; docs/adr/0011-work-of-an-update.md.
#pragma once

#include <cstdint>
#include <limits>

#include "protocol/crdt/store/struct_store.hpp"
#include "protocol/crdt/wire/decoded_update.hpp"

namespace troupe::crdt {

inline constexpr std::uint64_t unlimited_steps = std::numeric_limits<std::uint64_t>::max();

/// An item that is deleted is marked, noted, collected and merged.
inline constexpr std::uint64_t steps_per_deleted = 8;

struct work_bound {
  /// For structs and cuts. At least what struct_store::steps() and the integrator count.
  std::uint64_t structs = 0;
  /// For deletions. Each item is deleted once only, so they are no reason to refuse an update.
  std::uint64_t deletes = 0;

  std::uint64_t all() const noexcept { return structs + deletes; }
};

/// A bound that takes no time to find, far above the work of an ordinary update.
work_bound quick_work_bound(const struct_store& store, const decoded_update& update) noexcept;

/// A closer one: looks up the neighbours of each struct and the ends of each deleted range.
/// Requires: the clients of the update have their own indices, not those of the document.
work_bound find_work_bound(const struct_store& store, const decoded_update& update);

}  // namespace troupe::crdt
