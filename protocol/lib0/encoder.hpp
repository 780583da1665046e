// Writes the lib0 encoding into a growing buffer. The counterpart of decoder.
// Source: lib0 0.2, encoding.js.
#pragma once

#include <algorithm>

#include "base/bytes.hpp"

namespace troupe::lib0 {

class encoder {
 public:
  encoder() = default;
  explicit encoder(std::size_t capacity) {
    buffer_.reserve(capacity);
    buffer_.resize(std::min(capacity, step));
  }

  std::size_t size() const noexcept { return size_; }
  std::size_t capacity() const noexcept { return buffer_.capacity(); }
  byte_view view() const noexcept { return {buffer_.data(), size_}; }
  void clear() noexcept { size_ = 0; }

  /// Moves the bytes out and leaves the encoder empty.
  byte_buffer take() {
    buffer_.resize(size_);
    size_ = 0;
    return std::exchange(buffer_, {});
  }

  void write_uint8(std::uint8_t value) {
    ensure(1);
    buffer_[size_++] = value;
  }

  void write_var_uint(std::uint64_t value) {
    ensure(10);
    std::uint8_t* out = buffer_.data() + size_;
    while (value >= 0x80) {
      *out++ = static_cast<std::uint8_t>(value | 0x80);
      value >>= 7;
    }
    *out++ = static_cast<std::uint8_t>(value);
    size_ = static_cast<std::size_t>(out - buffer_.data());
  }

  /// Magnitude and sign: six bits and the sign in the first byte. Negative zero exists.
  void write_var_int(std::uint64_t magnitude, bool is_negative) {
    const bool has_more = magnitude > 0x3f;
    write_uint8(static_cast<std::uint8_t>((has_more ? 0x80 : 0) | (is_negative ? 0x40 : 0) |
                                          (magnitude & 0x3f)));
    if (has_more) write_var_uint(magnitude >> 6);
  }

  void write_bytes(byte_view bytes) {
    if (bytes.empty()) return;
    ensure(bytes.size());
    std::memcpy(buffer_.data() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
  }

  /// Where `size` bytes may be written, of which end_at() then takes how many were.
  std::uint8_t* room(std::size_t size) {
    ensure(size);
    return buffer_.data() + size_;
  }
  void end_at(const std::uint8_t* end) noexcept {
    size_ = static_cast<std::size_t>(end - buffer_.data());
  }

  /// varUint length + bytes.
  void write_var_bytes(byte_view bytes) {
    write_var_uint(bytes.size());
    write_bytes(bytes);
  }

  void write_var_string(std::string_view text) { write_var_bytes(as_bytes(text)); }

 private:
  void ensure(std::size_t more) {
    if (buffer_.size() - size_ < more) grow(more);
  }
  /// What is reserved becomes part of the buffer, which zeroes it, in pieces that the caches hold:
  /// memory is written once.
  void grow(std::size_t more) {
    const std::size_t needed = size_ + more + 64;
    if (needed <= buffer_.capacity())
      buffer_.resize(std::min(buffer_.capacity(), needed + step));
    else
      buffer_.resize(std::max(buffer_.size() * 2, needed));
  }

  static constexpr std::size_t step = std::size_t{16} << 10;

  byte_buffer buffer_;  // what lies beyond size_ is not written yet
  std::size_t size_ = 0;
};

}  // namespace troupe::lib0
