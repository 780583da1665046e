// Is this text JSON as JavaScript's JSON.parse understands it? For values that pass through the
// engine as JSON text and must not break a client. The JSON library is no help here: it refuses
// what JSON.parse takes and JSON.stringify writes (escaped lone surrogates, numbers beyond double).
#pragma once

#include <cstddef>
#include <string_view>

#include "base/errc.hpp"

namespace troupe::json {

/// The nesting up to which is_valid_json can follow a value.
inline constexpr std::size_t depth_limit = 128;

/// True if `text` is one JSON value (RFC 8259) nested at most min(`depth_max`, depth_limit) deep.
/// Iterative. Requires: `text` is valid UTF-8.
bool is_valid_json(std::string_view text, std::size_t depth_max) noexcept;

/// The same question, for those who tell somebody what is wrong: the offset of a failure is the
/// byte that cannot stand where it does. Fails with invalid_json, and with too_deep at the
/// container that is one too many.
result<void> check_json(std::string_view text, std::size_t depth_max);

}  // namespace troupe::json
