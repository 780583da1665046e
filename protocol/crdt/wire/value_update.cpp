#include "protocol/crdt/wire/value_update.hpp"

#include <cstring>

#include "protocol/crdt/wire/info_byte.hpp"
#include "protocol/crdt/wire/quick_content.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::crdt {

using namespace info_byte;

/// Reads numbers, ids and values; what is wrong with them it notes.
class value_reader {
 public:
  value_reader(byte_view padded, const client_lookup& known) : in_(padded), known_(known) {}

  std::uint8_t read_uint8() noexcept { return in_.read_uint8(); }
  std::uint64_t read_number() noexcept { return in_.read_var_uint(); }
  client_index read_client() noexcept { return known_.find(in_.read_var_uint(id_)); }

  /// The id of a unit in front of the own one.
  unit_id read_id(unit_id own) noexcept {
    unit_id id;
    id.client = read_client();
    const std::uint64_t clock = in_.read_var_uint();
    is_odd_ |=
        id.is_none() | (clock >= clock_max) | ((id.client == own.client) & (clock >= own.clock));
    id.clock = static_cast<clock_type>(clock);
    return id;
  }

  byte_view read_plain_value() noexcept {
    if (in_.remaining() < static_cast<std::size_t>(value_size_max)) return {};
    lib0::quick_reader quick{in_.cursor()};
    const std::uint8_t* const first = quick.at();
    if (!skip_plain_value(quick, first + in_.remaining(), 0)) return {};
    in_.skip_to(quick.at());
    return {first, quick.at()};
  }

  std::size_t offset() const noexcept { return in_.offset(); }
  bool is_odd() const noexcept { return is_odd_ || !in_.ok(); }

 private:
  lib0::decoder in_;
  lib0::decoder::familiar_var_uint id_;
  const client_lookup& known_;
  bool is_odd_ = false;
};

bool value_update::read(byte_view update, const client_lookup& known) noexcept {
  if (!may_be(update)) return false;
  std::memcpy(bytes_.data(), update.data(), update.size());
  std::memset(bytes_.data() + update.size(), 0, looked_at_beyond);
  value_reader in{byte_view{bytes_}.subspan(2, update.size() - 2 + looked_at_beyond), known};
  client_ = in.read_client();
  std::uint64_t clock = in.read_number();
  if (client_ == no_client || clock + update[1] >= clock_max) return false;
  while (value_count_ < update[1])
    if (!read_value(in, clock)) return false;
  std::uint64_t clients_left = in.read_number();
  for (; clients_left > 0 && deleted_count_ < deleted_max; --clients_left) {
    const client_index client = in.read_client();
    std::uint64_t ranges_left = in.read_number();
    if (client == no_client) return false;
    for (; ranges_left > 0 && deleted_count_ < deleted_max; --ranges_left) {
      const std::uint64_t start = in.read_number();
      const std::uint64_t length = in.read_number();
      if (length == 0 || length > clock_max || start > clock_max - length) return false;
      deleted_[deleted_count_++] = {
          client, {static_cast<clock_type>(start), static_cast<clock_type>(length)}};
    }
    if (ranges_left > 0) return false;
  }
  return clients_left == 0 && !in.is_odd() && in.offset() + 2 == update.size();
}

bool value_update::read_value(value_reader& in, std::uint64_t& clock) noexcept {
  const std::uint8_t info = in.read_uint8();
  constexpr std::uint8_t wanted = static_cast<std::uint8_t>(content_kind::any) | origin_bit;
  if ((info & (kind_bits | origin_bit)) != wanted) return false;
  struct_view& value = values_[value_count_++];
  value.kind = content_kind::any;
  value.has_key = (info & key_bit) != 0;
  value.clock = static_cast<clock_type>(clock);
  const unit_id own{client_, value.clock};
  value.origin = in.read_id(own);
  if ((info & right_origin_bit) != 0) value.right_origin = in.read_id(own);
  if (in.is_odd() || in.read_uint8() != 1) return false;  // one value
  const byte_view content = in.read_plain_value();
  if (content.empty()) return false;
  value.content = content.data();
  value.content_size = static_cast<std::uint32_t>(content.size());
  value.length = 1;
  ++clock;
  return true;
}

}  // namespace troupe::crdt
