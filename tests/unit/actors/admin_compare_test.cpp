#include "actors/admin_compare.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/edit_checks.hpp"

namespace troupe::admin_compare_test {

using namespace troupe::test;
using crdt::doc_edit;
using crdt::value;

namespace {

template <class Call>
void write(crdt::doc& in, Call call) {
  edit(in, call, 1);
}

void copy(const crdt::doc& from, crdt::doc& to) { must_apply(to, from.encode_state_as_update()); }

}  // namespace

TEST_CASE("equal documents have no difference", "[versions]") {
  crdt::doc a, b;
  write(a, [](doc_edit& e) { must(e.insert_text("t", 0, "text")); });
  copy(a, b);
  CHECK(compare_documents(a, b) == R"({"roots":{},"unchanged":["t"],"omitted":[]})");
}

TEST_CASE("a text is compared by what is inserted and deleted, in UTF-16 units", "[versions]") {
  crdt::doc a, b;
  write(a, [](doc_edit& e) { must(e.insert_text("t", 0, "\xF0\x9F\x98\x80 one two")); });
  copy(a, b);
  write(b, [](doc_edit& e) {
    must(e.remove_text("t", 3, 4));
    must(e.insert_text("t", 6, "!"));
    must(e.insert_embed("t", 7, value_from(R"({"image":1})")));
  });
  CHECK(compare_documents(a, b) ==
        R"({"roots":{"t":{"kind":"text","delta":[{"retain":3},{"delete":"one "},{"retain":3},)"
        R"({"insert":"!"},{"insert":{"image":1}}]}},"unchanged":[],"omitted":[]})");
  CHECK(compare_documents(b, a) ==
        R"({"roots":{"t":{"kind":"text","delta":[{"retain":3},{"insert":"one "},{"retain":3},)"
        R"({"delete":"!"},{"delete":{"image":1}}]}},"unchanged":[],"omitted":[]})");
}

TEST_CASE("a format is a change of the text that has it", "[versions]") {
  crdt::doc a, b;
  write(a, [](doc_edit& e) { must(e.insert_text("t", 0, "abc")); });
  copy(a, b);
  write(b, [](doc_edit& e) { must(e.format_text("t", 1, 2, formats(R"({"b":true})"))); });
  CHECK(compare_documents(a, b) ==
        R"({"roots":{"t":{"kind":"text","delta":[{"retain":1},{"delete":"bc"},)"
        R"({"insert":"bc","attributes":{"b":true}}]}},"unchanged":[],"omitted":[]})");
}

TEST_CASE("maps are compared by key, arrays by value, anything else as a whole", "[versions]") {
  crdt::doc a, b;
  write(a, [](doc_edit& e) {
    must(e.set("m", "same", value_from("1")));
    must(e.set("m", "old", value_from("2")));
    must(e.set("m", "both", value_from("[1]")));
    must(e.insert("a", 0, std::vector{value_from("1"), value_from("\"x\""), value_from("3")}));
    must(e.insert_type("x", 0, must(value::xml_element("p"))));
  });
  copy(a, b);
  write(b, [](doc_edit& e) {
    must(e.remove_key("m", "old"));
    must(e.set("m", "both", value_from("[2]")));
    must(e.set("m", "new", value_from("null")));
    must(e.remove("a", 1));
    must(e.insert("a", 2, std::vector{value_from("4"), value_from("5")}));
    must(e.insert_type("x", 1, must(value::xml_element("q"))));
  });
  CHECK(compare_documents(a, b) ==
        R"({"roots":{"a":{"kind":"array","delta":[{"retain":1},{"delete":["x"]},{"retain":1},)"
        R"({"insert":[4,5]}]},"m":{"kind":"map","keys":{"both":{"old":[1],"new":[2]},)"
        R"("old":{"old":2},"new":{"new":null}}},"x":{"kind":"xml","old":"<p></p>",)"
        R"("new":"<p></p><q></q>"}},"unchanged":[],"omitted":[]})");
}

TEST_CASE("what is brought back shows no difference", "[versions]") {
  crdt::doc a, b;
  write(a, [](doc_edit& e) { must(e.insert_text("t", 0, "text")); });
  copy(a, b);
  write(b, [](doc_edit& e) { must(e.remove_text("t", 0, 4)); });
  CHECK(
      compare_documents(a, b) ==
      R"({"roots":{"t":{"kind":"text","delta":[{"delete":"text"}]}},"unchanged":[],"omitted":[]})");
  edit(
      b, [&](doc_edit& e) { must(e.restore(a)); }, 2);
  CHECK(compare_documents(a, b) == R"({"roots":{},"unchanged":["t"],"omitted":[]})");
}

TEST_CASE("a root that is too large for the answer is named only", "[versions]") {
  crdt::doc a, b;
  write(b, [](doc_edit& e) {
    must(e.insert_text("large", 0, std::string(1000, 'x')));
    must(e.insert_text("small", 0, "y"));
  });
  CHECK(compare_documents(a, b, {.changes_max = 10, .size_max = 500}) ==
        R"({"roots":{},"unchanged":[],"omitted":["large","small"]})");
}

}  // namespace troupe::admin_compare_test
