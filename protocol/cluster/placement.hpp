// Which members keep a document: rendezvous hashing. Each member has a score for each document, the
// first K by score are its keepers, and the first of these that is up is its home. So every node
// with the same list answers alike, without asking anybody; when a member joins or leaves, only
// documents move that it keeps or kept. About 100 ns for a list of three. Pure.
//
// What a score is belongs to the format of a cluster: nodes of different versions must agree.
// Source: Thaler, Ravishankar: Using name-based mappings to increase hit rates (1998).
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "protocol/cluster/member_list.hpp"
#include "protocol/cluster/node_uuid.hpp"
#include "protocol/cluster/replication.hpp"

namespace troupe::cluster {

/// How many keepers count for what, in a list of some size: any `reads` of them have one among them
/// that has confirmed a given update.
struct quorum {
  std::size_t keepers = 1;     ///< K: that store a document.
  std::size_t write_acks = 1;  ///< W: that have an update on disk when its author is notified.
  std::size_t reads = 1;       ///< R = K - W + 1: that are asked before a document is shown.

  bool operator==(const quorum&) const = default;
};

/// K and W as configured, or less where the list is too short for that.
/// Requires: members, keepers and write_acks are 1 or more.
quorum quorum_of(const replication& wanted, std::size_t members) noexcept;

/// How many nodes to ask while documents are moving, of all that may have been their keepers.
struct wide_read {
  std::vector<node_uuid> ask;  ///< Ascending: all members, and the former ones that are leaving.
  std::size_t reads = 0;       ///< So many of them have all that was ever confirmed.
};

/// Members that are gone with what they had count as silent ones; where more are gone than updates
/// have spare copies, all that are left do.
wide_read wide_read_of(const member_list& list, const replication& wanted);

/// Where a document belongs.
struct document_place {
  std::vector<node_uuid> ranking;  ///< All members, the highest score first.
  std::size_t keeper_count = 0;    ///< At most as many as there are members.

  std::span<const node_uuid> keepers() const noexcept {
    return std::span{ranking}.first(keeper_count);
  }
  bool is_keeper(const node_uuid& id) const noexcept {
    return std::ranges::find(keepers(), id) != keepers().end();
  }
  /// The first keeper that is up; nothing: none is. `is_up`: bool(const node_uuid&).
  template <class IsUp>
  std::optional<node_uuid> home(IsUp is_up) const {
    const auto at = std::ranges::find_if(keepers(), is_up);
    return at == keepers().end() ? std::nullopt : std::optional{*at};
  }
};

/// `keepers`: K, at most as many as there are members count.
document_place place_of(const member_list& list, std::string_view document, std::size_t keepers);

/// The same as place_of(...).is_keeper(id), without memory: for sweeps over all documents.
bool is_keeper(const member_list& list, std::string_view document, std::size_t keepers,
               const node_uuid& id) noexcept;

}  // namespace troupe::cluster
