#include "net/websocket_handshake.hpp"

#include <algorithm>
#include <array>

#include <openssl/evp.h>
#include <openssl/sha.h>

#include "base/token_subprotocol.hpp"
#include "base/trim.hpp"

namespace troupe {

namespace {

constexpr std::size_t key_size = 24;
constexpr std::string_view protocol_guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

bool is_base64(char letter) noexcept {
  return (letter >= 'A' && letter <= 'Z') || (letter >= 'a' && letter <= 'z') ||
         (letter >= '0' && letter <= '9') || letter == '+' || letter == '/';
}

/// Source: RFC 9110, 5.6.2.
bool is_token(std::string_view text) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  return !text.empty() && std::ranges::all_of(text, [&](char letter) {
    const bool is_alphanumeric = is_base64(letter) && letter != '/';
    return is_alphanumeric || marks.find(letter) != std::string_view::npos;
  });
}

}  // namespace

std::optional<std::string_view> choose_subprotocol(std::string_view offered,
                                                   std::span<const std::string> known) noexcept {
  std::string_view chosen, token;
  bool has_others = false;
  while (!offered.empty()) {
    const std::string_view item = offered.substr(0, offered.find(','));
    offered.remove_prefix(std::min(item.size() + 1, offered.size()));
    const std::string_view one = trimmed(item, " \t");
    if (one.empty()) continue;  // RFC 9110, 5.6.1: empty items of a list are ignored
    if (!is_token(one)) return std::nullopt;
    if (one.starts_with(token_subprotocol_prefix)) {
      token = one;
      continue;
    }
    has_others = true;
    if (chosen.empty() && (known.empty() || std::ranges::find(known, one) != known.end()))
      chosen = one;
  }
  return has_others ? chosen : token;
}

bool is_websocket_key(std::string_view key) noexcept {
  return key.size() == key_size && key.ends_with("==") &&
         std::all_of(key.begin(), key.end() - 2, is_base64);
}

std::string accept_upgrade(std::string_view key, std::string_view subprotocol) {
  const std::string text = std::string{key}.append(protocol_guid);
  std::array<unsigned char, SHA_DIGEST_LENGTH> digest{};
  SHA1(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::array<unsigned char, 4 * ((SHA_DIGEST_LENGTH + 2) / 3) + 1> encoded{};
  const int size = EVP_EncodeBlock(encoded.data(), digest.data(), digest.size());
  std::string answer =
      "HTTP/1.1 101 Switching Protocols\r\nServer: troupe\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Accept: ";
  answer.append(reinterpret_cast<const char*>(encoded.data()), static_cast<std::size_t>(size));
  if (!subprotocol.empty()) answer.append("\r\nSec-WebSocket-Protocol: ").append(subprotocol);
  return answer.append("\r\n\r\n");
}

}  // namespace troupe
