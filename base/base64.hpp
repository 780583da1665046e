// Bytes as base64 text, for the places where JSON has to carry them. RFC 4648, section 4: the
// standard alphabet, padding required. Reading is strict, so that bytes have one spelling: no white
// space, no missing padding, no bits that count for nothing. Pure; table driven, about a nanosecond
// a byte.
#pragma once

#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace troupe {

/// The size of `size` bytes as base64.
constexpr std::size_t base64_size(std::size_t size) noexcept { return (size + 2) / 3 * 4; }

/// Appends the text of `bytes`.
void append_base64(byte_view bytes, std::string& out);

/// Returns the bytes of a text; of the empty text, none. The offset of a failure is the place in
/// `text`.
/// Fails with invalid_base64: a size that is no multiple of four, a character outside of the
/// alphabet, padding elsewhere than at the end, or bits set behind the last byte.
result<byte_buffer> decode_base64(std::string_view text);

}  // namespace troupe
