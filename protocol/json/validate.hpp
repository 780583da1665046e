// Checks that a text is JSON as JavaScript's JSON.parse understands it, for values that pass
// through the engine as JSON text and must not break a client. The JSON library cannot do this: it
// refuses text that JSON.parse accepts and JSON.stringify writes (escaped lone surrogates, numbers
// beyond double).
#pragma once

#include <cstddef>
#include <string_view>

#include "base/errc.hpp"

namespace troupe::json {

/// The deepest nesting that is_valid_json can check.
inline constexpr std::size_t depth_limit = 1024;

/// True if `text` is one JSON value (RFC 8259) nested at most min(`depth_max`, depth_limit) deep.
/// Iterative. Requires: `text` is valid UTF-8.
bool is_valid_json(std::string_view text, std::size_t depth_max) noexcept;

/// The same check, for error messages: the offset of a failure is the first byte that does not fit.
/// Fails with invalid_json; with too_deep at the container that exceeds the limit.
result<void> check_json(std::string_view text, std::size_t depth_max);

}  // namespace troupe::json
