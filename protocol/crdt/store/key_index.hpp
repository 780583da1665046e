// Finds the chain of a key among the keyed chains of a type that has many. Types with few keys need
// no index: their chains are walked. Open addressing over handles of chains, whose records have the
// key; owned by a struct_store, which passes its chains.
#pragma once

#include <algorithm>
#include <vector>

#include "protocol/crdt/store/item.hpp"
#include "protocol/crdt/store/slab.hpp"

namespace troupe::crdt {

class key_index {
 public:
  /// The chain of `key` in `type`, or none.
  chain_handle find(const slab<chain>& chains, type_handle type, string_handle key) const noexcept {
    if (slots_.empty()) return none;
    for (std::size_t slot = home_of(type, key);; slot = next(slot)) {
      const chain_handle found = slots_[slot];
      if (found == none || (chains[found].type == type && chains[found].key == key)) return found;
    }
  }

  /// Requires: the chain is not in the index.
  void add(const slab<chain>& chains, chain_handle added) {
    if (++count_ * 3 > slots_.size() * 2) grow(chains);
    place(chains, added);
  }

  /// Requires: the chain is in the index, and its record is as it was when it was added.
  void erase(const slab<chain>& chains, chain_handle erased) noexcept {
    std::size_t hole = home_of(chains[erased]);
    while (slots_[hole] != erased) hole = next(hole);
    // What follows moves up, unless that would put it in front of where searches for it begin.
    for (std::size_t slot = next(hole); slots_[slot] != none; slot = next(slot)) {
      const std::size_t home = home_of(chains[slots_[slot]]);
      if (((slot - home) & mask()) < ((slot - hole) & mask())) continue;
      slots_[hole] = slots_[slot];
      hole = slot;
    }
    slots_[hole] = none;
    --count_;
  }

  std::size_t size() const noexcept { return count_; }
  std::size_t memory() const noexcept { return slots_.capacity() * sizeof(chain_handle); }

 private:
  std::size_t mask() const noexcept { return slots_.size() - 1; }
  std::size_t next(std::size_t slot) const noexcept { return (slot + 1) & mask(); }
  std::size_t home_of(type_handle type, string_handle key) const noexcept {
    const std::uint64_t id = std::uint64_t{type} << 32 | key;
    return static_cast<std::size_t>((id * 0x9e37'79b9'7f4a'7c15u) >> 36) & mask();
  }
  std::size_t home_of(const chain& of) const noexcept { return home_of(of.type, of.key); }

  void place(const slab<chain>& chains, chain_handle added) noexcept {
    std::size_t slot = home_of(chains[added]);
    while (slots_[slot] != none) slot = next(slot);
    slots_[slot] = added;
  }

  void grow(const slab<chain>& chains) {
    constexpr std::size_t first_slots = 64;
    const std::vector<chain_handle> before =
        std::exchange(slots_, std::vector<chain_handle>(std::max(first_slots, slots_.size() * 2)));
    for (const chain_handle each : before)
      if (each != none) place(chains, each);
  }

  std::vector<chain_handle> slots_;  // a power of two, or empty
  std::size_t count_ = 0;
};

}  // namespace troupe::crdt
