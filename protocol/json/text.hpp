// Reads the strings, members and elements of JSON text without building a tree of it: a message of
// the JSON dialect needs a few of its members, and its payload passes through as it is. write.hpp
// is the counterpart. Pure. Requires text that is_valid_json has accepted, but for the first two.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace troupe::json {

/// How many bytes at the start need no escape in a string: all but '"', '\\' and control
/// characters. Eight at a time.
std::size_t plain_prefix(std::string_view text) noexcept;

/// Whether all of it is ASCII that needs no escape.
bool is_plain_ascii(std::string_view text) noexcept;
constexpr bool is_plain_ascii(char c) noexcept {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/// The text of a string value: part of `value` if it has no escapes, else of `scratch`. None if the
/// value is not a string, or escapes half of a surrogate pair, which UTF-8 cannot hold.
std::optional<std::string_view> string_of(std::string_view value, std::string& scratch);

/// Walks over the members of one object in the order of the text, duplicate names included.
class member_reader {
 public:
  struct member {
    std::string_view name;   ///< With its quotes and escapes.
    std::string_view value;  ///< One JSON value, without white space around it.
  };

  /// Requires: `object` is valid JSON and begins with '{'.
  explicit member_reader(std::string_view object) noexcept : rest_(object.substr(1)) {}

  /// The next member; none after the last one.
  std::optional<member> next() noexcept;

 private:
  std::string_view take(std::size_t size) noexcept;

  std::string_view rest_;
};

/// Walks over the elements of one array.
class element_reader {
 public:
  /// Requires: `array` is valid JSON and begins with '['.
  explicit element_reader(std::string_view array) noexcept : rest_(array.substr(1)) {}

  /// The next element, without white space around it; none after the last one.
  std::optional<std::string_view> next() noexcept;

 private:
  std::string_view rest_;
};

/// Whether two JSON texts say the same: members in any order, numbers as doubles. What neither
/// every parser reads (interchange.hpp) equals nothing. Cost: linear in both.
bool says_the_same(std::string_view a, std::string_view b);

}  // namespace troupe::json
