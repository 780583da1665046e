// A map from clocks to 32-bit values, sorted by clock, in blocks of at most 128 entries: the
// structs of a client by their first clock, or the ranges of a delete set. A block stores clocks
// and values in separate arrays, so that a search reads a few cache lines of clocks only. An
// insertion or erasure moves at most one block. Appending is the fast path. A block whose clocks
// and values both ascend by one is a run and stores no entries: so are the structs of maps and
// arrays, of one unit each, that were loaded together. Invariant: no block is empty,
// first_clocks_[i] is the first clock of blocks_[i].
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "protocol/crdt/wire/struct_view.hpp"

namespace troupe::crdt {

class sorted_blocks {
 public:
  /// Names an entry until the next insertion or erasure.
  struct position {
    std::uint32_t block = 0;
    std::uint32_t offset = 0;
  };

  bool empty() const noexcept { return blocks_.empty(); }
  std::size_t size() const noexcept { return size_; }
  clock_type clock(position p) const noexcept {
    const block& in = blocks_[p.block];
    return in.is_run() ? first_clocks_[p.block] + p.offset : in.clocks()[p.offset];
  }
  std::uint32_t operator[](position p) const noexcept {
    const block& in = blocks_[p.block];
    return in.is_run() ? in.first_value + p.offset : in.values()[p.offset];
  }
  void set_value(position p, std::uint32_t value) {
    block& in = blocks_[p.block];
    if (in.is_run() && in.size == 1) {
      in.first_value = value;
    } else {
      in.write_out(first_clocks_[p.block], in.size);
      in.values()[p.offset] = value;
    }
  }

  position first() const noexcept { return {}; }
  position last() const noexcept {
    return {static_cast<std::uint32_t>(blocks_.size() - 1), blocks_.back().size - 1};
  }
  position end() const noexcept { return {static_cast<std::uint32_t>(blocks_.size()), 0}; }
  bool is_first(position p) const noexcept { return p.block == 0 && p.offset == 0; }
  bool is_end(position p) const noexcept { return p.block >= blocks_.size(); }
  /// Whether there is an entry at `p`, which may have been found before other changes.
  bool is_entry(position p) const noexcept {
    return p.block < blocks_.size() && p.offset < blocks_[p.block].size;
  }
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
  position find_at_or_before(clock_type clock) const noexcept;

  /// As find_at_or_before, but looks first at `hint`, any position ever seen, and the entries
  /// beside it. Searches mostly come in clock order, or against it where somebody deletes
  /// backwards; `hint` becomes the result.
  position find_near(position& hint, clock_type clock) const noexcept {
    if (!is_entry(hint)) return hint = find_at_or_before(clock);
    if (this->clock(hint) <= clock) {
      const position after = next(hint);
      if (is_end(after) || clock < this->clock(after)) return hint;
      const position beyond = next(after);
      if (is_end(beyond) || clock < this->clock(beyond)) return hint = after;
      if (clock == this->clock(beyond)) return hint = beyond;
    } else if (!is_first(hint)) {
      const position before = previous(hint);
      if (this->clock(before) <= clock) return hint = before;
    }
    return hint = find_at_or_before(clock);
  }

  /// Requires: `clock` is above that of the last entry. Inlined, for the loops that load documents.
  [[gnu::always_inline]] void append(clock_type clock, std::uint32_t value) {
    if (!blocks_.empty()) {
      block& newest = blocks_.back();
      if (newest.size < newest.capacity) {
        newest.clocks()[newest.size] = clock;
        newest.values()[newest.size++] = value;
        ++size_;
        return;
      }
      if (newest.is_run() && newest.size < block_size &&
          clock - first_clocks_.back() == newest.size &&
          value - newest.first_value == newest.size) {
        ++newest.size;
        ++size_;
        return;
      }
    }
    append_slowly(clock, value);
  }

  /// Inserts behind `p`, the entry in front of `clock`; an end position means in front of
  /// everything. Returns where the new entry is.
  position insert_after(position p, clock_type clock, std::uint32_t value);

  void erase(position p);

  /// Bytes allocated.
  std::size_t memory() const noexcept;

 private:
  static constexpr std::uint32_t block_size = 128;

  struct block {
    std::uint32_t size = 0;
    std::uint32_t capacity = 0;                // 0: a run
    std::unique_ptr<std::uint32_t[]> entries;  // `capacity` clocks, then as many values
    std::uint32_t first_value = 0;             // of a run

    block() = default;
    block(const block& other);
    block(block&&) noexcept = default;
    block& operator=(block&&) noexcept = default;
    bool is_run() const noexcept { return capacity == 0; }
    std::uint32_t* clocks() const noexcept { return entries.get(); }
    std::uint32_t* values() const noexcept { return entries.get() + capacity; }
    /// Stores the entries, if it is a run, with room for so many.
    void write_out(clock_type first_clock, std::uint32_t needed);
    void insert(std::uint32_t at, clock_type clock, std::uint32_t value);
    void append_from(const block& from, std::uint32_t first);
  };

  void append_slowly(clock_type clock, std::uint32_t value);
  void add_block(clock_type clock, std::uint32_t value);
  void split(std::uint32_t at);
  void merge_if_small(std::uint32_t at);

  std::vector<block> blocks_;
  std::vector<clock_type> first_clocks_;
  std::size_t size_ = 0;
};

}  // namespace troupe::crdt
