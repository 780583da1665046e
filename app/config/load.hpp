// Makes the configuration out of its four sources, of which the later win: the defaults in code, a
// YAML file, environment variables, --set. Everything that is wrong is collected, so that an
// operator mends a file in one go. Runs once, at start-up, in the main thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "app/config/config.hpp"

namespace troupe {

struct config_sources {
  std::optional<std::string> file;  ///< Path of a YAML file.
  std::vector<std::string>
      environment;  ///< "NAME=value"; names without the prefix TROUPE_ are passed over.
  std::vector<std::string>
      settings;  ///< "key=value" of each --set, in order; the last of a key wins.
};

struct loaded_config {
  config settings;  ///< Only to be used if there are no problems.
  std::vector<config_problem> problems;
};

/// Reads and checks all but the values below `caf.`, which are collected for caf_config to check.
loaded_config load_config(const config_sources& sources);

/// The environment of this process as load_config takes it.
std::vector<std::string> process_environment();

}  // namespace troupe
