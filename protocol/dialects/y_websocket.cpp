#include "protocol/dialects/y_websocket.hpp"

#include "protocol/dialects/y_websocket_message.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe {

namespace {

using sync::message_kind;

request_kind request_of(message_kind kind) noexcept {
  switch (kind) {
    case message_kind::sync_step1: return request_kind::sync;
    case message_kind::sync_step2:
    case message_kind::update: return request_kind::update;
    case message_kind::awareness: return request_kind::presence;
    case message_kind::query_awareness: break;
  }
  return request_kind::query_presence;
}

void add_message(message_kind kind, byte_view body, frame_sink& out) {
  out.add(sync::encode_message_head(kind, body.size()).view(), body);
}

/// Source: y-protocols 1.0 auth.js, writePermissionDenied.
void add_denial(byte_view reason, frame_sink& out) {
  constexpr std::uint8_t auth_type = 2;
  constexpr std::uint8_t permission_denied = 0;
  lib0::encoder message{reason.size() + 8};
  message.write_uint8(auth_type);
  message.write_uint8(permission_denied);
  message.write_var_string(as_text(reason));
  out.add({}, message.view());
}

}  // namespace

result<void> y_websocket_codec::decode(byte_view frame, decoded_frame& into) const {
  into.clear();
  into.rest = frame;
  TROUPE_ASSIGN(const sync::message message, sync::take_message(into.rest));
  into.kind = request_of(message.kind);
  into.body = message.body;
  into.answers_question = message.kind == message_kind::sync_step2;
  return {};
}

void y_websocket_codec::encode(const notice& what, std::optional<std::string_view>,
                               frame_sink& out) const {
  switch (what.kind) {
    case notice_kind::state:
      for (const byte_buffer& piece : what.pieces) add_message(message_kind::update, piece, out);
      add_message(message_kind::sync_step2, what.body.view(), out);
      return add_message(message_kind::sync_step1, what.extra.view(), out);
    case notice_kind::question: return add_message(message_kind::sync_step1, what.body.view(), out);
    case notice_kind::update: return add_message(message_kind::update, what.body.view(), out);
    case notice_kind::presence:
      for (const byte_buffer& piece : what.pieces) add_message(message_kind::awareness, piece, out);
      return add_message(message_kind::awareness, what.body.view(), out);
    case notice_kind::whole_state:
    case notice_kind::contents:
    case notice_kind::new_contents:
    case notice_kind::event:
    case notice_kind::ack:
    case notice_kind::admitted:
    case notice_kind::token_wanted:
    case notice_kind::denied:
    case notice_kind::closed: return;
    case notice_kind::error:
      // Clients warn on their console; they have no other errors.
      if (what.error == request_error::forbidden) add_denial(what.body.view(), out);
      return;
  }
}

}  // namespace troupe
