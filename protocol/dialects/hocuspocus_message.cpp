#include "protocol/dialects/hocuspocus_message.hpp"

#include <algorithm>

#include "base/check.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::hocuspocus {

namespace {

void read_sync(lib0::decoder& in, message& into) {
  const std::uint64_t step = in.read_var_uint();
  if (step > static_cast<std::uint64_t>(sync_step::update))
    return in.fail(errc::unknown_message, "sync step");
  into.step = static_cast<sync_step>(step);
  into.body = in.read_var_bytes();
}

void read_text(lib0::decoder& in, message& into) {
  into.body = as_bytes(in.read_var_string("text"));
}

void read_auth(lib0::decoder& in, message& into) {
  if (in.read_var_uint() != static_cast<std::uint64_t>(auth_type::token))
    return in.fail(errc::unknown_message, "auth type");
  read_text(in, into);
}

}  // namespace

result<address> take_address(byte_view& frame) {
  lib0::decoder in{frame};
  const std::string_view whole = in.read_var_string("address");
  if (!in.ok()) return in.error();
  if (whole.size() > address_bytes_max) return fail(errc::name_too_long, "address");
  frame = frame.last(in.remaining());
  return address{whole, whole.substr(0, whole.find('\0'))};
}

result<message> read_message(byte_view behind_address) {
  lib0::decoder in{behind_address};
  const std::uint64_t type = in.read_var_uint();
  if (!in.ok()) return in.error();
  if (type > static_cast<std::uint64_t>(message_type::pong))
    return fail(errc::unknown_message, "message type");
  message read;
  read.type = static_cast<message_type>(type);
  switch (read.type) {
    case message_type::sync: read_sync(in, read); break;
    case message_type::awareness: read.body = in.read_var_bytes(); break;
    case message_type::stateless: read_text(in, read); break;
    case message_type::query_awareness: break;
    case message_type::auth:
    case message_type::close:
      // Whatever later versions put behind it.
      if (read.type == message_type::auth) read_auth(in, read);
      if (!in.ok()) return in.error();
      return read;
    case message_type::sync_reply:
    case message_type::broadcast_stateless:
    case message_type::sync_status:
    case message_type::ping:
    case message_type::pong: return fail(errc::unknown_message, "a client does not send this");
  }
  if (!in.ok()) return in.error();
  if (!in.at_end()) return fail(errc::trailing_bytes, "behind the message");
  return read;
}

void message_head::put_size(std::uint64_t number) noexcept {
  for (; number >= 0x80; number >>= 7) put_byte(static_cast<std::uint8_t>(number | 0x80));
  put_byte(static_cast<std::uint8_t>(number));
}

void message_head::put(byte_view part) noexcept {
  TROUPE_CHECK(part.size() <= address_bytes_max);
  std::ranges::copy(part, bytes_.begin() + static_cast<std::ptrdiff_t>(size_));
  size_ += part.size();
}

}  // namespace troupe::hocuspocus
