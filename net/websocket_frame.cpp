#include "net/websocket_frame.hpp"

namespace troupe {
namespace {

constexpr std::uint8_t final_text = 0x81;
constexpr std::uint8_t final_binary = 0x82;

}  // namespace

shared_bytes encode_frame(frame_kind kind, byte_view payload) {
  std::array<std::uint8_t, frame_header_size_max> header{};
  const std::size_t header_size = frame_header_size(payload.size());
  header[0] = kind == frame_kind::text ? final_text : final_binary;
  if (header_size == 2) {
    header[1] = static_cast<std::uint8_t>(payload.size());
  } else {
    header[1] = header_size == 4 ? 126 : 127;
    std::uint64_t rest = payload.size();
    for (std::size_t i = header_size; i > 2; --i, rest >>= 8)
      header[i - 1] = static_cast<std::uint8_t>(rest & 0xFF);
  }
  return shared_bytes::copy_of(byte_view{header.data(), header_size}, payload);
}

}  // namespace troupe
