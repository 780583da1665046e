#include "protocol/crdt/wire/simple_update.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "protocol/crdt/wire/info_byte.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/quick_reader.hpp"

namespace troupe::crdt {

using namespace info_byte;

simple_update::kind simple_update::read(byte_view update, const client_lookup& known) noexcept {
  static_assert(looked_at_beyond >= lib0::size_max_of_few);
  if (update.size() < 2 || update.size() > size_max) return kind::other;
  std::memcpy(bytes_.data(), update.data(), update.size());
  std::memset(bytes_.data() + update.size(), 0, looked_at_beyond);
  // The count of clients, and for the one the count of its structs or ranges.
  if (update[0] == 1 && update[1] == 1) return read_text(update.size(), known);
  if (update[0] == 0 && update[1] == 1) return read_deletion(update.size(), known);
  return kind::other;
}

simple_update::kind simple_update::read_text(std::size_t size,
                                             const client_lookup& known) noexcept {
  // Zeros follow, so that reading beyond the end of the update fails only by where it ends.
  lib0::decoder in{{bytes_.data() + 2, size + looked_at_beyond - 2}};
  lib0::decoder::familiar_var_uint id;
  client_ = known.find(in.read_var_uint(id));
  const std::uint64_t clock = in.read_var_uint();
  const std::uint8_t info = in.read_uint8();
  if ((info & (kind_bits | key_bit | origin_bit)) !=
      (static_cast<std::uint8_t>(content_kind::string) | origin_bit))
    return kind::other;
  text_.kind = content_kind::string;
  text_.origin.client = known.find(in.read_var_uint(id));
  const std::uint64_t origin_clock = in.read_var_uint();
  bool is_odd = client_ == no_client || text_.origin.is_none() ||
                (text_.origin.client == client_ && origin_clock >= clock);
  std::uint64_t right_origin_clock = 0;
  if ((info & right_origin_bit) != 0) {
    text_.right_origin.client = known.find(in.read_var_uint(id));
    right_origin_clock = in.read_var_uint();
    is_odd = is_odd || text_.right_origin.is_none() ||
             (text_.right_origin.client == client_ && right_origin_clock >= clock);
  }
  const std::uint64_t text_size = in.read_var_uint();
  const std::size_t at = 2 + in.offset();
  if (is_odd || !in.ok() || text_size == 0 || at + text_size + 1 != size ||
      bytes_[size - 1] != 0)  // no deletions
    return kind::other;
  text_.content = bytes_.data() + at;
  text_.content_size = static_cast<std::uint32_t>(text_size);
  std::size_t length = text_size;
  if (text_size > lib0::size_max_of_few || !lib0::is_ascii_in_few(text_.content, text_size)) {
    const auto units = utf16_length_if_valid(text_.content_bytes());
    if (!units) return kind::other;
    length = *units;
  }
  if (std::max({clock + length, origin_clock + 1, right_origin_clock + 1}) > clock_max)
    return kind::other;
  text_.is_ascii = length == text_size;
  text_.clock = static_cast<clock_type>(clock);
  text_.length = static_cast<clock_type>(length);
  text_.origin.clock = static_cast<clock_type>(origin_clock);
  text_.right_origin.clock = static_cast<clock_type>(right_origin_clock);
  return kind::text;
}

simple_update::kind simple_update::read_deletion(std::size_t size,
                                                 const client_lookup& known) noexcept {
  lib0::decoder in{{bytes_.data() + 2, size + looked_at_beyond - 2}};
  client_ = known.find(in.read_var_uint());
  const std::uint8_t range_count = in.read_uint8();
  const std::uint64_t clock = in.read_var_uint();
  const std::uint64_t length = in.read_var_uint();
  if (!in.ok() || 2 + in.offset() != size || client_ == no_client || range_count != 1 ||
      length == 0 || clock > clock_max || length > clock_max - clock)
    return kind::other;
  deleted_ = {static_cast<clock_type>(clock), static_cast<clock_type>(length)};
  return kind::deletion;
}

}  // namespace troupe::crdt
