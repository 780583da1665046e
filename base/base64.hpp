// Bytes as base64 text, for JSON. RFC 4648, section 4: the standard alphabet, padding required; and
// section 5, the alphabet of tokens and keys, without padding. The decoders are strict, so that
// bytes have one spelling: no white space, no missing or surplus padding, no unused bits that are
// set. Pure; table driven, about a nanosecond a byte.
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

/// Returns the bytes of a text. The offset of a failure is the position in `text`.
/// Fails with invalid_base64: the size is not a multiple of four, a character is not in the
/// alphabet, padding stands before the end, or bits are set behind the last byte.
result<byte_buffer> decode_base64(std::string_view text);

/// Appends the text of `bytes` with '-' and '_' for '+' and '/', and without padding.
void append_base64url(byte_view bytes, std::string& out);

/// Returns the bytes of such a text. The offset of a failure is the position in `text`.
/// Fails with invalid_base64: no bytes have a text of this size, a character is not in the alphabet
/// (padding is not), or bits are set behind the last byte.
result<byte_buffer> decode_base64url(std::string_view text);
/// The same where the bytes are a text.
result<std::string> decode_base64url_text(std::string_view text);

}  // namespace troupe
