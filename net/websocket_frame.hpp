// The frames that the server writes. A frame is encoded once, with its WebSocket header, and the
// same bytes go to every receiver, since a server does not mask its frames. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.hpp"
#include "base/frame_kind.hpp"

namespace troupe {

/// What a frame is, in its first byte. Source: RFC 6455, 5.2; the others are reserved.
enum class opcode : std::uint8_t {
  continuation = 0x0,
  text = 0x1,
  binary = 0x2,
  close = 0x8,
  ping = 0x9,
  pong = 0xA,
};

/// The longest header of an unmasked frame: 2 bytes, and 2 or 8 of extended length.
constexpr std::size_t frame_header_size_max = 10;

/// Returns a complete, final, unmasked frame.
/// Format: RFC 6455, 5.2. The length takes its shortest form.
shared_bytes encode_frame(frame_kind kind, byte_view payload);
/// The same of a payload in two parts.
shared_bytes encode_frame(frame_kind kind, byte_view head, byte_view body);

/// Writes the header of such a frame alone. Returns its size.
std::size_t write_frame_header(frame_kind kind, std::size_t payload_size,
                               std::array<std::uint8_t, frame_header_size_max>& header) noexcept;

/// Takes the first of some frames that encode_frame made; returns its payload.
/// Requires: there is one, and it is whole.
byte_view take_frame(byte_view& frames);

/// How many bytes encode_frame puts before a payload of this size: 2, 4 or 10.
constexpr std::size_t frame_header_size(std::size_t payload_size) noexcept {
  return payload_size < 126 ? 2 : payload_size <= 0xFFFF ? 4 : 10;
}

/// Bytes of text in a close frame.
constexpr std::size_t close_text_size_max = 123;

/// A control frame. Requires: close, ping or pong; at most 125 bytes of payload.
shared_bytes encode_control_frame(opcode code, byte_view payload);

/// A close frame with a code and a text of at most close_text_size_max bytes.
shared_bytes encode_close_frame(std::uint16_t code, std::string_view text);

/// A ping without payload.
constexpr std::array<std::uint8_t, 2> ping_frame{0x89, 0x00};

}  // namespace troupe
