// What the readers of edit operations and of the values in them share: a member of a JSON object by
// its name, and the failure that says what is wrong. For sources of protocol/edits only. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "protocol/json/text.hpp"

namespace troupe::edits {

/// The failure of an edit that makes no sense; `text` is for whoever sent it.
inline tl::unexpected<failure> wrong(std::string text) {
  return tl::unexpected(failure{errc::invalid_edit, std::move(text)});
}

/// The last of the members of this name; empty if there is none. Requires: `object` is valid JSON
/// and begins with '{'.
inline std::string_view find_member(std::string_view object, std::string_view wanted) {
  std::string scratch;
  std::string_view found;
  json::member_reader members{object};
  while (const auto each = members.next())
    if (json::string_of(each->name, scratch) == wanted) found = each->value;
  return found;
}

}  // namespace troupe::edits
