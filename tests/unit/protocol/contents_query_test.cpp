#include "protocol/contents_query.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/edit_checks.hpp"

namespace troupe::contents_query_test {

using namespace troupe::test;

TEST_CASE("a question for contents passes as bytes", "[contents]") {
  for (const contents_query& each :
       {contents_query{}, contents_query{contents_form::text, "notes"},
        contents_query{contents_form::delta, ""}, contents_query{contents_form::xml, "\u00e4"}}) {
    const auto read = contents_query::decode(each.encode());
    REQUIRE(read);
    CHECK(*read == each);
  }
  CHECK_FALSE(contents_query::decode({}));
  CHECK_FALSE(contents_query::decode(byte_buffer{4, 0}));
  for (const std::string_view name : {"json", "text", "xml", "delta"})
    CHECK(to_string(*find_contents_form(name)) == name);
  CHECK_FALSE(find_contents_form("yaml"));
}

TEST_CASE("contents are JSON values in each form", "[contents]") {
  crdt::doc doc;
  edit(doc, [](crdt::doc_edit& e) {
    must(e.insert_text("t", 0, "a \"b\"", formats(R"({"i":true})")));
    must(e.set("m", "k", value_from("1")));
  });
  CHECK(read_contents(doc, {}) == R"({"m":{"k":1},"t":"a \"b\""})");
  CHECK(read_contents(doc, {contents_form::json, "m"}) == R"({"k":1})");
  CHECK(read_contents(doc, {contents_form::text, "t"}) == R"("a \"b\"")");
  CHECK(read_contents(doc, {contents_form::delta, "t"}) ==
        R"([{"insert":"a \"b\"","attributes":{"i":true}}])");
  CHECK(read_contents(doc, {contents_form::text, "none"}) == R"("")");
  CHECK(read_contents(doc, {contents_form::json, "none"}) == "null");
}

}  // namespace troupe::contents_query_test
