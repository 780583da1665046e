// Reads numbers where enough bytes are known to follow: without looking where the input ends, and
// without a branch on how long they are. What it cannot read it only notes; whoever uses it asks at
// the end and then reads again from the start with a decoder, which says what is wrong. Meant to
// live in registers: made, used and dropped within one function.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace troupe::lib0 {

class quick_reader {
 public:
  /// An integer stands in at most this many bytes here, and reading one looks at eight.
  static constexpr std::size_t small_size_max = 4;

  explicit quick_reader(const std::uint8_t* at) noexcept : at_(at) {}

  const std::uint8_t* at() const noexcept { return at_; }
  void skip(std::size_t size) noexcept { at_ += size; }

  /// Whether something read was not what it can read; then no value means anything.
  bool is_odd() const noexcept { return is_odd_; }

  std::uint8_t read_uint8() noexcept { return *at_++; }

  /// The next eight bytes, which stay.
  std::uint64_t peek() const noexcept {
    std::uint64_t ahead = 0;
    std::memcpy(&ahead, at_, sizeof ahead);
    return ahead;
  }

  /// A variable-length integer below 2^28; any other is odd.
  std::uint32_t read_small() noexcept {
    static_assert(std::endian::native == std::endian::little);
    const std::uint64_t ahead = peek();
    const std::uint64_t last = ~ahead & 0x80'8080'8080;  // bit 7 of the bytes that end an integer
    const std::uint64_t first_last = last & (0 - last);
    const unsigned size = (static_cast<unsigned>(std::countr_zero(last | 1ull << 47)) + 1) / 8;
    is_odd_ = is_odd_ || size > small_size_max;
    at_ += size;
    const auto groups = static_cast<std::uint32_t>(ahead & (first_last - 1)) & 0x7f7f'7f7f;
    const std::uint32_t pairs = (groups & 0x007f'007f) | (groups & 0x7f00'7f00) >> 1;
    return (pairs & 0x3fff) | (pairs & 0x3fff'0000) >> 2;
  }

 private:
  const std::uint8_t* at_;
  bool is_odd_ = false;
};

/// Whether the first `size` bytes are all below 0x80. Requires: `size_max_of_few` bytes can be read
/// and `size` is not above it. Without a branch, since texts mostly are that short and vary in
/// length.
inline constexpr std::size_t size_max_of_few = 32;

inline bool is_ascii_in_few(const std::uint8_t* at, std::size_t size) noexcept {
  // Bit 7 of as many bytes as are wanted, from any point of a window over this.
  static constexpr auto wanted = [] {
    std::array<std::uint8_t, 2 * size_max_of_few> bits{};
    for (std::size_t i = 0; i < size_max_of_few; ++i) bits[i] = 0x80;
    return bits;
  }();
  const auto word_at = [](const std::uint8_t* from, std::size_t i) {
    std::uint64_t word = 0;
    std::memcpy(&word, from + i * sizeof word, sizeof word);
    return word;
  };
  const std::uint8_t* const mask = wanted.data() + size_max_of_few - size;
  return ((word_at(at, 0) & word_at(mask, 0)) | (word_at(at, 1) & word_at(mask, 1)) |
          (word_at(at, 2) & word_at(mask, 2)) | (word_at(at, 3) & word_at(mask, 3))) == 0;
}

}  // namespace troupe::lib0
