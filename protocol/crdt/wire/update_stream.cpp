#include "protocol/crdt/wire/update_stream.hpp"

#include <string>

#include "protocol/lib0/decoder.hpp"

namespace troupe::crdt {

namespace {

/// Moves a failure of the `number`th update to where that update stands.
failure in_stream(failure what, std::size_t number, std::size_t start) {
  what.detail = "update " + std::to_string(number) + " of the stream, " + what.detail;
  if (what.offset != failure::no_offset) what.offset += start;
  return what;
}

result<update_list> read_stream(byte_view bytes, const limits& limit) {
  update_list list{update_container::stream, {}};
  decoded_update ignored;
  lib0::decoder in{bytes};
  do {
    const std::size_t number = list.updates.size() + 1;
    const byte_view update = in.read_var_bytes();
    if (!in.ok()) return tl::unexpected(in_stream(in.error().value(), number, 0));
    const std::size_t start = in.offset() - update.size();
    if (const auto decoded = decode_update(update, update_format::v1, limit, ignored); !decoded)
      return tl::unexpected(in_stream(decoded.error(), number, start));
    list.updates.push_back(update);
  } while (!in.at_end());
  return list;
}

bool is_readable(byte_view bytes, update_container container, const limits& limit) {
  return read_updates(bytes, container, limit).has_value();
}

/// Whether the bytes begin with a whole update and its length.
bool begins_like_stream(byte_view bytes, const limits& limit) {
  lib0::decoder in{bytes};
  const byte_view first = in.read_var_bytes();
  return in.ok() && is_readable(first, update_container::v1, limit);
}

}  // namespace

result<update_list> read_updates(byte_view bytes, update_container container, const limits& limit) {
  if (container == update_container::stream) return read_stream(bytes, limit);
  update_list list{container, {bytes}};
  decoded_update ignored;
  TROUPE_TRY(decode_update(bytes, list.format(), limit, ignored));
  return list;
}

update_container detect_container(byte_view bytes, const limits& limit) {
  // v2 begins with the feature flag 0; v1 does only if it has no structs.
  const bool begins_with_zero = bytes.size() > 2 && bytes[0] == 0;
  if (begins_with_zero && is_readable(bytes, update_container::v2, limit))
    return update_container::v2;
  if (is_readable(bytes, update_container::v1, limit)) return update_container::v1;
  if (begins_like_stream(bytes, limit)) return update_container::stream;
  return begins_with_zero ? update_container::v2 : update_container::v1;
}

}  // namespace troupe::crdt
