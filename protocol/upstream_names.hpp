// Which documents may be fetched from another server (upstream.documents). Pure.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/document_rule.hpp"

namespace troupe {

class upstream_names {
 public:
  /// None.
  upstream_names() = default;
  /// Whole names; with * at the end, what names begin with.
  explicit upstream_names(std::vector<std::string> patterns) : patterns_(std::move(patterns)) {}

  bool contains(std::string_view document) const noexcept {
    return std::ranges::any_of(
        patterns_, [&](const std::string& pattern) { return name_matches(pattern, document); });
  }

 private:
  std::vector<std::string> patterns_;
};

}  // namespace troupe
