// The command `healthcheck`: asks a node whether it is up, for container runtimes and scripts on
// machines without an HTTP client.
#pragma once

#include <string>

#include "app/cluster/command.hpp"
#include "app/config/config.hpp"

namespace troupe {

/// What the command line asks for.
struct healthcheck_request {
  std::string url;        ///< Of the node, such as http://127.0.0.1:3001; empty: by the settings.
  bool is_ready = false;  ///< Whether it can take edits (/readyz), not only whether it is up.
};

/// Where a node with these settings answers on this machine: its admin pages, which speak no TLS,
/// or the public port. Fails with invalid_config where neither can be asked.
result<std::string> url_of(const config& settings);

/// Prints the answer. Returns cluster_done, cluster_refused if the node is not well or does not
/// answer, cluster_misused if nobody was asked.
int run_healthcheck(const healthcheck_request& request, const config& settings, const ask_node& ask,
                    const cluster_streams& streams);

}  // namespace troupe
