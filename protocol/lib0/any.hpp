// The tags of lib0's `any` encoding. The engine keeps a value as the bytes in which it came;
// json/convert.hpp writes it as JSON when somebody reads the document. Source: lib0 0.2,
// encoding.js writeAny.
#pragma once

#include <cstdint>

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

}  // namespace troupe::lib0
