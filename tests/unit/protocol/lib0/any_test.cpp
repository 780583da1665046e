#include "protocol/lib0/any.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

using namespace troupe;
using test::hex;

namespace {

/// One value as JSON; it must be valid and take the whole input.
std::string json(std::string_view digits) {
  const byte_buffer bytes = hex(digits);
  lib0::decoder check{bytes};
  CHECK(check.skip_any(100).size() == bytes.size());
  lib0::decoder in{bytes};
  std::string text;
  lib0::append_any_as_json(in, text);
  CHECK(in.ok());
  CHECK(in.at_end());
  return text;
}

std::string quoted(std::string_view text) {
  std::string out;
  lib0::append_json_string(text, out);
  return out;
}

std::string base64(std::string_view digits) {
  std::string out;
  lib0::append_base64_json(hex(digits), out);
  return out;
}

}  // namespace

TEST_CASE("any writes the plain values as JSON", "[lib0]") {
  CHECK(json("7e") == "null");
  CHECK(json("7f") == "null");  // undefined has no JSON
  CHECK(json("78") == "true");
  CHECK(json("79") == "false");
  CHECK(json("77 00") == "\"\"");
  CHECK(json("77 03 61c3a9") == "\"a\xC3\xA9\"");
}

TEST_CASE("any writes integers of every length with their sign", "[lib0]") {
  CHECK(json("7d 00") == "0");
  CHECK(json("7d 01") == "1");
  CHECK(json("7d 3f") == "63");
  CHECK(json("7d 41") == "-1");
  CHECK(json("7d 7f") == "-63");
  CHECK(json("7d 8001") == "64");
  CHECK(json("7d c001") == "-64");
  CHECK(json("7d bfffffff0f") == "2147483647");
  CHECK(json("7d ffffffff0f") == "-2147483647");
  CHECK(json("7d bfffffffffffff1f") == "9007199254740991");
  CHECK(json("7d 40") == "0");  // -0, as JSON.stringify writes it
}

TEST_CASE("any reads an integer that is longer than necessary up to its end", "[lib0]") {
  CHECK(json("75 02 7d 8180808080808000 7d 05") == "[1,5]");
  CHECK(json("75 02 7d 818080808080808080808000 7d 05") == "[1,5]");
}

TEST_CASE("any writes floating point numbers as JavaScript does", "[lib0]") {
  CHECK(json("7c 3fc00000") == "1.5");
  CHECK(json("7c bf000000") == "-0.5");
  CHECK(json("7c 4f000000") == "2147483648");
  CHECK(json("7b 3ff199999999999a") == "1.1");
  CHECK(json("7b 3fb999999999999a") == "0.1");
  CHECK(json("7b 41dfffffffe00000") == "2147483647.5");
  CHECK(json("7b 4340000000000000") == "9007199254740992");
  CHECK(json("7b 444b1ae4d6e2ef50") == "1e+21");
  CHECK(json("7b 4415af1d78b58c40") == "100000000000000000000");
}

TEST_CASE("any writes numbers that JSON lacks as null", "[lib0]") {
  CHECK(json("7b 7ff8000000000000") == "null");  // NaN
  CHECK(json("7c 7f800000") == "null");          // Infinity
  CHECK(json("7c ff800000") == "null");          // -Infinity
}

TEST_CASE("any writes bigints in full", "[lib0]") {
  CHECK(json("7a 0000000000000001") == "1");
  CHECK(json("7a ffffffffffffffff") == "-1");
  CHECK(json("7a 7fffffffffffffff") == "9223372036854775807");
  CHECK(json("7a 8000000000000000") == "-9223372036854775808");
}

TEST_CASE("any writes arrays and objects in their encoded order", "[lib0]") {
  CHECK(json("75 00") == "[]");
  CHECK(json("76 00") == "{}");
  CHECK(json("75 03 7d01 7702 6869 7e") == "[1,\"hi\",null]");
  CHECK(json("76 02 0162 7d01 0161 75 01 76 00") == "{\"b\":1,\"a\":[{}]}");
}

TEST_CASE("any writes bytes as base64", "[lib0]") {
  CHECK(json("74 00") == "\"\"");
  CHECK(json("74 01 ff") == "\"/w==\"");
  CHECK(base64("") == "\"\"");
  CHECK(base64("66") == "\"Zg==\"");
  CHECK(base64("666f") == "\"Zm8=\"");
  CHECK(base64("666f6f") == "\"Zm9v\"");
  CHECK(base64("666f6f62") == "\"Zm9vYg==\"");
  CHECK(base64("fbefbe") == "\"++++\"");
  CHECK(base64("ffffff") == "\"////\"");
}

TEST_CASE("any escapes what JSON strings may not hold and nothing else", "[lib0]") {
  CHECK(quoted("plain") == "\"plain\"");
  CHECK(quoted("\"\\") == "\"\\\"\\\\\"");
  CHECK(quoted("\n\r\t") == "\"\\n\\r\\t\"");
  CHECK(quoted(std::string_view{"\0\x01\x1f", 3}) == "\"\\u0000\\u0001\\u001f\"");
  CHECK(quoted("/\x7f\xC3\xA9\xF0\x9F\x98\x80") == "\"/\x7f\xC3\xA9\xF0\x9F\x98\x80\"");
}

TEST_CASE("any stops at one value and leaves the next unread", "[lib0]") {
  const byte_buffer bytes = hex("7d01 7d02");
  lib0::decoder in{bytes};
  std::string text;
  lib0::append_any_as_json(in, text);
  CHECK(text == "1");
  CHECK(in.offset() == 2);
}
