// Views of bytes, and the one buffer that threads share: immutable, reference counted, one
// allocation. A frame is encoded once into a shared_bytes; every receiver gets the same one.
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

  /// The parts, concatenated.
  template <class... Parts>
  static shared_bytes copy_of(byte_view first, const Parts&... rest) {
    const std::size_t size = (first.size() + ... + byte_view{rest}.size());
    shared_bytes result = of_size(size);
    if (size == 0) return result;
    std::uint8_t* to = result.header_->bytes();
    const auto append = [&to](byte_view part) {
      if (!part.empty()) std::memcpy(to, part.data(), part.size());
      to += part.size();
    };
    append(first);
    (append(rest), ...);
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
  friend class shared_bytes_builder;

  struct header {
    std::atomic<std::uint32_t> references;
    std::size_t size;
    std::uint8_t* bytes() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  };

  /// Bytes that are yet to be written.
  static shared_bytes of_size(std::size_t size) {
    shared_bytes result;
    if (size == 0) return result;
    void* const memory = ::operator new(sizeof(header) + size);
    result.header_ = new (memory) header{1, size};
    return result;
  }

  header* header_ = nullptr;
};

/// A part of a shared byte string.
struct shared_slice {
  shared_bytes bytes;
  std::size_t offset = 0;
  std::size_t size = 0;

  shared_slice() noexcept = default;
  shared_slice(shared_bytes whole) noexcept : bytes(std::move(whole)), size(bytes.size()) {}
  shared_slice(shared_bytes of, std::size_t from, std::size_t count) noexcept
      : bytes(std::move(of)), offset(from), size(count) {}

  bool empty() const noexcept { return size == 0; }
  byte_view view() const noexcept { return bytes.view().subspan(offset, size); }
};

}  // namespace troupe
