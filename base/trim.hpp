// The text between its outer blanks.
#pragma once

#include <string_view>

namespace troupe {

/// What JSON counts as white space.
inline constexpr std::string_view json_blanks = " \t\r\n";

constexpr bool is_json_blank(char c) noexcept {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// `text` without the characters of `blanks` at its start and end: a part of it, maybe empty.
constexpr std::string_view trimmed(std::string_view text,
                                   std::string_view blanks = json_blanks) noexcept {
  const std::size_t first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) + 1 - first);
}

}  // namespace troupe
