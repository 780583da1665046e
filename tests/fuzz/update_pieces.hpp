// Several byte strings out of one input, so that a target that takes a list can be fed by a fuzzer.
// Format: a piece is a size (u16, big endian) and that many bytes, or as many as are left.
#pragma once

#include <algorithm>
#include <vector>

#include "base/bytes.hpp"

namespace troupe::test {

/// The pieces of `input`, at most `count_max`; what is behind the last one is left out.
inline std::vector<byte_view> split_pieces(byte_view input, std::size_t count_max) {
  std::vector<byte_view> pieces;
  while (input.size() >= 2 && pieces.size() < count_max) {
    const std::size_t said = std::size_t{input[0]} << 8 | input[1];
    const std::size_t size = std::min(said, input.size() - 2);
    pieces.push_back(input.subspan(2, size));
    input = input.subspan(2 + size);
  }
  return pieces;
}

}  // namespace troupe::test
