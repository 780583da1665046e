#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace troupe {
namespace {

constexpr std::uint64_t high_bits = 0x8080808080808080U;

bool is_continuation(std::uint8_t byte) noexcept { return (byte & 0xC0U) == 0x80U; }

/// The number of ASCII bytes at the start of the range.
std::size_t ascii_prefix(const std::uint8_t* at, const std::uint8_t* end) noexcept {
  const std::uint8_t* start = at;
  while (end - at >= 8) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof(word));
    if ((word & high_bits) != 0) break;
    at += 8;
  }
  while (at != end && *at < 0x80U) ++at;
  return static_cast<std::size_t>(at - start);
}

/// The length of the well-formed sequence that starts with the non-ASCII byte `*at`, or 0 if there
/// is none. Source: the Unicode Standard, table 3-7 (well-formed UTF-8 byte sequences).
std::size_t sequence_length(const std::uint8_t* at, const std::uint8_t* end) noexcept {
  const std::uint8_t lead = *at;
  const auto left = end - at;
  if (lead >= 0xC2U && lead <= 0xDFU) return left >= 2 && is_continuation(at[1]) ? 2 : 0;
  if (lead >= 0xE0U && lead <= 0xEFU) {
    const std::uint8_t lowest = lead == 0xE0U ? 0xA0U : 0x80U;   // below: overlong
    const std::uint8_t highest = lead == 0xEDU ? 0x9FU : 0xBFU;  // above: a surrogate
    return left >= 3 && at[1] >= lowest && at[1] <= highest && is_continuation(at[2]) ? 3 : 0;
  }
  if (lead >= 0xF0U && lead <= 0xF4U) {
    const std::uint8_t lowest = lead == 0xF0U ? 0x90U : 0x80U;   // below: overlong
    const std::uint8_t highest = lead == 0xF4U ? 0x8FU : 0xBFU;  // above: beyond U+10FFFF
    return left >= 4 && at[1] >= lowest && at[1] <= highest && is_continuation(at[2]) &&
                   is_continuation(at[3])
               ? 4
               : 0;
  }
  return 0;
}

/// Whether the bytes, at which no whole sequence starts, are the beginning of one.
bool is_begun_sequence(const std::uint8_t* at, const std::uint8_t* end) noexcept {
  const auto left = static_cast<std::size_t>(end - at);
  if (left > 3) return false;
  // The lowest bytes that may follow make it whole.
  const std::uint8_t second = *at == 0xE0U ? 0xA0U : *at == 0xF0U ? 0x90U : 0x80U;
  std::uint8_t whole[] = {*at, second, 0x80U, 0x80U};
  std::memcpy(whole, at, left);
  return sequence_length(whole, whole + sizeof whole) > left;
}

}  // namespace

utf8_part check_utf8_part(byte_view bytes) noexcept {
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + bytes.size();
  bool is_broken = false;
  while (at != end) {
    at += ascii_prefix(at, end);
    if (at == end) break;
    const std::size_t length = sequence_length(at, end);
    if (length == 0) {
      is_broken = !is_begun_sequence(at, end);
      break;
    }
    at += length;
  }
  return {static_cast<std::size_t>(at - bytes.data()), is_broken};
}

std::optional<std::size_t> utf16_length_if_valid(byte_view bytes) noexcept {
  const std::uint8_t* at = bytes.data();
  const std::uint8_t* const end = at + bytes.size();
  std::size_t units = 0;
  while (at != end) {
    if (*at < 0x80U) {
      const std::size_t run = ascii_prefix(at, end);
      units += run;
      at += run;
      continue;
    }
    const std::size_t length = sequence_length(at, end);
    if (length == 0) return std::nullopt;
    units += length == 4 ? 2 : 1;
    at += length;
  }
  return units;
}

bool is_ascii(byte_view bytes) noexcept {
  return ascii_prefix(bytes.data(), bytes.data() + bytes.size()) == bytes.size();
}

bool is_valid_utf8(byte_view bytes) noexcept { return utf16_length_if_valid(bytes).has_value(); }

}  // namespace troupe
