// A growing array of records with stable addresses and u32 handles. Chunks double in size up to
// `chunk_size`, so that a small document stays small; freed records are used again.
// Handle 0 is never given out: it means "none".
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <memory>
#include <vector>

namespace troupe::crdt {

template <class Record>
class slab {
 public:
  using handle = std::uint32_t;

  Record& operator[](handle at) noexcept {
    const place p = locate(at);
    return chunks_[p.chunk][p.offset];
  }
  const Record& operator[](handle at) const noexcept {
    const place p = locate(at);
    return chunks_[p.chunk][p.offset];
  }

  /// A record with the contents of a default-constructed one.
  handle allocate() {
    if (!free_.empty()) {
      const handle reused = free_.back();
      free_.pop_back();
      (*this)[reused] = Record{};
      return reused;
    }
    while (next_ >= capacity_) add_chunk();
    return next_++;
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
  // 16 + 16 + 32 + ... + 512 records fill the first 1,024 handles; from there on every chunk has
  // 1,024.
  static constexpr handle small_chunks = std::bit_width(chunk_size / first_size);

  struct place {
    handle chunk;
    handle offset;
  };

  static place locate(handle at) noexcept {
    if (at >= chunk_size) return {small_chunks + at / chunk_size - 1, at % chunk_size};
    if (at < first_size) return {0, at};
    const auto chunk = static_cast<handle>(std::bit_width(at / first_size));
    return {chunk, at - (first_size << (chunk - 1))};
  }

  void add_chunk() {
    const handle size = capacity_ == 0 ? first_size : std::min(capacity_, chunk_size);
    chunks_.push_back(std::make_unique<Record[]>(size));
    capacity_ += size;
  }

  std::vector<std::unique_ptr<Record[]>> chunks_;
  std::vector<handle> free_;
  handle capacity_ = 0;
  handle next_ = 1;
};

}  // namespace troupe::crdt
