// The gateway of a node and the port at which programs reach it that join as CAF peers. Thread: the
// main thread.
#pragma once

#include <memory>

#include <caf/actor_system.hpp>
#include <troupe/client.hpp>

#include "actors/gateway.hpp"
#include "app/cluster/published_port.hpp"
#include "app/config/config.hpp"

namespace troupe {

struct opened_gateway {
  gateway_actor actor;  ///< Null: there is none.
  published_port at;
};

/// `admin_token`: empty: there is none. Fails with address_in_use: who switches it on needs it.
/// Requires: gateway.enabled.
result<opened_gateway> open_gateway(const config& settings, caf::actor_system& system,
                                    const secret& admin_token, directory_actor directory,
                                    std::shared_ptr<access_control> access,
                                    std::shared_ptr<worker_pool> workers);

/// Nobody connects any more, and all sessions end.
void close_gateway(const config& settings, caf::actor_system& system, opened_gateway& opened);

}  // namespace troupe
