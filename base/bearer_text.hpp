// What Authorization: Bearer can carry. Source: RFC 6750, 2.1, b64token. Pure.
#pragma once

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/trim.hpp"

namespace troupe {

/// Whether all characters are letters, digits and -._~+/=.
constexpr bool is_bearer_text(std::string_view text) noexcept {
  constexpr std::string_view others = "-._~+/=";
  return std::ranges::all_of(text, [&](char one) {
    return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') ||
           others.find(one) != std::string_view::npos;
  });
}

/// "Bearer abc" -> "abc", the scheme in any letter case and with blanks around both; empty where
/// the token is missing; nothing for another scheme. Its characters are not checked.
constexpr std::optional<std::string_view> token_in_authorization(std::string_view field) noexcept {
  constexpr std::string_view blanks = " \t";
  constexpr auto lower = [](char one) {
    return one >= 'A' && one <= 'Z' ? static_cast<char>(one - 'A' + 'a') : one;
  };
  const std::string_view value = trimmed(field, blanks);
  const std::string_view scheme = value.substr(0, value.find_first_of(blanks));
  if (!std::ranges::equal(scheme, std::string_view{"bearer"}, {}, lower)) return std::nullopt;
  return trimmed(value.substr(scheme.size()), blanks);
}

}  // namespace troupe
