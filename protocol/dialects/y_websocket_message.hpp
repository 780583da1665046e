// The messages of the y-websocket dialect: what stands in binary frames, of which
// a client may put several into one.
// Format: varUint type (0 sync, 1 awareness, 2 auth, 3 query awareness); sync continues with
// varUint step (0 step 1, 1 step 2, 2 update); then varUint length + bytes. A query has no body.
// Source: y-protocols 1.0 sync.js, awareness.js, PROTOCOL.md; y-websocket 3.0.
#pragma once

#include <array>

#include "base/bytes.hpp"
#include "base/errc.hpp"

namespace troupe::sync {

enum class message_kind : std::uint8_t {
  sync_step1,       ///< body: a state vector
  sync_step2,       ///< body: an update
  update,           ///< body: an update
  awareness,        ///< body: an awareness update
  query_awareness,  ///< no body
};

struct message {
  message_kind kind;
  byte_view body;  ///< Part of the frame.
};

/// Takes the first message from the front of a frame that a client sent. The body is not looked
/// into. Fails with truncated, number_too_large; with unknown_message for an empty frame and for
/// types that a client does not send us, such as auth.
result<message> take_message(byte_view& frame);

/// Reads a frame of one message.
/// Fails with truncated, trailing_bytes, unknown_message (auth is the server's to send),
/// number_too_large.
result<message> decode_message(byte_view frame);

/// What stands before the body of a message of this kind: type, step and length.
struct message_head {
  static constexpr std::size_t size_max = 12;
  std::array<std::uint8_t, size_max> bytes{};
  std::size_t size = 0;

  byte_view view() const noexcept { return {bytes.data(), size}; }
};
message_head encode_message_head(message_kind kind, std::size_t body_size) noexcept;

/// The bytes of one message.
byte_buffer encode_message(message_kind kind, byte_view body);

}  // namespace troupe::sync
