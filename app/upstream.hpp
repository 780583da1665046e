// What a node with upstream.url has beside its other actors: the one that fetches documents from
// the server that this one replaces. Owner: the node.
#pragma once

#include <atomic>
#include <memory>

#include <caf/actor_system.hpp>

#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "app/config/config.hpp"

namespace troupe {

struct opened_upstream {
  upstream_actor actor;
  std::shared_ptr<std::atomic<bool>> is_stopping;

  /// What is under way fails within a moment; what is asked for later does at once.
  void stop();
};

/// Requires: upstream.url is set. Fails with invalid_config for upstream.token_file and
/// upstream.ca_file.
result<opened_upstream> open_upstream(const config& settings, caf::actor_system& system,
                                      std::shared_ptr<node_metrics> metrics);

}  // namespace troupe
