// The inspector of a node and the port at which `troupe inspect` reaches it. Thread: the main
// thread.
#pragma once

#include <caf/actor_system.hpp>

#include "actors/inspector.hpp"
#include "app/cluster/published_port.hpp"
#include "app/config/config.hpp"

namespace troupe {

struct opened_inspection {
  inspector_actor actor;  ///< Null: nothing can be inspected.
  published_port at;
};

/// If the port is in use nothing can be inspected, which is logged: a node is there to serve
/// documents. `parts`: without program and node.
/// Requires: inspect.enabled.
opened_inspection open_inspection(const config& settings, caf::actor_system& system,
                                  inspector_parts parts);

/// Nobody connects any more, and the inspector ends.
void close_inspection(const config& settings, caf::actor_system& system, opened_inspection& opened);

}  // namespace troupe
