// What a list of words allows, wherever it comes from: the claims of a token, a request to the
// admin pages, the answer of the application. A list that is half understood allows nothing. Pure.
#pragma once

#include <optional>
#include <string_view>

#include "protocol/access/rights.hpp"

namespace troupe::access {

/// `text_of(word)`: the text of an element of the list, or nothing if it is none. Returns nothing
/// if a word is unknown to permission::add.
template <class Words, class TextOf>
std::optional<permission> permission_of(const Words& words, const TextOf& text_of) {
  permission allowed;
  for (const auto& word : words) {
    const std::optional<std::string_view> text = text_of(word);
    if (!text || !allowed.add(*text)) return std::nullopt;
  }
  return allowed;
}

}  // namespace troupe::access
