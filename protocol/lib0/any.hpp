// The tags of lib0's `any` encoding. The engine keeps a value as the bytes in which it came;
// json/convert.hpp writes it as JSON when somebody reads the document. Source: lib0 0.2,
// encoding.js writeAny.
#pragma once

#include <cstdint>
#include <string_view>

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

/// The member of an object that JavaScript takes for its prototype.
inline constexpr std::string_view prototype_key = "__proto__";

}  // namespace troupe::lib0
