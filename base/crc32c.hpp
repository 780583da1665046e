// CRC-32C (Castagnoli): notices every change of up to 32 bits in a row, and any other but one in
// four billion. A checksum against bit rot and misplaced bytes, not against forgery. Pure.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace troupe {

/// The checksum of `bytes`; of what went before and `bytes` if its checksum is passed. Source:
/// RFC 3720, appendix B.4; about a nanosecond per byte.
std::uint32_t crc32c(byte_view bytes, std::uint32_t before = 0) noexcept;

}  // namespace troupe
