// The peers of a node as its documents see them: for each a number and the end of its link, and
// where the copies of a document belong. Made by the cluster actor whenever the member list or the
// state of moves changes, and never changed afterwards, so any thread may read it.
//
// newest_links beside it also knows which nodes are up, and so who is home of a document: who
// speaks for it to the application, and makes its versions.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/interfaces.hpp"
#include "protocol/cluster/membership.hpp"
#include "protocol/cluster/placement.hpp"
#include "protocol/cluster/replica.hpp"

namespace troupe {

struct cluster_settings_of_documents {
  std::chrono::milliseconds load_timeout{10'000};
  bool is_available = false;  ///< cluster.replication.mode.
  bool is_shared = false;     ///< cluster.durability: all nodes share one store.
};

struct cluster_links;
using cluster_links_ptr = std::shared_ptr<const cluster_links>;

/// The newest of them. The cluster actor changes it before it sends other nodes a member list,
/// so that no document obeys an older one than its node has sent. Thread: any.
class newest_links {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A node whose link is lost, or has not come since the start, counts as there for so long: most
  /// are back by then, and two homes at once say everything twice.
  static constexpr std::chrono::seconds takeover_delay{10};

  /// `now`: other nodes have been looked for since then.
  explicit newest_links(time_point now = std::chrono::steady_clock::now()) : begun_(now) {}

  cluster_links_ptr get() const noexcept { return links_.load(std::memory_order_acquire); }
  void set(cluster_links_ptr links) noexcept {
    links_.store(std::move(links), std::memory_order_release);
  }

  /// The link to a node has come up, or is lost.
  void note_link(const cluster::node_uuid& to, bool is_up, time_point now);

  struct home {
    cluster::node_uuid id;
    bool is_here = false;
    time_point since;  ///< It has been up all the time since then.
  };
  /// Whether there is a link to it now.
  bool is_up(const cluster::node_uuid& id) const;

  /// The first of the document's keepers that is up, in this node's opinion; nothing: none is, or
  /// nobody knows the keepers. After a loss of links two nodes may be home for a while, and none
  /// for takeover_delay. Cost: that of place_of().
  std::optional<home> home_of(std::string_view document, time_point now) const;
  bool is_home(std::string_view document, time_point now) const {
    const auto found = home_of(document, now);
    return found && found->is_here;
  }
  /// For operators.
  placed_document describe(std::string_view document, time_point now) const;

 private:
  struct reached {
    cluster::node_uuid id;
    bool is_up = false;
    time_point since;
  };
  std::optional<home> find(const cluster::node_uuid& id, time_point now) const;

  const time_point begun_;
  std::atomic<cluster_links_ptr> links_;
  mutable std::mutex mutex_;  // guards what follows
  std::vector<reached> reached_;
};

struct cluster_links {
  struct entry {
    cluster::peer_id peer = 0;
    cluster::node_uuid id;
    peer_link_actor link;
  };

  std::vector<entry> peers;
  cluster_settings_of_documents settings;

  // What the list says.
  cluster::node_uuid self;
  cluster::member_list list;
  cluster::replication replication;
  std::optional<cluster::wide_read> wide;  ///< While documents move.
  bool is_member = false;                  ///< Else nothing can be opened yet.
  bool has_moved = false;                  ///< The documents of this node are where it wants them.
  bool all_moved = false;                  ///< Those of all nodes are.
  bool is_widely_known = false;            ///< See cluster::document_placement, as the next.
  bool may_drop = false;
  std::shared_ptr<newest_links> newest;  ///< Null: these are all that there will be.
  sweeper_actor sweeper;                 ///< Hears of what documents leave behind; may be null.

  const entry* find(const cluster::node_uuid& id) const noexcept {
    const auto found = std::ranges::find(peers, id, &entry::id);
    return found == peers.end() ? nullptr : &*found;
  }

  /// How many nodes may speak for a document.
  std::size_t keeper_count() const noexcept {
    return settings.is_shared ? list.size() : quorum_of(replication, list.size()).keepers;
  }
  /// Where the copies of a document belong.
  cluster::document_placement place(std::string_view document) const;
  /// How many of the keepers are up, this node included.
  std::size_t count_up(const cluster::document_placement& where) const;
};

}  // namespace troupe
