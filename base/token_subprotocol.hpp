// The name by which a client passes a token among the WebSocket subprotocols that it offers, since
// a browser cannot set other headers. It is read where access is decided, and the handshake answers
// another name if it can. Pure.
#pragma once

#include <string_view>

namespace troupe {

/// The token follows: `new WebSocket(url, ["troupe", "troupe.token." + token])`.
inline constexpr std::string_view token_subprotocol_prefix = "troupe.token.";

}  // namespace troupe
