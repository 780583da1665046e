// Who belongs to the cluster: a numbered list that only operators change, each change with the next
// number. A node that receives a list with a higher number adopts it; two lists with one number and
// different contents are a conflict (membership.hpp). Number 0 is the list of nobody: a node that
// has none yet. A value; whoever has one may copy it. Pure.
//
// When a list comes, documents lie where earlier lists wanted them. So a list says of whom else to
// ask: the former members since the last list for which all had moved their documents, which
// whoever makes a list knows. A former member that is *leaving* runs and hands over what it has;
// one that is *gone* was declared lost.
//
// Format: version 1 as a byte, number, least size, and the count of members as varUint, then for
// each member, by ascending uuid, 16 bytes of uuid (highest first), name and address as varString;
// the count of former members and the same for each, with a byte behind it: 0 leaving, 1 gone.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "protocol/cluster/node_uuid.hpp"
#include "protocol/siphash.hpp"

namespace troupe::cluster {

inline constexpr std::size_t members_max = 64;
/// More than an encoded list can have.
inline constexpr std::size_t member_list_size_bytes_max = 32 * 1024;

struct member {
  node_uuid id;
  std::string name;
  std::string address;  ///< HOST:PORT of its listener for other nodes.

  bool operator==(const member&) const = default;
};

/// Of a member that is none any longer.
struct former_member {
  member who;
  bool is_gone = false;  ///< With all it had; else it is leaving.

  bool operator==(const former_member&) const = default;
};

/// Whether all members of a list have moved their documents to where it wants them.
enum class moves : std::uint8_t { going_on, done };

class member_list {
 public:
  member_list() = default;

  /// The first list of a cluster, or one without a past. Members in any order. Fails with
  /// invalid_config if one is not well-formed, if two have one uuid, name or address, and if there
  /// are none or more than members_max.
  static result<member_list> make(std::uint64_t number, std::vector<member> members);

  /// A list as it was stored, by its parts. Fails as above; former members in any order.
  static result<member_list> make(std::uint64_t number, std::vector<member> members,
                                  std::vector<former_member> former, std::size_t least_size);

  /// Fails with what a decoder says, and with what make() says.
  static result<member_list> decode(byte_view bytes);
  byte_buffer encode() const;

  std::uint64_t number() const noexcept { return number_; }
  /// By ascending uuid.
  std::span<const member> members() const noexcept { return members_; }
  std::size_t size() const noexcept { return members_.size(); }
  /// Whether it is the list of nobody.
  bool empty() const noexcept { return members_.empty(); }

  /// Null: not there. The pointer lives as long as the list stays as it is.
  const member* find(const node_uuid& id) const noexcept;
  const member* find_name(std::string_view name) const noexcept;
  bool contains(const node_uuid& id) const noexcept { return find(id) != nullptr; }

  /// Those that are asked beside the members until all documents have moved; by ascending uuid.
  std::span<const former_member> former() const noexcept { return former_; }
  const former_member* find_former(const node_uuid& id) const noexcept;
  /// The size of the smallest list under which an update may have been confirmed that is not where
  /// this list wants it; at most its own size. 1 for a first list: each node may bring documents.
  std::size_t least_size() const noexcept { return least_size_; }
  /// Whether a node has links with the others: the members, and those that are leaving.
  bool is_linked(const node_uuid& id) const noexcept;

  /// The next list, with one more member; a former one may come back. Fails as make() does.
  result<member_list> with(member joining, moves state) const;
  /// The next list, which a member leaves. Fails with invalid_config if it is none, or the last
  /// one.
  result<member_list> without(const node_uuid& leaving, moves state) const;
  /// The next list, without a member that is lost, or has been leaving and is lost now.
  result<member_list> without_lost(const node_uuid& gone, moves state) const;
  /// The next list, where a member has another name or address. Fails as make() does.
  result<member_list> replace(member by, moves state) const;

  /// Differs, as good as always, where the lists differ.
  hash128 digest() const;

  bool operator==(const member_list&) const = default;

 private:
  result<member_list> next(std::vector<member> members, std::vector<former_member> former,
                           moves state) const;
  /// The former members that still count.
  std::vector<former_member> former_after(moves state) const;

  std::uint64_t number_ = 0;
  std::size_t least_size_ = 0;
  std::vector<member> members_;
  std::vector<former_member> former_;
};

}  // namespace troupe::cluster
