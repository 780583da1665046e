// A fast path for reading numbers where enough bytes are known to follow: no check for the end of
// the input, and no branch on the length except for the lengths that nearly all numbers have. It
// only notes a number that it cannot read; the caller asks at the end, and then reads again from
// the start with a decoder, which reports the error. Meant to live in registers: made, used and
// dropped within one function.
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

  /// Whether it met a number that it cannot read; then no value that it returned is valid.
  bool is_odd() const noexcept { return is_odd_; }
  void set_odd() noexcept { is_odd_ = true; }

  std::uint8_t read_uint8() noexcept { return *at_++; }

  /// The next eight bytes; does not advance.
  std::uint64_t peek() const noexcept {
    std::uint64_t ahead = 0;
    std::memcpy(&ahead, at_, sizeof ahead);
    return ahead;
  }

  /// A variable-length integer below 2^28; any other is odd.
  [[gnu::always_inline]] std::uint32_t read_small() noexcept {
    static_assert(std::endian::native == std::endian::little);
    const std::uint64_t ahead = peek();
    // All bits set but bit 7 of bytes that end an integer: adding one carries to the first of them.
    const std::uint64_t filled = static_cast<std::uint32_t>(ahead) | 0x7f7f'7f7f;
    const std::uint64_t carried = filled + 1;
    const unsigned size_less_one = static_cast<unsigned>(std::countr_zero(carried)) / 8;
    if (size_less_one == 2)
      at_ += guessed(3);
    else if (size_less_one == 1)
      at_ += guessed(2);
    else
      at_ += size_less_one + 1;
    is_odd_ = is_odd_ || size_less_one >= small_size_max;
    const auto groups = static_cast<std::uint32_t>(ahead & (filled ^ carried)) & 0x7f7f'7f7f;
    const std::uint32_t pairs = (groups & 0x007f'007f) | (groups & 0x7f00'7f00) >> 1;
    return (pairs & 0x3fff) | (pairs & 0x3fff'0000) >> 2;
  }

  /// Steps over an integer of any sign. False, without an effect, if it is longer than seven bytes.
  bool skip_integer() noexcept {
    constexpr std::uint64_t continuation = 0x8080'8080'8080'8080;
    const auto size = (static_cast<unsigned>(std::countr_zero(~peek() & continuation)) + 1) / 8;
    if (size > 7) return false;
    at_ += size;
    return true;
  }

  /// As read_small(), quicker where nearly all are below 2^7: then a branch on that is guessed
  /// right, and what follows does not wait.
  [[gnu::always_inline]] std::uint32_t read_mostly_short() noexcept {
    if ((*at_ & 0x80) != 0) return read_small();
    return *at_++;
  }

 private:
  /// The size, as something the compiler does not know. In a document most clocks are of one size:
  /// a processor that guesses at a branch on it continues with the next number at once, where it
  /// would wait for the size of this one to be computed.
  static std::size_t guessed(std::size_t size) noexcept {
    asm("" : "+r"(size));
    return size;
  }

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
