// Names of keys in the environment, and what misspelt ones mean. Functions of keys.hpp.
#include <algorithm>
#include <utility>

#include "app/config/keys.hpp"

namespace troupe {

namespace {

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

}  // namespace troupe
