// Bytes that rest in memory: compressed where that makes them smaller by an eighth, else as they
// were given, and shared with whoever else has them. Pure.
#pragma once

#include <cstddef>

#include "base/bytes.hpp"
#include "base/check.hpp"
#include "base/compression.hpp"

namespace troupe {

class packed_bytes {
 public:
  packed_bytes() = default;
  explicit packed_bytes(shared_bytes bytes) : kept_(std::move(bytes)), size_(kept_.size()) {
    if (size_ < packed_size_min) return;
    const byte_buffer frame = compress(kept_.view());
    is_packed_ = frame.size() < size_ - size_ / worthwhile_part;
    if (is_packed_) kept_ = shared_bytes::copy_of(frame);
  }

  bool empty() const noexcept { return size_ == 0; }
  /// Of the bytes, and what is kept of them.
  std::size_t size() const noexcept { return size_; }
  std::size_t kept_size() const noexcept { return kept_.size(); }

  /// A copy of the bytes.
  byte_buffer copy() const {
    if (is_packed_) return unpacked();
    return {kept_.view().begin(), kept_.view().end()};
  }
  /// The bytes themselves if they are not packed, else a copy.
  shared_bytes share() const { return is_packed_ ? shared_bytes::copy_of(unpacked()) : kept_; }

  /// Calls `use(byte_view)`.
  template <class Use>
  auto with(Use&& use) const {
    if (!is_packed_) return use(kept_.view());
    const byte_buffer bytes = unpacked();
    return use(byte_view{bytes});
  }

 private:
  /// Fewer are not worth the time.
  static constexpr std::size_t packed_size_min = 512;
  static constexpr std::size_t worthwhile_part = 8;

  byte_buffer unpacked() const {
    auto bytes = decompress(kept_.view(), size_);
    TROUPE_CHECK(bytes.has_value());
    return *std::move(bytes);
  }

  shared_bytes kept_;
  std::size_t size_ = 0;
  bool is_packed_ = false;
};

}  // namespace troupe
