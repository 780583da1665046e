#include "protocol/json/validate.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::validate_test {

namespace {

bool valid(std::string_view text, std::size_t depth_max = json::depth_limit) {
  INFO("text " << text);
  return json::is_valid_json(text, depth_max);
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inner,
                   std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i) text.append(open);
  text.append(inner);
  for (std::size_t i = 0; i < depth; ++i) text.append(close);
  return text;
}

}  // namespace

TEST_CASE("json accepts the words and nothing like them", "[json]") {
  CHECK(valid("null"));
  CHECK(valid("true"));
  CHECK(valid("false"));
  for (const char* text : {"nul", "nulll", "Null", "TRUE", "undefined", "NaN", "Infinity",
                           "-Infinity", "truefalse", "true false", "tru e"})
    CHECK_FALSE(valid(text));
}

TEST_CASE("json accepts numbers as JSON.parse does", "[json]") {
  for (const char* text : {"0", "-0", "7", "-12", "10", "1.5", "0.0", "-0.25", "1e5", "1E5", "1e+5",
                           "1e-5", "0e0", "-0.0e-00", "1e999", "-1e999",
                           "123456789012345678901234567890", "0.00000000000000000000000000001"})
    CHECK(valid(text));
}

TEST_CASE("json rejects numbers that JSON.parse rejects", "[json]") {
  for (const char* text :
       {"01",  "00",    "-01",  "-",     "+1",  ".5",  "1.", "-.5",      "1.e5", "1e",
        "1e+", "1e5.5", "0x10", "1_000", "1 2", "--1", "1f", "Infinity", "[01]", "{\"a\":01}"})
    CHECK_FALSE(valid(text));
}

TEST_CASE("json accepts strings with every escape", "[json]") {
  CHECK(valid(R"("")"));
  CHECK(valid(R"("plain")"));
  CHECK(valid(R"("\" \\ \/ \b \f \n \r \t")"));
  CHECK(valid(R"("\u0000\u00e9\uFFFF\uAbCd")"));
  CHECK(valid("\"\x7f\""));
  CHECK(valid("\"\xC3\xA9\xE2\x80\xA8\xF0\x9F\x98\x80\""));  // U+2028 needs no escape
}

TEST_CASE("json accepts escaped lone surrogates", "[json]") {
  CHECK(valid(R"("\ud800")"));
  CHECK(valid(R"("\udc00\ud800")"));
  CHECK(valid(R"({"\ud83d":"\ude00"})"));
}

TEST_CASE("json rejects strings that JSON.parse rejects", "[json]") {
  CHECK_FALSE(valid("\""));
  CHECK_FALSE(valid("\"abc"));
  CHECK_FALSE(valid("abc\""));
  CHECK_FALSE(valid("'abc'"));
  CHECK_FALSE(valid(R"("\x41")"));
  CHECK_FALSE(valid(R"("\u12")"));
  CHECK_FALSE(valid(R"("\u12g4")"));
  CHECK_FALSE(valid(R"("\U0041")"));
  CHECK_FALSE(valid(R"("\)"));
  CHECK_FALSE(valid(R"("\")"));
  CHECK_FALSE(valid("\"\n\""));
  CHECK_FALSE(valid("\"\t\""));
  CHECK_FALSE(valid(std::string_view{"\"\0\"", 3}));
}

TEST_CASE("json accepts arrays and objects", "[json]") {
  CHECK(valid("[]"));
  CHECK(valid("{}"));
  CHECK(valid("[1,\"a\",null,[],{}]"));
  CHECK(valid(R"({"a":1,"b":[true,{"c":{}}],"":""})"));
  CHECK(valid(R"({"a":1,"a":2})"));  // the last one counts
  CHECK(valid(R"([[[],[[]]],{"a":[{"b":[]},[]]}])"));
}

TEST_CASE("json rejects arrays and objects that are not whole", "[json]") {
  for (const char* text : {"[",         "]",        "[1",         "[1,",
                           "[1,]",      "[,1]",     "[1 2]",      "[1;2]",
                           "[]]",       "{",        "}",          "{a:1}",
                           "{\"a\"}",   "{\"a\":}", "{\"a\":1,}", "{\"a\":1 \"b\":2}",
                           "{\"a\",1}", "{1:2}",    "{null:1}",   "{\"a\":1]",
                           "[1}",       "[{]}",     "{,}",        "[,]",
                           "{}{}",      "[][]"})
    CHECK_FALSE(valid(text));
}

TEST_CASE("json allows the four kinds of white space between its parts and no other", "[json]") {
  CHECK(valid(" \t\r\n null \t\r\n "));
  CHECK(valid(" [ 1 , 2 , { \"a\" : [ ] , \"b\" : { } } ] "));
  CHECK(valid("{\n}"));
  CHECK_FALSE(valid("\v1"));
  CHECK_FALSE(valid("\f1"));
  CHECK_FALSE(valid("\xC2\xA0"
                    "1"));  // a no-break space
  CHECK_FALSE(valid("\xEF\xBB\xBF"
                    "1"));  // a byte order mark
  CHECK_FALSE(valid(std::string_view{"1\0", 2}));
}

TEST_CASE("json rejects an empty text and more than one value", "[json]") {
  CHECK_FALSE(valid(""));
  CHECK_FALSE(valid("   "));
  CHECK_FALSE(valid("1,2"));
  CHECK_FALSE(valid("1 // one"));
  CHECK_FALSE(valid("/* */ 1"));
}

TEST_CASE("json accepts values up to the depth it is asked for", "[json]") {
  CHECK(valid("1", 0));
  CHECK_FALSE(valid("[1]", 0));
  CHECK(valid("[1]", 1));
  CHECK_FALSE(valid("[[1]]", 1));
  CHECK(valid(nested(100, "[", "1", "]"), 100));
  CHECK_FALSE(valid(nested(101, "[", "1", "]"), 100));
  CHECK(valid(nested(100, "{\"a\":", "1", "}"), 100));
  CHECK_FALSE(valid(nested(101, "{\"a\":", "1", "}"), 100));
  // Width is not depth.
  CHECK(valid("[[1],[1],{\"a\":1},[1]]", 2));
}

TEST_CASE("json counts an empty container as a level of its own", "[json]") {
  CHECK_FALSE(valid("[]", 0));
  CHECK_FALSE(valid("[[]]", 1));
  CHECK_FALSE(valid("{\"a\":{}}", 1));
  CHECK(valid("[[]]", 2));
}

TEST_CASE("json never follows a value deeper than its own limit", "[json]") {
  CHECK(valid(nested(json::depth_limit, "[", "1", "]"), 100'000));
  CHECK_FALSE(valid(nested(json::depth_limit + 1, "[", "1", "]"), 100'000));
  CHECK_FALSE(valid(nested(1'000'000, "[", "1", "]"), 1'000'000));
  CHECK_FALSE(valid(std::string(1'000'000, '['), 1'000'000));
}

TEST_CASE("json says at which byte a text goes wrong", "[json]") {
  const auto offset_of = [](std::string_view text) {
    CAPTURE(text);
    const auto checked = json::check_json(text, 2);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == errc::invalid_json);
    return checked.error().offset;
  };
  CHECK(json::check_json(" [[1]] ", 2).has_value());
  CHECK(offset_of("") == 0);
  CHECK(offset_of("  x") == 2);
  CHECK(offset_of("[1,]") == 3);
  CHECK(offset_of("[1 2]") == 3);
  CHECK(offset_of("[1]]") == 3);
  CHECK(offset_of("{\"a\" 1}") == 5);
  CHECK(offset_of("{a:1}") == 1);
  CHECK(offset_of("[\"abc") == 5);
  CHECK(offset_of("\"a\nb\"") == 2);
  CHECK(offset_of(R"("a\x")") == 3);
  CHECK(offset_of(R"("\u12g4")") == 5);
  CHECK(offset_of("[truth]") == 1);
  CHECK(offset_of("01") == 1);
  CHECK(offset_of("1.x") == 2);
  CHECK(offset_of("-") == 1);
}

TEST_CASE("json says at which container a text gets too deep", "[json]") {
  const auto checked = json::check_json("[ [1], [[2]] ]", 2);
  REQUIRE_FALSE(checked.has_value());
  CHECK(checked.error().code == errc::too_deep);
  CHECK(checked.error().offset == 8);
}

}  // namespace troupe::validate_test
