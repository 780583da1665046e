// UTF-8, checked as strictly as by the WHATWG decoder in fatal mode: no overlong forms, no
// surrogates, nothing above U+10FFFF, no truncated sequence. Runs of ASCII are read eight bytes at
// a time. Pure; nothing here allocates.
#pragma once

#include <cstddef>
#include <optional>

#include "base/bytes.hpp"

namespace troupe {

/// Whether the bytes are valid UTF-8. The empty string is.
bool is_valid_utf8(byte_view bytes) noexcept;

/// How far a text that arrives in parts is valid.
struct utf8_part {
  std::size_t valid = 0;   ///< Bytes of whole characters at the front.
  bool is_broken = false;  ///< What follows them cannot become a character, whatever comes.
};

/// Checks the front of a text whose rest may be missing. It is valid as a whole if all bytes are.
utf8_part check_utf8_part(byte_view bytes) noexcept;

/// Whether all bytes are below 0x80.
bool is_ascii(byte_view bytes) noexcept;

/// Returns how many UTF-16 code units (what JavaScript calls `length`) the text has, or nullopt if
/// the bytes are not valid UTF-8.
std::optional<std::size_t> utf16_length_if_valid(byte_view bytes) noexcept;

}  // namespace troupe
