// What Authorization: Bearer can carry. Source: RFC 6750, 2.1, b64token. Pure.
#pragma once

#include <algorithm>
#include <string_view>

namespace troupe {

/// Whether all characters are letters, digits and -._~+/=.
constexpr bool is_bearer_text(std::string_view text) noexcept {
  constexpr std::string_view others = "-._~+/=";
  return std::ranges::all_of(text, [&](char one) {
    return (one >= '0' && one <= '9') || (one >= 'a' && one <= 'z') || (one >= 'A' && one <= 'Z') ||
           others.find(one) != std::string_view::npos;
  });
}

}  // namespace troupe
