// Fills a shared_bytes of a known size part by part, without a buffer beside it. Pure.
#pragma once

#include <cstring>
#include <utility>

#include "base/bytes.hpp"
#include "base/check.hpp"

namespace troupe {

class shared_bytes_builder {
 public:
  explicit shared_bytes_builder(std::size_t size)
      : whole_(shared_bytes::of_size(size)),
        at_(size == 0 ? nullptr : whole_.header_->bytes()),
        left_(size) {}

  shared_bytes_builder(const shared_bytes_builder&) = delete;
  shared_bytes_builder& operator=(const shared_bytes_builder&) = delete;

  /// How many bytes are yet to come.
  std::size_t left() const noexcept { return left_; }

  /// Requires: so many bytes are left.
  void append(byte_view part) {
    TROUPE_CHECK(part.size() <= left_);
    if (part.empty()) return;
    std::memcpy(at_, part.data(), part.size());
    at_ += part.size();
    left_ -= part.size();
  }

  void append(std::uint8_t byte) { append(byte_view{&byte, 1}); }

  /// The whole; the builder is empty afterwards. Requires: nothing is left.
  shared_bytes take() {
    TROUPE_CHECK(left_ == 0);
    at_ = nullptr;
    return std::exchange(whole_, {});
  }

 private:
  shared_bytes whole_;
  std::uint8_t* at_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace troupe
