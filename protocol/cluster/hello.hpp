// Who a node is, which it sends first on each connection to another one, and why that one may
// refuse it. Both sides say hello; what follows from it decides membership.hpp. Pure.
//
// Format: protocol version as varUint; then cluster name as varString, uuid (16 bytes), incarnation
// and run as 8 bytes each (highest first), node name and address as varString, flags, keepers and
// write_acks as varUint, moved as varUint, and the member list as varBytes (empty: none). Nobody
// can know what stands behind another protocol version.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "protocol/cluster/member_list.hpp"
#include "protocol/cluster/node_uuid.hpp"
#include "protocol/cluster/replication.hpp"

namespace troupe::cluster {

/// Of messages between nodes; nodes with different ones refuse each other.
inline constexpr std::uint64_t protocol_version = 2;
inline constexpr std::size_t hello_size_bytes_max = member_list_size_bytes_max + 1024;

/// Bits of hello::flags.
enum hello_flags : std::uint64_t {
  shares_log = 1,  ///< cluster.durability is shared.
};

struct hello {
  std::uint64_t version = protocol_version;
  std::string cluster;
  node_uuid id;
  std::uint64_t incarnation = 0;  ///< Counts the starts of the node.
  /// Random for each start: distinguishes two processes that were started with copies of one
  /// directory.
  std::uint64_t run = 0;
  std::string name;
  std::string address;      ///< Where others reach it, HOST:PORT.
  std::uint64_t flags = 0;  ///< hello_flags; unknown ones are ignored.
  /// As configured; nodes that count acknowledgements differently would lose some.
  troupe::cluster::replication replication;
  std::uint64_t moved = 0;  ///< Of the newest list for which its documents are in place.
  member_list list;         ///< Empty: it has none yet.
};

byte_buffer encode(const hello& what);

/// Of another protocol version, only that is read. Fails with what a decoder says, with
/// invalid_name and invalid_config.
result<hello> decode_hello(byte_view bytes);

enum class refusal : std::uint8_t {
  other_version,      ///< It speaks another version of the protocol.
  other_cluster,      ///< It belongs to a cluster of another name.
  other_replication,  ///< cluster.replication or cluster.durability differs.
  own_uuid,           ///< It has the uuid of the node that it asks: a copied data directory.
  other_run,          ///< Another process with its uuid and incarnation is known: the same.
  old_incarnation,    ///< A later start of the node is known: an old copy of its data directory.
  name_taken,         ///< Its name belongs to a member with another data directory.
  not_a_member,       ///< Nobody has added it, or it was removed.
  list_conflict,      ///< Its member list has the same number and other contents.
};
inline constexpr std::size_t refusal_count = static_cast<std::size_t>(refusal::list_conflict) + 1;

/// A label, such as "other_version". Static storage.
std::string_view to_string(refusal why) noexcept;
/// A sentence about "the node". Static storage.
std::string_view describe(refusal why) noexcept;
/// The refusal of a number that came over the network; out_of_range if there is none.
result<refusal> read_refusal(std::uint64_t number);

}  // namespace troupe::cluster
