// Bytes as tests write them: hexadecimal digits, with spaces and bars wherever they help the eye.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace troupe::test {

/// The bytes that `digits` spell. Spaces, line ends and `|` are skipped; anything else throws.
inline byte_buffer hex(std::string_view digits) {
  byte_buffer bytes;
  int high = -1;
  for (const char c : digits) {
    if (c == ' ' || c == '|' || c == '\n') continue;
    const auto value = std::string_view{"0123456789abcdef"}.find(c);
    if (value == std::string_view::npos) throw std::invalid_argument{"not a hexadecimal digit"};
    if (high < 0) {
      high = static_cast<int>(value);
    } else {
      bytes.push_back(static_cast<std::uint8_t>(high * 16 + static_cast<int>(value)));
      high = -1;
    }
  }
  if (high >= 0) throw std::invalid_argument{"odd number of hexadecimal digits"};
  return bytes;
}

/// The digits of `bytes`, two per byte, for messages and comparisons.
inline std::string to_hex(byte_view bytes) {
  std::string digits;
  for (const std::uint8_t byte : bytes) {
    digits.push_back("0123456789abcdef"[byte >> 4]);
    digits.push_back("0123456789abcdef"[byte & 15]);
  }
  return digits;
}

}  // namespace troupe::test
