#include "protocol/cluster/hello.hpp"

#include <array>

#include "protocol/cluster/node_address.hpp"
#include "protocol/cluster/uuid_bytes.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::cluster {

namespace {

struct refusal_row {
  std::string_view label;
  std::string_view text;
};

constexpr std::array<refusal_row, refusal_count> refusals{{
    {"other_version", "the node speaks another version of the protocol between nodes"},
    {"other_cluster", "the node belongs to another cluster: cluster.name differs"},
    {"other_replication",
     "the node counts keepers in another way: cluster.replication or cluster.durability differs"},
    {"own_uuid", "the node runs with a copy of the data directory of the one that it asks"},
    {"other_run", "the node runs with a copy of the data directory of another one"},
    {"old_incarnation", "the node runs with an old copy of its data directory"},
    {"name_taken", "the name of the node belongs to a member with another data directory"},
    {"not_a_member", "the node is not a member of the cluster"},
    {"list_conflict", "the node has another member list with the same number"},
}};

/// Random numbers take more than the 53 bits of a varUint.
void write_number(lib0::encoder& to, std::uint64_t number) {
  for (int shift = 56; shift >= 0; shift -= 8)
    to.write_uint8(static_cast<std::uint8_t>(number >> shift));
}

std::uint64_t read_number(lib0::decoder& from) noexcept {
  std::uint64_t number = 0;
  for (const std::uint8_t byte : from.read_bytes(sizeof number)) number = number << 8 | byte;
  return number;
}

result<void> check(const hello& what) {
  if (what.id.is_nil()) return fail(errc::invalid_config, "a node has no uuid");
  TROUPE_TRY(check_node_name(what.cluster));
  TROUPE_TRY(check_node_name(what.name));
  TROUPE_TRY(parse_node_address(what.address));
  if (what.replication.keepers == 0 || what.replication.write_acks == 0)
    return fail(errc::invalid_config, "a node has no keepers");
  return {};
}

}  // namespace

byte_buffer encode(const hello& what) {
  lib0::encoder out;
  out.write_var_uint(what.version);
  out.write_var_string(what.cluster);
  write_uuid(out, what.id);
  write_number(out, what.incarnation);
  write_number(out, what.run);
  out.write_var_string(what.name);
  out.write_var_string(what.address);
  out.write_var_uint(what.flags);
  out.write_var_uint(what.replication.keepers);
  out.write_var_uint(what.replication.write_acks);
  out.write_var_uint(what.moved);
  out.write_var_bytes(what.list.empty() ? byte_buffer{} : what.list.encode());
  return out.take();
}

result<hello> decode_hello(byte_view bytes) {
  if (bytes.size() > hello_size_bytes_max) return fail(errc::number_too_large, "hello");
  lib0::decoder in{bytes};
  hello what;
  what.version = in.read_var_uint();
  if (!in.ok()) return in.error();
  if (what.version != protocol_version) return what;
  what.cluster = in.read_var_string("name of the cluster");
  what.id = read_uuid(in);
  what.incarnation = read_number(in);
  what.run = read_number(in);
  what.name = in.read_var_string("name of the node");
  what.address = in.read_var_string("address of the node");
  what.flags = in.read_var_uint();
  what.replication.keepers = in.read_var_uint(keepers_max, "keepers");
  what.replication.write_acks = in.read_var_uint(keepers_max, "write_acks");
  what.moved = in.read_var_uint();
  const byte_view list = in.read_var_bytes();
  if (!in.ok()) return in.error();
  if (!in.at_end()) return fail(errc::trailing_bytes, "hello", in.offset());
  if (!list.empty()) {
    TROUPE_ASSIGN(what.list, member_list::decode(list));
  }
  TROUPE_TRY(check(what));
  return what;
}

std::string_view to_string(refusal why) noexcept {
  return refusals[static_cast<std::size_t>(why)].label;
}

std::string_view describe(refusal why) noexcept {
  return refusals[static_cast<std::size_t>(why)].text;
}

result<refusal> read_refusal(std::uint64_t number) {
  if (number >= refusal_count) return fail(errc::out_of_range, "refusal");
  return static_cast<refusal>(number);
}

}  // namespace troupe::cluster
