// What a node of a cluster keeps in its data directory besides documents: the file `node` has its
// uuid and counts its starts, the file `members` has the member list and who has moved. Both are
// text, end with a checksum, and are replaced as a whole.
//
//   troupe node 1            troupe members 1
//   uuid 32DIGITS            number 3
//   incarnation 7            least-size 3
//   checksum 8DIGITS         member 32DIGITS NAME ADDRESS     (one line each)
//                            leaving 32DIGITS NAME ADDRESS
//                            gone 32DIGITS NAME ADDRESS
//                            moved 32DIGITS NUMBER
//                            checksum 8DIGITS
//
// Requires everywhere: the store is open, so that no other process uses its directory. All
// functions block while the disk works.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "protocol/cluster/member_list.hpp"
#include "protocol/cluster/membership.hpp"
#include "protocol/cluster/node_uuid.hpp"

namespace troupe::cluster {

inline constexpr std::string_view node_file_name = "node";
inline constexpr std::string_view members_file_name = "members";

struct stored_node {
  node_uuid id;
  std::uint64_t incarnation = 0;
};

struct stored_members {
  member_list list;  ///< Empty: none was stored.
  moved_lists moved;
};

/// 128 random bits of the system's generator. Fails with storage_failed if it has none.
result<node_uuid> make_node_uuid();
/// 64 of them.
result<std::uint64_t> make_random_number();

/// The identity of this start, which is on the disk when the function returns: the uuid that is
/// kept, or a new one, and the next incarnation. `directory`: storage.path; empty: nothing is kept.
/// Fails with corrupt_store if a file is damaged, or if one of the two is missing; with disk_full,
/// storage_failed and newer_format. The detail names the file.
result<stored_node> begin_run(const std::string& directory);

/// Fails likewise. Nothing is stored where `directory` is empty.
result<stored_members> read_members(const std::string& directory);
/// Returns when they are on the disk.
result<void> write_members(const std::string& directory, const stored_members& members);

}  // namespace troupe::cluster
