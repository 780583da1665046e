// The command line of the binary `troupe`: the command, and the sources of the configuration.
// Parsing has no effects; main runs the command.
#pragma once

#include <cstdint>
#include <string>

#include <tl/expected.hpp>

#include "app/cluster/command.hpp"
#include "app/config/check.hpp"
#include "app/config/load.hpp"
#include "app/doc/tool.hpp"
#include "app/healthcheck.hpp"
#include "app/inspect/command.hpp"
#include "app/moving/tool.hpp"
#include "app/storage/tool.hpp"

namespace troupe {

enum class command : std::uint8_t {
  serve,
  check_config,
  doc,
  storage,
  cluster,
  inspect,
  import_documents,
  export_documents,
  healthcheck,
  version
};

struct invocation {
  command what = command::serve;
  config_sources sources;  ///< Without the environment, which the caller adds.
  print_effective print = print_effective::no;
  doc_request doc;
  storage_request storage;
  cluster_request cluster;
  import_request importing;
  export_request exporting;
  healthcheck_request healthcheck;
  inspect_request inspect;
};

/// Nothing to run: the user asked for help (code 0), or the arguments are wrong (exit_usage).
struct early_exit {
  int code;
  std::string out;  ///< For the standard output.
  std::string err;  ///< For the standard error.
};

tl::expected<invocation, early_exit> parse_command_line(int argc, const char* const* argv);

/// "troupe 0.1.0"
std::string version_text();

}  // namespace troupe
