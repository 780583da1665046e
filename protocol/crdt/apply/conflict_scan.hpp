// The memory of the search for an item's place among concurrent insertions: the items that it has
// visited, and, from one search to the next, the items that were inserted at the same place before.
// Many insertions at one place thus cost one look-up each instead of a walk past all earlier ones.
// Owned by the integrator of a document.
//
// Why a search may begin at a sibling: siblings (same chain, origin and right origin) stand in the
// order of their client ids. A search from the start would pass everything up to the sibling with
// the next lower id, since the search for that sibling did; behind it, all visited items are seen
// and none is open. That holds as long as nothing else is inserted, split or merged in between,
// which the revision of the store shows.
#pragma once

#include <map>
#include <vector>

#include "protocol/crdt/store/item.hpp"

namespace troupe::crdt {

class conflict_scan {
 public:
  /// Where concurrent insertions compete.
  struct place {
    chain_handle chain = none;
    unit_id origin;
    unit_id right_origin;

    friend bool operator==(const place&, const place&) = default;
  };

  /// Begins a search. Returns the sibling behind which it may begin, or none: at the start.
  item_handle begin(const place& where, client_id own, std::uint64_t revision);

  void visit(item_handle handle);

  /// The new item goes behind all that was visited.
  void pass() noexcept { open_from_ = count_; }

  bool has_seen(item_handle handle) const { return ordinal(handle) != 0; }
  /// Visited since the last pass().
  bool is_open(item_handle handle) const { return ordinal(handle) > open_from_; }

  /// Items visited since begin().
  std::size_t steps() const noexcept { return count_ - begun_at_; }

  /// The new item has been inserted; the store is as it will be until the next change.
  void end(client_id own, item_handle placed, std::uint64_t revision);

  /// Frees the memory of a long search, unless the next search may continue it.
  void give_back(std::uint64_t revision);

 private:
  static constexpr std::size_t few = 16;  // up to here a scan of the scan beats a table
  static constexpr std::size_t ordinals_kept = 1024;

  std::uint32_t ordinal(item_handle handle) const;
  void set(item_handle handle, std::uint32_t ordinal);

  place place_;
  std::uint64_t revision_ = 0;  // of the store at the end of the last search; 0: there was none
  std::map<client_id, item_handle> siblings_;
  std::vector<item_handle> order_;
  std::vector<std::uint64_t> ordinals_;  // by handle, above base_; what earlier ones left is below
  std::uint64_t base_ = 0;
  std::uint32_t count_ = 0;
  std::uint32_t begun_at_ = 0;  // count_ when this search began
  std::uint32_t open_from_ = 0;
};

}  // namespace troupe::crdt
