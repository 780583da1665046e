// Settings for some documents, chosen by their names: the first rule that matches counts. Further
// settings of a rule become members of document_rule. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "protocol/crdt/doc.hpp"

namespace troupe {

/// `pattern`: a whole name; with * at the end, what names begin with.
constexpr bool name_matches(std::string_view pattern, std::string_view document) noexcept {
  return pattern.ends_with('*') ? document.starts_with(pattern.substr(0, pattern.size() - 1))
                                : document == pattern;
}

struct document_rule {
  std::string name;  ///< As a pattern of name_matches().
  crdt::garbage_collection gc = crdt::garbage_collection::on;

  bool matches(std::string_view document) const noexcept { return name_matches(name, document); }
};

/// What a document with this name is made with: `general`, changed by its rule.
crdt::doc_settings settings_for(std::string_view document, std::span<const document_rule> rules,
                                crdt::doc_settings general);

}  // namespace troupe
