#include "base/printable.hpp"

#include "base/bytes.hpp"
#include "base/utf8.hpp"

namespace troupe {
namespace {

/// The length of the control character at the front, or 0: C0, DEL, or C1 (U+0080 to U+009F).
std::size_t control_size(byte_view bytes) noexcept {
  if (bytes[0] < 0x20 || bytes[0] == 0x7F) return 1;
  return bytes.size() > 1 && bytes[0] == 0xC2 && bytes[1] < 0xA0 ? 2 : 0;
}

void append_escaped(std::string& to, byte_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  for (const std::uint8_t byte : bytes) {
    to += "\\x";
    to += digits[byte >> 4];
    to += digits[byte & 0x0F];
  }
}

void append_valid(std::string& to, byte_view valid) {
  while (!valid.empty()) {
    const std::size_t control = control_size(valid);
    if (control > 0)
      append_escaped(to, valid.first(control));
    else
      to += static_cast<char>(valid[0]);
    valid = valid.subspan(control > 0 ? control : 1);
  }
}

}  // namespace

std::string printable(std::string_view text) {
  std::string shown;
  shown.reserve(text.size());
  byte_view left = as_bytes(text);
  while (!left.empty()) {
    const std::size_t valid = check_utf8_part(left).valid;
    append_valid(shown, left.first(valid));
    left = left.subspan(valid);
    if (left.empty()) break;
    append_escaped(shown, left.first(1));
    left = left.subspan(1);
  }
  return shown;
}

std::string in_single_quotes(std::string_view text) {
  return std::string{"'"}.append(printable(text)).append("'");
}

}  // namespace troupe
