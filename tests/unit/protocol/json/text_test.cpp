#include "protocol/json/text.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::text_test {

namespace {

/// Names and values, in the order of the text.
std::vector<std::pair<std::string, std::string>> members_of(std::string_view object) {
  std::vector<std::pair<std::string, std::string>> all;
  json::member_reader reader{object};
  while (const auto member = reader.next()) all.emplace_back(member->name, member->value);
  return all;
}

}  // namespace

TEST_CASE("the plain prefix ends at what needs an escape, wherever it stands", "[json_text]") {
  for (const char special : {'"', '\\', '\n', '\0', '\x1F'}) {
    for (std::size_t at = 0; at < 40; ++at) {
      std::string text(40, 'x');
      text[at] = special;
      CAPTURE(at, int{special});
      CHECK(json::plain_prefix(text) == at);
    }
  }
  const std::string plain = " !#[]~\x7F\x80\xC3\xA9\xFF and so on until the end";
  CHECK(json::plain_prefix(plain) == plain.size());
  CHECK(json::plain_prefix("") == 0);
}

TEST_CASE("strings are read with their escapes", "[json_text]") {
  std::string scratch;
  CHECK(json::string_of(R"("")", scratch) == "");
  CHECK(json::string_of(R"("plain")", scratch) == "plain");
  CHECK(scratch.empty());
  CHECK(json::string_of(R"("\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00")", scratch) ==
        "\"\\/\b\f\n\r\t\xC3\xA9\xF0\x9F\x98\x80");
  for (std::string_view value : {"null", "7", "{}", "[\"a\"]", "", R"("\ud83d")", R"("\ude00a")"})
    CHECK_FALSE(json::string_of(value, scratch).has_value());
}

TEST_CASE("members come as they stand in the text", "[json_text]") {
  using list = std::vector<std::pair<std::string, std::string>>;
  CHECK(members_of("{}").empty());
  CHECK(members_of("{ \n}").empty());
  CHECK(members_of(R"({"a":1})") == list{{"\"a\"", "1"}});
  CHECK(members_of(R"({ "a" : -1.5e+3 , "a":null,"":"","b":[ 1, {"c":"]}"} ] , "d":{"e":{}}})") ==
        list{{"\"a\"", "-1.5e+3"},
             {"\"a\"", "null"},
             {"\"\"", "\"\""},
             {"\"b\"", R"([ 1, {"c":"]}"} ])"},
             {"\"d\"", R"({"e":{}})"}});
  CHECK(members_of(R"({"\"}\\":"\\","b":"\"","c":true})") ==
        list{{R"("\"}\\")", R"("\\")"}, {"\"b\"", R"("\"")"}, {"\"c\"", "true"}});
}

}  // namespace troupe::text_test
