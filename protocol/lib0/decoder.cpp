#include "protocol/lib0/decoder.hpp"

#include <array>

#include "base/utf8.hpp"
#include "protocol/lib0/any.hpp"

namespace troupe::lib0 {

void decoder::fail(errc code, const char* detail) noexcept {
  if (failed_) return;
  failed_ = true;
  code_ = code;
  detail_ = detail;
  error_offset_ = offset();
  end_ = cursor_;  // every later read finds nothing
}

/// Seven bits a byte, low groups first, on top of the bits below `shift`.
std::uint64_t decoder::read_groups(std::uint64_t value, unsigned shift) noexcept {
  for (; cursor_ != end_; shift += 7) {
    const std::uint8_t byte = *cursor_++;
    const std::uint64_t bits = byte & 0x7f;
    // The field holds 53 bits; groups beyond them may only be padding.
    if (bits != 0 && (shift > 52 || (bits << shift) > max_safe_integer)) {
      fail(errc::number_too_large, "integer above 2^53 - 1");
      return 0;
    }
    if (shift <= 52) value |= bits << shift;
    if (byte < 0x80) return value;
  }
  fail(errc::truncated, "integer");
  return 0;
}

decoder::var_int decoder::read_slow_var_int() noexcept {
  const std::uint8_t first = read_uint8();
  var_int value{static_cast<std::uint64_t>(first & 0x3f), (first & 0x40) != 0};
  if (first >= 0x80) value.magnitude = read_groups(value.magnitude, 6);
  return value;
}

byte_view decoder::read_bytes(std::uint64_t size) noexcept {
  if (size > remaining()) {
    fail(errc::truncated, "bytes");
    return {};
  }
  const byte_view bytes{cursor_, static_cast<std::size_t>(size)};
  cursor_ += size;
  return bytes;
}

std::string_view decoder::read_var_string(const char* field) noexcept {
  std::uint32_t ignored = 0;
  return read_var_string(field, ignored);
}

std::string_view decoder::read_var_string(const char* field, std::uint32_t& utf16_length) noexcept {
  const byte_view bytes = read_var_bytes();
  const auto length = utf16_length_if_valid(bytes);
  if (!length) {
    fail(errc::invalid_utf8, field);
    return {};
  }
  utf16_length = static_cast<std::uint32_t>(*length);
  return as_text(bytes);
}

namespace {

/// An array or object that skip_any is in the middle of.
struct open_container {
  std::uint64_t values_left;
  bool is_object;
};

}  // namespace

byte_view decoder::skip_any(std::size_t depth_max) noexcept {
  std::array<open_container, any_depth_limit> open;
  if (depth_max > any_depth_limit) depth_max = any_depth_limit;
  std::size_t depth = 0;
  const std::uint8_t* const first = cursor_;
  for (;;) {
    const auto tag = static_cast<any_tag>(read_uint8());
    switch (tag) {
      case any_tag::undefined:
      case any_tag::null:
      case any_tag::false_value:
      case any_tag::true_value: break;
      case any_tag::integer: read_var_int(); break;
      case any_tag::float32: read_bytes(4); break;
      case any_tag::float64:
      case any_tag::bigint: read_bytes(8); break;
      case any_tag::string: read_var_string("string value"); break;
      case any_tag::bytes: read_var_bytes(); break;
      case any_tag::array:
      case any_tag::object: {
        const bool is_object = tag == any_tag::object;
        const std::uint64_t count = read_count(is_object ? 2 : 1, "value count");
        if (depth == depth_max) fail(errc::too_deep, "nested value");
        if (failed_) return {};
        if (count > 0) open[depth++] = {count, is_object};
        break;
      }
      default: fail(errc::invalid_any, "unknown tag");
    }
    if (failed_) return {};
    while (depth > 0 && open[depth - 1].values_left == 0) --depth;
    if (depth == 0) return {first, cursor_};
    --open[depth - 1].values_left;
    if (!open[depth - 1].is_object) continue;
    if (read_var_string("object key") == prototype_key && cursor_ != end_)
      has_seen_bytes_as_prototype_ |= static_cast<any_tag>(*cursor_) == any_tag::bytes;
  }
}

}  // namespace troupe::lib0
