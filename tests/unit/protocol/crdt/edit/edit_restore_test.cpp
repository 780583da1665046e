// Bringing back what a document showed: what comes back, what stays, what is refused. That yjs
// shows it is shown by tests/differential/restore.mjs.
#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/read/relative_position.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::edit_restore_test {

using namespace troupe::test;
using crdt::doc_edit;
using crdt::type_kind;
using crdt::value;

namespace {

constexpr crdt::client_id server = 99;

/// The state of the document as a document of its own.
struct kept {
  explicit kept(const crdt::doc& of) { must_apply(state, of.encode_state_as_update()); }
  crdt::doc state;
};

/// Restores and checks that the document shows what it did, in itself and in one that hears of it.
void restore(crdt::doc& in, const crdt::doc& then) {
  crdt::doc other;
  must_apply(other, in.encode_state_as_update());
  const byte_buffer update = edit(
      in, [&](doc_edit& e) { must(e.restore(then)); }, server);
  must_apply(other, update);
  for (const crdt::doc* each : {&in, &other}) {
    for (const crdt::root_info& root : each->roots()) {
      INFO(root.name);
      CHECK(each->delta_json(root.name) == then.delta_json(root.name));
      CHECK(each->map_json(root.name) == then.map_json(root.name));
      CHECK(each->xml_string(root.name) == then.xml_string(root.name));
      CHECK(each->text(root.name) == then.text(root.name));
    }
  }
  CHECK(state_of(other) == state_of(in));
}

template <class Call>
void write(crdt::doc& in, Call call, crdt::client_id own = 1) {
  edit(in, call, own);
}

}  // namespace

TEST_CASE("a document that shows what it showed is left as it is", "[crdt][restore]") {
  crdt::doc doc;
  write(doc, [](doc_edit& e) {
    must(e.insert_text("t", 0, "hello"));
    must(e.set("m", "k", value_from("1")));
    must(e.remove_text("t", 1, 2));
  });
  const kept then{doc};
  const std::string before = state_of(doc);
  doc_edit opened = open(doc, server);
  must(opened.restore(then.state));
  CHECK_FALSE(opened.commit().changed);
  CHECK(state_of(doc) == before);
}

TEST_CASE("text that was deleted comes back between what stayed, and what is new goes",
          "[crdt][restore]") {
  crdt::doc doc;
  write(doc, [](doc_edit& e) { must(e.insert_text("t", 0, "one two three")); });
  const kept then{doc};
  const auto cursor = *crdt::relative_position_at(doc.contents(), "t", 10);  // in "three"
  write(
      doc, [](doc_edit& e) { must(e.remove_text("t", 4, 4)); }, 2);
  write(
      doc, [](doc_edit& e) { must(e.insert_text("t", 4, "very new ")); }, 3);
  REQUIRE(doc.text("t") == "one very new three");
  const std::size_t known = doc.sizes().clocks;
  restore(doc, then.state);
  CHECK(doc.text("t") == "one two three");
  CHECK(doc.sizes().clocks == known + 3);  // a copy of "two": a blank is there
  CHECK(resolve(doc.contents(), cursor)->index == 10);
}

TEST_CASE("what an earlier restore brought back stays", "[crdt][restore]") {
  crdt::doc doc;
  crdt::type_ref map;
  write(doc, [&](doc_edit& e) {
    must(e.insert_text("t", 0, "one two three", formats(R"({"b":true})")));
    must(e.insert("a", 0, std::vector{value_from("1"), value_from("\"two\""), value::binary({})}));
    must(e.set("m", "k", value_from("[1]")));
    map = must(e.insert_type("a", 1, value::type(type_kind::map)));
    must(e.set(map, "in", value_from("true")));
  });
  const kept then{doc};
  const auto wreck = [](doc_edit& e) {
    must(e.remove_text("t", 0, 13));
    must(e.remove("a", 0, 4));
    must(e.remove_key("m", "k"));
  };
  write(doc, wreck);
  restore(doc, then.state);
  const std::size_t clocks = doc.sizes().clocks;
  doc_edit opened = open(doc, server);
  must(opened.restore(then.state));
  CHECK_FALSE(opened.commit().changed);
  // Only what was changed since comes again.
  write(doc, [](doc_edit& e) {
    must(e.remove_text("t", 4, 2));
    must(e.remove("a", 2));
  });
  restore(doc, then.state);
  CHECK(doc.sizes().clocks == clocks + 3);
}

TEST_CASE("what is written behind deleted text while it is away comes behind it again",
          "[crdt][restore]") {
  crdt::doc doc, away;
  write(doc, [](doc_edit& e) { must(e.insert_text("t", 0, "abc")); });
  const kept then{doc};
  must_apply(away, doc.encode_state_as_update());
  const byte_buffer late = edit(
      away, [](doc_edit& e) { must(e.insert_text("t", 3, "!")); }, 2);
  write(doc, [](doc_edit& e) { must(e.remove_text("t", 0, 3)); });
  restore(doc, then.state);
  must_apply(doc, late);
  CHECK(doc.text("t") == "abc!");
}

TEST_CASE("formats, embeds and types in a text come back", "[crdt][restore]") {
  crdt::doc doc;
  write(doc, [](doc_edit& e) {
    must(e.insert_text("t", 0, "plain bold plain"));
    must(e.format_text("t", 6, 4, formats(R"({"bold":true})")));
    must(e.insert_embed("t", 3, value_from(R"({"image":1})"), formats(R"({"alt":"x"})")));
    must(e.insert_embed("t", 0, value::type(type_kind::map)));
    must(e.set(*e.child("t", 0), "in", value_from("1")));
  });
  const kept then{doc};
  SECTION("after all of it was deleted") {
    write(doc, [](doc_edit& e) { must(e.remove_text("t", 0, *e.length("t"))); });
    CHECK(doc.text("t").empty());
  }
  SECTION("after formats were changed") {
    write(doc, [](doc_edit& e) {
      must(e.format_text("t", 0, *e.length("t"), formats(R"({"bold":null,"color":"red"})")));
      must(e.remove_key(*e.child("t", 0), "in"));
    });
  }
  restore(doc, then.state);
}

TEST_CASE("entries come back, change back and go", "[crdt][restore]") {
  crdt::doc doc;
  crdt::type_ref map;
  write(doc, [&](doc_edit& e) {
    must(e.set("m", "same", value_from("1")));
    must(e.set("m", "changed", value_from("\"old\"")));
    must(e.set("m", "removed", value_from("[1,2]")));
    map = must(e.set_type("m", "map", value::type(type_kind::map)));
    must(e.set(map, "deep", value_from("true")));
  });
  const kept then{doc};
  write(doc, [&](doc_edit& e) {
    must(e.set("m", "changed", value_from("\"new\"")));
    must(e.remove_key("m", "removed"));
    must(e.set("m", "added", value_from("null")));
    must(e.set(map, "deep", value_from("false")));
  });
  restore(doc, then.state);
  CHECK(doc.map_json("m") == R"({"changed":"old","map":{"deep":true},"removed":[1,2],"same":1})");
  CHECK(doc.map_json(map) == R"({"deep":true})");  // the same type, not a copy
}

TEST_CASE("a type that was deleted comes back with all that was in it", "[crdt][restore]") {
  crdt::doc doc;
  write(doc, [](doc_edit& e) {
    const auto p = must(e.insert_type("x", 0, must(value::xml_element("p"))));
    must(e.set(p, "class", value_from("\"c\"")));
    const auto text = must(e.insert_type(p, 0, value::type(type_kind::xml_text)));
    must(e.insert_text(text, 0, "hi", formats(R"({"b":{}})")));
    crdt::type_ref in = must(e.insert_type("a", 0, value::type(type_kind::array)));
    for (int i = 0; i < 300; ++i) in = must(e.insert_type(in, 0, value::type(type_kind::array)));
    must(e.insert(
        "a", 1, std::vector{must(value::subdocument("sub")), value::binary({}), value_from("1")}));
  });
  const kept then{doc};
  write(doc, [](doc_edit& e) {
    must(e.remove("x", 0));
    must(e.remove("a", 0, 4));
  });
  restore(doc, then.state);
  CHECK(doc.xml_string("x") == R"(<p class="c"><b>hi</b></p>)");
  CHECK(doc.array_json("a") == then.state.array_json("a"));
}

TEST_CASE("roots that are new become empty, and ones that are unknown are filled",
          "[crdt][restore]") {
  crdt::doc doc;
  const kept empty{doc};
  write(doc, [](doc_edit& e) {
    must(e.insert_text("t", 0, "text"));
    must(e.set("m", "k", value_from("1")));
  });
  const kept full{doc};
  restore(doc, empty.state);
  CHECK(doc.text("t").empty());
  CHECK(doc.map_json("m") == "{}");
  restore(doc, full.state);
  CHECK(doc.text("t") == "text");
  crdt::doc other;  // of another history
  restore(other, full.state);
  CHECK(other.text("t") == "text");
  CHECK(other.map_json("m") == R"({"k":1})");
}

TEST_CASE("a surrogate pair that was cut comes back whole", "[crdt][restore]") {
  crdt::doc doc;
  must_apply(doc, update_builder{}.client(1).text(in_root("t"), "a\xF0\x9F\x98\x80z"));
  const kept then{doc};
  must_apply(doc, update_builder{}.erase(1, 2, 1));
  REQUIRE(doc.text("t") == "a\xEF\xBF\xBDz");
  restore(doc, then.state);
  CHECK(doc.text("t") == "a\xF0\x9F\x98\x80z");
}

TEST_CASE("a restore for which there is no room changes nothing", "[crdt][restore]") {
  crdt::limits limit;
  limit.document_size_max = 4096;
  crdt::doc doc{{crdt::garbage_collection::on, limit}};
  write(doc, [](doc_edit& e) { must(e.insert_text("t", 0, std::string(1500, 'x'))); });
  const kept then{doc};
  write(doc, [](doc_edit& e) { must(e.remove_text("t", 0, 1500)); });
  write(doc, [](doc_edit& e) { must(e.insert_text("t", 0, std::string(1500, 'y'))); });
  crdt::doc grown{{crdt::garbage_collection::on, limit}};
  must_apply(grown, doc.encode_state_as_update());
  write(grown, [](doc_edit& e) { must(e.insert_text("u", 0, std::string(1000, 'z'))); });
  check_refused(grown, errc::document_full, [&](doc_edit& e) { return e.restore(then.state); });
}

}  // namespace troupe::edit_restore_test
