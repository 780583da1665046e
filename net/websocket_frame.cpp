#include "net/websocket_frame.hpp"

#include <algorithm>

#include "base/check.hpp"

namespace troupe {
namespace {

constexpr std::size_t control_payload_size_max = 125;

/// The first byte of a frame that is a message by itself.
constexpr std::uint8_t first_byte(opcode code) noexcept {
  constexpr std::uint8_t final_bit = 0x80;
  return static_cast<std::uint8_t>(final_bit | static_cast<std::uint8_t>(code));
}

}  // namespace

std::size_t write_frame_header(frame_kind kind, std::size_t payload_size,
                               std::array<std::uint8_t, frame_header_size_max>& header) noexcept {
  const std::size_t header_size = frame_header_size(payload_size);
  header[0] = first_byte(kind == frame_kind::text ? opcode::text : opcode::binary);
  if (header_size == 2) {
    header[1] = static_cast<std::uint8_t>(payload_size);
  } else {
    header[1] = header_size == 4 ? 126 : 127;
    std::uint64_t rest = payload_size;
    for (std::size_t i = header_size; i > 2; --i, rest >>= 8)
      header[i - 1] = static_cast<std::uint8_t>(rest & 0xFF);
  }
  return header_size;
}

shared_bytes encode_frame(frame_kind kind, byte_view payload) {
  return encode_frame(kind, payload, {});
}

shared_bytes encode_frame(frame_kind kind, byte_view head, byte_view body) {
  std::array<std::uint8_t, frame_header_size_max> header{};
  const std::size_t header_size = write_frame_header(kind, head.size() + body.size(), header);
  return shared_bytes::copy_of(byte_view{header.data(), header_size}, head, body);
}

byte_view take_frame(byte_view& frames) {
  TROUPE_CHECK(frames.size() >= 2);
  const std::size_t header_size = frames[1] < 126 ? 2 : frames[1] == 126 ? 4 : 10;
  TROUPE_CHECK(frames.size() >= header_size);
  std::uint64_t size = header_size == 2 ? frames[1] : 0;
  for (std::size_t i = 2; i < header_size; ++i) size = size << 8 | frames[i];
  TROUPE_CHECK(frames.size() - header_size >= size);
  const byte_view payload = frames.subspan(header_size, size);
  frames = frames.subspan(header_size + size);
  return payload;
}

shared_bytes encode_control_frame(opcode code, byte_view payload) {
  TROUPE_CHECK(payload.size() <= control_payload_size_max);
  const std::array<std::uint8_t, 2> header{first_byte(code),
                                           static_cast<std::uint8_t>(payload.size())};
  return shared_bytes::copy_of(header, payload);
}

shared_bytes encode_close_frame(std::uint16_t code, std::string_view text) {
  std::array<std::uint8_t, control_payload_size_max> body{};
  TROUPE_CHECK(text.size() <= body.size() - 2);
  body[0] = static_cast<std::uint8_t>(code >> 8);
  body[1] = static_cast<std::uint8_t>(code & 0xFF);
  std::copy(text.begin(), text.end(), body.begin() + 2);
  return encode_control_frame(opcode::close, byte_view{body.data(), text.size() + 2});
}

}  // namespace troupe
