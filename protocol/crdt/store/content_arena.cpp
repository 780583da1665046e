#include "protocol/crdt/store/content_arena.hpp"

#include <algorithm>
#include <limits>

namespace troupe::crdt {

namespace {

constexpr std::uint32_t first_capacity = 256;
/// Up to here the first slot doubles; then it grows by a quarter, since most documents stay small
/// and there are many of them.
constexpr std::uint32_t doubling_max = 2048;

constexpr std::uint32_t grown(std::uint32_t capacity) noexcept {
  return capacity < doubling_max ? 2 * capacity : capacity + capacity / 4;
}

}  // namespace

content_arena& content_arena::operator=(content_arena&& other) noexcept {
  std::swap(slots_, other.slots_);
  std::swap(owned_, other.owned_);
  std::swap(newest_start_, other.newest_start_);
  std::swap(newest_capacity_, other.newest_capacity_);
  std::swap(newest_limit_, other.newest_limit_);
  std::swap(tail_, other.tail_);
  std::swap(used_, other.used_);
  std::swap(garbage_, other.garbage_);
  std::swap(allocated_, other.allocated_);
  return *this;
}

content_arena::~content_arena() {
  for (const std::uint32_t slot : owned_) std::free(slots_[slot]);
}

bool content_arena::grow_newest(offset end_needed) {
  const offset needed = end_needed - newest_start_;
  if (needed > newest_limit_) return false;
  if (needed <= newest_capacity_) return true;
  const offset capacity = std::min(newest_limit_, std::max(needed, grown(newest_capacity_)));
  void* const moved = std::realloc(slots_[newest_start_ >> slot_bits], capacity);
  if (moved == nullptr) throw std::bad_alloc{};
  slots_[newest_start_ >> slot_bits] = static_cast<std::uint8_t*>(moved);
  allocated_ += capacity - newest_capacity_;
  newest_capacity_ = capacity;
  return true;
}

void content_arena::shrink() {
  const offset size = std::max(tail_ - newest_start_, first_capacity);
  if (slots_.empty() || newest_limit_ != slot_size || size >= newest_capacity_) return;
  void* const moved = std::realloc(slots_[newest_start_ >> slot_bits], size);
  if (moved == nullptr) return;
  slots_[newest_start_ >> slot_bits] = static_cast<std::uint8_t*>(moved);
  allocated_ -= newest_capacity_ - size;
  newest_capacity_ = size;
}

void content_arena::add_slots(std::uint32_t size) {
  const std::uint32_t count = std::max<std::uint32_t>(1, (size + slot_mask) >> slot_bits);
  const auto first = static_cast<std::uint32_t>(slots_.size());
  // A first slot starts small and grows; whatever comes later, the document is large anyway.
  const offset capacity =
      first == 0 && size <= slot_size / 2 ? std::max(first_capacity, size) : count * slot_size;
  auto* const memory = static_cast<std::uint8_t*>(std::malloc(capacity));
  if (memory == nullptr) throw std::bad_alloc{};
  owned_.push_back(first);
  for (std::uint32_t i = 0; i < count; ++i) slots_.push_back(memory + std::size_t{i} * slot_size);
  allocated_ += capacity;
  newest_start_ = first << slot_bits;
  newest_capacity_ = capacity;
  newest_limit_ = count * slot_size;
  tail_ = newest_start_;
}

content_arena::offset content_arena::allocate(std::uint32_t size) {
  if (size == 0) return 0;
  if (slots_.empty() || !grow_newest(tail_ + size)) add_slots(size);
  const offset where = tail_;
  tail_ += size;
  used_ += size;
  return where;
}

content_arena::offset content_arena::store_in_new(byte_view bytes) {
  const byte_buffer copy(bytes.begin(), bytes.end());  // allocate() may move what it views
  const offset where = allocate(static_cast<std::uint32_t>(bytes.size()));
  std::memcpy(at(where), copy.data(), copy.size());
  return where;
}

bool content_arena::extend(offset end, std::uint32_t size) {
  if (slots_.empty() || end != tail_ || !grow_newest(tail_ + size)) return false;
  tail_ += size;
  used_ += size;
  return true;
}

std::uint64_t content_arena::room() const noexcept {
  // Each allocation may leave the rest of a slot unused; keep one slot's worth in hand.
  const std::uint64_t taken = (static_cast<std::uint64_t>(slots_.size()) + 1) << slot_bits;
  const std::uint64_t all = std::uint64_t{std::numeric_limits<offset>::max()} + 1;
  return taken >= all ? 0 : (all - taken) / 2;
}

}  // namespace troupe::crdt
