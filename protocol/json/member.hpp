// Sets a member of a JSON object in its text, without making a tree of it. Pure.
#pragma once

#include <string>
#include <string_view>

namespace troupe::json {

/// The object with this member, and no other of the name: those that stand there are taken out,
/// however they are escaped, and the new one comes last. What is no object is returned as it is.
/// Requires: `object` is valid JSON (is_valid_json), `value` too. `name` needs no escapes.
std::string with_member(std::string_view object, std::string_view name, std::string_view value);

}  // namespace troupe::json
