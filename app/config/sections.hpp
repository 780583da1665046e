// The keys whose value is a list of sections, such as watch.directories, and the keys of a section.
// The table beside that of app/config/keys.hpp; loading, printing, the help texts and the tests
// walk both. Only a file can set such a list: the environment and --set have no notation for it,
// and a later source would have to say which section it means.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "app/config/config.hpp"
#include "app/config/file.hpp"
#include "base/errc.hpp"

namespace troupe {

// The types of a key in a section. Each holds the accessor of its field in the section with a given
// number, and the check of one text, whose failure completes the sentence "the key ...".
struct section_text_field {
  std::string& (*in)(config&, std::size_t section);
  result<void> (*check)(const std::string& text);
};
/// A text that is not shown: its value is printed as hidden_value.
struct section_secret_field {
  std::string& (*in)(config&, std::size_t section);
};
struct section_switch_field {
  bool& (*in)(config&, std::size_t section);
};
struct section_list_field {
  std::vector<std::string>& (*in)(config&, std::size_t section);
  result<void> (*check)(const std::string& item);
};
/// A map whose keys the operator chooses, each with one text or a list: `claims: {role: editor}`.
/// An entry of it comes with the name "claims.role".
struct section_map_field {
  using entry = std::pair<std::string, std::vector<std::string>>;

  std::vector<entry>& (*in)(config&, std::size_t section);
  result<void> (*check)(const entry& added);
  std::size_t entries_max;
};
using section_field = std::variant<section_text_field, section_secret_field, section_switch_field,
                                   section_list_field, section_map_field>;

enum class presence { optional, required };

struct section_key {
  std::string_view name;  ///< As it stands in the section: "directory".
  section_field field;
  presence must_be;
  std::string_view unit;
  std::string_view meaning;  ///< One line, without a full stop.
};

struct section_list {
  std::string_view name;  ///< Dotted: "watch.directories".
  std::string_view unit;
  std::string_view meaning;
  std::size_t sections_max;
  std::span<const section_key> keys;
  std::size_t (*size)(const config&);
  void (*append)(config&);  ///< One section with the defaults.
};

/// Every list, in the order of config/reference.yaml. Static storage.
std::span<const section_list> section_lists();

/// Returns the list with this dotted name, or nullptr.
const section_list* find_section_list(std::string_view name);

/// Returns the list that a dotted key names or lies in, or nullptr: "watch.directories",
/// "watch.directories[0]", "watch.directories.x".
const section_list* section_list_around(std::string_view key);

/// Returns the key of a section with this name, or the map in which the name lies, or nullptr.
const section_key* find_section_key(const section_list& list, std::string_view name);

/// Checks the entry and stores its value in the section with the number `section`.
/// Fails with errc::invalid_config, the detail says what is wrong; `settings` is unchanged then.
result<void> set_section_value(const section_key& key, std::size_t section,
                               const config_entry& entry, config& settings);

/// The value as YAML in flow notation: "x", ["x", "y"] or {"x": ["y"]}.
std::string format_section_value(const section_key& key, std::size_t section, config settings);

/// The names of the keys: "directory, document".
std::string section_key_names(const section_list& list);

}  // namespace troupe
