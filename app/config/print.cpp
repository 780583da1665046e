#include "app/config/print.hpp"

#include <algorithm>
#include <utility>

#include "app/config/keys.hpp"
#include "app/config/sections.hpp"

namespace troupe {

namespace {

std::vector<std::string> split_key(std::string_view key) {
  std::vector<std::string> parts;
  for (auto dot = key.find('.'); dot != std::string_view::npos; dot = key.find('.')) {
    parts.emplace_back(key.substr(0, dot));
    key.remove_prefix(dot + 1);
  }
  parts.emplace_back(key);
  return parts;
}

/// The sections in block notation, one key a line, indented to stand below the name of the list.
std::string printed_sections(const section_list& list, const config& settings) {
  const std::size_t size = list.size(settings);
  if (size == 0) return "[]";
  const auto parts = split_key(list.name).size();
  std::string text;
  for (std::size_t section = 0; section < size; ++section) {
    std::string_view mark = "- ";
    for (const section_key& key : list.keys) {
      const std::string value = format_section_value(key, section, settings);
      // A text that is empty is not the same as one that is not there.
      if (key.must_be == presence::optional && (value == "\"\"" || value == "{}")) continue;
      text.append(1, '\n').append(std::string(2 * parts, ' ')).append(std::exchange(mark, "  "));
      text.append(key.name).append(": ").append(value);
    }
  }
  return text;
}

/// Behind the last value of the list's section, so that each section is written once.
void insert_list(std::vector<printed_value>& values, printed_value list) {
  const std::string prefix = list.key.substr(0, list.key.rfind('.') + 1);
  const auto last = std::find_if(values.rbegin(), values.rend(), [&](const printed_value& each) {
    return each.key.starts_with(prefix);
  });
  values.insert(last == values.rend() ? values.end() : last.base(), std::move(list));
}

}  // namespace

std::vector<printed_value> printed_values(const config& settings) {
  std::vector<printed_value> values;
  for (const config_key& key : config_keys()) {
    std::string text = format_value(key, settings);
    // What YAML could read as something other than text: "::1", or nothing at all.
    if (std::holds_alternative<address_field>(key.field) ||
        std::holds_alternative<text_field>(key.field) ||
        std::holds_alternative<secret_field>(key.field))
      text = quote_yaml(text);
    values.push_back({std::string{key.name}, std::move(text)});
  }
  for (const section_list& list : section_lists())
    insert_list(values, {std::string{list.name}, printed_sections(list, settings)});
  return values;
}

std::string to_yaml(std::span<const printed_value> values) {
  std::string yaml;
  std::vector<std::string> open;  // The sections around the line before.
  for (const printed_value& value : values) {
    std::vector<std::string> parts = split_key(value.key);
    const std::string name = std::move(parts.back());
    parts.pop_back();
    auto depth = static_cast<std::size_t>(std::ranges::mismatch(open, parts).in2 - parts.begin());
    for (; depth < parts.size(); ++depth)
      yaml += std::string(2 * depth, ' ') + parts[depth] + ":\n";
    yaml += std::string(2 * parts.size(), ' ') + name +
            (value.text.starts_with('\n') ? ":" : ": ") + value.text + "\n";
    open = std::move(parts);
  }
  return yaml;
}

std::string quote_yaml(std::string_view text) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string quoted = "\"";
  for (const char letter : text) {
    const auto code = static_cast<unsigned char>(letter);
    if (letter == '"' || letter == '\\') quoted += '\\';
    if (code >= 0x20)
      quoted += letter;
    else
      quoted.append("\\x").append(1, digits[code >> 4]).append(1, digits[code & 15]);
  }
  return quoted + "\"";
}

}  // namespace troupe
