#include "protocol/json/text.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include <nlohmann/json.hpp>

namespace troupe::json {

namespace {

constexpr std::uint64_t ones = 0x0101010101010101U;
constexpr std::uint64_t high_bits = ones << 7;

/// Whether one of eight bytes is below `limit` (at most 0x80). The borrow of a byte that is may
/// fake others, but only then.
constexpr bool has_below(std::uint64_t word, std::uint64_t limit) noexcept {
  return ((word - ones * limit) & ~word & high_bits) != 0;
}

constexpr bool has_byte(std::uint64_t word, char byte) noexcept {
  return has_below(word ^ ones * static_cast<std::uint8_t>(byte), 1);
}

bool is_plain(char c) noexcept {
  return static_cast<std::uint8_t>(c) >= 0x20 && c != '"' && c != '\\';
}

/// The size of the string that `text` begins with, quotes included.
std::size_t string_size(std::string_view text) noexcept {
  std::size_t at = 1;
  for (;;) {
    at += plain_prefix(text.substr(at));
    if (text[at] == '"') return at + 1;
    at += 2;  // a backslash and what it escapes; the digits of \u are plain
  }
}

/// The size of the object or array that `text` begins with.
std::size_t container_size(std::string_view text) noexcept {
  std::size_t depth = 0;
  for (std::size_t at = 0;;) {
    switch (text[at]) {
      case '"': at += string_size(text.substr(at)); continue;
      case '[':
      case '{': ++depth; break;
      case ']':
      case '}': --depth; break;
      default: break;
    }
    ++at;
    if (depth == 0) return at;
  }
}

/// The size of the value that `text` begins with.
std::size_t value_size(std::string_view text) noexcept {
  switch (text[0]) {
    case '"': return string_size(text);
    case '[':
    case '{': return container_size(text);
    default: return std::min(text.find_first_of(",]} \t\r\n"), text.size());
  }
}

}  // namespace

std::size_t plain_prefix(std::string_view text) noexcept {
  std::size_t at = 0;
  for (; text.size() - at >= sizeof(std::uint64_t); at += sizeof(std::uint64_t)) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, sizeof word);
    if (has_below(word, 0x20) || has_byte(word, '"') || has_byte(word, '\\')) break;
  }
  while (at < text.size() && is_plain(text[at])) ++at;
  return at;
}

bool is_plain_ascii(std::string_view text) noexcept {
  const auto is_plain_word = [](const char* at) {
    std::uint64_t word;
    std::memcpy(&word, at, sizeof word);
    return (word & high_bits) == 0 && !has_below(word, 0x20) && !has_byte(word, '"') &&
           !has_byte(word, '\\');
  };
  constexpr std::size_t step = sizeof(std::uint64_t);
  const char* const start = text.data();
  if (text.size() < step) {
    char padded[step] = {' ', ' ', ' ', ' ', ' ', ' ', ' ', ' '};
    if (text.size() >= step / 2) {
      std::memcpy(padded, start, step / 2);
      std::memcpy(padded + step / 2, start + text.size() - step / 2, step / 2);
    } else if (!text.empty()) {
      padded[0] = start[0];
      padded[1] = start[text.size() / 2];
      padded[2] = start[text.size() - 1];
    }
    return is_plain_word(padded);
  }
  for (std::size_t at = 0; at + step <= text.size(); at += step)
    if (!is_plain_word(start + at)) return false;
  return is_plain_word(start + text.size() - step);
}

std::optional<std::string_view> string_of(std::string_view value, std::string& scratch) {
  if (value.empty() || value[0] != '"') return std::nullopt;
  const std::string_view inner = value.substr(1, value.size() - 2);
  if (plain_prefix(inner) == inner.size()) return inner;
  constexpr bool throws = false;
  auto read = nlohmann::json::parse(value.begin(), value.end(), nullptr, throws);
  if (!read.is_string()) return std::nullopt;
  scratch = std::move(read.get_ref<std::string&>());
  return scratch;
}

std::string_view member_reader::take(std::size_t size) noexcept {
  const std::string_view taken = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return taken;
}

std::optional<member_reader::member> member_reader::next() noexcept {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n,"), rest_.size()));
  if (rest_.empty() || rest_[0] == '}') return std::nullopt;
  member found;
  found.name = take(string_size(rest_));
  rest_.remove_prefix(rest_.find_first_not_of(" \t\r\n:"));
  found.value = take(value_size(rest_));
  return found;
}

std::optional<std::string_view> element_reader::next() noexcept {
  rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n,"), rest_.size()));
  if (rest_.empty() || rest_[0] == ']') return std::nullopt;
  const std::string_view element = rest_.substr(0, value_size(rest_));
  rest_.remove_prefix(element.size());
  return element;
}

bool says_the_same(std::string_view a, std::string_view b) {
  constexpr bool throws = false;
  const auto read_a = nlohmann::json::parse(a.begin(), a.end(), nullptr, throws);
  const auto read_b = nlohmann::json::parse(b.begin(), b.end(), nullptr, throws);
  return !read_a.is_discarded() && !read_b.is_discarded() && read_a == read_b;
}

}  // namespace troupe::json
