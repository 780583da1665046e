#include "app/config/keys.hpp"

#include <algorithm>
#include <utility>

#include "app/config/values.hpp"

namespace troupe {

namespace {

std::string from_to(const std::string& least, const std::string& most) {
  return " from " + least + " to " + most;
}

/// Describes what a field accepts.
struct describe_allowed {
  std::string operator()(const address_field&) const {
    return "an IP address such as 127.0.0.1, 0.0.0.0 or ::1";
  }
  std::string operator()(const port_field&) const { return "a whole number from 0 to 65535"; }
  std::string operator()(const count_field& field) const {
    return "a whole number" + from_to(std::to_string(field.least), std::to_string(field.most));
  }
  std::string operator()(const size_field& field) const {
    return "a size" + from_to(format_size(field.least), format_size(field.most));
  }
  std::string operator()(const duration_field& field) const {
    return "a duration" + from_to(format_duration(field.least), format_duration(field.most));
  }
  std::string operator()(const level_field&) const { return "error, warning, info or debug"; }
  std::string operator()(const log_format_field&) const { return "text or json"; }
  std::string operator()(const engine_field&) const { return "rocksdb, memory or postgresql"; }
  std::string operator()(const default_dialect_field&) const { return "y-websocket or hocuspocus"; }
  std::string operator()(const access_mode_field&) const { return "open, token or webhook"; }
  std::string operator()(const anonymous_field&) const { return "none, read or write"; }
  std::string operator()(const durability_mode_field&) const { return "keepers or shared"; }
  std::string operator()(const replication_mode_field&) const { return "strict or available"; }
  std::string operator()(const switch_field&) const { return "true or false"; }
  std::string operator()(const text_field&) const { return "a text"; }
  std::string operator()(const secret_field&) const { return "a text"; }
  std::string operator()(const text_list_field&) const {
    return "a list such as [\"a\", \"b\"], or texts with commas between them";
  }
};

template <class Value, class Bound>
result<void> store_in_range(const result<Value>& value, Bound least, Bound most,
                            std::string_view text, auto& target) {
  TROUPE_ASSIGN(const Value parsed, value);
  if (parsed < least || parsed > most)
    return fail(errc::invalid_config, in_quotes(text) + " is out of range");
  target = static_cast<std::remove_reference_t<decltype(target)>>(parsed);
  return {};
}

/// Parses the text and stores it in the field.
struct store_value {
  std::string_view text;
  config& settings;

  result<void> operator()(const address_field& field) const {
    return store(parse_address(text), field);
  }
  result<void> operator()(const level_field& field) const {
    return store(parse_log_level(text), field);
  }
  result<void> operator()(const log_format_field& field) const {
    return store(parse_log_format(text), field);
  }
  result<void> operator()(const engine_field& field) const {
    return store(parse_storage_engine(text), field);
  }
  result<void> operator()(const default_dialect_field& field) const {
    return store(parse_default_dialect(text), field);
  }
  result<void> operator()(const access_mode_field& field) const {
    return store(parse_access_mode(text), field);
  }
  result<void> operator()(const anonymous_field& field) const {
    return store(parse_anonymous(text), field);
  }
  result<void> operator()(const durability_mode_field& field) const {
    return store(parse_durability_mode(text), field);
  }
  result<void> operator()(const replication_mode_field& field) const {
    return store(parse_replication_mode(text), field);
  }
  result<void> operator()(const switch_field& field) const {
    return store(parse_switch(text), field);
  }
  result<void> operator()(const text_field& field) const {
    field.in(settings) = text;
    return {};
  }
  result<void> operator()(const secret_field& field) const {
    field.in(settings) = text;
    return {};
  }
  result<void> operator()(const text_list_field& field) const {
    return store(parse_text_list(text), field);
  }
  result<void> operator()(const port_field& field) const {
    return store_in_range(parse_count(text), std::uint64_t{0}, std::uint64_t{65535}, text,
                          field.in(settings));
  }
  result<void> operator()(const count_field& field) const {
    return store_in_range(parse_count(text), field.least, field.most, text, field.in(settings));
  }
  result<void> operator()(const size_field& field) const {
    return store_in_range(parse_size(text), field.least, field.most, text, field.in(settings));
  }
  result<void> operator()(const duration_field& field) const {
    return store_in_range(parse_duration(text), field.least, field.most, text, field.in(settings));
  }

 private:
  template <class Value>
  result<void> store(result<Value> value, const auto& field) const {
    TROUPE_ASSIGN(field.in(settings), std::move(value));
    return {};
  }
};

struct format_field {
  config& settings;

  std::string operator()(const address_field& field) const { return field.in(settings); }
  std::string operator()(const port_field& field) const {
    return std::to_string(field.in(settings));
  }
  std::string operator()(const count_field& field) const {
    return std::to_string(field.in(settings));
  }
  std::string operator()(const size_field& field) const { return format_size(field.in(settings)); }
  std::string operator()(const duration_field& field) const {
    return format_duration(field.in(settings));
  }
  std::string operator()(const level_field& field) const {
    return std::string{to_string(field.in(settings))};
  }
  std::string operator()(const log_format_field& field) const {
    return std::string{to_string(field.in(settings))};
  }
  std::string operator()(const engine_field& field) const {
    return std::string{to_string(field.in(settings))};
  }
  std::string operator()(const default_dialect_field& field) const {
    return std::string{to_string(field.in(settings))};
  }
  std::string operator()(const access_mode_field& field) const {
    return std::string{to_string(field.in(settings))};
  }
  std::string operator()(const anonymous_field& field) const {
    return std::string{to_string(field.in(settings))};
  }
  std::string operator()(const durability_mode_field& field) const {
    return std::string{to_string(field.in(settings))};
  }
  std::string operator()(const replication_mode_field& field) const {
    return std::string{to_string(field.in(settings))};
  }
  std::string operator()(const switch_field& field) const {
    return field.in(settings) ? "true" : "false";
  }
  std::string operator()(const text_field& field) const { return field.in(settings); }
  std::string operator()(const secret_field& field) const {
    return std::string{field.in(settings).empty() ? "" : hidden_value};
  }
  std::string operator()(const text_list_field& field) const {
    return format_text_list(field.in(settings));
  }
};

/// Source: the Levenshtein distance, one row at a time.
std::size_t edit_distance(std::string_view left, std::string_view right) {
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t column = 0; column < row.size(); ++column) row[column] = column;
  for (std::size_t line = 1; line <= left.size(); ++line) {
    std::size_t diagonal = std::exchange(row[0], line);
    for (std::size_t column = 1; column < row.size(); ++column) {
      const std::size_t replaced = diagonal + (left[line - 1] == right[column - 1] ? 0 : 1);
      diagonal = row[column];
      row[column] = std::min({row[column] + 1, row[column - 1] + 1, replaced});
    }
  }
  return row.back();
}

std::string_view last_part(std::string_view name) {
  const auto dot = name.rfind('.');
  return dot == std::string_view::npos ? name : name.substr(dot + 1);
}

}  // namespace

const config_key* find_config_key(std::string_view name) {
  const auto keys = config_keys();
  const auto found = std::ranges::find(keys, name, &config_key::name);
  return found == keys.end() ? nullptr : &*found;
}

result<void> set_value(const config_key& key, std::string_view text, config& settings) {
  auto stored = std::visit(store_value{text, settings}, key.field);
  if (!stored) stored.error().detail += "; allowed: " + allowed_values(key);
  return stored;
}

std::string format_value(const config_key& key, config settings) {
  return std::visit(format_field{settings}, key.field);
}

std::string allowed_values(const config_key& key) {
  return std::visit(describe_allowed{}, key.field);
}

std::string environment_name(std::string_view key) {
  std::string name = "TROUPE_";
  for (const char letter : key) {
    if (letter == '.')
      name += "__";
    else if (letter == '-')
      name += '_';
    else
      name += letter >= 'a' && letter <= 'z' ? static_cast<char>(letter - 'a' + 'A') : letter;
  }
  return name;
}

std::string nearest_name(std::string_view name, std::span<const std::string> candidates) {
  const std::string* best = nullptr;
  std::size_t best_distance = std::max<std::size_t>(2, name.size() / 4) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(name, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = &candidate;
    }
  }
  // The key may stand in the wrong section, or in none.
  for (const std::string& candidate : candidates)
    if (best == nullptr && last_part(candidate) == last_part(name)) best = &candidate;
  return best == nullptr ? std::string{} : *best;
}

std::vector<std::string> config_key_names() {
  std::vector<std::string> names;
  for (const config_key& key : config_keys()) names.emplace_back(key.name);
  return names;
}

}  // namespace troupe
