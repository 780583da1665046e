// Settings for some documents, chosen by their names: the first rule that matches counts. Further
// settings of a rule become members of document_rule. Pure.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "protocol/crdt/doc.hpp"

namespace troupe {

struct document_rule {
  std::string name;  ///< A whole name; with * at the end, what names begin with.
  crdt::garbage_collection gc = crdt::garbage_collection::on;

  bool matches(std::string_view document) const noexcept {
    const std::string_view pattern = name;
    return pattern.ends_with('*') ? document.starts_with(pattern.substr(0, pattern.size() - 1))
                                  : document == pattern;
  }
};

/// What a document with this name is made with: `general`, changed by its rule.
crdt::doc_settings settings_for(std::string_view document, std::span<const document_rule> rules,
                                crdt::doc_settings general);

}  // namespace troupe
