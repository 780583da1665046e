// JSON text to lib0 `any` and back. Update v1 carries embeds and formats as JSON text, v2 as any,
// and a value must survive the conversion in either direction as it does in JavaScript; readers of
// a document want another JSON, which keeps what JavaScript drops. Pure. Source: lib0 0.2
// encoding.js writeAny; ECMA-262 JSON.parse, JSON.stringify, Number::toString.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::json {

/// Appends the value as any. Keys come in JavaScript's order: integers ascending, then the rest as
/// written; of equal ones the last counts. An escaped half of a surrogate pair becomes U+FFFD.
/// Requires: `text` was accepted by is_valid_json (recursion goes as deep as its limit).
void json_to_any(std::string_view text, lib0::encoder& out);

/// How an any value is written as JSON. In both, numbers that are not finite and an undefined
/// outside of an object become null.
enum class flavour : std::uint8_t {
  /// As JSON.stringify writes it: keys in JavaScript's order, of equal ones the last; members that
  /// are undefined left out; bytes as the object {"0":255}; a bigint as null (JSON.stringify
  /// throws). What update v1 carries.
  javascript,
  /// For readers of a document: keys as encoded, all of them; undefined as null; bytes as base64; a
  /// bigint as a number of full precision.
  lossless,
};

/// Appends one any value as JSON text. Requires: the value was accepted by decoder::skip_any
/// (recursion goes as deep as its limit).
void any_to_json(lib0::decoder& in, flavour flavour, std::string& out);

/// Whether JavaScript lists key `a` before key `b` although `b` was set first: array indices come
/// first, in ascending order.
bool is_listed_before(std::string_view a, std::string_view b);

}  // namespace troupe::json
