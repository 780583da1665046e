// The one table of configuration keys. Loading from YAML, the environment and --set, printing the
// effective configuration, the help texts and the tests all walk this table. A new key is one field
// in app/config/config.hpp, one row in app/config/key_table.cpp and one entry in
// config/reference.yaml. Lists of sections have their own table (app/config/sections.hpp); CAF
// declares the keys below `caf.` (app/config/caf_options.hpp).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config/config.hpp"
#include "base/errc.hpp"

namespace troupe {

// The types of a key. Each holds the accessor of its field and, if it has one, its range (both ends
// included).
struct address_field {
  std::string& (*in)(config&);
};
struct port_field {
  std::uint16_t& (*in)(config&);
};
struct count_field {
  std::size_t& (*in)(config&);
  std::uint64_t least, most;
};
struct size_field {
  std::size_t& (*in)(config&);
  std::uint64_t least, most;
};
struct duration_field {
  std::chrono::milliseconds& (*in)(config&);
  std::chrono::milliseconds least, most;
};
struct level_field {
  log_level& (*in)(config&);
};
struct log_format_field {
  log_format& (*in)(config&);
};
struct engine_field {
  storage_engine& (*in)(config&);
};
struct default_dialect_field {
  default_dialect& (*in)(config&);
};
struct access_mode_field {
  access::mode& (*in)(config&);
};
struct anonymous_field {
  access::anonymous& (*in)(config&);
};
struct durability_mode_field {
  cluster::durability_mode& (*in)(config&);
};
struct replication_mode_field {
  cluster::replication_mode& (*in)(config&);
};
struct switch_field {
  bool& (*in)(config&);
};
struct text_field {
  std::string& (*in)(config&);
};
/// A text that is not shown: its value is printed as hidden_value.
struct secret_field {
  std::string& (*in)(config&);
};
struct text_list_field {
  std::vector<std::string>& (*in)(config&);
};
using config_field =
    std::variant<address_field, port_field, count_field, size_field, duration_field, level_field,
                 log_format_field, engine_field, default_dialect_field, access_mode_field,
                 anonymous_field, durability_mode_field, replication_mode_field, switch_field,
                 text_field, secret_field, text_list_field>;

/// What is shown of a secret that is set.
inline constexpr std::string_view hidden_value = "(hidden)";

struct config_key {
  std::string_view name;  ///< Dotted: "server.port".
  config_field field;
  std::string_view unit;     ///< Of the value: "connections", "bytes", "ms, s, m or h".
  std::string_view meaning;  ///< One line, without a full stop.
};

/// Every key, grouped by section, in the order of config/reference.yaml. Static storage.
std::span<const config_key> config_keys();

/// Returns the key with this dotted name, or nullptr.
const config_key* find_config_key(std::string_view name);

/// Parses `text`, checks its range and stores it.
/// Fails with errc::invalid_config, the detail says what is allowed; `settings` is unchanged then.
result<void> set_value(const config_key& key, std::string_view text, config& settings);

/// The value in the notation that set_value reads; of a secret, hidden_value. Takes a copy, since
/// accessors need a mutable config; called at start-up only.
std::string format_value(const config_key& key, config settings);

/// What the key accepts, as in "a whole number from 0 to 65535".
std::string allowed_values(const config_key& key);

/// The environment variable of a key: "server.port" gives "TROUPE_SERVER__PORT". A hyphen, which
/// only keys of CAF have, becomes an underscore.
std::string environment_name(std::string_view key);

/// The candidate that a misspelt name most likely means; empty if none is close.
std::string nearest_name(std::string_view name, std::span<const std::string> candidates);

/// The names of all keys of the table, as candidates for nearest_name.
std::vector<std::string> config_key_names();

}  // namespace troupe
