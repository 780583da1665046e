// The URL of a WebSocket on another server, taken apart. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe {

struct websocket_url {
  bool is_tls = false;
  std::string host;   ///< An IPv6 address with its brackets.
  std::string port;   ///< 80 or 443 if the URL has none.
  std::string path;   ///< Begins with /, as it stands in the URL.
  std::string query;  ///< Without the ?; may be empty.
};

constexpr std::size_t websocket_url_bytes_max = 2048;

/// Reads ws://HOST[:PORT][/PATH][?QUERY], or wss://. Fails with invalid_config: it is none, has a
/// user, a fragment, a space or a control character, or more than websocket_url_bytes_max bytes;
/// the detail completes "the URL ...".
result<websocket_url> parse_websocket_url(std::string_view url);

/// Text as browsers write it into the path of a URL: what may not stand there as %XX; "/" and "%"
/// stay.
std::string path_encoded(std::string_view text);

/// Text as a part of a path or a query: all but letters, digits and -_.~ as %XX.
std::string percent_encoded(std::string_view text);

}  // namespace troupe
