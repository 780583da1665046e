// The client's side of WebSocket, as far as a load generator needs it: the request that opens a
// connection, frames out (masked), frames in. No extensions. Pure; what the relay of bench/compare
// shares with it is here too. Format: RFC 6455.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace troupe::load {

enum class opcode : std::uint8_t {
  continuation = 0,
  text = 1,
  binary = 2,
  close = 8,
  ping = 9,
  pong = 10,
};

struct frame_header {
  std::size_t header_size = 0;  ///< With the mask's four bytes.
  std::uint64_t payload_size = 0;
  opcode code = opcode::binary;
  bool is_final = false;
  bool is_masked = false;

  std::uint64_t total_size() const noexcept { return header_size + payload_size; }
};

/// The header at the beginning of `bytes`; nothing if it is incomplete.
inline std::optional<frame_header> read_frame_header(byte_view bytes) noexcept {
  if (bytes.size() < 2) return std::nullopt;
  frame_header header;
  header.is_final = (bytes[0] & 0x80) != 0;
  header.code = static_cast<opcode>(bytes[0] & 0x0f);
  header.is_masked = (bytes[1] & 0x80) != 0;
  header.payload_size = bytes[1] & 0x7f;
  const std::size_t length_size = header.payload_size == 126   ? 2
                                  : header.payload_size == 127 ? 8
                                                               : 0;
  header.header_size = 2 + length_size + (header.is_masked ? 4 : 0);
  if (bytes.size() < header.header_size) return std::nullopt;
  if (length_size > 0) header.payload_size = 0;
  for (std::size_t i = 0; i < length_size; ++i)
    header.payload_size = header.payload_size << 8 | bytes[2 + i];
  return header;
}

enum class masking : std::uint8_t { off, on };

/// Appends a final frame whose payload is `head` and `body` one behind the other. A client masks.
void append_frame(std::vector<std::uint8_t>& out, opcode code, masking mask, byte_view head,
                  byte_view body = {});

/// XORs `bytes` with the mask before them.
void unmask(std::uint8_t* bytes, std::size_t size, const std::uint8_t* mask) noexcept;

/// The request that opens a WebSocket at `path`, always with the same key.
std::string upgrade_request(std::string_view host, std::string_view path);

/// Whether a complete response head accepts that request.
bool is_accepted(std::string_view response_head);

}  // namespace troupe::load
