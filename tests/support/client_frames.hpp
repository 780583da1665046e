// WebSocket frames as a client sends them: masked, of any kind, right or wrong.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"

namespace troupe::test {

using frame_mask = std::array<std::uint8_t, 4>;

/// The mask of the RFC's examples.
inline constexpr frame_mask example_mask{0x37, 0xfa, 0x21, 0x3d};

/// First bytes of frames: the final bit and the opcode.
inline constexpr std::uint8_t final_text = 0x81;
inline constexpr std::uint8_t final_binary = 0x82;
inline constexpr std::uint8_t first_text = 0x01;
inline constexpr std::uint8_t first_binary = 0x02;
inline constexpr std::uint8_t middle_part = 0x00;
inline constexpr std::uint8_t last_part = 0x80;
inline constexpr std::uint8_t close_frame = 0x88;
inline constexpr std::uint8_t ping = 0x89;
inline constexpr std::uint8_t pong = 0x8A;

/// The header of a masked frame. `length_size`: 0 for the shortest form, else 1, 2 or 8 bytes.
inline byte_buffer client_header(std::uint8_t first, std::uint64_t size,
                                 const frame_mask& mask = example_mask,
                                 std::size_t length_size = 0) {
  if (length_size == 0) length_size = size < 126 ? 1 : size <= 0xFFFF ? 2 : 8;
  byte_buffer bytes{first};
  if (length_size == 1) {
    bytes.push_back(static_cast<std::uint8_t>(0x80 | size));
  } else {
    bytes.push_back(length_size == 2 ? 0xFE : 0xFF);
    for (std::size_t i = length_size; i > 0; --i)
      bytes.push_back(static_cast<std::uint8_t>(size >> (8 * (i - 1)) & 0xFF));
  }
  bytes.insert(bytes.end(), mask.begin(), mask.end());
  return bytes;
}

/// A whole frame.
inline byte_buffer client_frame(std::uint8_t first, byte_view payload,
                                const frame_mask& mask = example_mask) {
  byte_buffer bytes = client_header(first, payload.size(), mask);
  for (std::size_t i = 0; i < payload.size(); ++i) bytes.push_back(payload[i] ^ mask[i % 4]);
  return bytes;
}

inline byte_buffer client_frame(std::uint8_t first, std::string_view payload,
                                const frame_mask& mask = example_mask) {
  return client_frame(first, as_bytes(payload), mask);
}

/// A close frame with a code.
inline byte_buffer client_close(unsigned code, std::string_view text = {}) {
  byte_buffer body{static_cast<std::uint8_t>(code >> 8), static_cast<std::uint8_t>(code & 0xFF)};
  body.insert(body.end(), text.begin(), text.end());
  return client_frame(close_frame, body);
}

/// Frames one behind the other.
template <class... Frames>
byte_buffer one_behind_the_other(byte_buffer first, const Frames&... rest) {
  (first.insert(first.end(), rest.begin(), rest.end()), ...);
  return first;
}

/// `size` bytes of which neighbours differ.
inline byte_buffer counted_bytes(std::size_t size) {
  byte_buffer bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::uint8_t>(i * 7 + i / 256);
  return bytes;
}

}  // namespace troupe::test
