// JSON text to lib0 `any` and back, as JavaScript does it: update v1 carries embeds and formats as
// JSON text, v2 as any, and a value must survive the way through either. Source: lib0 0.2
// encoding.js writeAny; ECMA-262 JSON.parse, JSON.stringify, Number::toString.
#pragma once

#include <string>
#include <string_view>

#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::json {

/// Appends the value as any. Keys come in JavaScript's order: integers ascending, then the rest as
/// written; of equal ones the last counts. An escaped half of a surrogate pair becomes U+FFFD.
/// Requires: `text` was accepted by is_valid_json (recursion goes as deep as its limit).
void append_json_as_any(std::string_view text, lib0::encoder& out);

/// Appends one any value as JSON.stringify writes it, keys in JavaScript's order: undefined members
/// are left out, undefined elements and numbers that are not finite become null. What it cannot
/// write (undefined itself, a bigint) becomes null. Requires: the value was accepted by
/// decoder::skip_any.
void append_any_as_json_text(lib0::decoder& input, std::string& out);

/// Whether JavaScript lists key `a` before key `b` although `b` was set first: array indices come
/// first, in ascending order.
bool is_listed_before(std::string_view a, std::string_view b);

}  // namespace troupe::json
