// What is said to a server of Yjs clients to get the state of a document, and what of its answers
// matters, in the protocols of y-websocket and of Hocuspocus. Pure.
// Source: y-protocols 1.0, @hocuspocus/provider 4.8; docs/hocuspocus-dialect.md.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace troupe {

enum class upstream_protocol : std::uint8_t { y_websocket, hocuspocus };

/// The frames with which a client that has nothing begins. The token is Hocuspocus's.
std::vector<byte_buffer> upstream_greeting(upstream_protocol protocol, std::string_view document,
                                           std::string_view token);

/// What a frame of the server brings of a document.
struct upstream_answer {
  std::vector<byte_view> updates;  ///< Parts of the frame, format v1.
  bool is_whole = false;           ///< The answer to the state vector is among them.
};

/// Reads a frame; what does not matter is left out. Fails with forbidden: the server says so;
/// and with truncated, number_too_large, and invalid_utf8.
result<upstream_answer> read_upstream_frame(upstream_protocol protocol, byte_view frame);

}  // namespace troupe
