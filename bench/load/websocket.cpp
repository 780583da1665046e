#include "bench/load/websocket.hpp"

#include <cstring>

namespace troupe::load {

namespace {

// The example of RFC 6455, 1.3. One key for all connections saves a client the hashing; servers
// cannot tell.
constexpr std::string_view key = "dGhlIHNhbXBsZSBub25jZQ==";
constexpr std::string_view accepted_key = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

// Not zero: a server might pass such masks over.
constexpr std::array<std::uint8_t, 4> mask_key{0x5a, 0xc3, 0x17, 0x9e};

}  // namespace

void append_frame(std::vector<std::uint8_t>& out, opcode code, masking mask, byte_view head,
                  byte_view body) {
  const std::uint64_t size = head.size() + body.size();
  const std::uint8_t mask_bit = mask == masking::on ? 0x80 : 0;
  out.push_back(static_cast<std::uint8_t>(0x80 | static_cast<std::uint8_t>(code)));
  const unsigned length_size = size < 126 ? 0 : size <= 0xffff ? 2 : 8;
  const std::uint64_t short_size = length_size == 0 ? size : length_size == 2 ? 126 : 127;
  out.push_back(static_cast<std::uint8_t>(mask_bit | short_size));
  for (unsigned i = length_size; i > 0; --i)
    out.push_back(static_cast<std::uint8_t>(size >> (8 * (i - 1))));
  if (mask == masking::on) out.insert(out.end(), mask_key.begin(), mask_key.end());
  const std::size_t start = out.size();
  out.insert(out.end(), head.begin(), head.end());
  out.insert(out.end(), body.begin(), body.end());
  if (mask == masking::on) unmask(out.data() + start, size, mask_key.data());
}

void unmask(std::uint8_t* bytes, std::size_t size, const std::uint8_t* mask) noexcept {
  std::uint32_t narrow = 0;
  std::memcpy(&narrow, mask, sizeof narrow);
  const std::uint64_t wide = std::uint64_t{narrow} << 32 | narrow;
  std::size_t at = 0;
  for (; at + sizeof wide <= size; at += sizeof wide) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes + at, sizeof word);
    word ^= wide;
    std::memcpy(bytes + at, &word, sizeof word);
  }
  for (; at < size; ++at) bytes[at] ^= mask[at % 4];
}

std::string upgrade_request(std::string_view host, std::string_view path) {
  std::string request{"GET "};
  request.append(path).append(" HTTP/1.1\r\nHost: ").append(host);
  request.append("\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13");
  request.append("\r\nSec-WebSocket-Key: ").append(key).append("\r\n\r\n");
  return request;
}

bool is_accepted(std::string_view response_head) {
  return response_head.starts_with("HTTP/1.1 101") &&
         response_head.find(accepted_key) != std::string_view::npos;
}

}  // namespace troupe::load
