// Views of bytes, and the one buffer that is shared between threads: immutable, reference counted,
// one allocation. A frame is encoded once into a shared_bytes and pushed to every receiver as such.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace troupe {

using byte_view = std::span<const std::uint8_t>;
using byte_buffer = std::vector<std::uint8_t>;

inline byte_view as_bytes(std::string_view text) noexcept {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(byte_view bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// An immutable byte string with shared ownership. Copying costs one atomic increment.
/// Thread: any; the bytes never change after construction.
class shared_bytes {
 public:
  shared_bytes() noexcept = default;

  static shared_bytes copy_of(byte_view first, byte_view second = {}) {
    shared_bytes result;
    if (first.size() + second.size() == 0) return result;
    void* memory = ::operator new(sizeof(header) + first.size() + second.size());
    result.header_ = new (memory) header{1, first.size() + second.size()};
    if (!first.empty()) std::memcpy(result.header_->bytes(), first.data(), first.size());
    if (!second.empty())
      std::memcpy(result.header_->bytes() + first.size(), second.data(), second.size());
    return result;
  }

  shared_bytes(const shared_bytes& other) noexcept : header_(other.header_) {
    if (header_ != nullptr) header_->references.fetch_add(1, std::memory_order_relaxed);
  }
  shared_bytes(shared_bytes&& other) noexcept : header_(std::exchange(other.header_, nullptr)) {}
  shared_bytes& operator=(shared_bytes other) noexcept {
    std::swap(header_, other.header_);
    return *this;
  }
  ~shared_bytes() {
    if (header_ == nullptr || header_->references.fetch_sub(1, std::memory_order_acq_rel) != 1)
      return;
    header_->~header();
    ::operator delete(header_);
  }

  bool empty() const noexcept { return header_ == nullptr; }
  std::size_t size() const noexcept { return header_ == nullptr ? 0 : header_->size; }
  byte_view view() const noexcept {
    return header_ == nullptr ? byte_view{} : byte_view{header_->bytes(), header_->size};
  }

 private:
  struct header {
    std::atomic<std::uint32_t> references;
    std::size_t size;
    std::uint8_t* bytes() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  };

  header* header_ = nullptr;
};

}  // namespace troupe
