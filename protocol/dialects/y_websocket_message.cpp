#include "protocol/dialects/y_websocket_message.hpp"

#include "protocol/lib0/decoder.hpp"

namespace troupe::sync {

namespace {

constexpr std::uint8_t type_sync = 0;
constexpr std::uint8_t type_awareness = 1;
constexpr std::uint8_t type_query_awareness = 3;
constexpr std::uint64_t step_last = 2;

}  // namespace

result<message> take_message(byte_view& frame) {
  if (frame.empty()) return fail(errc::unknown_message, "empty frame");
  lib0::decoder in{frame};
  message decoded{message_kind::query_awareness, {}};
  const std::uint64_t type = in.read_var_uint();
  if (in.ok() && type == type_sync) {
    const std::uint64_t step = in.read_var_uint();
    if (in.ok() && step > step_last) in.fail(errc::unknown_message, "sync step");
    decoded.kind = static_cast<message_kind>(step);
  } else if (in.ok() && type == type_awareness) {
    decoded.kind = message_kind::awareness;
  } else if (in.ok() && type != type_query_awareness) {
    in.fail(errc::unknown_message, "message type");
  }
  if (in.ok() && decoded.kind != message_kind::query_awareness) decoded.body = in.read_var_bytes();
  if (!in.ok()) return in.error();
  frame = frame.last(in.remaining());
  return decoded;
}

result<message> decode_message(byte_view frame) {
  TROUPE_ASSIGN(const message decoded, take_message(frame));
  if (!frame.empty()) return fail(errc::trailing_bytes, "behind the message");
  return decoded;
}

message_head encode_message_head(message_kind kind, std::size_t body_size) noexcept {
  message_head head;
  const auto put = [&head](std::uint8_t byte) { head.bytes[head.size++] = byte; };
  if (kind == message_kind::query_awareness) {
    put(type_query_awareness);
    return head;
  }
  if (kind == message_kind::awareness) {
    put(type_awareness);
  } else {
    put(type_sync);
    put(static_cast<std::uint8_t>(kind));
  }
  std::uint64_t rest = body_size;
  for (; rest >= 0x80; rest >>= 7) put(static_cast<std::uint8_t>(rest | 0x80));
  put(static_cast<std::uint8_t>(rest));
  return head;
}

byte_buffer encode_message(message_kind kind, byte_view body) {
  const message_head head = encode_message_head(kind, body.size());
  byte_buffer message;
  message.reserve(head.size + body.size());
  message.insert(message.end(), head.bytes.begin(),
                 head.bytes.begin() + static_cast<std::ptrdiff_t>(head.size));
  if (kind != message_kind::query_awareness)
    message.insert(message.end(), body.begin(), body.end());
  return message;
}

}  // namespace troupe::sync
