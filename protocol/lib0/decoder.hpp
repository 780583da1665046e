// Reads the lib0 encoding: the variable-length integers, strings and `any` values of which every
// Yjs message consists. A decoder walks over bytes it does not own. Errors are sticky: after the
// first one every read yields zero or an empty view and moves no further, so that a caller checks
// ok() once per struct instead of once per field. No allocation; views live as long as the input.
// Source: lib0 0.2, decoding.js.
#pragma once

#include <bit>
#include <cstring>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace troupe::lib0 {

/// The largest integer JavaScript holds exactly; ids and clocks on the wire do not go above it.
inline constexpr std::uint64_t max_safe_integer = (std::uint64_t{1} << 53) - 1;

/// The deepest nesting of an `any` value that can be read.
inline constexpr std::size_t any_depth_limit = 1024;

class decoder {
 public:
  explicit decoder(byte_view input) noexcept
      : begin_(input.data()), cursor_(begin_), end_(begin_ + input.size()) {}

  bool ok() const noexcept { return !failed_; }
  bool at_end() const noexcept { return cursor_ == end_; }
  std::size_t offset() const noexcept { return static_cast<std::size_t>(cursor_ - begin_); }
  std::size_t remaining() const noexcept { return static_cast<std::size_t>(end_ - cursor_); }
  const std::uint8_t* cursor() const noexcept { return cursor_; }

  /// Moves the cursor to `where`. Requires: it lies between the cursor and the end.
  void skip_to(const std::uint8_t* where) noexcept { cursor_ = where; }

  /// Notes the first failure; later ones are its consequences and are ignored. `detail` must be
  /// static.
  void fail(errc code, const char* detail) noexcept;

  /// The first failure, as a value for a result. Requires: !ok().
  tl::unexpected<failure> error() const { return troupe::fail(code_, detail_, error_offset_); }

  std::uint8_t read_uint8() noexcept {
    if (cursor_ == end_) {
      fail(errc::truncated, "byte");
      return 0;
    }
    return *cursor_++;
  }

  /// Up to 2^53 - 1; above that: number_too_large. Forms longer than necessary are accepted, as
  /// lib0 does.
  std::uint64_t read_var_uint() noexcept {
    // Lengths follow no pattern that a processor could guess, so there is no branch on them.
    if (remaining() >= sizeof(std::uint64_t)) {
      const groups ahead{cursor_};
      if (ahead.size <= groups::size_max) {
        cursor_ += ahead.size;
        return ahead.value();
      }
    }
    return read_groups(0, 0);
  }

  /// An integer that was read before and is likely to come again: compared as bytes.
  struct familiar_var_uint {
    std::uint64_t value = 0;
    std::uint64_t bytes = ~std::uint64_t{0};  // as encoded, in the bits of `mask`; nothing yet
    std::uint64_t mask = 0;
    unsigned size = 0;
  };

  /// As read_var_uint(); fast if the integer is `known`, which becomes the integer that was read.
  std::uint64_t read_var_uint(familiar_var_uint& known) noexcept {
    if (remaining() < sizeof(std::uint64_t)) return read_groups(0, 0);
    std::uint64_t ahead = 0;
    std::memcpy(&ahead, cursor_, sizeof ahead);
    if ((ahead & known.mask) == known.bytes) {
      cursor_ += known.size;
      return known.value;
    }
    const groups read{cursor_};
    if (read.size > groups::size_max) return read_groups(0, 0);
    cursor_ += read.size;
    known = {read.value(), read.bytes, ~std::uint64_t{0} >> (64 - 8 * read.size), read.size};
    return known.value;
  }

  /// A variable-length integer of at most `max`. Fails with number_too_large above it, naming
  /// `field`.
  std::uint64_t read_var_uint(std::uint64_t max, const char* field) noexcept {
    const std::uint64_t value = read_var_uint();
    if (value <= max) return value;
    fail(errc::number_too_large, field);
    return 0;
  }

  /// The number of elements that follow, each at least `element_size_min` bytes long: a count that
  /// the remaining bytes cannot hold fails as truncated before anything is reserved for it.
  std::uint64_t read_count(std::size_t element_size_min, const char* field) noexcept {
    const std::uint64_t count = read_var_uint();
    if (count <= remaining() && count * element_size_min <= remaining()) return count;
    fail(errc::truncated, field);
    return 0;
  }

  /// A signed integer. Its sign is kept apart, since lib0 has a negative zero that means something.
  struct var_int {
    std::uint64_t magnitude = 0;
    bool is_negative = false;
  };

  /// Magnitudes up to 2^53 - 1; above that: number_too_large. Longer forms are accepted.
  var_int read_var_int() noexcept {
    if (remaining() >= sizeof(std::uint64_t)) {
      const groups ahead{cursor_};
      if (ahead.size <= groups::size_max) {
        cursor_ += ahead.size;
        const std::uint64_t first = ahead.bytes & 0x3f;
        const bool is_negative = (ahead.bytes & 0x40) != 0;
        return {first | groups::join(ahead.bytes >> 8) << 6, is_negative};
      }
    }
    return read_slow_var_int();
  }

  /// Eight bytes, the highest first.
  double read_float64() noexcept {
    std::uint64_t bits = 0;
    for (const std::uint8_t byte : read_bytes(sizeof bits)) bits = bits << 8 | byte;
    return std::bit_cast<double>(bits);
  }

  /// `size` raw bytes.
  byte_view read_bytes(std::uint64_t size) noexcept;

  /// varUint length + bytes.
  byte_view read_var_bytes() noexcept { return read_bytes(read_var_uint()); }

  /// varUint length + UTF-8. Fails with invalid_utf8, naming `field`.
  std::string_view read_var_string(const char* field) noexcept;

  /// As read_var_string; also returns the length in UTF-16 code units.
  std::string_view read_var_string(const char* field, std::uint32_t& utf16_length) noexcept;

  /// Steps over one `any` value and checks it whole: tags, lengths, UTF-8, nesting of at most
  /// min(`depth_max`, any_depth_limit). Iterative. Returns its encoded bytes.
  byte_view skip_any(std::size_t depth_max) noexcept;

  /// Whether skip_any() has stepped over an object whose member `__proto__` is bytes. JavaScript
  /// makes the bytes its prototype, and cannot encode it again.
  bool has_seen_bytes_as_prototype() const noexcept { return has_seen_bytes_as_prototype_; }

 private:
  /// The next integer among eight bytes, of up to seven groups of seven bits.
  struct groups {
    static constexpr unsigned size_max = 7;
    static constexpr std::uint64_t continuation = 0x8080'8080'8080'8080;

    explicit groups(const std::uint8_t* at) noexcept {
      static_assert(std::endian::native == std::endian::little);
      std::memcpy(&bytes, at, sizeof bytes);
      const std::uint64_t last = ~bytes & continuation;  // bit 7 of the bytes that end an integer
      size = (static_cast<unsigned>(std::countr_zero(last)) + 1) / 8;  // 8 if none does
      bytes &= last ^ (last - 1);
    }

    std::uint64_t value() const noexcept { return join(bytes); }

    /// Closes the gaps that bit 7 of each byte leaves: in pairs, fours and eights.
    static std::uint64_t join(std::uint64_t spread) noexcept {
      spread &= ~continuation;
      spread = (spread & 0x007f'007f'007f'007f) | (spread & 0x7f00'7f00'7f00'7f00) >> 1;
      spread = (spread & 0x0000'3fff'0000'3fff) | (spread & 0x3fff'0000'3fff'0000) >> 2;
      return (spread & 0x0000'0000'0fff'ffff) | (spread & 0x0fff'ffff'0000'0000) >> 4;
    }

    std::uint64_t bytes = 0;
    unsigned size = 0;
  };

  var_int read_slow_var_int() noexcept;
  std::uint64_t read_groups(std::uint64_t value, unsigned shift) noexcept;

  const std::uint8_t* begin_;
  const std::uint8_t* cursor_;
  const std::uint8_t* end_;
  const char* detail_ = "";
  std::size_t error_offset_ = 0;
  errc code_ = errc::truncated;
  bool failed_ = false;
  bool has_seen_bytes_as_prototype_ = false;
};

}  // namespace troupe::lib0
