// Entries sorted by clock in blocks of at most 128, with the first clock of each block kept apart:
// binary search touches two blocks, an insertion or erasure moves at most one block. Appending is
// the fast path. The clock of an entry comes from a function `clock_of(entry)` that the caller
// passes, since an entry may be a handle. Used for the structs of a client and for ranges of a
// delete set.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "protocol/crdt/struct_view.hpp"

namespace troupe::crdt {

template <class Entry>
class sorted_blocks {
 public:
  /// Names an entry until the next insertion or erasure.
  struct position {
    std::uint32_t block = 0;
    std::uint32_t offset = 0;
  };

  bool empty() const noexcept { return blocks_.empty(); }
  std::size_t size() const noexcept { return size_; }
  Entry& operator[](position p) noexcept { return blocks_[p.block].entries[p.offset]; }
  const Entry& operator[](position p) const noexcept { return blocks_[p.block].entries[p.offset]; }
  Entry& back() noexcept { return blocks_.back().entries[blocks_.back().size - 1]; }
  const Entry& back() const noexcept { return blocks_.back().entries[blocks_.back().size - 1]; }

  position first() const noexcept { return {}; }
  position last() const noexcept {
    return {static_cast<std::uint32_t>(blocks_.size() - 1), blocks_.back().size - 1};
  }
  bool is_first(position p) const noexcept { return p.block == 0 && p.offset == 0; }
  bool is_end(position p) const noexcept { return p.block >= blocks_.size(); }
  position next(position p) const noexcept {
    return p.offset + 1 < blocks_[p.block].size ? position{p.block, p.offset + 1}
                                                : position{p.block + 1, 0};
  }
  /// Requires: not the first.
  position previous(position p) const noexcept {
    return p.offset > 0 ? position{p.block, p.offset - 1}
                        : position{p.block - 1, blocks_[p.block - 1].size - 1};
  }

  /// The last entry whose clock is <= `clock`; the end if there is none.
  template <class ClockOf>
  position find_at_or_before(clock_type clock, ClockOf clock_of) const noexcept {
    if (blocks_.empty() || clock < blocks_.front().first_clock) return end();
    const auto after =
        clock >= blocks_.back().first_clock
            ? blocks_.end()
            : std::upper_bound(blocks_.begin(), blocks_.end(), clock,
                               [](clock_type c, const block& b) { return c < b.first_clock; });
    const auto block_index = static_cast<std::uint32_t>(after - blocks_.begin()) - 1;
    const block& found = blocks_[block_index];
    const Entry* const entries = found.entries.get();
    if (clock >= clock_of(entries[found.size - 1])) return {block_index, found.size - 1};
    const Entry* const above =
        std::upper_bound(entries, entries + found.size, clock,
                         [&](clock_type c, const Entry& e) { return c < clock_of(e); });
    return {block_index, static_cast<std::uint32_t>(above - entries) - 1};
  }

  /// As find_at_or_before, but looks first at `hint`, any position ever seen, and a little behind
  /// it. Searches mostly come in clock order; `hint` becomes the result.
  template <class ClockOf>
  position find_near(position& hint, clock_type clock, ClockOf clock_of) const noexcept {
    constexpr int steps_max = 6;
    position at = hint;
    if (at.block < blocks_.size() && at.offset < blocks_[at.block].size &&
        clock_of((*this)[at]) <= clock) {
      for (int step = 0; step < steps_max; ++step) {
        const position after = next(at);
        if (is_end(after) || clock_of((*this)[after]) > clock) return hint = at;
        at = after;
      }
    }
    return hint = find_at_or_before(clock, clock_of);
  }

  void append(const Entry& entry, clock_type clock) {
    if (blocks_.empty() || blocks_.back().size == block_size)
      blocks_.push_back({clock, 0, 0, nullptr});
    block& newest = blocks_.back();
    newest.reserve(newest.size + 1);
    newest.entries[newest.size++] = entry;
    ++size_;
  }

  /// Inserts behind `p`; an end position means in front of everything.
  template <class ClockOf>
  void insert_after(position p, const Entry& entry, clock_type clock, ClockOf clock_of) {
    if (blocks_.empty()) return append(entry, clock);
    if (is_end(p)) {
      insert_at({0, 0}, entry, clock, clock_of);
      return;
    }
    if (p.block + 1 == blocks_.size() && p.offset + 1 == blocks_.back().size)
      return append(entry, clock);
    insert_at({p.block, p.offset + 1}, entry, clock, clock_of);
  }

  template <class ClockOf>
  void erase(position p, ClockOf clock_of) {
    block& from = blocks_[p.block];
    std::move(from.entries.get() + p.offset + 1, from.entries.get() + from.size,
              from.entries.get() + p.offset);
    --from.size;
    --size_;
    if (from.size == 0) {
      blocks_.erase(blocks_.begin() + p.block);
      return;
    }
    if (p.offset == 0) from.first_clock = clock_of(from.entries[0]);
    if (p.block + 1 < blocks_.size()) join_if_small(p.block);
  }

  /// Call after the clock of the entry at `p` changed.
  template <class ClockOf>
  void clock_changed(position p, ClockOf clock_of) {
    if (p.offset == 0) blocks_[p.block].first_clock = clock_of(blocks_[p.block].entries[0]);
  }

  position end() const noexcept { return {static_cast<std::uint32_t>(blocks_.size()), 0}; }

  std::size_t memory() const noexcept {
    std::size_t bytes = blocks_.capacity() * sizeof(block);
    for (const block& b : blocks_) bytes += b.capacity * sizeof(Entry);
    return bytes;
  }

 private:
  static constexpr std::uint32_t block_size = 128;

  struct block {
    clock_type first_clock = 0;
    std::uint32_t size = 0;
    std::uint32_t capacity = 0;
    std::unique_ptr<Entry[]> entries;

    void reserve(std::uint32_t needed) {
      if (needed <= capacity) return;
      const std::uint32_t grown = std::min(block_size, std::max(needed, capacity * 2));
      auto larger = std::make_unique<Entry[]>(grown);
      std::copy_n(entries.get(), size, larger.get());
      entries = std::move(larger);
      capacity = grown;
    }
  };

  template <class ClockOf>
  void insert_at(position p, const Entry& entry, clock_type clock, ClockOf clock_of) {
    if (blocks_[p.block].size == block_size) {
      split(p.block, clock_of);
      if (p.offset > block_size / 2) p = {p.block + 1, p.offset - block_size / 2};
    }
    block& into = blocks_[p.block];
    into.reserve(into.size + 1);
    std::move_backward(into.entries.get() + p.offset, into.entries.get() + into.size,
                       into.entries.get() + into.size + 1);
    into.entries[p.offset] = entry;
    ++into.size;
    ++size_;
    if (p.offset == 0) into.first_clock = clock;
  }

  template <class ClockOf>
  void split(std::uint32_t at, ClockOf clock_of) {
    block upper;
    upper.reserve(block_size);
    upper.size = block_size - block_size / 2;
    std::copy_n(blocks_[at].entries.get() + block_size / 2, upper.size, upper.entries.get());
    upper.first_clock = clock_of(upper.entries[0]);
    blocks_[at].size = block_size / 2;
    blocks_.insert(blocks_.begin() + at + 1, std::move(upper));
  }

  /// Keeps merging neighbours from leaving a trail of blocks with an entry each.
  void join_if_small(std::uint32_t at) {
    block& left = blocks_[at];
    block& right = blocks_[at + 1];
    if (left.size + right.size > block_size / 2) return;
    left.reserve(left.size + right.size);
    std::copy_n(right.entries.get(), right.size, left.entries.get() + left.size);
    left.size += right.size;
    blocks_.erase(blocks_.begin() + at + 1);
  }

  std::vector<block> blocks_;
  std::size_t size_ = 0;
};

}  // namespace troupe::crdt
