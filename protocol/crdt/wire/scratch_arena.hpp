// Bytes that live as long as a decoded update: contents that its input does not hold in one piece.
#pragma once

#include <memory>
#include <vector>

#include "base/bytes.hpp"

namespace troupe::crdt {

class scratch_arena {
 public:
  /// A copy of two byte strings, one behind the other, at an address that stays.
  byte_view keep(byte_view first, byte_view second = {}) {
    const std::size_t size = first.size() + second.size();
    if (size == 0) return {};
    if (left_ < size) add_chunk(size);
    std::uint8_t* const where = next_;
    if (!first.empty()) std::memcpy(where, first.data(), first.size());
    if (!second.empty()) std::memcpy(where + first.size(), second.data(), second.size());
    next_ += size;
    left_ -= size;
    return {where, size};
  }

  void clear() noexcept {
    chunks_.clear();
    next_ = nullptr;
    left_ = 0;
  }

 private:
  static constexpr std::size_t chunk_size = 16 * 1024;

  void add_chunk(std::size_t size) {
    left_ = size > chunk_size ? size : chunk_size;
    chunks_.push_back(std::make_unique<std::uint8_t[]>(left_));
    next_ = chunks_.back().get();
  }

  std::vector<std::unique_ptr<std::uint8_t[]>> chunks_;
  std::uint8_t* next_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace troupe::crdt
