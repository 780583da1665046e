// The target of an HTTP request, taken apart: a path that is decoded once, and the parameters of
// its query. It knows nothing of what paths mean. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe {

/// The part before the first '?', as it was sent; of an absolute target ("http://host/notes", as it
/// is sent to proxies) what follows the host, "/" if nothing does.
std::string_view path_of_target(std::string_view request_target) noexcept;

/// The host of an absolute target, with its port, as it was sent; empty if it is a path.
std::string_view host_of_target(std::string_view request_target) noexcept;

/// The part behind the first '?', as it was sent; empty if there is none.
std::string_view query_of_target(std::string_view request_target) noexcept;

/// The path, decoded as by decoded_name, with its leading slash. Fails with invalid_name if it does
/// not start with one.
result<std::string> decoded_path(std::string_view request_target);

/// Percent-decodes a path, or a part of one, exactly once. A '%' that is not followed by two
/// hexadecimal digits stands for itself, as it does for URL parsers; '+' stays '+'.
std::string decoded_name(std::string_view text);

/// Percent-decodes text exactly once; '+' stays '+'. Fails with invalid_name if a '%' is not
/// followed by two hexadecimal digits; the detail says so in words for the client.
result<std::string> percent_decoded(std::string_view text);

/// The value of a parameter of a query ("userId=a%20b&x=1"), percent-decoded, '+' as a space; empty
/// if it is not there or malformed.
std::string query_parameter(std::string_view query, std::string_view name);

/// The same for callers that distinguish a parameter that is not there from an empty one. Fails
/// with invalid_name if it is malformed.
result<std::optional<std::string>> find_query_parameter(std::string_view query,
                                                        std::string_view name);

}  // namespace troupe
