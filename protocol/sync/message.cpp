#include "protocol/sync/message.hpp"

#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::sync {

namespace {

constexpr std::uint64_t type_sync = 0;
constexpr std::uint64_t type_awareness = 1;
constexpr std::uint64_t type_query_awareness = 3;
constexpr std::uint64_t step_last = 2;

}  // namespace

result<message> decode_message(byte_view frame) {
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
  if (in.ok() && !in.at_end()) in.fail(errc::trailing_bytes, "behind the message");
  if (!in.ok()) return in.error();
  return decoded;
}

byte_buffer encode_message(message_kind kind, byte_view body) {
  lib0::encoder out{body.size() + 12};
  switch (kind) {
    case message_kind::sync_step1:
    case message_kind::sync_step2:
    case message_kind::update:
      out.write_var_uint(type_sync);
      out.write_var_uint(static_cast<std::uint64_t>(kind));
      break;
    case message_kind::awareness: out.write_var_uint(type_awareness); break;
    case message_kind::query_awareness: out.write_var_uint(type_query_awareness); return out.take();
  }
  out.write_var_bytes(body);
  return out.take();
}

byte_buffer encode_keep_alive() {
  constexpr std::uint8_t no_clients[] = {0};
  return encode_message(message_kind::awareness, no_clients);
}

}  // namespace troupe::sync
