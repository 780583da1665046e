// Carries out one change of access that counts already: notifies the other nodes, if it was made
// here, and this node's sessions; waits until documents have handled what these had sent before,
// until requests from before it are over (requests_under_way) and until the other nodes have done
// the same; then says how it went, and ends. What it has waited long enough for it leaves out: the
// change is in force all the same, but what was let in before may still take effect.
//
// An admin_request spawns it for a change that is made here, the cluster manager's settings for one
// that another node announces. Its mailbox is bounded by its own two notes. If it fails it says so.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "actors/access_control.hpp"
#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"

namespace troupe {

struct access_applier_settings {
  directory_actor directory;
  std::vector<hub_actor> hubs;  ///< And the gateway: all who have sessions.
  std::shared_ptr<access_control> access;
  cluster_actor cluster{};     ///< Null: no other node has to be notified.
  std::string announcement{};  ///< What these receive: announce_access::change.
  /// For requests that were let in before the change.
  std::chrono::milliseconds requests_patience{10'000};
};

class access_applier final : public access_applier_actor::base {
 public:
  /// `then` is called once, on a thread of CAF.
  access_applier(caf::actor_config& config, access_applier_settings settings,
                 std::shared_ptr<const access_change> what,
                 std::function<void(const applied_access&)> then);

  const char* name() const override { return "troupe.access"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  using time_point = std::chrono::steady_clock::time_point;

  /// For this node's sessions, and then for documents.
  static constexpr std::chrono::seconds node_patience{5};

  void tell_nodes();
  void tell_sessions();
  void await_requests();
  void look_at_requests();
  void finish_if_done();
  void fail();

  access_applier_settings settings_;
  const std::shared_ptr<const access_change> what_;
  std::function<void(const applied_access&)> then_;  // empty once it was called
  applied_access outcome_;
  std::weak_ptr<const void> requests_;  // see requests_under_way::when_over()
  time_point deadline_;                 // of these
  bool is_done_here_ = false;
  bool is_done_elsewhere_ = false;
};

}  // namespace troupe
