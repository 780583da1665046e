// The command `serve`: opens a node, serves until a signal arrives, and drains.
#pragma once

#include "app/config/caf_options.hpp"
#include "app/config/config.hpp"

namespace troupe {

/// Blocks until SIGINT or SIGTERM, then drains. A second signal ends the process at once.
/// Returns the exit code: 0 after a drain; 1 if the node could not start, or an actor failed that
/// the node needs.
int serve(const config& settings, caf_config& caf);

}  // namespace troupe
