// The frames that the server writes itself, past Beast: a frame is encoded once, with its WebSocket
// header, and the same bytes go to every receiver. Possible because a server does not mask its
// frames. Pure.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/bytes.hpp"

namespace troupe {

enum class frame_kind : std::uint8_t { text, binary };

/// The longest header of an unmasked frame: 2 bytes, and 2 or 8 of extended length.
constexpr std::size_t frame_header_size_max = 10;

/// Returns a complete, final, unmasked frame.
/// Format: RFC 6455, 5.2. The length takes its shortest form.
shared_bytes encode_frame(frame_kind kind, byte_view payload);

/// How many bytes encode_frame puts before a payload of this size: 2, 4 or 10.
constexpr std::size_t frame_header_size(std::size_t payload_size) noexcept {
  return payload_size < 126 ? 2 : payload_size <= 0xFFFF ? 4 : 10;
}

/// A ping without payload.
constexpr std::array<std::uint8_t, 2> ping_frame{0x89, 0x00};

}  // namespace troupe
