// Makes a node part of its cluster: who it is on disk, the actor for it, and the gate that other
// nodes connect to. Thread: the main thread.
#pragma once

#include <cstdint>
#include <memory>

#include <caf/actor_system.hpp>

#include "actors/access_control.hpp"
#include "actors/cluster_manager.hpp"
#include "actors/cluster_state.hpp"
#include "actors/gateway_place.hpp"
#include "actors/interfaces.hpp"
#include "app/cluster/published_port.hpp"
#include "app/config/config.hpp"
#include "storage/archive.hpp"
#include "storage/node_table.hpp"

namespace troupe {

struct opened_cluster {
  cluster_actor actor;
  sweeper_actor sweeper;
  published_port gate;
};

/// What a node is to its documents before it knows the members: nothing can be opened yet.
cluster_links_ptr links_to_nobody(const config& settings, std::shared_ptr<newest_links> newest);

/// What the cluster needs of the rest of the node.
struct cluster_parts {
  directory_actor directory;
  std::vector<hub_actor> hubs;
  std::shared_ptr<access_control> access;
  authoriser_actor authoriser;  ///< May be null.
  std::shared_ptr<storage::archive> archive;
  std::shared_ptr<newest_links> newest;
  std::shared_ptr<cluster_state> state;
  std::shared_ptr<node_metrics> metrics;
  std::shared_ptr<const gateway_place> gateway;
  std::shared_ptr<storage::node_table> nodes;  ///< Where all nodes share a store; else null.
  cluster::node_uuid run;                      ///< Who this one is there.
};

/// Requires: cluster.enabled, and the store is open. Blocks while the disk works. Fails as
/// cluster::begin_run and cluster::read_members do; with address_in_use for cluster.listen; with
/// invalid_config for the files of cluster.tls.
result<opened_cluster> open_cluster(const config& settings, caf::actor_system& system,
                                    const cluster_parts& parts);

/// Nobody connects any more.
void close_gate(const config& settings, caf::actor_system& system, const opened_cluster& opened);

}  // namespace troupe
