// The target of an HTTP request, taken apart: a path that is decoded once, and the parameters of
// its query. It knows nothing of what paths mean. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe {

/// The part before the first '?', as it was sent.
std::string_view path_of_target(std::string_view request_target) noexcept;

/// The part behind the first '?', as it was sent; empty if there is none.
std::string_view query_of_target(std::string_view request_target) noexcept;

/// The path, percent-decoded exactly once, with its leading slash. Fails with invalid_name if it
/// does not start with one, or as percent_decoded does.
result<std::string> decoded_path(std::string_view request_target);

/// Percent-decodes text exactly once; '+' stays '+'. Fails with invalid_name if a '%' is not
/// followed by two hexadecimal digits; the detail says so in words for the client.
result<std::string> percent_decoded(std::string_view text);

/// The value of a parameter of a query ("userId=a%20b&x=1"), percent-decoded, '+' as a space; empty
/// if it is not there or malformed.
std::string query_parameter(std::string_view query, std::string_view name);

/// The same for callers that tell a parameter that is not there from an empty one. Fails with
/// invalid_name if it is malformed.
result<std::optional<std::string>> find_query_parameter(std::string_view query,
                                                        std::string_view name);

}  // namespace troupe
