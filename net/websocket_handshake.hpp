// The server's part of the WebSocket handshake, once an upgrade request has been read. Pure.
// Source: RFC 6455, 4.2.2.
#pragma once

#include <string>
#include <string_view>

namespace troupe {

/// Whether `key` is a valid Sec-WebSocket-Key: 16 bytes in base64.
bool is_websocket_key(std::string_view key) noexcept;

/// The HTTP answer that accepts the upgrade. Requires: is_websocket_key(key).
std::string accept_upgrade(std::string_view key);

}  // namespace troupe
