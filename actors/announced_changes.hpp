// Changes of access that were announced to other nodes, and which of them have yet to say that it
// is done there: their sessions and documents have handled what came before, and requests from
// before it are over, or were waited for long enough. A node whose link is lost says nothing more.
// Owner: the cluster manager. Pure: time is passed in.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "protocol/cluster/replica.hpp"

namespace troupe {

/// What a node answers.
struct done_access {
  std::uint64_t number = 0;  ///< Of the change.
  std::uint64_t sessions = 0;
  std::uint64_t unfinished = 0;  ///< See applied_access, as the next.
  bool has_failed = false;
};

class announced_changes {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// For the answers of nodes; each of them waits shorter for its own sessions and requests.
  static constexpr std::chrono::seconds patience{20};

  /// `asked`: have been notified. `away`: could not be. Requires: no other has this number.
  void begin(std::uint64_t number, std::vector<cluster::peer_id> asked,
             std::vector<cluster::peer_id> away, time_point now);

  void on_done(cluster::peer_id by, const done_access& done);
  void on_lost(cluster::peer_id peer);

  struct outcome {
    std::uint64_t number = 0;
    std::uint64_t sessions = 0;
    std::uint64_t unfinished = 0;
    std::vector<cluster::peer_id> silent;
  };
  /// Those of which all have answered, are lost or are late; they are forgotten.
  std::vector<outcome> take_ended(time_point now);

 private:
  struct change {
    std::vector<cluster::peer_id> asked;  // that have not answered
    outcome so_far;
    time_point deadline;
  };

  std::map<std::uint64_t, change> changes_;
};

}  // namespace troupe
