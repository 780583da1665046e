// The tags of lib0's `any` encoding and its translation to JSON text. Values are kept as the bytes
// in which they came and are looked into only when somebody reads the document. Source: lib0 0.2,
// encoding.js writeAny.
#pragma once

#include <string>

#include "protocol/lib0/decoder.hpp"

namespace troupe::lib0 {

enum class any_tag : std::uint8_t {
  bytes = 116,
  array = 117,
  object = 118,
  string = 119,
  true_value = 120,
  false_value = 121,
  bigint = 122,
  float64 = 123,
  float32 = 124,
  integer = 125,
  null = 126,
  undefined = 127,
};

/// Appends one value as JSON. undefined, NaN and infinities become null, bytes a base64 string, a
/// bigint a number of full precision. Object keys keep their encoded order. Requires: the value was
/// accepted by decoder::skip_any (recursion goes as deep as its limit).
void append_any_as_json(decoder& input, std::string& out);

/// Appends `text` as a JSON string with quotes.
void append_json_string(std::string_view text, std::string& out);

/// Appends `bytes` as a JSON string of standard base64 with padding.
void append_base64_json(byte_view bytes, std::string& out);

}  // namespace troupe::lib0
