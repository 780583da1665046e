#include "protocol/json/tree.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::tree_test {

using json::tree;
using json::tree_kind;

namespace {

tree parsed(std::string text) {
  auto made = tree::parse(std::move(text));
  REQUIRE(made.has_value());
  return *std::move(made);
}

failure refusal_of(std::string text, const json::tree_limits& limit = {}) {
  CAPTURE(text);
  const auto made = tree::parse(std::move(text), limit);
  REQUIRE_FALSE(made.has_value());
  return made.error();
}

}  // namespace

TEST_CASE("a tree gives the values of each kind", "[json][tree]") {
  const tree made = parsed(R"( {"a": "text", "b": -2.5e1, "c": true, "d": false, "e": null,
                              "f": [1, [], {}], "g": {"h": "x"}, "": 0} )");
  const auto root = made.root();
  CHECK(root.kind() == tree_kind::object);
  CHECK(root.size() == 8);
  CHECK(root.name().empty());
  CHECK(root.find("a")->text() == "text");
  CHECK(root.find("b")->number() == -25);
  CHECK(root.find("c")->is_true());
  CHECK_FALSE(root.find("d")->is_true());
  CHECK(root.find("d")->is(tree_kind::boolean));
  CHECK(root.find("e")->is(tree_kind::null));
  CHECK(root.find("f")->size() == 3);
  CHECK(root.find("g")->find("h")->text() == "x");
  CHECK(root.find("")->is(tree_kind::number));
  CHECK_FALSE(root.find("h"));
  CHECK_FALSE(root.find("f")->find("0"));
  CHECK(root.find("b")->text().empty());
  CHECK(root.find("a")->number() == 0);
}

TEST_CASE("the values of a tree come in the order of the text", "[json][tree]") {
  const tree made = parsed(R"({"z":[10,[20,21],{"x":30},40],"a":1})");
  std::string names;
  for (const auto member : made.root()) names.append(member.name());
  CHECK(names == "za");
  std::string kinds;
  const tree::node list = *made.root().find("z");
  for (const auto element : list) kinds.append(element.to_json()).append(" ");
  CHECK(kinds == "10 [20,21] {\"x\":30} 40 ");
  const tree::node number = *made.root().find("a");
  for (const auto nothing : number) FAIL(nothing.name());
}

TEST_CASE("escapes in names and texts are resolved", "[json][tree]") {
  const tree made = parsed(R"({"\u0061\n":"\ud83d\ude00\"\\\/", "plain":"t\t"})");
  CHECK(made.root().find("a\n")->text() == "\xF0\x9F\x98\x80\"\\/");
  CHECK(made.root().find("plain")->text() == "t\t");
  CHECK(made.root().find("a\n")->to_json() == "\"\xF0\x9F\x98\x80\\\"\\\\/\"");
}

TEST_CASE("a tree may be one value", "[json][tree]") {
  CHECK(parsed("42").root().number() == 42);
  CHECK(parsed(" \"x\" ").root().text() == "x");
  CHECK(parsed("[]").root().size() == 0);
  CHECK(parsed("null").root().to_json() == "null");
}

TEST_CASE("a copy of a tree stands for itself", "[json][tree]") {
  tree copy;
  {
    const tree made = parsed(R"({"a":{"b":"\u00e9"}})");
    copy = made;
  }
  CHECK(copy.root().find("a")->find("b")->text() == "\xC3\xA9");
}

TEST_CASE("a member that stands twice is refused, however it is written", "[json][tree]") {
  for (const char* text : {R"({"a":1,"a":1})", R"({"a":1,"b":2,"\u0061":3})",
                           R"([{"x":{"a":[],"a":{}}}])", R"({"":1,"":2})"}) {
    const failure why = refusal_of(text);
    CHECK(why.code == errc::invalid_json);
    CHECK(why.detail == json::duplicate_member);
  }
  CHECK(parsed(R"({"a":{"a":1},"b":{"a":2}})").root().size() == 2);
}

TEST_CASE("what parsers read differently is refused", "[json][tree]") {
  CHECK(refusal_of("").code == errc::truncated);
  CHECK(refusal_of("\xFF").code == errc::invalid_utf8);
  CHECK(refusal_of("\"\xED\xA0\x80\"").code == errc::invalid_utf8);
  for (const char* text : {" ",
                           "{",
                           "{}x",
                           "{} {}",
                           "{'a':1}",
                           "{a:1}",
                           "[1,]",
                           "{\"a\":1,}",
                           "01",
                           "+1",
                           ".5",
                           "1.",
                           "NaN",
                           "Infinity",
                           "tru",
                           "\"\\x41\"",
                           "\"\n\"",
                           "// c\n1",
                           "\xEF\xBB\xBF{}",
                           R"("\ud800")",
                           R"({"\udc00":1})",
                           "1e999",
                           "-1e400"})
    CHECK(refusal_of(text).code == errc::invalid_json);
}

TEST_CASE("a tree has limits of bytes, depth and values", "[json][tree]") {
  const json::tree_limits limit{.bytes_max = 20, .depth_max = 3, .values_max = 4};
  CHECK(tree::parse(std::string(20, ' ').replace(0, 1, "1"), limit).has_value());
  CHECK(refusal_of(std::string(21, ' ').replace(0, 1, "1"), limit).code == errc::update_too_large);
  CHECK(tree::parse("[[[1]]]", limit).has_value());
  CHECK(refusal_of("[[[[1]]]]", limit).code == errc::too_deep);
  CHECK(tree::parse("[1,2,3]", limit).has_value());
  CHECK(refusal_of("[1,2,3,4]", limit).code == errc::update_too_large);
}

}  // namespace troupe::tree_test
