// A growing array of records with 32-bit handles; freed records are reused. Records are allocated
// in chunks, so that growing moves none of them, except those of the first chunk, which begins
// small: a reference is valid until the next add() or allocate(). Handle 0 is never given: it means
// "none". It has a record only if set_none() gave it one.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>
#include <vector>

namespace troupe::crdt {

template <class Record>
class slab {
  static_assert(std::is_trivially_copyable_v<Record>);

 public:
  using handle = std::uint32_t;

  slab() = default;
  /// Every record keeps its handle.
  slab(const slab& other) : free_(other.free_) {
    while (capacity_ < other.capacity_) grow();
    next_ = other.next_;
    for (std::size_t i = 0; i < chunks_.size(); ++i)
      std::memcpy(static_cast<void*>(chunks_[i]), other.chunks_[i],
                  std::min(capacity_, chunk_size) * sizeof(Record));
  }
  slab(slab&& other) noexcept { swap(other); }
  slab& operator=(slab other) noexcept {
    swap(other);
    return *this;
  }
  ~slab() {
    for (Record* const chunk : chunks_) std::free(chunk);
  }

  Record& operator[](handle at) noexcept { return chunks_[at / chunk_size][at % chunk_size]; }
  const Record& operator[](handle at) const noexcept {
    return chunks_[at / chunk_size][at % chunk_size];
  }

  /// Keeps a copy of `record`. Requires: it does not lie in this slab.
  handle add(const Record& record = {}) {
    const handle added = allocate();
    std::construct_at(&(*this)[added], record);
    return added;
  }

  /// Lets the handle 0 be read as `record`.
  void set_none(const Record& record) {
    if (capacity_ == 0) grow();
    std::construct_at(&(*this)[0], record);
  }

  /// Makes sure that the next allocate() moves nothing.
  void make_room() {
    if (next_ >= capacity_ && free_.empty()) grow();
  }

  /// As add(), but the caller constructs the record.
  handle allocate() {
    if (!free_.empty()) {
      const handle freed = free_.back();
      free_.pop_back();
      return freed;
    }
    if (next_ >= capacity_) grow();
    return next_++;
  }

  /// As allocate(), so many records with consecutive handles; returns the first.
  handle allocate_row(handle count) {
    while (capacity_ - next_ < count || next_ >= capacity_) grow();
    return std::exchange(next_, next_ + count);
  }

  void release(handle at) { free_.push_back(at); }

  /// Records in use.
  std::size_t size() const noexcept { return next_ - 1 - free_.size(); }

  /// Bytes allocated, for the figures of the engine.
  std::size_t memory() const noexcept {
    return capacity_ * sizeof(Record) + chunks_.capacity() * sizeof(chunks_[0]) +
           free_.capacity() * sizeof(handle);
  }

 private:
  static constexpr handle first_size = 16;
  static constexpr handle chunk_size = 1024;

  void swap(slab& other) noexcept {
    std::swap(chunks_, other.chunks_);
    std::swap(free_, other.free_);
    std::swap(capacity_, other.capacity_);
    std::swap(next_, other.next_);
  }

  void grow() {
    const bool is_first = capacity_ < chunk_size;
    if (!is_first) chunks_.push_back(nullptr);
    if (chunks_.empty()) chunks_.assign(1, nullptr);
    const handle size = is_first ? std::max(first_size, capacity_ * 2) : chunk_size;
    void* const memory = std::realloc(static_cast<void*>(chunks_.back()), size * sizeof(Record));
    if (memory == nullptr) {
      if (chunks_.back() == nullptr) chunks_.pop_back();
      throw std::bad_alloc{};
    }
    chunks_.back() = static_cast<Record*>(memory);
    capacity_ = is_first ? size : capacity_ + size;
  }

  std::vector<Record*> chunks_;  // owned, from malloc; records from next_ on are not constructed
  std::vector<handle> free_;
  handle capacity_ = 0;
  handle next_ = 1;
};

}  // namespace troupe::crdt
