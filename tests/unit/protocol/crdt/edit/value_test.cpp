// Values and attributes as edits write them.
#include "protocol/crdt/edit/value.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>

#include "base/check.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::value_test {

using namespace troupe::test;
using crdt::attributes;
using crdt::value;

namespace {

std::string encoded(const result<value>& of) {
  return of ? to_hex(of->content()) : to_string(of.error().code).data();
}

byte_buffer any_of(std::string_view json) {
  const auto made = value::json(json);
  return {made->content().begin(), made->content().end()};
}

std::string listed(const attributes& of) {
  std::string text;
  for (const auto& [key, any] : of) text += key + ":" + to_hex(any) + " ";
  return text;
}

}  // namespace

TEST_CASE("values are encoded as lib0 does", "[crdt][value]") {
  CHECK(encoded(value::null()) == "7e");
  CHECK(encoded(value::boolean(true)) == "78");
  CHECK(encoded(value::boolean(false)) == "79");
  CHECK(encoded(value::number(-7)) == "7d47");
  CHECK(encoded(value::number(.5)) == "7c3f000000");
  CHECK(encoded(value::number(std::numeric_limits<double>::infinity())) == "7e");
  CHECK(encoded(value::text("ab")) == "77026162");
  CHECK(encoded(value::json(R"( {"b":1, "a":[null]} )")) == "76020162"
                                                            "7d01"
                                                            "0161"
                                                            "75017e");
  CHECK(encoded(value::any(byte_buffer{127})) == "7f");
  CHECK(encoded(value::binary(byte_buffer{1, 2})) == "0102");
  CHECK(encoded(value::subdocument("g", R"({"autoLoad":true})")) == "0167"
                                                                    "7601086175746f4c6f6164"
                                                                    "78");
}

TEST_CASE("values that no client could read are refused", "[crdt][value]") {
  CHECK(encoded(value::text("\xff")) == "invalid_utf8");
  CHECK(encoded(value::json("\"\xff\"")) == "invalid_utf8");
  CHECK(encoded(value::json("{")) == "invalid_json");
  CHECK(encoded(value::json("")) == "invalid_json");
  CHECK(encoded(value::json("[[1]]", {.any_depth_max = 1})) == "invalid_json");
  CHECK(encoded(value::any(byte_buffer{})) == "truncated");
  CHECK(encoded(value::any(byte_buffer{1})) == "invalid_any");
  CHECK(encoded(value::any(byte_buffer{126, 126})) == "trailing_bytes");
  CHECK(encoded(value::subdocument("g", "[]")) == "invalid_json");
  CHECK(encoded(value::subdocument("g", R"({"guid":null})")) == "invalid_json");
  CHECK(encoded(value::any(hex("76 01 09 5f5f70726f746f5f5f 74 00"))) == "unusable_content");
  CHECK(encoded(value::subdocument("\xff")) == "invalid_utf8");
  CHECK_THROWS_AS(value::type(crdt::type_kind::xml_element), broken_promise);
}

TEST_CASE("attributes keep the order of JavaScript objects", "[crdt][value]") {
  const auto some = attributes::json(R"({"b":1,"10":2,"a":3,"2":4,"b":5})");
  REQUIRE(some.has_value());
  CHECK(listed(*some) == "2:7d04 10:7d02 b:7d05 a:7d03 ");
  attributes more = *some;
  more.set("1", crdt::any_null());
  more.set("a", crdt::any_null());
  more.erase("10");
  CHECK(listed(more) == "2:7d04 b:7d05 a:7e 1:7e ");
  more.order_as_object();
  CHECK(listed(more) == "1:7e 2:7d04 b:7d05 a:7e ");
  more.apply("b", crdt::any_null());
  CHECK(more.find("b").empty());
  CHECK(crdt::is_null(more.find_or_null("b")));
}

TEST_CASE("attributes that are no object of names are refused", "[crdt][value]") {
  const auto code = [](std::string_view json, const crdt::limits& limit = {}) {
    return to_string(attributes::json(json, limit).error().code);
  };
  CHECK(code("[]") == "invalid_json");
  CHECK(code("{") == "invalid_json");
  CHECK(code("\xff") == "invalid_utf8");
  CHECK(code(R"({"abc":1})", {.name_size_max = 2}) == "name_too_long");
  std::string many = "{";
  for (std::size_t i = 0; i <= attributes::count_max; ++i)
    many.append(i > 0 ? ",\"k" : "\"k").append(std::to_string(i)).append("\":1");
  CHECK(code(many + "}") == "out_of_range");
}

TEST_CASE("objects are equal whatever the order of their members", "[crdt][value]") {
  CHECK(crdt::is_equal_any(any_of(R"({"a":1,"b":2})"), any_of(R"({"b":2,"a":1})")));
  CHECK_FALSE(crdt::is_equal_any(any_of(R"({"a":1,"b":2})"), any_of(R"({"b":1,"a":2})")));
  CHECK_FALSE(crdt::is_equal_any(any_of("[1,2]"), any_of("[2,1]")));
  CHECK(crdt::is_equal_any(any_of("1.0"), any_of("1")));
  CHECK_FALSE(crdt::is_equal_any(any_of("1"), any_of("\"1\"")));
}

}  // namespace troupe::value_test
