// SipHash-2-4 with 128 bits: a short name for a byte string of any length, where two strings that
// share one must not happen but nothing secret hangs on it. Pure; about a nanosecond a byte.
// Source: Aumasson, Bernstein: SipHash: a fast short-input PRF (2012), and its 128-bit variant.
#pragma once

#include <cstdint>

#include "base/bytes.hpp"

namespace troupe {

struct hash128 {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  bool operator==(const hash128&) const = default;
};

/// Anybody who knows the key can search for strings with equal hashes; where that would help, use a
/// secret one.
struct siphash_key {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

hash128 siphash128(byte_view bytes, siphash_key key = {}) noexcept;

}  // namespace troupe
