#include "protocol/dialects/upstream_message.hpp"

#include "protocol/dialects/hocuspocus_message.hpp"
#include "protocol/dialects/y_websocket_message.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe {

namespace {

// Types of messages that both protocols share.
constexpr std::uint64_t type_sync = 0;
constexpr std::uint64_t type_auth = 2;

constexpr std::uint64_t auth_token = 0;
constexpr std::uint64_t auth_denied_y_websocket = 0;
constexpr std::uint64_t auth_denied_hocuspocus = 1;

/// A state vector without clients.
constexpr std::uint8_t knows_nothing[] = {0};

byte_buffer hocuspocus_token_frame(std::string_view document, std::string_view token) {
  lib0::encoder frame;
  frame.write_var_bytes(as_bytes(document));
  frame.write_var_uint(type_auth);
  frame.write_var_uint(auth_token);
  frame.write_var_bytes(as_bytes(token));
  return frame.take();
}

/// What follows the type of a sync.
void read_sync(lib0::decoder& from, upstream_answer& answer) {
  const std::uint64_t step = from.read_var_uint();
  const byte_view body = from.read_var_bytes();
  if (!from.ok() || step == 0) return;
  answer.updates.push_back(body);
  answer.is_whole = answer.is_whole || step == 1;
}

result<upstream_answer> denied(lib0::decoder& from) {
  const std::string_view why = from.read_var_string("reason");
  return fail(errc::forbidden, std::string{"the server denies access: "}.append(why));
}

result<upstream_answer> read_y_websocket(byte_view frame) {
  lib0::decoder from{frame};
  upstream_answer answer;
  // A server may put several messages into a frame.
  while (from.ok() && !from.at_end()) {
    const std::uint64_t type = from.read_var_uint();
    if (type == type_auth && from.read_var_uint() == auth_denied_y_websocket && from.ok())
      return denied(from);
    if (type != type_sync) return answer;
    read_sync(from, answer);
  }
  if (!from.ok()) return from.error();
  return answer;
}

result<upstream_answer> read_hocuspocus(byte_view frame) {
  upstream_answer answer;
  // Pings and pongs have no address.
  if (frame.size() < 2) return answer;
  lib0::decoder from{frame};
  from.read_var_string("address");
  const std::uint64_t type = from.read_var_uint();
  if (type == static_cast<std::uint64_t>(hocuspocus::message_type::close)) return denied(from);
  if (type == type_auth && from.read_var_uint() == auth_denied_hocuspocus && from.ok())
    return denied(from);
  if (type == type_sync) read_sync(from, answer);
  if (!from.ok()) return from.error();
  return answer;
}

}  // namespace

std::vector<byte_buffer> upstream_greeting(upstream_protocol protocol, std::string_view document,
                                           std::string_view token) {
  byte_buffer question = sync::encode_message(sync::message_kind::sync_step1, knows_nothing);
  if (protocol == upstream_protocol::y_websocket) return {std::move(question)};
  lib0::encoder addressed;
  addressed.write_var_bytes(as_bytes(document));
  addressed.write_bytes(question);
  return {hocuspocus_token_frame(document, token), addressed.take()};
}

result<upstream_answer> read_upstream_frame(upstream_protocol protocol, byte_view frame) {
  return protocol == upstream_protocol::y_websocket ? read_y_websocket(frame)
                                                    : read_hocuspocus(frame);
}

}  // namespace troupe
