// Edits by the server in texts: characters, embeds, and the markers that formats leave. Expected
// marker positions are those of yjs 13.6, see tests/differential/edits.mjs.
#include "protocol/crdt/edit/edit.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/edit_checks.hpp"

namespace troupe::edit_text_test {

using namespace troupe::test;
using crdt::doc_edit;
using crdt::type_kind;
using crdt::value;

namespace {

const std::string smile = "\xF0\x9F\x98\x80";  // two UTF-16 units

/// A document with text in root "t", and edits in it.
struct text_doc {
  crdt::doc doc;

  explicit text_doc(std::string_view text) {
    edit(doc, [&](doc_edit& e) { must(e.insert_text(root("t"), 0, text)); });
  }
  text_doc& insert(std::uint32_t index, std::string_view text) {
    edit(doc, [&](doc_edit& e) { must(e.insert_text(root("t"), index, text)); });
    return *this;
  }
  text_doc& insert(std::uint32_t index, std::string_view text, std::string_view with) {
    edit(doc, [&](doc_edit& e) { must(e.insert_text(root("t"), index, text, formats(with))); });
    return *this;
  }
  text_doc& format(std::uint32_t index, std::uint32_t length, std::string_view with) {
    edit(doc, [&](doc_edit& e) { must(e.format_text(root("t"), index, length, formats(with))); });
    return *this;
  }
  text_doc& remove(std::uint32_t index, std::uint32_t length) {
    edit(doc, [&](doc_edit& e) { must(e.remove_text(root("t"), index, length)); });
    return *this;
  }
  std::string marked() const { return marked_text(doc, "t"); }
};

}  // namespace

TEST_CASE("text is inserted and removed at UTF-16 indices", "[crdt][edit]") {
  text_doc text{"a" + smile + "b"};
  text.insert(3, "x").insert(0, "<").insert(6, ">");
  CHECK(text.doc.text("t") == "<a" + smile + "xb>");
  text.remove(2, 2);
  CHECK(text.doc.text("t") == "<axb>");
  text.remove(0, 5);
  CHECK(text.doc.text("t").empty());
  text.insert(0, "again");
  CHECK(text.doc.text("t") == "again");
}

TEST_CASE("nothing is inserted, removed or formatted by empty edits", "[crdt][edit]") {
  text_doc text{"ab"};
  const std::string before = state_of(text.doc);
  text.insert(1, "").insert(1, "", R"({"b":true})").remove(1, 0).format(1, 0, R"({"b":true})");
  text.format(0, 2, "{}");
  CHECK(state_of(text.doc) == before);
}

TEST_CASE("a surrogate pair is not cut", "[crdt][edit]") {
  text_doc text{"a" + smile + smile};
  const auto range = errc::out_of_range;
  const crdt::attributes bold = formats(R"({"b":true})");
  check_refused(text.doc, range, [](doc_edit& e) { return e.insert_text(root("t"), 2, "x"); });
  check_refused(text.doc, range, [](doc_edit& e) { return e.remove_text(root("t"), 2, 1); });
  check_refused(text.doc, range, [](doc_edit& e) { return e.remove_text(root("t"), 1, 3); });
  check_refused(text.doc, range, [](doc_edit& e) { return e.remove(root("t"), 0, 2); });
  check_refused(text.doc, range, [&](doc_edit& e) { return e.format_text(root("t"), 0, 2, bold); });
  check_refused(text.doc, range, [&](doc_edit& e) { return e.format_text(root("t"), 4, 1, bold); });
}

TEST_CASE("what is beyond the end or no text is refused", "[crdt][edit]") {
  text_doc text{"ab"};
  const crdt::attributes bold = formats(R"({"b":true})");
  const auto range = errc::out_of_range;
  check_refused(text.doc, range, [](doc_edit& e) { return e.insert_text(root("t"), 3, "x"); });
  check_refused(text.doc, range, [](doc_edit& e) { return e.remove_text(root("t"), 1, 2); });
  check_refused(text.doc, range, [&](doc_edit& e) { return e.format_text(root("t"), 0, 3, bold); });
  check_refused(text.doc, errc::invalid_utf8,
                [](doc_edit& e) { return e.insert_text(root("t"), 0, "\xed\xa0\xbd"); });
  check_refused(text.doc, errc::unknown_content, [](doc_edit& e) {
    return e.insert_embed(root("t"), 0, value::binary(byte_buffer{1}));
  });
}

TEST_CASE("a format is a pair of markers around its range", "[crdt][edit]") {
  text_doc text{"abcd"};
  text.format(1, 2, R"({"b":true})");
  CHECK(text.marked() == "a<b=true>bc<b=null>d");
}

TEST_CASE("inserted text takes the attributes in force, or exactly those given", "[crdt][edit]") {
  text_doc text{"abcd"};
  text.format(1, 2, R"({"b":true})");
  text.insert(3, "Y");
  CHECK(text.marked() == "a<b=true>bcY<b=null>d");
  text.insert(2, "Z", "{}");
  CHECK(text.marked() == "a<b=true>b<b=null>Z<b=true>cY<b=null>d");
  text.insert(0, "W", R"({"b":true,"c":1})");
  CHECK(text.marked() == "<b=true><c=1>W<b=null><c=null>a<b=true>b<b=null>Z<b=true>cY<b=null>d");
}

TEST_CASE("a format that holds already writes nothing", "[crdt][edit]") {
  text_doc text{"abcd"};
  text.format(0, 4, R"({"b":true})");
  const std::string before = state_of(text.doc);
  text.format(1, 2, R"({"b":true})").format(0, 4, R"({"c":null})");
  CHECK(state_of(text.doc) == before);
}

TEST_CASE("markers in a range are replaced by those around it", "[crdt][edit]") {
  text_doc text{"abcdef"};
  text.format(1, 1, R"({"b":1})").format(3, 1, R"({"b":2,"c":3})").format(0, 6, R"({"b":4})");
  CHECK(text.marked() == "<b=4>abc<c=3>d<c=null>ef<b=null>");
  text.format(0, 6, R"({"b":null})");
  CHECK(text.marked() == "abc<c=3>d<c=null>ef");
}

TEST_CASE("a format that ends where its like begins merges with it", "[crdt][edit]") {
  text_doc text{"abcd"};
  text.format(2, 2, R"({"b":true})").format(0, 2, R"({"b":true})");
  CHECK(text.marked() == "<b=true>abcd<b=null>");
}

TEST_CASE("markers that removed text leaves without effect go with it", "[crdt][edit]") {
  text_doc text{"abcd"};
  text.format(1, 2, R"({"b":true})").remove(1, 2);
  CHECK(text.marked() == "ad");
  text_doc half{"abcd"};
  half.format(1, 2, R"({"b":true})").remove(2, 2);
  CHECK(half.marked() == "a<b=true>b<b=null>");
  half.remove(1, 1);
  CHECK(half.marked() == "a");
}

TEST_CASE("markers with equal objects are cleaned up too", "[crdt][edit]") {
  text_doc text{"abcdef"};
  text.format(0, 6, R"({"f":{"n":1,"l":[1]}})").format(2, 2, R"({"f":null})").remove(2, 2);
  CHECK(text.marked() == R"(<f={"n":1,"l":[1]}>abef<f=null>)");
}

TEST_CASE("text goes behind a marker that repeats the object in force", "[crdt][edit]") {
  const std::string font = R"({"font":{"list":[1,{"a":2}]}})";
  text_doc text{"abc"};
  crdt::doc other;  // formats a part of what is formatted here, at the same time
  REQUIRE(other.apply_update(text.doc.encode_state_as_update()));
  text.format(0, 3, font);
  const auto format_part = [&](doc_edit& e) {
    must(e.format_text(root("t"), 1, 2, formats(font)));
  };
  REQUIRE(text.doc.apply_update(edit(other, format_part, 2)));
  const std::string marker = R"(<font={"list":[1,{"a":2}]}>)";
  const std::string rest = "bc<font=null><font=null>";
  CHECK(text.marked() == marker + "a" + marker + rest);
  text.insert(1, "x");
  CHECK(text.marked() == marker + "a" + marker + "x" + rest);
}

TEST_CASE("embeds are values or types, with attributes", "[crdt][edit]") {
  text_doc text{"ab"};
  edit(text.doc, [](doc_edit& e) {
    must(e.insert_embed(root("t"), 1, value_from(R"({"image":1})"), formats(R"({"b":true})")));
    must(e.insert_embed(root("t"), 3, value::type(type_kind::map)));
    must(e.set(must(e.child(root("t"), 3)), "k", value_from("1")));
    CHECK(must(e.length(root("t"))) == 4);
  });
  CHECK(text.marked() == "a<b=true>*<b=null>b*");
  text.remove(1, 1).remove(2, 1);
  CHECK(text.marked() == "ab");
}

TEST_CASE("keys of attributes are written in JavaScript's order", "[crdt][edit]") {
  text_doc text{"a"};
  text.format(0, 1, R"({"b":1,"2":2,"1":3})");
  CHECK(text.marked() == "<1=3><2=2><b=1>a<1=null><2=null><b=null>");
}

TEST_CASE("markers of another client, in either encoding, are read", "[crdt][edit]") {
  text_doc from{"abcd"};
  from.format(1, 2, R"({"b":{"x":1.50}})");
  crdt::doc doc;  // which has its markers as `any`
  REQUIRE(doc.apply_update(from.doc.encode_state_as_update({}, crdt::update_format::v2),
                           crdt::update_format::v2));
  edit(
      doc, [](doc_edit& e) { must(e.insert_text(root("t"), 2, "X")); }, 2);
  edit(
      doc, [](doc_edit& e) { must(e.insert_text(root("t"), 2, "Y", {})); }, 2);
  must_apply(from.doc, doc.encode_state_as_update());
  CHECK(from.marked() == R"(a<b={"x":1.5}>b<b=null>Y<b={"x":1.5}>Xc<b=null>d)");
}

}  // namespace troupe::edit_text_test
