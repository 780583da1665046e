#include "protocol/json/convert.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/json/validate.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::convert_test {

using test::hex;
using test::to_hex;

namespace {

/// A JSON text; the bytes that lib0 0.2.120 makes of it, writeAny(JSON.parse(text)); and what
/// JSON.stringify makes of those, where that is another text.
struct parsed {
  std::string text;
  std::string bytes;
  std::string back;
};

const std::vector<parsed> numbers_and_words = {
    {R"(null)", "7e", {}},
    {R"(true)", "78", {}},
    {R"(false)", "79", {}},
    {R"(0)", "7d00", {}},
    {R"(-0)", "7d40", R"(0)"},
    {R"(1)", "7d01", {}},
    {R"(-1)", "7d41", {}},
    {R"(63)", "7d3f", {}},
    {R"(64)", "7d8001", {}},
    {R"(-64)", "7dc001", {}},
    {R"(2147483647)", "7dbfffffff0f", {}},
    {R"(-2147483647)", "7dffffffff0f", {}},
    {R"(2147483648)", "7c4f000000", {}},
    {R"(-2147483648)", "7ccf000000", {}},
    {R"(9007199254740991)", "7b433fffffffffffff", {}},
    {R"(9007199254740992)", "7c5a000000", {}},
    {R"(9007199254740993)", "7c5a000000", R"(9007199254740992)"},
    {R"(1e21)", "7b444b1ae4d6e2ef50", R"(1e+21)"},
    {R"(1e20)", "7b4415af1d78b58c40", R"(100000000000000000000)"},
    {R"(0.1)", "7b3fb999999999999a", {}},
    {R"(1.5)", "7c3fc00000", {}},
    {R"(-2.5)", "7cc0200000", {}},
    {R"(1e400)", "7c7f800000", R"(null)"},
    {R"(-1e400)", "7cff800000", R"(null)"},
    {R"(5e-324)", "7b0000000000000001", {}},
    {R"(1e-7)", "7b3e7ad7f29abcaf48", {}},
    {R"(123456789012)", "7b423cbe991a140000", {}},
    {R"(3.4028234663852886e38)", "7c7f7fffff", R"(3.4028234663852886e+38)"},
    {R"(1.0)", "7d01", R"(1)"},
    {R"(1E2)", "7da401", R"(100)"},
    {R"(12345678901234567890)", "7b43e56a95319d63e1", R"(12345678901234567000)"},
    {R"(16777217)", "7d81808010", {}},
    {R"(4294967296)", "7c4f800000", {}},
};

const std::vector<parsed> strings = {
    {R"("" )", "7700", R"("")"},
    {R"("a")", "770161", {}},
    {R"("\"\\\/\b\f\n\r\t")", "7708225c2f080c0a0d09", R"("\"\\/\b\f\n\r\t")"},
    {R"("\u00e4\u0000")", "7703c3a400", "\"\u00e4\\u0000\""},
    {R"("\ud83d\ude00")", "7704f09f9880", "\"\U0001f600\""},
    {R"("\ud83d")", "7703efbfbd", "\"\ufffd\""},
    {R"("\ude00x")", "7704efbfbd78", "\"\ufffdx\""},
    {R"("\ud83d\ud83d\ude00")", "7707efbfbdf09f9880", "\"\ufffd\U0001f600\""},
    {R"("\ud83dA")", "7704efbfbd41", "\"\ufffdA\""},
    {R"("\uD83D\u0041")", "7704efbfbd41", "\"\ufffdA\""},
    {"\"\u2028\u2029\"", "7706e280a8e280a9", {}},
    {"\"\x7f\"", "77017f", {}},
};

const std::vector<parsed> containers = {
    {R"([])", "7500", {}},
    {R"([ ])", "7500", R"([])"},
    {R"([1,[2,[]],{}])", "75037d0175027d0275007600", {}},
    {R"({})", "7600", {}},
    {R"({ })", "7600", R"({})"},
    {R"({"b":1,"a":2})", "760201627d0101617d02", {}},
    {R"({"b":1,"10":2,"a":3,"9":4,"0":5})", "760501307d0501397d040231307d0201627d0101617d03",
     R"({"0":5,"9":4,"10":2,"b":1,"a":3})"},
    {R"({"a":1,"b":2,"a":3})", "760201617d0301627d02", R"({"a":3,"b":2})"},
    {R"({"1":1,"01":2,"-1":3,"1.5":4,"4294967294":5,"4294967295":6,"4294967296":7})",
     "760701317d010a343239343936373239347d050230317d02022d317d0303312e357d040a343239343936373239357"
     "d060a343239343936373239367d07",
     R"({"1":1,"4294967294":5,"01":2,"-1":3,"1.5":4,"4294967295":6,"4294967296":7})"},
    {R"({"__proto__":1})", "7601095f5f70726f746f5f5f7d01", {}},
    {R"({"":0})", "7601007d00", {}},
    {" \t\r\n{ \"k\" :\n[ 1 , 2 ] } ", "7601016b75027d017d02", R"({"k":[1,2]})"},
    {R"({"a":{"2":1,"1":2}})", "76010161760201317d0201327d01", R"({"a":{"1":2,"2":1}})"},
    {R"({"\u0061":1,"a":2})", "760101617d02", R"({"a":2})"},
    {R"({"constructor":1})", "76010b636f6e7374727563746f727d01", {}},
};

/// Values as lib0 0.2.120 writes them, and JSON.stringify of them.
const std::vector<std::pair<std::string, std::string>> written = {
    {"75067f7d017b7ff80000000000007c7f8000007cff8000007d40",
     R"([null,1,null,null,null,0])"},                            // arr
    {"760301617f01627e016375017f", R"({"b":null,"c":[null]})"},  // obj
    {"7c3fc00000", R"(1.5)"},                                    // f32
    {"7b3fb999999999999a", R"(0.1)"},                            // f64
    {"7b444b1ae4d6e2ef50", R"(1e+21)"},                          // big
    {"7b3e7ad7f29abcaf48", R"(1e-7)"},                           // small
    {"7b441ac53a7e04bcda", R"(123456789012345680000)"},          // e20
    {"7b7fefffffffffffff", R"(1.7976931348623157e+308)"},        // max
    {"7b0000000000000001", R"(5e-324)"},                         // min
    {"771361225c001f7fe280a8e280a9c3a9f09f98802f",
     "\"a\\\"\\\\\\u0000\\u001f\x7f\u2028\u2029\u00e9\U0001f600/\""},             // str
    {"740300ff01", R"({"0":0,"1":255,"2":1})"},                                   // bytes
    {"7400", R"({})"},                                                            // nobytes
    {"76010178740107", R"({"x":{"0":7}})"},                                       // nested
    {"760401397d040231307d0201627d0101617d03", R"({"9":4,"10":2,"b":1,"a":3})"},  // keys
    {"7600", R"({})"},                                                            // fe
    {"7500", R"([])"},                                                            // ea
    {"7c5a000000", R"(9007199254740992)"},                                        // i53
    {"7dffffffff0f", R"(-2147483647)"},                                           // neg
};

std::string any_of(std::string_view text) {
  REQUIRE(json::is_valid_json(text, json::depth_limit));
  lib0::encoder out;
  json::json_to_any(text, out);
  return to_hex(out.view());
}

std::string json_of(const std::string& digits) {
  const byte_buffer bytes = hex(digits);
  lib0::decoder check{bytes};
  check.skip_any(json::depth_limit);
  REQUIRE(check.ok());
  REQUIRE(check.at_end());
  lib0::decoder in{bytes};
  std::string text;
  json::any_to_json(in, json::flavour::javascript, text);
  CHECK(in.ok());
  CHECK(in.at_end());
  return text;
}

void check_both_ways(const std::vector<parsed>& cases) {
  for (const parsed& each : cases) {
    INFO(each.text);
    CHECK(any_of(each.text) == each.bytes);
    const std::string back = json_of(each.bytes);
    CHECK(back == (each.back.empty() ? each.text : each.back));
    if (each.back.empty()) CHECK(any_of(back) == each.bytes);
  }
}

}  // namespace

TEST_CASE("JSON numbers become the any that JavaScript makes of them, and back",
          "[json][convert]") {
  check_both_ways(numbers_and_words);
}

TEST_CASE("JSON strings become any with their escapes resolved, and back", "[json][convert]") {
  check_both_ways(strings);
}

TEST_CASE("JSON containers become any in the order of JavaScript, and back", "[json][convert]") {
  check_both_ways(containers);
}

TEST_CASE("any values become the text that JSON.stringify writes", "[json][convert]") {
  for (const auto& [bytes, text] : written) {
    INFO(bytes);
    CHECK(json_of(bytes) == text);
    CHECK(json::is_valid_json(json_of(bytes), json::depth_limit));
  }
}

TEST_CASE("any values that JSON has no word for become null", "[json][convert]") {
  CHECK(json_of("7f") == "null");                   // undefined
  CHECK(json_of("7a 000000000000000a") == "null");  // a bigint, at which JSON.stringify throws
  CHECK(json_of("75 02 7f 7a 0000000000000001") == "[null,null]");
  CHECK(json_of("76 01 0161 7a 0000000000000001") == R"({"a":null})");
}

TEST_CASE("an any object of another hand reads as JavaScript would read it", "[json][convert]") {
  CHECK(json_of("76 02 0161 7d01 0161 7d02") == R"({"a":2})");  // the last one counts...
  CHECK(json_of("76 03 0161 7d01 0162 7d02 0161 7d03") ==
        R"({"a":3,"b":2})");                          // ...in its first place
  CHECK(json_of("76 02 0161 7d01 0161 7f") == "{}");  // ...undefined or not
  CHECK(json_of("76 02 0161 7f 0161 7d01") == R"({"a":1})");
  CHECK(json_of("76 03 0162 7d01 023130 7d02 0139 7d03") == R"({"9":3,"10":2,"b":1})");
  CHECK(json_of("7d 8000") == "0");              // longer than necessary
  CHECK(json_of("7c 3f800000") == "1");          // an integer as float32...
  CHECK(json_of("7b 3ff0000000000000") == "1");  // ...and as float64
}

TEST_CASE("one value of a sequence is converted and the next left alone", "[json][convert]") {
  const byte_buffer bytes = hex("7d01 770161");
  lib0::decoder in{bytes};
  std::string text;
  json::any_to_json(in, json::flavour::javascript, text);
  CHECK(text == "1");
  json::any_to_json(in, json::flavour::javascript, text);
  CHECK(text == "1\"a\"");
  CHECK(in.at_end());
}

TEST_CASE("nesting up to the limit is converted both ways", "[json][convert]") {
  std::string text, bytes;
  for (std::size_t i = 0; i < json::depth_limit; ++i) text.push_back('['), bytes.append("7501");
  bytes.replace(bytes.size() - 2, 2, "00");
  text.append(json::depth_limit, ']');
  CHECK(any_of(text) == bytes);
  CHECK(json_of(bytes) == text);
}

}  // namespace troupe::convert_test
