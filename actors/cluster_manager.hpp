// The actor that makes a node part of a cluster: it owns what the node knows about the members
// (protocol/cluster/membership), answers nodes that connect, connects to those that it has to, and
// keeps a link to each peer. Whenever peers or placements change it notifies the directory, and
// through it all documents. It writes the member list to disk before it sends it to anybody.
//
// The node spawns one where cluster.enabled, and publishes it at the cluster's port as the gate
// (peer_wire.hpp). Its mailbox is bounded by the links: a hello per connection, what operators ask.
// It watches its links; if it or one of them fails the node stops.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <caf/io/middleman_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include "actors/announced_changes.hpp"
#include "actors/caf_compat.hpp"
#include "actors/cluster_links.hpp"
#include "actors/cluster_state.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "protocol/cluster/membership.hpp"

namespace troupe {

struct cluster_manager_settings {
  cluster::node_identity self;
  cluster::member_list list;   ///< As stored; empty: none.
  cluster::moved_lists moved;  ///< As stored.
  cluster_settings_of_documents documents;
  cluster::link_limits limits;
  /// Stores both, durably, before it returns.
  std::function<result<void>(const cluster::member_list&, const cluster::moved_lists&)> store;
  /// Carries out a change of access that another node has announced, as JSON text. `answer` is
  /// called once it is done, on any thread, if that node wants to know. Returns what the text is
  /// instead: such an answer to a change of this node.
  std::function<std::optional<done_access>(std::string_view,
                                           std::function<void(std::string)> answer)>
      change_access;
  /// Those that still count, for a node that was away.
  std::function<std::vector<std::string>()> kept_changes;
  caf::io::middleman_actor connector;       ///< Of CAF's network layer, or of its TLS.
  sweeper_actor sweeper;                    ///< Idle where all nodes share a store.
  std::shared_ptr<newest_links> newest;     ///< May be null.
  std::shared_ptr<cluster_state> state;     ///< Shown to /readyz.
  std::uint64_t seed = 0;                   ///< Random.
  std::shared_ptr<node_metrics> metrics{};  ///< May be null.
  /// Where all nodes share a store: spawns the actor that reports which nodes run.
  std::function<node_watch_actor(caf::actor_system&, cluster_actor)> make_watch{};
};

class cluster_manager final : public cluster_actor::base {
 public:
  cluster_manager(caf::actor_config& config, cluster_manager_settings settings,
                  directory_actor directory);

  const char* name() const override { return "troupe.cluster"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  using time_point = std::chrono::steady_clock::time_point;

  struct peer {
    cluster::peer_id number = 0;
    peer_link_actor link;
    bool is_up = false;
  };
  /// An address that this node connects to.
  struct dialing {
    bool is_under_way = false;
    time_point next;
    std::chrono::milliseconds pause{};
    std::string last_problem;
  };

  using peer_map = std::map<cluster::node_uuid, peer>;

  peer_welcome on_hello(const peer_hello& from);
  void on_said(const peer_said& what);
  void on_link_changed(const link_changed& change);
  void on_moved(const documents_moved& news);
  caf::result<announced_access> on_announce(const announce_access& news);
  void take_access(const peer_map::value_type& from, const cluster::peer_access_change& change);
  void look_at_announced();
  void on_present(const nodes_present& news);
  void on_second();
  caf::result<node_drained> on_drain();
  caf::result<described_cluster> on_describe();
  changed_members on_change(const change_members& order);

  void dial(const cluster::dial_target& target);
  void on_connected(const cluster::dial_target& target, const caf::strong_actor_ptr& gate);
  void on_welcome(const cluster::dial_target& target, const peer_welcome& welcome,
                  cluster::link_epoch epoch);
  void on_dial_failed(const cluster::dial_target& target, const std::string& why);
  bool is_my_turn(const cluster::dial_target& target) const;
  peer_map::iterator find(cluster::peer_id number);
  peer* peer_of(const cluster::node_uuid& id);
  bool is_shared() const noexcept { return settings_.self.shares_log; }
  described_cluster describe() const;
  std::vector<cluster::node_uuid> nodes_up() const;
  void look_at_members();
  bool keep();
  std::shared_ptr<const cluster_links> make_links();
  void publish();
  void make_known(const std::shared_ptr<const cluster_links>& links);
  void gossip(std::optional<cluster::peer_id> only = std::nullopt);
  void notify_peer(const peer& to, const cluster::node_message& what);
  std::chrono::milliseconds scattered(std::chrono::milliseconds pause);

  cluster_manager_settings settings_;
  cluster::membership members_;
  directory_actor directory_;
  node_watch_actor watch_;  // null: the member list is what counts
  peer_map peers_;
  std::map<std::string, dialing> dialed_;
  announced_changes announced_;
  std::map<std::uint64_t, caf::typed_response_promise<announced_access>> announcers_;
  cluster::peer_id last_number_ = 0;
  std::uint64_t kept_list_ = 0;
  cluster::moved_lists kept_moved_;
  bool was_published_ = false;
  bool was_widely_known_ = false;
  std::uint64_t droppable_list_ = 0;  // under which copies that belong elsewhere may go
  bool is_draining_ = false;
  time_point started_;
  time_point alone_since_;
  std::uint64_t random_ = 0;
};

}  // namespace troupe
