// Reads a YAML file into a flat list of dotted keys. Knows YAML but not the keys:
// app/config/load.hpp decides whether a key exists and a value is valid. The only user of yaml-cpp.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "app/config/config.hpp"

namespace troupe {

/// The position of a value in a list of sections.
struct section_position {
  std::string list;     ///< The dotted key of the list.
  std::size_t section;  ///< The number of the section in it, from 0.
  std::string name;     ///< The key in the section; empty for the section itself.
};

/// One value in one of the sources. A list of sections yields one entry of that shape, one for each
/// section (of shape `nothing` if it is not a map) and one for each value in them.
struct config_entry {
  /// Dotted; nested maps and dotted names in the file give the same key. In a list of sections
  /// "watch.directories[0].directory".
  std::string key;
  std::string text;
  std::string place;
  value_shape shape = value_shape::single;
  std::vector<std::string> items = {};  ///< The items of a list.
  std::optional<section_position> position = {};
};

struct config_entries {
  std::vector<config_entry> entries;  ///< In the order of the file.
  std::vector<config_problem> problems;
};

/// Reads a file. Problems are a missing or unreadable file, a syntax error (place
/// "FILE:LINE:COLUMN") and duplicate keys. The entries that could be read are returned too.
config_entries read_config_file(const std::string& path);

/// The same for text in memory; `name` stands for the file in places.
config_entries read_config_text(const std::string& text, const std::string& name);

}  // namespace troupe
