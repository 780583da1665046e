// The rules for the name of a document, wherever a client names one: in the path of a URL or in a
// field of a message. Pure.
#pragma once

#include <cstddef>
#include <string_view>

#include "base/errc.hpp"

namespace troupe {

constexpr std::size_t document_name_size_bytes_max = 512;

/// Checks a decoded name. Fails with invalid_name if it is empty, longer than
/// document_name_size_bytes_max, not valid UTF-8, or has control characters; the detail says which,
/// in words for the client.
result<void> check_document_name(std::string_view name);

}  // namespace troupe
