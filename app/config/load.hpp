// Loads the configuration from its four sources, each overriding the one before: the defaults in
// code, a YAML file, environment variables, --set. Collects every mistake, so that an operator can
// fix a file in one go. Runs once, at start-up, in the main thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/config/config.hpp"

namespace troupe {

struct config_sources {
  std::optional<std::string> file;  ///< Path of a YAML file.
  /// "NAME=value"; names without the prefix TROUPE_ are ignored.
  std::vector<std::string> environment;
  /// "key=value" of each --set, in order; the last of a key wins.
  std::vector<std::string> settings;
};

struct loaded_config {
  config settings;  ///< Use it only if there are no problems.
  std::vector<config_problem> problems;
};

/// Reads and checks everything except the values below `caf.`, which caf_config checks.
loaded_config load_config(const config_sources& sources);

/// The environment of this process, for load_config.
std::vector<std::string> process_environment();

}  // namespace troupe
