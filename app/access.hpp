// What a node needs to know who may do what: the policy with its keys, the actor that fetches keys,
// and the one that asks the application. Owner: the node.
#pragma once

#include <memory>

#include <caf/actor_system.hpp>

#include "actors/access_control.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "app/config/config.hpp"
#include "net/http_client.hpp"

namespace troupe {

struct opened_access {
  std::shared_ptr<access_control> control;
  std::shared_ptr<http_client> client;  ///< Null: nobody is asked.
  key_source_actor keys;                ///< Null: access.jwks_url is not set.
  authoriser_actor authoriser;          ///< Null unless access.mode is webhook.

  /// Ends what was started.
  void stop();
};

/// Fails with invalid_config if a file of a key has changed since the configuration was read; with
/// request_failed if the HTTP client does not start.
result<opened_access> open_access(const config& settings, caf::actor_system& system,
                                  const std::shared_ptr<node_metrics>& metrics);

}  // namespace troupe
