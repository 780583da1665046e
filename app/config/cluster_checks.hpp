// Checks of the values below `cluster.`, and what they become. Runs at start-up, in the main
// thread.
#pragma once

#include <string>
#include <vector>

#include "app/config/config.hpp"
#include "protocol/cluster/replication.hpp"

namespace troupe {

struct cluster_problem {
  std::string key;  ///< Dotted: "cluster.seeds".
  std::string text;
};

/// What is wrong with names and addresses, and with values that are good one by one; what a cluster
/// needs is asked for only where cluster.enabled.
std::vector<cluster_problem> check_cluster(const config& settings);

/// HOST:PORT, by which other nodes reach this one.
std::string advertised_address(const config& settings);

cluster::replication to_replication(const config& settings);

}  // namespace troupe
