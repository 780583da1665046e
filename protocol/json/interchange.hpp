// JSON that every parser reads: JavaScript accepts and writes strings with half of a surrogate pair
// ("\ud800"), and accepts numbers beyond double (1e999), but other parsers refuse the whole text
// for one of these (RFC 7493, I-JSON, sections 2.1 and 2.2). What a program sends as JSON must have
// neither. What comes from Yjs clients may, and is replaced where the server writes it as JSON.
// Pure. Requires text that is_valid_json has accepted.
#pragma once

#include <string>
#include <string_view>

#include "base/errc.hpp"

namespace troupe::json {

/// Fails with invalid_json at the first half of a surrogate pair or number beyond double; the
/// detail says which.
result<void> check_interchange(std::string_view text);

/// The text with U+FFFD for halves of surrogate pairs and null for numbers beyond double, as
/// JavaScript converts them elsewhere: `text` itself if it has none, else `scratch`.
std::string_view to_interchange(std::string_view text, std::string& scratch);

}  // namespace troupe::json
