#include "protocol/json/interchange.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "protocol/json/validate.hpp"

namespace troupe::interchange_test {

namespace {

std::string replaced(std::string_view text) {
  CAPTURE(text);
  REQUIRE(json::is_valid_json(text, 10));
  std::string scratch;
  const std::string result{json::to_interchange(text, scratch)};
  CHECK(json::is_valid_json(result, 10));
  CHECK(json::check_interchange(result).has_value());
  CHECK(json::check_interchange(text).has_value() == (result == text));
  return result;
}

}  // namespace

TEST_CASE("JSON that every parser reads stays as it is", "[json]") {
  for (std::string_view text :
       {"null", " [ 1 , -0.5e3, true ] ", R"("\ud83d\ude00 \u00e9 \\ud800 \" \n")", "\"1e999\"",
        R"({"1e999":[],"\\":"\\"})", "1e308", "-1.7976931348623157e308", "1e-999", "0e999", "\"\"",
        "12345678901234567890123", "\"\xF0\x9F\x98\x80\"", R"(["\ud83d\ude00\ud83d\ude00"])"})
    CHECK(replaced(text) == text);
  CHECK(replaced(std::string(300, '9')) == std::string(300, '9'));
}

TEST_CASE("a text without misfits is not copied", "[json]") {
  const std::string_view text = R"({"a":[1,"b"]})";
  std::string scratch;
  CHECK(json::to_interchange(text, scratch).data() == text.data());
}

TEST_CASE("half of a surrogate pair becomes U+FFFD", "[json]") {
  CHECK(replaced(R"("\ud800")") == R"("\ufffd")");
  CHECK(replaced(R"("a\uDFFFb")") == R"("a\ufffdb")");
  CHECK(replaced(R"("\ude00\ud83d")") == R"("\ufffd\ufffd")");
  CHECK(replaced(R"("\ud83d\ud83d\ude00")") == R"("\ufffd\ud83d\ude00")");
  CHECK(replaced(R"("\ud83d\n")") == R"("\ufffd\n")");
  CHECK(replaced(R"("\ud83d\u0041")") == R"("\ufffd\u0041")");
  CHECK(replaced(R"({"\ud800":["\\\udc00"]})") == R"({"\ufffd":["\\\ufffd"]})");
}

TEST_CASE("a number beyond double becomes null", "[json]") {
  CHECK(replaced("1e999") == "null");
  CHECK(replaced("-1E+999") == "null");
  CHECK(replaced("[1e309,1,-2e400]") == "[null,1,null]");
  CHECK(replaced(R"({"a":1.5e308,"b":2e308})") == R"({"a":1.5e308,"b":null})");
  CHECK(replaced(std::string(310, '9')) == "null");
}

TEST_CASE("what not every parser reads is named with its byte", "[json]") {
  const auto failure_of = [](std::string_view text) {
    const auto checked = json::check_interchange(text);
    REQUIRE_FALSE(checked.has_value());
    CHECK(checked.error().code == errc::invalid_json);
    return std::pair{checked.error().detail, checked.error().offset};
  };
  CHECK(failure_of(R"({"a":"b\ud800"})") ==
        std::pair{std::string{"half of a surrogate pair"}, std::uint64_t{7}});
  CHECK(failure_of("[ 0, -1e999]") ==
        std::pair{std::string{"a number beyond double"}, std::uint64_t{5}});
}

}  // namespace troupe::interchange_test
