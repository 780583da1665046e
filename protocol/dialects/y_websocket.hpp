// The codec of the y-websocket dialect: one message per binary frame, bytes through and through.
// Its clients are joined to the document of their address, have no error messages and no message
// ids; an update comes back to its author as the confirmation that it is stored. Format:
// y_websocket_message.hpp. Source: y-protocols 1.0, y-websocket 3.0.
#pragma once

#include "protocol/dialects/codec.hpp"

namespace troupe {

/// The dialects of the same family derive from it.
class y_websocket_codec : public dialect_codec {
 public:
  constexpr y_websocket_codec() noexcept
      : dialect_codec({.name = "y-websocket",
                       .frames = frame_kind::binary,
                       .joins = joining::by_address,
                       .has_errors = false,
                       .answers_forbidden = true,
                       .merges_updates = true,
                       .takes_pieces = true,
                       .acknowledges_by_echo = true,
                       .needs_keep_alive = true}) {}

  result<void> decode(byte_view frame, decoded_frame& into) const override;
  void encode(const notice& what, std::optional<std::string_view> document,
              frame_sink& out) const override;

 protected:
  explicit constexpr y_websocket_codec(const dialect_traits& traits) noexcept
      : dialect_codec(traits) {}
};

}  // namespace troupe
