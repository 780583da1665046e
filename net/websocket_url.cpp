#include "net/websocket_url.hpp"

#include <algorithm>

#include "net/host_name.hpp"

namespace troupe {

namespace {

constexpr std::string_view plain_scheme = "ws://";
constexpr std::string_view tls_scheme = "wss://";

bool may_stand_in_url(char c) noexcept {
  return static_cast<unsigned char>(c) > 0x20 && c != 0x7f && c != '#' && c != '\\';
}

bool is_unreserved(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

/// Source: URL Standard, path percent-encode set.
bool stays_in_path(char c) noexcept {
  constexpr std::string_view encoded = "\"#<>?^`{}";
  return c > 0x20 && c < 0x7f && encoded.find(c) == std::string_view::npos;
}

std::string encoded_unless(bool (*stays)(char), std::string_view text) {
  constexpr std::string_view hexadecimal = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    if (stays(c)) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(hexadecimal[byte >> 4]);
    encoded.push_back(hexadecimal[byte & 15]);
  }
  return encoded;
}

}  // namespace

result<websocket_url> parse_websocket_url(std::string_view url) {
  const auto refuse = [](std::string_view why) { return fail(errc::invalid_config, why); };
  if (url.size() > websocket_url_bytes_max) return refuse("is longer than 2048 bytes");
  if (!std::ranges::all_of(url, may_stand_in_url))
    return refuse("has a character that no URL of a WebSocket has");
  websocket_url found;
  found.is_tls = url.starts_with(tls_scheme);
  if (!found.is_tls && !url.starts_with(plain_scheme))
    return refuse("does not begin with ws:// or wss://");
  url.remove_prefix(found.is_tls ? tls_scheme.size() : plain_scheme.size());

  const std::string_view authority = url.substr(0, url.find_first_of("/?"));
  if (authority.find('@') != std::string_view::npos) return refuse("has a user or a password");
  const host_and_port where = split_host(authority);
  if (where.host.empty()) return refuse("has no host");
  found.host = where.host;
  found.port = where.port.empty() ? (found.is_tls ? "443" : "80") : std::string{where.port};

  url.remove_prefix(authority.size());
  const std::size_t end = std::min(url.find('?'), url.size());
  found.path = end == 0 ? "/" : std::string{url.substr(0, end)};
  if (end < url.size()) found.query = url.substr(end + 1);
  return found;
}

std::string path_encoded(std::string_view text) { return encoded_unless(stays_in_path, text); }

std::string percent_encoded(std::string_view text) { return encoded_unless(is_unreserved, text); }

}  // namespace troupe
