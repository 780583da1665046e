#include "protocol/document_rule.hpp"

#include <algorithm>

namespace troupe {

crdt::doc_settings settings_for(std::string_view document, std::span<const document_rule> rules,
                                crdt::doc_settings general) {
  const auto rule = std::ranges::find_if(
      rules, [&](const document_rule& each) { return each.matches(document); });
  if (rule != rules.end()) general.gc = rule->gc;
  return general;
}

}  // namespace troupe
