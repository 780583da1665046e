// The command `check-config`: the checks that `serve` makes before it starts.
#pragma once

#include <iosfwd>
#include <span>

#include "app/config/config.hpp"
#include "app/config/load.hpp"

namespace troupe {

/// The exit code of every start that fails on the command line or the configuration.
constexpr int exit_usage = 2;

enum class print_effective : bool { no, yes };

/// Writes each problem as one line.
void write_problems(std::span<const config_problem> problems, std::ostream& err);

/// Requires `sources.file`. Writes "FILE: ok", or with print_effective::yes the effective
/// configuration as YAML, to `out`; problems to `err`. Returns 0, or exit_usage if there are
/// problems.
int check_config(const config_sources& sources, print_effective print, std::ostream& out,
                 std::ostream& err);

}  // namespace troupe
