// What the pages of the cluster answer (docs/admin.md), as text for people. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe::cluster {

/// The nodes as a table, with the state of the cluster above. Fails with invalid_json.
result<std::string> members_text(std::string_view body);

/// "member list 4". Fails with invalid_json.
result<std::string> change_text(std::string_view body);

/// The text of an answer that is an error; the body itself where it is none of ours, cut short.
std::string error_text(std::string_view body);

}  // namespace troupe::cluster
