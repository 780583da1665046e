// Where the gateway of a node is, for those who change and list sessions: they are there before it.
// One per node. Thread: any.
#pragma once

#include <mutex>
#include <utility>
#include <vector>

#include "actors/interfaces.hpp"

namespace troupe {

class gateway_place {
 public:
  /// Null: there is none any more.
  void set(hub_actor at) {
    const std::lock_guard lock{mutex_};
    at_ = std::move(at);
  }

  /// The hubs, and behind them the gateway if there is one.
  std::vector<hub_actor> beside(std::vector<hub_actor> hubs) const {
    const std::lock_guard lock{mutex_};
    if (at_) hubs.push_back(at_);
    return hubs;
  }

 private:
  mutable std::mutex mutex_;
  hub_actor at_;  // guarded by mutex_; null: there is none
};

}  // namespace troupe
