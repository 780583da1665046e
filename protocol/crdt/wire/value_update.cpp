#include "protocol/crdt/wire/value_update.hpp"

#include <cstring>

#include "protocol/crdt/wire/familiar_ids.hpp"
#include "protocol/crdt/wire/info_byte.hpp"
#include "protocol/crdt/wire/quick_content.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::crdt {

using namespace info_byte;

/// Reads numbers, ids and values; what is wrong with them, or not of a common size, it notes.
/// Requires, for each of them: value_update::looked_at_beyond bytes can be read.
class value_reader {
 public:
  value_reader(const std::uint8_t* at, const std::uint8_t* readable_end, const client_lookup& known)
      : in_(at), readable_end_(readable_end), known_(known) {}

  std::uint8_t read_uint8() noexcept { return in_.read_uint8(); }
  clock_type read_number() noexcept { return in_.read_small(); }

  client_index read_author() noexcept {
    author_ = learn_client();
    return author_.index;
  }

  client_index read_client() noexcept {
    const std::uint64_t ahead = in_.peek();
    if ((ahead & author_.mask) == author_.bytes) return in_.skip(author_.size), author_.index;
    if ((ahead & other_.mask) == other_.bytes) return in_.skip(other_.size), other_.index;
    other_ = learn_client();
    return other_.index;
  }

  /// The id of a unit in front of the own one.
  unit_id read_id(unit_id own) noexcept {
    unit_id id;
    id.client = read_client();
    id.clock = read_number();
    is_odd_ |= id.is_none() | ((id.client == own.client) & (id.clock >= own.clock));
    return id;
  }

  /// Empty if it is not plain.
  byte_view read_plain_value() noexcept {
    const std::uint8_t* const first = in_.at();
    if (!skip_plain_value(in_, readable_end_, 0)) return {};
    return {first, in_.at()};
  }

  const std::uint8_t* at() const noexcept { return in_.at(); }
  bool is_odd() const noexcept { return is_odd_ || in_.is_odd(); }

 private:
  familiar_client learn_client() noexcept {
    lib0::decoder ahead{{in_.at(), sizeof(std::uint64_t)}};
    const client_id id = ahead.read_var_uint();
    if (!ahead.ok()) return in_.set_odd(), familiar_client{};
    const familiar_client learnt{in_.at(), ahead.offset(), known_.find(id)};
    in_.skip(ahead.offset());
    return learnt;
  }

  lib0::quick_reader in_;
  const std::uint8_t* readable_end_;
  const client_lookup& known_;
  familiar_client author_;
  familiar_client other_;
  bool is_odd_ = false;
};

bool value_update::read(byte_view update, const client_lookup& known) noexcept {
  if (!may_be(update)) return false;
  std::memcpy(bytes_.data(), update.data(), update.size());
  std::memset(bytes_.data() + update.size(), 0, looked_at_beyond);
  const std::uint8_t* const end = bytes_.data() + update.size();
  value_reader in{bytes_.data() + 2, end + looked_at_beyond, known};
  client_ = in.read_author();
  clock_type clock = in.read_number();
  if (client_ == no_client || in.is_odd()) return false;
  while (value_count_ < update[1])
    if (in.at() >= end || !read_value(in, clock)) return false;
  return in.at() < end && read_deleted(in, end) && in.at() == end;
}

bool value_update::read_deleted(value_reader& in, const std::uint8_t* end) noexcept {
  for (std::uint32_t clients = in.read_uint8(); clients > 0; --clients) {
    if (in.at() >= end) return false;
    const client_index client = in.read_client();
    std::uint32_t ranges = in.read_uint8();
    if (client == no_client || ranges == 0 || ranges > deleted_max - deleted_count_) return false;
    for (; ranges > 0; --ranges) {
      if (in.at() >= end) return false;
      const clock_type start = in.read_number();
      const clock_type length = in.read_number();
      if (length == 0 || in.is_odd()) return false;
      deleted_[deleted_count_++] = {client, {start, length}};
    }
  }
  return true;
}

bool value_update::read_value(value_reader& in, clock_type& clock) noexcept {
  const std::uint8_t info = in.read_uint8();
  constexpr std::uint8_t wanted = static_cast<std::uint8_t>(content_kind::any) | origin_bit;
  if ((info & (kind_bits | origin_bit)) != wanted) return false;
  struct_view& value = values_[value_count_++];
  value.kind = content_kind::any;
  value.has_key = (info & key_bit) != 0;
  value.clock = clock;
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
