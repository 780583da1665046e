// The actor on top of a node. The node (app/node.cpp) spawns it, like the actors it watches: store,
// directory and hubs. It passes the seconds on and drains the node: sessions first, then documents.
//
// Only the node and the supervisor itself send it messages. If one of the actors it watches ends
// outside of a drain, an acknowledgement or a subscription may be lost with it, so the node stops
// (on_failure) and starts clean. Documents fail alone, and the directory restarts them.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <vector>

#include <caf/typed_response_promise.hpp>

#include "actors/caf_compat.hpp"
#include "actors/connection_slots.hpp"
#include "actors/interfaces.hpp"

namespace troupe {

struct supervised_actors {
  store_actor store;
  store_reader_actor reader;
  directory_actor directory;
  std::vector<hub_actor> hubs;
  cluster_actor cluster;  ///< Null, as the next: the node is alone.
  sweeper_actor sweeper;
  std::shared_ptr<connection_slots> slots;
  std::function<void()> on_failure;  ///< Called once, on any thread.
};

class supervisor final : public supervisor_actor::base {
 public:
  supervisor(caf::actor_config& config, std::shared_ptr<supervised_actors> watched);

  const char* name() const override { return "troupe.supervisor"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override { watched_.reset(); }

 private:
  void on_second();
  caf::result<node_drained> on_drain();
  void on_drain_step();
  void close_sessions();
  void on_down(const caf::down_msg& down);

  std::shared_ptr<supervised_actors> watched_;
  caf::typed_response_promise<node_drained> drained_;
  std::chrono::steady_clock::time_point drain_deadline_;
  std::chrono::steady_clock::time_point drain_began_;
  bool is_draining_ = false;
  bool has_failed_ = false;
};

}  // namespace troupe
