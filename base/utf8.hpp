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

/// Whether all bytes are below 0x80.
bool is_ascii(byte_view bytes) noexcept;

/// Returns how many UTF-16 code units (what JavaScript calls `length`) the text has, or nullopt if
/// the bytes are not valid UTF-8.
std::optional<std::size_t> utf16_length_if_valid(byte_view bytes) noexcept;

}  // namespace troupe
