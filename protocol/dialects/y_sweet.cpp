#include "protocol/dialects/y_sweet.hpp"

#include <array>

#include "protocol/lib0/decoder.hpp"

namespace troupe {

namespace {

constexpr std::uint8_t type_query_with_presence = 3;
constexpr std::uint8_t type_sync_status = 102;

static_assert(receipt_size_bytes_max < 128, "its size is one byte");

/// A message whose body has its size before it. Returns false if this is none that only y-sweet
/// has.
result<bool> take_own(byte_view frame, decoded_frame& into) {
  lib0::decoder in{frame};
  const std::uint64_t type = in.read_var_uint();
  const bool is_status = in.ok() && type == type_sync_status;
  // Asked who is present, a client sends its own presence under the type of the question.
  const bool is_presence = in.ok() && type == type_query_with_presence && in.remaining() > 0;
  if (!is_status && !is_presence) return false;
  into.kind = is_status ? request_kind::receipt : request_kind::presence;
  into.body = in.read_var_bytes();
  if (!in.ok()) return in.error();
  if (is_status && into.body.size() > receipt_size_bytes_max)
    return fail(errc::update_too_large, "a sync status of more than 16 bytes");
  into.rest = frame.last(in.remaining());
  return true;
}

}  // namespace

result<void> y_sweet_codec::decode(byte_view frame, decoded_frame& into) const {
  into.clear();
  TROUPE_ASSIGN(const bool is_own, take_own(frame, into));
  return is_own ? result<void>{} : y_websocket_codec::decode(frame, into);
}

void y_sweet_codec::encode(const notice& what, std::optional<std::string_view> document,
                           frame_sink& out) const {
  if (what.kind != notice_kind::ack) return y_websocket_codec::encode(what, document, out);
  const byte_view returned = what.extra.view();
  if (returned.empty()) return;
  const std::array<std::uint8_t, 2> head{type_sync_status,
                                         static_cast<std::uint8_t>(returned.size())};
  out.add(head, returned);
}

}  // namespace troupe
