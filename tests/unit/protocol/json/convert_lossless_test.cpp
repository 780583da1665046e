#include "protocol/json/convert.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::convert_lossless_test {

using test::hex;

namespace {

/// One value as JSON; it must be valid and take the whole input.
std::string shown(std::string_view digits) {
  const byte_buffer bytes = hex(digits);
  lib0::decoder check{bytes};
  CHECK(check.skip_any(100).size() == bytes.size());
  lib0::decoder in{bytes};
  std::string text;
  json::any_to_json(in, json::flavour::lossless, text);
  CHECK(in.ok());
  CHECK(in.at_end());
  return text;
}

}  // namespace

TEST_CASE("lossless JSON has the plain values", "[json][convert]") {
  CHECK(shown("7e") == "null");
  CHECK(shown("7f") == "null");  // undefined has no JSON
  CHECK(shown("78") == "true");
  CHECK(shown("79") == "false");
  CHECK(shown("77 00") == "\"\"");
  CHECK(shown("77 03 61c3a9") == "\"a\xC3\xA9\"");
}

TEST_CASE("lossless JSON writes integers of every length with their sign", "[json][convert]") {
  CHECK(shown("7d 00") == "0");
  CHECK(shown("7d 01") == "1");
  CHECK(shown("7d 3f") == "63");
  CHECK(shown("7d 41") == "-1");
  CHECK(shown("7d 7f") == "-63");
  CHECK(shown("7d 8001") == "64");
  CHECK(shown("7d c001") == "-64");
  CHECK(shown("7d bfffffff0f") == "2147483647");
  CHECK(shown("7d ffffffff0f") == "-2147483647");
  CHECK(shown("7d bfffffffffffff1f") == "9007199254740991");
  CHECK(shown("7d 40") == "0");  // -0, as JSON.stringify writes it
}

TEST_CASE("lossless JSON reads an integer that is longer than necessary up to its end",
          "[json][convert]") {
  CHECK(shown("75 02 7d 8180808080808000 7d 05") == "[1,5]");
  CHECK(shown("75 02 7d 818080808080808080808000 7d 05") == "[1,5]");
}

TEST_CASE("lossless JSON writes floating point numbers as JavaScript does", "[json][convert]") {
  CHECK(shown("7c 3fc00000") == "1.5");
  CHECK(shown("7c bf000000") == "-0.5");
  CHECK(shown("7c 4f000000") == "2147483648");
  CHECK(shown("7b 3ff199999999999a") == "1.1");
  CHECK(shown("7b 3fb999999999999a") == "0.1");
  CHECK(shown("7b 41dfffffffe00000") == "2147483647.5");
  CHECK(shown("7b 4340000000000000") == "9007199254740992");
  CHECK(shown("7b 444b1ae4d6e2ef50") == "1e+21");
  CHECK(shown("7b 4415af1d78b58c40") == "100000000000000000000");
}

TEST_CASE("lossless JSON writes numbers that JSON lacks as null", "[json][convert]") {
  CHECK(shown("7b 7ff8000000000000") == "null");  // NaN
  CHECK(shown("7c 7f800000") == "null");          // Infinity
  CHECK(shown("7c ff800000") == "null");          // -Infinity
}

TEST_CASE("lossless JSON writes bigints in full", "[json][convert]") {
  CHECK(shown("7a 0000000000000001") == "1");
  CHECK(shown("7a ffffffffffffffff") == "-1");
  CHECK(shown("7a 7fffffffffffffff") == "9223372036854775807");
  CHECK(shown("7a 8000000000000000") == "-9223372036854775808");
}

TEST_CASE("lossless JSON writes arrays and objects in their encoded order", "[json][convert]") {
  CHECK(shown("75 00") == "[]");
  CHECK(shown("76 00") == "{}");
  CHECK(shown("75 03 7d01 7702 6869 7e") == "[1,\"hi\",null]");
  CHECK(shown("76 02 0162 7d01 0161 75 01 76 00") == "{\"b\":1,\"a\":[{}]}");
  CHECK(shown("76 03 0161 7d01 0139 7f 0161 7d02") == R"({"a":1,"9":null,"a":2})");
}

TEST_CASE("lossless JSON writes bytes as base64", "[json][convert]") {
  CHECK(shown("74 00") == "\"\"");
  CHECK(shown("74 01 ff") == "\"/w==\"");
}

TEST_CASE("lossless JSON of one value leaves the next unread", "[json][convert]") {
  const byte_buffer bytes = hex("7d01 7d02");
  lib0::decoder in{bytes};
  std::string text;
  json::any_to_json(in, json::flavour::lossless, text);
  CHECK(text == "1");
  CHECK(in.offset() == 2);
}

}  // namespace troupe::convert_lossless_test
