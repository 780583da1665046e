// From the target of an HTTP request to the name of a document: `/<document>?query`. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe {

/// Returns the name: the path without its leading slash, percent-decoded exactly once ('+' stays
/// '+', slashes inside are part of the name).
/// Fails with invalid_name if the path does not start with '/', if a percent escape is malformed,
/// or as check_document_name does; the detail says which, in words for the client.
result<std::string> document_name_from_target(std::string_view request_target);

/// The same for an upgrade, where the path `/` names no document: its client says in each message
/// which it means. Returns an empty name then.
result<std::string> document_of_upgrade(std::string_view request_target);

/// The value of a parameter of a query ("userId=a%20b&x=1"), percent-decoded, '+' as a space; empty
/// if it is not there or malformed.
std::string query_parameter(std::string_view query, std::string_view name);

/// The same for who has to tell a parameter that is not there from an empty one. Fails with
/// invalid_name if it is malformed.
result<std::optional<std::string>> find_query_parameter(std::string_view query,
                                                        std::string_view name);

/// The part before the first '?'.
std::string_view path_of_target(std::string_view request_target) noexcept;

/// The part behind the first '?', as it was sent; empty if there is none.
std::string_view query_of_target(std::string_view request_target) noexcept;

}  // namespace troupe
