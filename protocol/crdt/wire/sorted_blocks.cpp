#include "protocol/crdt/wire/sorted_blocks.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>

namespace troupe::crdt {

namespace {

/// How many of the ascending `clocks` are <= `clock`. Without a branch that depends on the data.
std::uint32_t count_at_or_before(const clock_type* clocks, std::uint32_t count,
                                 clock_type clock) noexcept {
  const clock_type* from = clocks;
  while (count > 1) {
    const std::uint32_t half = count / 2;
    const std::uint32_t is_beyond = from[half - 1] <= clock;
    from += half & (0u - is_beyond);
    count -= half;
  }
  return static_cast<std::uint32_t>(from - clocks) + (count == 1 && *from <= clock ? 1 : 0);
}

void copy_entries(const std::uint32_t* from, std::uint32_t count, std::uint32_t* to) noexcept {
  if (count > 0) std::memmove(to, from, count * sizeof(std::uint32_t));
}

}  // namespace

sorted_blocks::block::block(const block& other)
    : size(other.size), capacity(other.capacity), first_value(other.first_value) {
  if (is_run()) return;
  entries = std::make_unique_for_overwrite<std::uint32_t[]>(std::size_t{capacity} * 2);
  copy_entries(other.clocks(), size, clocks());
  copy_entries(other.values(), size, values());
}

sorted_blocks::position sorted_blocks::find_at_or_before(clock_type clock) const noexcept {
  const std::uint32_t above = count_at_or_before(
      first_clocks_.data(), static_cast<std::uint32_t>(first_clocks_.size()), clock);
  if (above == 0) return end();
  const block& found = blocks_[above - 1];
  if (found.is_run())
    return {above - 1, std::min(clock - first_clocks_[above - 1], found.size - 1)};
  return {above - 1, count_at_or_before(found.clocks(), found.size, clock) - 1};
}

/// Begins a block, or ends the run that is the last block.
void sorted_blocks::append_slowly(clock_type clock, std::uint32_t value) {
  ++size_;
  if (blocks_.empty() || blocks_.back().size == block_size) return add_block(clock, value);
  block& newest = blocks_.back();
  // The first block begins small; where there is a second one, it will be filled.
  newest.write_out(first_clocks_.back(), blocks_.size() == 1 ? newest.size + 1 : block_size);
  newest.clocks()[newest.size] = clock;
  newest.values()[newest.size++] = value;
}

void sorted_blocks::add_block(clock_type clock, std::uint32_t value) {
  block& added = blocks_.emplace_back();
  added.size = 1;
  added.first_value = value;
  first_clocks_.push_back(clock);
}

sorted_blocks::position sorted_blocks::insert_after(position p, clock_type clock,
                                                    std::uint32_t value) {
  if (is_end(p)) {
    if (blocks_.empty()) {
      append(clock, value);
      return {};
    }
    p = {};
  } else {
    ++p.offset;
    if (p.block + 1 == blocks_.size() && p.offset == blocks_.back().size) {
      append(clock, value);
      return last();
    }
  }
  blocks_[p.block].write_out(first_clocks_[p.block], blocks_[p.block].size + 1);
  if (blocks_[p.block].size == block_size) {
    split(p.block);
    if (p.offset > block_size / 2) p = {p.block + 1, p.offset - block_size / 2};
  }
  blocks_[p.block].insert(p.offset, clock, value);
  ++size_;
  if (p.offset == 0) first_clocks_[p.block] = clock;
  return p;
}

void sorted_blocks::erase(position p) {
  block& from = blocks_[p.block];
  from.write_out(first_clocks_[p.block], from.size);
  copy_entries(from.clocks() + p.offset + 1, from.size - p.offset - 1, from.clocks() + p.offset);
  copy_entries(from.values() + p.offset + 1, from.size - p.offset - 1, from.values() + p.offset);
  --from.size;
  --size_;
  if (from.size == 0) {
    blocks_.erase(blocks_.begin() + p.block);
    first_clocks_.erase(first_clocks_.begin() + p.block);
    return;
  }
  if (p.offset == 0) first_clocks_[p.block] = from.clocks()[0];
  if (p.block + 1 < blocks_.size()) merge_if_small(p.block);
}

std::size_t sorted_blocks::memory() const noexcept {
  std::size_t bytes =
      blocks_.capacity() * sizeof(block) + first_clocks_.capacity() * sizeof(clock_type);
  for (const block& b : blocks_) bytes += 2 * b.capacity * sizeof(std::uint32_t);
  return bytes;
}

void sorted_blocks::block::write_out(clock_type first_clock, std::uint32_t needed) {
  if (needed <= capacity) return;
  const std::uint32_t grown = std::min(block_size, std::max(needed, capacity * 2));
  auto larger = std::make_unique_for_overwrite<std::uint32_t[]>(std::size_t{2} * grown);
  if (is_run()) {
    std::iota(larger.get(), larger.get() + size, first_clock);
    std::iota(larger.get() + grown, larger.get() + grown + size, first_value);
  } else {
    copy_entries(clocks(), size, larger.get());
    copy_entries(values(), size, larger.get() + grown);
  }
  entries = std::move(larger);
  capacity = grown;
}

void sorted_blocks::block::insert(std::uint32_t at, clock_type clock, std::uint32_t value) {
  write_out(clocks()[0], size + 1);
  copy_entries(clocks() + at, size - at, clocks() + at + 1);
  copy_entries(values() + at, size - at, values() + at + 1);
  clocks()[at] = clock;
  values()[at] = value;
  ++size;
}

/// Appends the entries of `from` that begin at `first`. Requires: neither is a run.
void sorted_blocks::block::append_from(const block& from, std::uint32_t first) {
  const std::uint32_t count = from.size - first;
  write_out(0, size + count);
  copy_entries(from.clocks() + first, count, clocks() + size);
  copy_entries(from.values() + first, count, values() + size);
  size += count;
}

void sorted_blocks::split(std::uint32_t at) {
  block upper;
  upper.write_out(0, block_size);
  upper.append_from(blocks_[at], block_size / 2);
  blocks_[at].size = block_size / 2;
  first_clocks_.insert(first_clocks_.begin() + at + 1, upper.clocks()[0]);
  blocks_.insert(blocks_.begin() + at + 1, std::move(upper));
}

/// Keeps merging neighbours from leaving a trail of blocks with an entry each.
void sorted_blocks::merge_if_small(std::uint32_t at) {
  if (blocks_[at].size + blocks_[at + 1].size > block_size / 2) return;
  blocks_[at + 1].write_out(first_clocks_[at + 1], blocks_[at + 1].size);
  blocks_[at].append_from(blocks_[at + 1], 0);
  blocks_.erase(blocks_.begin() + at + 1);
  first_clocks_.erase(first_clocks_.begin() + at + 1);
}

}  // namespace troupe::crdt
