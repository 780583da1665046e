#include "bench/load/update_ranges.hpp"

#include "base/utf8.hpp"
#include "protocol/lib0/decoder.hpp"

namespace troupe::load {

namespace {

constexpr std::uint8_t kind_bits = 0x1f;
constexpr std::uint8_t key_bit = 0x20;
constexpr std::uint8_t right_origin_bit = 0x40;
constexpr std::uint8_t origin_bit = 0x80;

void skip_id(lib0::decoder& in) noexcept {
  in.read_var_uint();
  in.read_var_uint();
}

}  // namespace

bool update_ranges::read(byte_view update) {
  inserted_.clear();
  deleted_.clear();
  return read_single_insertion(update) || read_any(update);
}

/// One struct with ASCII text and neighbours, nothing deleted; false for everything else.
bool update_ranges::read_single_insertion(byte_view update) {
  lib0::decoder in{update};
  if (in.read_uint8() != 1 || in.read_uint8() != 1) return false;
  const std::uint64_t client = in.read_var_uint();
  const std::uint64_t clock = in.read_var_uint();
  const std::uint8_t info = in.read_uint8();
  const bool has_neighbour = (info & (origin_bit | right_origin_bit)) != 0;
  if ((info & kind_bits) != static_cast<std::uint8_t>(crdt::content_kind::string) ||
      (info & key_bit) != 0 || !has_neighbour)
    return false;
  if ((info & origin_bit) != 0) skip_id(in);
  if ((info & right_origin_bit) != 0) skip_id(in);
  const byte_view text = in.read_var_bytes();
  if (in.read_uint8() != 0 || !in.ok() || !in.at_end() || text.empty() || !is_ascii(text))
    return false;
  if (clock + text.size() > crdt::clock_max) return false;
  inserted_.push_back({client, static_cast<crdt::clock_type>(clock),
                       static_cast<crdt::clock_type>(clock + text.size())});
  return true;
}

bool update_ranges::read_any(byte_view update) {
  decoded_.clear();
  if (!crdt::decode_update(update, crdt::update_format::v1, {}, decoded_)) return false;
  for (const crdt::client_block& block : decoded_.blocks) {
    const crdt::client_id client = decoded_.clients.id(block.client);
    for (std::uint32_t i = block.first; i < block.first + block.count; ++i) {
      const crdt::struct_view& each = decoded_.structs[i];
      if (i > block.first && inserted_.back().end == each.clock)
        inserted_.back().end += each.length;
      else
        inserted_.push_back({client, each.clock, each.clock + each.length});
    }
  }
  for (const crdt::client_range& each : decoded_.deletes)
    deleted_.push_back({decoded_.clients.id(each.client), each.range.clock, each.range.end()});
  return true;
}

}  // namespace troupe::load
