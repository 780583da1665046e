// The codec of the Hocuspocus dialect: one message per binary frame, which names its session. Each
// session is of one document and joins it by its address; every update is acknowledged by a
// SyncStatus once it is stored. Format: hocuspocus_message.hpp.
#pragma once

#include "protocol/dialects/codec.hpp"

namespace troupe {

class hocuspocus_codec final : public dialect_codec {
 public:
  constexpr hocuspocus_codec() noexcept
      : dialect_codec({.name = "hocuspocus",
                       .frames = frame_kind::binary,
                       .joins = joining::by_address,
                       .has_errors = false,
                       .answers_forbidden = true,
                       .merges_updates = true,
                       .takes_pieces = true,
                       .acknowledges_by_echo = false,
                       .needs_keep_alive = true,
                       .carries_sessions = true,
                       .acknowledges_each = true}) {}

  result<void> decode(byte_view frame, decoded_frame& into) const override;
  void encode(const notice& what, std::optional<std::string_view> document,
              frame_sink& out) const override;
  result<envelope> read_envelope(byte_view frame) const override;
  void readdress(byte_view payload, std::string_view address, frame_sink& out) const override;
};

}  // namespace troupe
