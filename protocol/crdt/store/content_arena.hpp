// The bytes of a document's contents: append-only, addressed by 32-bit offsets, allocated in slots
// of 64 KiB. A content never spans two allocations. The arena only counts bytes that are not used
// any more; the store rewrites it when too much is garbage.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "base/bytes.hpp"

namespace troupe::crdt {

class content_arena {
 public:
  using offset = std::uint32_t;

  content_arena() = default;
  content_arena(const content_arena&) = delete;
  content_arena& operator=(const content_arena&) = delete;
  content_arena(content_arena&& other) noexcept { *this = std::move(other); }
  content_arena& operator=(content_arena&& other) noexcept;
  ~content_arena();

  const std::uint8_t* at(offset where) const noexcept {
    return slots_[where >> slot_bits] + (where & slot_mask);
  }
  std::uint8_t* at(offset where) noexcept {
    return slots_[where >> slot_bits] + (where & slot_mask);
  }

  /// `size` contiguous bytes, not initialised. May move the bytes of the newest slot: views end
  /// here.
  offset allocate(std::uint32_t size);

  /// allocate + copy. `bytes` may lie in this arena.
  offset add(byte_view bytes) {
    if (bytes.size() > newest_capacity_ - (tail_ - newest_start_)) return store_in_new(bytes);
    if (bytes.empty()) return 0;
    const offset where = tail_;
    tail_ += static_cast<offset>(bytes.size());
    used_ += bytes.size();
    std::memcpy(at(where), bytes.data(), bytes.size());
    return where;
  }

  /// As add(bytes), faster for a few bytes that lie far enough from the end of `around`. Inlined,
  /// for the loops that load documents.
  [[gnu::always_inline]] offset add(byte_view bytes, byte_view around) {
    constexpr std::size_t step = 32;
    const auto start = reinterpret_cast<std::uintptr_t>(around.data());
    const std::uintptr_t first = reinterpret_cast<std::uintptr_t>(bytes.data()) - start;
    const offset room = newest_capacity_ - (tail_ - newest_start_);
    if (bytes.size() > step || room < step || first + step > around.size()) return add(bytes);
    const offset where = tail_;
    std::memcpy(at(where), bytes.data(), step);
    tail_ += static_cast<offset>(bytes.size());
    used_ += bytes.size();
    return where;
  }

  /// Lengthens the allocation that ends at `end` by `size` bytes if it is the newest and there is
  /// room.
  bool extend(offset end, std::uint32_t size);

  /// Gives back what the newest allocation has left, where it is small. May move its bytes.
  void shrink();

  void add_garbage(std::uint32_t size) noexcept { garbage_ += size; }
  std::uint64_t garbage() const noexcept { return garbage_; }
  std::uint64_t used() const noexcept { return used_; }

  /// Bytes that can still be allocated, whatever the sizes of the pieces.
  std::uint64_t room() const noexcept;

  std::size_t memory() const noexcept { return allocated_ + slots_.capacity() * sizeof(void*); }

 private:
  static constexpr unsigned slot_bits = 16;
  static constexpr offset slot_size = offset{1} << slot_bits;
  static constexpr offset slot_mask = slot_size - 1;

  offset store_in_new(byte_view bytes);
  void add_slots(std::uint32_t size);
  bool grow_newest(offset end_needed);

  std::vector<std::uint8_t*> slots_;
  std::vector<std::uint32_t> owned_;  // indices of slots that own their allocation
  offset newest_start_ = 0;           // where the newest allocation of slots begins
  offset newest_capacity_ = 0;        // bytes allocated for it
  offset newest_limit_ = 0;           // bytes it may grow to
  offset tail_ = 0;
  std::uint64_t used_ = 0;
  std::uint64_t garbage_ = 0;
  std::size_t allocated_ = 0;
};

}  // namespace troupe::crdt
