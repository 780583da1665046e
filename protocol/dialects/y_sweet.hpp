// The codec of y-sweet's dialect: that of y-websocket, and a message by which a client asks whether
// all that it has sent is stored. It comes back when that is so, with the bytes that the client has
// put into it; updates have no other confirmation. Format: docs/y-sweet-dialect.md.
// Source: @y-sweet/client 0.9, provider.ts.
#pragma once

#include "protocol/dialects/y_websocket.hpp"

namespace troupe {

class y_sweet_codec final : public y_websocket_codec {
 public:
  constexpr y_sweet_codec() noexcept
      : y_websocket_codec({.name = "y-sweet",
                           .frames = frame_kind::binary,
                           .joins = joining::by_address,
                           .has_errors = false,
                           .answers_forbidden = true,
                           .merges_updates = true,
                           .takes_pieces = true,
                           .acknowledges_by_echo = false,
                           .needs_keep_alive = true,
                           .gives_receipts = true}) {}

  /// Fails with update_too_large above receipt_size_bytes_max; else as that of y-websocket.
  result<void> decode(byte_view frame, decoded_frame& into) const override;
  void encode(const notice& what, std::optional<std::string_view> document,
              frame_sink& out) const override;
};

}  // namespace troupe
