// Writes JSON text: strings, bytes, numbers, and the commas between members and elements. The one
// place that does it, for the dialect, for contents of documents, and for `troupe doc`. Pure; text
// is appended to a string of the caller.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace troupe::json {

/// Appends `text` with its quotes, and with the escapes that it must have and no others, as
/// JSON.stringify does. Bytes that are not UTF-8 become U+FFFD.
void append_string(std::string_view text, std::string& out);

/// Appends `bytes` as a string of standard base64 with padding.
void append_base64_string(byte_view bytes, std::string& out);

/// Appends the shortest decimal that reads back as the same double; "null" if it is not finite.
/// Source: ECMA-262, Number::toString.
void append_number(double value, std::string& out);

/// The same into a buffer with room for number_size_max; returns where it ends.
char* write_number(double value, char* to) noexcept;
inline constexpr std::size_t number_size_max = 40;

/// Writes members and elements, and the commas between them. The caller keeps the brackets in
/// pairs.
class writer {
 public:
  /// '{' or '['.
  writer& open(char bracket);
  /// '}' or ']'.
  writer& close(char bracket);
  /// The name of a member, whose value comes next.
  writer& name(std::string_view text);
  writer& value(std::uint64_t number);
  writer& value(std::string_view text);
  /// A value that is JSON already.
  writer& raw(std::string_view json);

  std::string take() { return std::move(out_); }

 private:
  std::string& separated();

  std::string out_;
  bool is_first_ = true;  // of a container, or behind a name
};

}  // namespace troupe::json
