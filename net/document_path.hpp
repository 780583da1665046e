// From the target of an HTTP request to the name of a document: `/<document>?query`. Pure.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe {

/// Returns the name: the path without its leading slash, percent-decoded exactly once ('+' stays
/// '+', slashes inside are part of the name).
/// Fails with invalid_name if the path does not start with '/', if a percent escape is malformed,
/// or as check_document_name does; the detail says which, in words for the client.
result<std::string> document_name_from_target(std::string_view request_target);

/// The part before the first '?'.
std::string_view path_of_target(std::string_view request_target) noexcept;

/// The part behind the first '?', as it was sent; empty if there is none.
std::string_view query_of_target(std::string_view request_target) noexcept;

}  // namespace troupe
