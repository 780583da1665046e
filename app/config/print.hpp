// Writes the effective configuration as YAML that load_config reads back to the same values.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/config.hpp"

namespace troupe {

struct printed_value {
  std::string key;  ///< Dotted.
  /// A YAML value in flow notation: 3001, "127.0.0.1", ["a", "b"]. A list of sections begins with a
  /// line end and is indented.
  std::string text;
};

/// Every key of the tables with its value. The keys below `caf.` come from
/// caf_config::effective_values.
std::vector<printed_value> printed_values(const config& settings);

/// Nested maps in the order given; the values of one section must stand together.
std::string to_yaml(std::span<const printed_value> values);

/// A YAML double-quoted scalar.
std::string quote_yaml(std::string_view text);

}  // namespace troupe
