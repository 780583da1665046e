// The server's part of the WebSocket handshake, once an upgrade request has been read. Pure.
// Source: RFC 6455, 4.2.2.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace troupe {

/// Whether `key` is a valid Sec-WebSocket-Key: 16 bytes in base64.
bool is_websocket_key(std::string_view key) noexcept;

/// Which of the offered subprotocols is answered: the first that `known` has, or simply the first
/// if `known` is empty; empty text for none. Clients pass tokens this way: the values are never
/// logged, and one that is a token (base/token_subprotocol.hpp) is answered only if nothing else is
/// offered, since browsers give up a connection without an answer. Returns nothing if an offer is
/// no token, so that it cannot be answered. `offered`: the values of the Sec-WebSocket-Protocol
/// headers, in order, with commas between them.
std::optional<std::string_view> choose_subprotocol(std::string_view offered,
                                                   std::span<const std::string> known) noexcept;

/// The HTTP answer that accepts the upgrade, with a subprotocol if it is not empty. Requires:
/// is_websocket_key(key).
std::string accept_upgrade(std::string_view key, std::string_view subprotocol = {});

}  // namespace troupe
