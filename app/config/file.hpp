// Reads a YAML file into a flat list of dotted keys. Knows YAML and nothing of the keys: whether a
// key exists and its value is good is decided by app/config/load.hpp. The only place that uses
// yaml-cpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/config/config.hpp"

namespace troupe {

/// Where a value stands that is in a list of sections.
struct section_position {
  std::string list;     ///< The dotted key of the list.
  std::size_t section;  ///< The number of the section in it, from 0.
  std::string name;     ///< The key in the section; empty for the section itself.
};

/// One value that was written somewhere. A list of sections is one entry of that shape, one for
/// each section (of shape `nothing` if it is no map) and one for each value in them.
struct config_entry {
  std::string key;  ///< Dotted; nested maps and dotted names in the file come to the same. In a
                    ///< list of sections "watch.directories[0].directory".
  std::string text;
  std::string place;
  value_shape shape = value_shape::single;
  std::vector<std::string> items = {};  ///< What a list holds.
  std::optional<section_position> position = {};
};

struct config_entries {
  std::vector<config_entry> entries;  ///< In the order of the file.
  std::vector<config_problem> problems;
};

/// Reads a file. A file that is missing or unreadable, a syntax error (place "FILE:LINE:COLUMN")
/// and keys that stand there twice are problems; what could be read is returned beside them.
config_entries read_config_file(const std::string& path);

/// The same for text at hand; `name` stands for the file in places.
config_entries read_config_text(const std::string& text, const std::string& name);

}  // namespace troupe
