// Setting a whole text by what differs.
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/read/relative_position.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::edit_set_text_test {

using namespace troupe::test;

namespace {

void set(crdt::doc& in, std::string_view text) {
  edit(in, [&](crdt::doc_edit& e) { must(e.set_text("t", text)); });
}

}  // namespace

TEST_CASE("a text that is set shows, and nothing else is touched", "[edit]") {
  crdt::doc doc;
  set(doc, "hello world");
  CHECK(doc.text("t") == "hello world");
  const auto steps_before = doc.state_vector().entries()[0].clock;
  set(doc, "hello brave world");
  CHECK(doc.text("t") == "hello brave world");
  CHECK(doc.state_vector().entries()[0].clock == steps_before + 6);  // "brave " alone
  set(doc, "");
  CHECK(doc.text("t").empty());
}

TEST_CASE("to set a text to what it is changes nothing", "[edit]") {
  crdt::doc doc;
  set(doc, "same");
  crdt::doc_edit again = open(doc);
  must(again.set_text("t", "same"));
  CHECK_FALSE(again.commit().changed);
}

TEST_CASE("a cursor stays with its characters when a text is set", "[edit]") {
  crdt::doc doc;
  set(doc, "first line\nsecond line\nthird line\n");
  const auto cursor = *crdt::relative_position_at(doc.contents(), "t", 18);  // "second |line"
  set(doc, "A first line!\nsecond line\nthird\n");
  const auto found = resolve(doc.contents(), cursor);
  REQUIRE(found);
  CHECK(doc.text("t").substr(found->index, 4) == "line");
  CHECK(found->index == 21);
}

TEST_CASE("characters beyond the basic plane are never cut when a text is set", "[edit]") {
  crdt::doc doc;
  set(doc, "a\U0001F600b");
  set(doc, "a\U0001F601b\U0001F600");  // the first halves of the pairs are equal
  CHECK(doc.text("t") == "a\U0001F601b\U0001F600");
  set(doc, "\u00e4\u20ac\U0001F600");
  CHECK(doc.text("t") == "\u00e4\u20ac\U0001F600");
}

TEST_CASE("attributes of what stays stay, and embeds go, when a text is set", "[edit]") {
  crdt::doc doc;
  edit(doc, [](crdt::doc_edit& e) {
    must(e.insert_text("t", 0, "bold", formats(R"({"b":true})")));
    must(e.insert_embed("t", 4, value_from(R"({"image":1})")));
    must(e.insert_text("t", 5, " plain"));
  });
  set(doc, "bolder plain");
  CHECK(doc.text("t") == "bolder plain");
  CHECK(doc.delta_json("t").starts_with(R"([{"insert":"bold)"));
  CHECK(doc.delta_json("t").find("image") == std::string::npos);
  CHECK(doc.delta_json("t").find(R"("attributes":{"b":true})") != std::string::npos);
}

TEST_CASE("a text that is no UTF-8 is not set", "[edit]") {
  crdt::doc doc;
  check_refused(doc, errc::invalid_utf8, [](crdt::doc_edit& e) { return e.set_text("t", "\xff"); });
}

TEST_CASE("any text can be set after any other", "[edit]") {
  std::mt19937 random{3};
  crdt::doc doc, reader;
  for (int round = 0; round < 200; ++round) {
    std::string text;
    for (std::size_t size = random() % 30; size > 0; --size)
      text += std::vector<std::string>{"a", "b", "\n", "\u20ac", "\U0001F600"}[random() % 5];
    must_apply(reader, edit(doc, [&](crdt::doc_edit& e) { must(e.set_text("t", text)); }));
    CHECK(doc.text("t") == text);
    CHECK(reader.text("t") == text);
  }
}

TEST_CASE("an edit that is rolled back has never been", "[edit]") {
  crdt::doc doc;
  edit(doc, [](crdt::doc_edit& e) {
    must(e.insert_text("t", 0, "kept"));
    must(e.set("m", "key", value_from("[1,2]")));
  });
  const std::string before = state_of(doc);
  {
    crdt::doc_edit open_edit = open(doc, 9);
    crdt::struct_store copy = open_edit.contents();
    must(open_edit.remove_text("t", 1, 2));
    must(open_edit.insert_text("t", 0, "gone"));
    must(open_edit.set("m", "key", value_from("3")));
    must(open_edit.set_type("other", "map", crdt::value::type(crdt::type_kind::map)));
    open_edit.roll_back(std::move(copy));
  }
  crdt::check_invariants(doc.contents());
  CHECK(state_of(doc) == before);
  CHECK(doc.client_count() == 1);
  edit(
      doc, [](crdt::doc_edit& e) { must(e.insert_text("t", 4, "!")); }, 9);
  CHECK(doc.text("t") == "kept!");
}

}  // namespace troupe::edit_set_text_test
