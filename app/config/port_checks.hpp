// Checks of the ports that CAF's network layer opens beside that of the cluster: `inspect.` and
// `gateway.`. Runs at start-up, in the main thread.
#pragma once

#include <string>
#include <vector>

#include "app/config/config.hpp"

namespace troupe {

struct port_problem {
  std::string key;  ///< Dotted: "inspect.address".
  std::string text;
};

/// Addresses that need TLS and have none, and two keys with one port.
std::vector<port_problem> check_ports(const config& settings);

}  // namespace troupe
