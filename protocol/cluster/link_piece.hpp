// What the payload of a batch consists of: pieces, each a whole message or a part of one. Shared by
// the end that writes them and the end that reads them. Format: docs/peer-link.md. Pure.
#pragma once

#include <cstddef>
#include <cstdint>

namespace troupe::cluster {

/// The lower two bits of the number that a piece begins with; the others are its size in bytes.
enum class piece_kind : std::uint8_t {
  whole = 0,      ///< A message.
  begins = 1,     ///< The first part of one, behind the size of the whole.
  continues = 2,  ///< Another part.
  ends = 3,       ///< The last one.
};

inline constexpr unsigned piece_kind_bits = 2;
/// Of what stands before the bytes of a piece: two numbers, as long as they can get.
inline constexpr std::size_t piece_header_size_max = 4 + 5;

}  // namespace troupe::cluster
