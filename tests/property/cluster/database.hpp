// The database that the nodes of a simulation share, where they share one: what survives all of
// them. It commits a batch as one, and remembers for each node which it has committed last.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "protocol/cluster/member_list.hpp"
#include "protocol/cluster/replica.hpp"
#include "protocol/cluster/shared_log.hpp"
#include "tests/property/cluster/set_document.hpp"

namespace troupe::simulation {

struct shared_row {
  cluster::log_number number = 0;
  cluster::replica_life origin = 0;
  byte_buffer update;
};

/// A document in it. The rows reach back to the checkpoint before the newest.
struct shared_document {
  std::uint64_t generation = 0;
  byte_buffer checkpoint;
  std::uint64_t checkpoints = 0;  // number of the newest
  cluster::log_number covers = 0;
  cluster::log_number dropped = 0;
  cluster::log_number last = 0;
  std::vector<shared_row> rows;

  /// Whoever loads it applies these in order. Behind what is not in any checkpoint yet.
  std::vector<byte_buffer> all() const {
    std::vector<byte_buffer> updates;
    if (!checkpoint.empty()) updates.push_back(checkpoint);
    for (const shared_row& each : rows)
      if (each.number > covers) updates.push_back(each.update);
    return updates;
  }
};

struct database {
  struct committed_batch {
    std::uint64_t number = 0;
    std::set<std::size_t> refused;  // of its writes: their documents were removed
  };
  struct present_node {
    cluster::member who;
    std::chrono::steady_clock::time_point seen;
  };

  bool is_up = true;
  std::uint64_t starts = 0;
  std::map<std::string, shared_document> documents;
  std::map<cluster::node_uuid, committed_batch> batches;
  std::vector<present_node> nodes;  // in the order in which they came
};

/// Applies updates that may come before what they need, as a Yjs document does: those wait.
inline void apply_parked(set_document& to, std::vector<byte_buffer>& parked) {
  for (bool goes_on = true; goes_on;) {
    goes_on = false;
    std::erase_if(parked, [&](const byte_buffer& each) {
      const bool fits = to.apply(each) != set_document::outcome::gap;
      goes_on = goes_on || fits;
      return fits;
    });
  }
}

inline set_document state_of(const shared_document& of) {
  set_document all;
  std::vector<byte_buffer> updates = of.all();
  apply_parked(all, updates);
  return all;
}

}  // namespace troupe::simulation
