// The codec of the JSON dialect: one message per text frame. A sync joins the document that it
// names; errors and acknowledgements are messages.
// Format: docs/json-dialect.md; json_request reads it, json_reply writes it.
#pragma once

#include "protocol/dialects/codec.hpp"

namespace troupe {

class json_codec final : public dialect_codec {
 public:
  /// `which`: json, or json_contents, which differs in what it says of updates: nothing, since
  /// whoever receives it has asked for contents.
  explicit constexpr json_codec(dialect which) noexcept
      : dialect_codec({.name = which == dialect::json ? "json" : "json-contents",
                       .frames = frame_kind::text,
                       .joins = joining::by_sync,
                       .has_errors = true,
                       .answers_forbidden = true,
                       .merges_updates = false,
                       .acknowledges_by_echo = false,
                       .needs_keep_alive = false,
                       .reads_in = dialect::json_contents}),
        which_(which) {}

  result<void> decode(byte_view frame, decoded_frame& into) const override;
  void decode_head(byte_view head, decoded_frame& into) const override;
  void encode(const notice& what, std::optional<std::string_view> document,
              frame_sink& out) const override;

 private:
  dialect which_;
};

}  // namespace troupe
