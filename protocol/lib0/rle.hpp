// The run-length codecs of the columns of update v2. Each decoder reads one column; its errors are
// sticky (lib0::decoder). None of the formats stores an end. Source: lib0 0.2,
// RleEncoder, UintOptRleEncoder, IntDiffOptRleEncoder and their decoders.
#pragma once

#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::lib0 {

/// Bytes in runs: the value, then varUint(run - 1). The last run has no count and never ends.
class rle_decoder {
 public:
  explicit rle_decoder(byte_view column) noexcept : in_(column) {}

  std::uint8_t read() noexcept {
    if (left_ == 0) {
      value_ = in_.read_uint8();
      left_ = in_.at_end() ? forever : in_.read_var_uint() + 1;
    }
    if (left_ != forever) --left_;
    return value_;
  }
  const decoder& input() const noexcept { return in_; }

 private:
  static constexpr std::uint64_t forever = ~std::uint64_t{0};

  decoder in_;
  std::uint64_t left_ = 0;
  std::uint8_t value_ = 0;
};

/// Unsigned integers: a single one as varInt(value), a run as varInt(-value), then varUint(run -
/// 2). The sign counts, not the value: a run of zeros begins with a negative zero.
class uint_opt_rle_decoder {
 public:
  explicit uint_opt_rle_decoder(byte_view column) noexcept : in_(column) {}

  std::uint64_t read() noexcept {
    if (left_ == 0) {
      const decoder::var_int token = in_.read_var_int();
      value_ = token.magnitude;
      left_ = token.is_negative ? in_.read_var_uint() + 2 : 1;
    }
    --left_;
    return value_;
  }
  const decoder& input() const noexcept { return in_; }

 private:
  decoder in_;
  std::uint64_t value_ = 0;
  std::uint64_t left_ = 0;
};

/// Integers as differences to the one before (0 at first): varInt(difference * 2 + has_count),
/// then, if has_count, varUint(run - 2): that many times the same difference.
class int_diff_opt_rle_decoder {
 public:
  explicit int_diff_opt_rle_decoder(byte_view column) noexcept : in_(column) {}

  /// A value below zero fails as number_too_large: none of the columns may have one.
  std::uint64_t read() noexcept {
    if (left_ == 0) read_token();
    --left_;
    value_ += difference_;
    if (static_cast<std::uint64_t>(value_) <= max_safe_integer)
      return static_cast<std::uint64_t>(value_);
    return fail();
  }
  const decoder& input() const noexcept { return in_; }

 private:
  void read_token() noexcept {
    const decoder::var_int token = in_.read_var_int();
    const auto magnitude = static_cast<std::int64_t>(token.magnitude);
    const std::int64_t encoded = token.is_negative ? -magnitude : magnitude;
    difference_ = encoded >> 1;  // rounds down, as the format wants
    left_ = (encoded & 1) != 0 ? in_.read_var_uint() + 2 : 1;
  }
  std::uint64_t fail() noexcept;

  decoder in_;
  std::int64_t value_ = 0;
  std::int64_t difference_ = 0;
  std::uint64_t left_ = 0;
};

class rle_encoder {
 public:
  void write(std::uint8_t value);
  byte_view view() const noexcept { return out_.view(); }

 private:
  encoder out_;
  std::uint64_t count_ = 0;
  std::uint8_t value_ = 0;
};

class uint_opt_rle_encoder {
 public:
  void write(std::uint64_t value);
  /// Ends the last run. Call once, after the last write.
  byte_view finish();

 private:
  void flush();

  encoder out_;
  std::uint64_t value_ = 0;
  std::uint64_t count_ = 0;
};

class int_diff_opt_rle_encoder {
 public:
  void write(std::uint64_t value);
  /// Ends the last run. Call once, after the last write.
  byte_view finish();

 private:
  void flush();

  encoder out_;
  std::int64_t value_ = 0;
  std::int64_t difference_ = 0;
  std::uint64_t count_ = 0;
};

/// Strings: all of them as one varString, then their UTF-16 lengths as uint_opt_rle.
class string_encoder {
 public:
  /// Requires: `text` is valid UTF-8 of `utf16_length` units.
  void write(std::string_view text, std::uint64_t utf16_length) {
    texts_.write_bytes(as_bytes(text));
    lengths_.write(utf16_length);
  }
  /// Appends the whole column. Call once, after the last write.
  void finish(encoder& out);

 private:
  encoder texts_;
  uint_opt_rle_encoder lengths_;
};

}  // namespace troupe::lib0
