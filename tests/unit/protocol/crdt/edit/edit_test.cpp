// Edits by the server in arrays, maps and XML: what is written, what is refused, how a transaction
// ends. Texts are in edit_text_test.cpp, indices in edit_cursor_test.cpp, what observers hear in
// changes_test.cpp; that it is what yjs does is shown by tests/differential/edits.mjs.
#include "protocol/crdt/edit/edit.hpp"

#include <limits>

#include <catch2/catch_test_macros.hpp>

#include "base/check.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::edit_test {

using namespace troupe::test;
using crdt::doc_edit;
using crdt::type_kind;
using crdt::type_ref;
using crdt::value;

// --- the transaction ---

TEST_CASE("an edit is one update that makes another document equal", "[crdt][edit]") {
  crdt::doc doc, other;
  const byte_buffer update = edit(doc, [](doc_edit& e) {
    must(e.insert_text(root("t"), 0, "ab"));
    must(e.set(root("m"), "k", value_from("1")));
  });
  must_apply(other, update);
  CHECK(state_of(other) == state_of(doc));
  CHECK(doc.text("t") == "ab");
  CHECK(doc.map_json("m") == R"({"k":1})");
}

TEST_CASE("the worked example of the update format comes out of an edit", "[crdt][edit]") {
  crdt::doc doc;
  const auto insert = [](doc_edit& e) { must(e.insert_text(root("t"), 0, "ab")); };
  const auto erase = [](doc_edit& e) { must(e.remove_text(root("t"), 0, 1)); };
  CHECK(to_hex(edit(doc, insert)) == "010101000401017402616200");
  CHECK(to_hex(edit(doc, erase)) == "000101010001");
  CHECK(state_of(doc) == "010201000101017401840100016201010100"
                         "01");
}

TEST_CASE("an edit without operations changes nothing", "[crdt][edit]") {
  crdt::doc doc;
  auto opened = open(doc);
  CHECK_FALSE(opened.commit().changed);
  CHECK(to_hex(doc.encode_last_change()) == "0000");
}

TEST_CASE("an editor that is dropped commits", "[crdt][edit]") {
  crdt::doc doc;
  {
    doc_edit opened = open(doc);
    must(opened.insert_text(root("t"), 0, "kept"));
    const doc_edit moved{std::move(opened)};
  }
  CHECK(doc.text("t") == "kept");
  CHECK(to_hex(doc.encode_last_change()) != "0000");
  must_apply(doc, update_builder{}.client(2).text(in_root("u"), "x"));
}

TEST_CASE("while an editor is open nothing else may change the document", "[crdt][edit]") {
  crdt::doc doc;
  doc_edit opened = open(doc);
  CHECK_THROWS_AS(doc.edit(2), broken_promise);
  CHECK_THROWS_AS(doc.apply_update(byte_buffer{0, 0}), broken_promise);
  CHECK_THROWS_AS(doc.encode_last_change(), broken_promise);
  CHECK_THROWS_AS(doc.last_changes(), broken_promise);
  opened.commit();
  CHECK_THROWS_AS(opened.commit(), broken_promise);
  CHECK_THROWS_AS(opened.insert_text(root("t"), 0, "late"), broken_promise);
  CHECK(doc.edit(2).has_value());
}

TEST_CASE("a client id that no Yjs client can have is refused", "[crdt][edit]") {
  crdt::doc doc;
  const auto opened = doc.edit(std::uint64_t{1} << 53);
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().code == errc::number_too_large);
}

TEST_CASE("an edit goes on where its client ended, above what it lacks", "[crdt][edit]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1, 5).text(in_root("t"), "xyz"));
  edit(doc, [](doc_edit& e) { must(e.insert_text(root("t"), 3, "!")); });
  CHECK(doc.text("t") == "xyz!");
  CHECK(doc.contents().state_of(doc.contents().clients().find(1)).end == 9);
}

TEST_CASE("what waited for the editing client is integrated when the edit ends", "[crdt][edit]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(2).text(after({1, 1}), "later").erase(1, 0, 1));
  CHECK(doc.pending_size() > 0);
  edit(doc, [](doc_edit& e) { must(e.insert_text(root("t"), 0, "ab")); });
  CHECK(doc.text("t") == "blater");
  CHECK(doc.pending_size() == 0);
}

// --- arrays ---

TEST_CASE("values of a row are one item, other contents one each", "[crdt][edit]") {
  crdt::doc doc;
  const value values[] = {value_from("1"),
                          value::null(),
                          value::boolean(true),
                          value::number(.5),
                          must(value::text("ü")),
                          value::binary({}),
                          value_from(R"({"a":[]})"),
                          value::type(type_kind::array),
                          must(value::subdocument("guid"))};
  edit(doc, [&](doc_edit& e) { must(e.insert(root("a"), 0, values)); });
  CHECK(doc.array_json("a") == R"([1,null,true,0.5,"ü","",{"a":[]},[],{"guid":"guid"}])");
  CHECK(doc.item_count() == 5);
}

TEST_CASE("elements go where they are put and leave when they are removed", "[crdt][edit]") {
  crdt::doc doc;
  edit(doc, [](doc_edit& e) {
    const value numbers[] = {value_from("1"), value_from("2"), value_from("3"), value_from("4")};
    must(e.insert(root("a"), 0, numbers));
    must(e.insert(root("a"), 2, {numbers, 1}));
    must(e.remove(root("a"), 0, 2));
    must(e.push(root("a"), {numbers + 1, 1}));
    must(e.insert(root("a"), 0, {}));
    must(e.push(root("a"), {}));
    must(e.remove(root("a"), 4, 0));
    CHECK(must(e.length(root("a"))) == 4);
  });
  CHECK(doc.array_json("a") == "[1,3,4,2]");
}

TEST_CASE("pushing appends behind removed elements too, and the cursor keeps up", "[crdt][edit]") {
  crdt::doc doc;
  const value numbers[] = {value_from("1"), value_from("2"), value_from("3")};
  edit(doc, [&](doc_edit& e) {
    must(e.push(root("a"), numbers));
    must(e.remove(root("a"), 2));
    must(e.insert(root("a"), 2, {numbers, 1}));
    must(e.push(root("a"), numbers));
    must(e.push(root("a"), numbers));
    must(e.insert(root("a"), 9, {numbers + 2, 1}));
    must(e.insert(root("a"), 3, {numbers + 2, 1}));
  });
  CHECK(doc.array_json("a") == "[1,2,1,3,1,2,3,1,2,3,3]");
}

TEST_CASE("indices beyond the end are refused", "[crdt][edit]") {
  crdt::doc doc;
  const value one[] = {value_from("1")};
  edit(doc, [&](doc_edit& e) { must(e.push(root("a"), one)); });
  const auto huge = std::numeric_limits<std::uint32_t>::max();
  check_refused(doc, errc::out_of_range, [&](doc_edit& e) { return e.insert(root("a"), 2, one); });
  check_refused(doc, errc::out_of_range, [&](doc_edit& e) { return e.remove(root("a"), 0, 2); });
  check_refused(doc, errc::out_of_range, [&](doc_edit& e) { return e.remove(root("a"), 1, 1); });
  check_refused(doc, errc::out_of_range, [&](doc_edit& e) { return e.remove(root("a"), 1, huge); });
  check_refused(doc, errc::out_of_range, [&](doc_edit& e) { return e.remove(root("a"), huge, 1); });
  check_refused(doc, errc::out_of_range, [&](doc_edit& e) { return e.insert(root("b"), 1, one); });
}

// --- maps ---

TEST_CASE("entries are set, replaced, removed and cleared", "[crdt][edit]") {
  crdt::doc doc;
  edit(doc, [](doc_edit& e) {
    must(e.set(root("m"), "a", value_from("1")));
    must(e.set(root("m"), "b", value_from("[2]")));
    must(e.set(root("m"), "a", value_from("3")));
    must(e.remove_key(root("m"), "b"));
    must(e.remove_key(root("m"), "never"));
    must(e.remove_key(root("nowhere"), "never"));
  });
  CHECK(doc.map_json("m") == R"({"a":3})");
  edit(doc, [](doc_edit& e) {
    must(e.set(root("m"), "b", value_from("4")));
    must(e.clear_keys(root("m")));
    must(e.clear_keys(root("nowhere")));
    must(e.set(root("m"), "c", value_from("5")));
  });
  CHECK(doc.map_json("m") == R"({"c":5})");
}

// --- nested types ---

TEST_CASE("new types can be written to at once, however deep", "[crdt][edit]") {
  crdt::doc doc, other;
  const byte_buffer update = edit(doc, [](doc_edit& e) {
    const type_ref list = must(e.set_type(root("m"), "list", value::type(type_kind::array)));
    const type_ref map = must(e.insert_type(list, 0, value::type(type_kind::map)));
    const type_ref text = must(e.set_type(map, "text", value::type(type_kind::text)));
    must(e.insert_text(text, 0, "deep"));
    CHECK(must(e.child(root("m"), "list")) == list);
    CHECK(must(e.child(list, 0)) == map);
    CHECK(must(e.child(map, "text")) == text);
  });
  must_apply(other, update);
  CHECK(other.map_json("m") == R"({"list":[{"text":"deep"}]})");
}

TEST_CASE("a type that was deleted is gone for its editor", "[crdt][edit]") {
  crdt::doc doc;
  type_ref list, map;
  edit(doc, [&](doc_edit& e) {
    list = must(e.set_type(root("m"), "list", value::type(type_kind::array)));
    map = must(e.insert_type(list, 0, value::type(type_kind::map)));
  });
  doc_edit opened = open(doc);
  must(opened.remove_key(root("m"), "list"));
  for (const type_ref& gone : {list, map}) {  // before the transaction has ended...
    const auto outcome = opened.set(gone, "k", value_from("1"));
    REQUIRE_FALSE(outcome.has_value());
    CHECK(outcome.error().code == errc::type_gone);
  }
  opened.commit();
  for (const type_ref& gone : {list, map})  // ...and when its contents have been collected
    check_refused(doc, errc::type_gone,
                  [&](doc_edit& e) { return e.set(gone, "k", value_from("1")); });
  CHECK(doc.map_json("m") == "{}");
}

TEST_CASE("what is no type, or nothing, cannot be named as one", "[crdt][edit]") {
  crdt::doc doc;
  edit(doc, [](doc_edit& e) {
    must(e.set(root("m"), "k", value_from("1")));
    must(e.insert_text(root("t"), 0, "x"));
  });
  const auto gone = errc::type_gone;
  check_refused(doc, gone, [](doc_edit& e) { return e.length(type_ref::nested(1, 0)); });
  check_refused(doc, gone, [](doc_edit& e) { return e.length(type_ref::nested(1, 7)); });
  check_refused(doc, gone, [](doc_edit& e) { return e.length(type_ref::nested(9, 0)); });
  check_refused(doc, gone,
                [](doc_edit& e) { return e.length(type_ref::nested(1, std::uint64_t{1} << 32)); });
  check_refused(doc, gone, [](doc_edit& e) { return e.child(root("m"), "k"); });
  check_refused(doc, gone, [](doc_edit& e) { return e.child(root("m"), "none"); });
  check_refused(doc, gone, [](doc_edit& e) { return e.child(root("t"), 0); });
  check_refused(doc, errc::out_of_range, [](doc_edit& e) { return e.child(root("t"), 1); });
  const auto unknown = errc::unknown_content;
  check_refused(doc, unknown,
                [](doc_edit& e) { return e.set_type(root("m"), "k", value_from("1")); });
  check_refused(doc, unknown,
                [](doc_edit& e) { return e.insert_type(root("t"), 0, value_from("1")); });
}

// --- XML ---

TEST_CASE("elements have children and attributes", "[crdt][edit]") {
  crdt::doc doc;
  edit(doc, [](doc_edit& e) {
    const auto p = must(e.insert_type(root("x"), 0, must(value::xml_element("p"))));
    must(e.set(p, "class", must(value::text("wide"))));
    must(e.set(p, "id", value_from("7")));
    must(e.remove_key(p, "id"));
    const auto text = must(e.insert_type(p, 0, value::type(type_kind::xml_text)));
    must(e.insert_text(text, 0, "hello"));
    CHECK(must(e.length(p)) == 1);
  });
  // Root x: element p, its attribute, the text in it, the characters.
  CHECK(state_of(doc) == "01"
                         "05"
                         "0100"
                         "0701017803"
                         "0170"
                         "2800010005636c6173730177"
                         "0477696465"
                         "2100010002"
                         "6964"
                         "01"
                         "0700010006"
                         "04000103"
                         "0568656c6c6f"
                         "0101010201");
}

// --- names, limits ---

TEST_CASE("names and keys are checked", "[crdt][edit]") {
  crdt::doc doc{{.gc = crdt::garbage_collection::on, .limit = {.name_size_max = 4}}};
  const auto bad = errc::invalid_utf8, longer = errc::name_too_long;
  check_refused(doc, bad, [](doc_edit& e) { return e.set(root("\xff"), "k", value_from("1")); });
  check_refused(doc, bad, [](doc_edit& e) { return e.set(root("m"), "\xff", value_from("1")); });
  check_refused(doc, longer,
                [](doc_edit& e) { return e.set(root("12345"), "k", value_from("1")); });
  check_refused(doc, longer,
                [](doc_edit& e) { return e.set(root("m"), "12345", value_from("1")); });
  check_refused(doc, longer, [](doc_edit& e) { return e.remove_key(root("m"), "12345"); });
  CHECK(value::xml_element("12345", {.name_size_max = 4}).error().code == longer);
  CHECK(value::xml_element("\xff").error().code == bad);
}

TEST_CASE("a document with all the clients it may have takes no edit of another", "[crdt][edit]") {
  crdt::doc doc{{.gc = crdt::garbage_collection::on, .limit = {.clients_max = 1}}};
  must_apply(doc, update_builder{}.client(7).text(in_root("t"), "abc"));
  const auto insert = [](doc_edit& e) { return e.insert_text(root("t"), 0, "x"); };
  check_refused(doc, errc::too_many_clients, insert);
  check_refused(doc, errc::too_many_clients,
                [](doc_edit& e) { return e.set(root("m"), "k", value_from("1")); });
  edit(doc, [&](doc_edit& e) { must(e.remove_text(root("t"), 0, 1)); });  // needs no id
  edit(
      doc, [&](doc_edit& e) { must(insert(e)); }, 7);
  CHECK(doc.text("t") == "xbc");
}

TEST_CASE("a document that is full takes no insertion, but removals", "[crdt][edit]") {
  crdt::doc doc{{.gc = crdt::garbage_collection::on, .limit = {.document_size_max = 2'000}}};
  must_apply(doc, update_builder{}.client(7).text(in_root("t"), std::string(1'000, 'a')));
  const std::string more(1'000, 'b');
  check_refused(doc, errc::document_full,
                [&](doc_edit& e) { return e.insert_text(root("t"), 0, more); });
  edit(doc, [](doc_edit& e) { must(e.remove_text(root("t"), 0, 1'000)); });
  CHECK(doc.text("t").empty());
}

TEST_CASE("a client whose clocks are used up can write no more", "[crdt][edit]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).gc(crdt::clock_max - 2));
  check_refused(doc, errc::number_too_large,
                [](doc_edit& e) { return e.insert_text(root("t"), 0, "abc"); });
  edit(doc, [](doc_edit& e) { must(e.insert_text(root("t"), 0, "ab")); });
  check_refused(doc, errc::number_too_large,
                [](doc_edit& e) { return e.set(root("m"), "k", value_from("1")); });
}

}  // namespace troupe::edit_test
