// What observers are told: the types and keys that an update or an edit changed, and where they
// stand.
#include "protocol/crdt/apply/changes.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/check.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::changes_test {

using namespace troupe::test;
using crdt::doc_edit;
using crdt::path_step;
using crdt::type_change;
using crdt::type_kind;
using crdt::type_ref;
using crdt::value;

namespace {

using changes = std::vector<type_change>;

const value one[] = {value_from("1")};

path_step key(std::string name) { return {true, std::move(name), 0}; }
path_step index(std::uint32_t at) { return {false, {}, at}; }

/// Root m with list -> [1, {}], and root t.
struct nested_doc {
  crdt::doc doc;
  type_ref list, map;

  nested_doc() {
    edit(doc, [&](doc_edit& e) {
      list = must(e.set_type(root("m"), "list", value::type(type_kind::array)));
      must(e.push(list, one));
      map = must(e.insert_type(list, 1, value::type(type_kind::map)));
      must(e.insert_text(root("t"), 0, "text"));
    });
  }
};

}  // namespace

TEST_CASE("a change names sequences and keys, ascending", "[crdt][changes]") {
  nested_doc nested;
  edit(nested.doc, [&](doc_edit& e) {
    must(e.set(nested.map, "b", value_from("1")));
    must(e.set(nested.map, "a", value_from("1")));
    must(e.insert_text(root("t"), 0, "x"));
    must(e.remove(nested.list, 0));
    must(e.set(root("m"), "k", value_from("1")));
    must(e.insert(root("m"), 0, one));
  });
  CHECK(nested.doc.last_changes() == changes{{root("m"), true, {"k"}},
                                             {root("t"), true, {}},
                                             {nested.list, true, {}},
                                             {nested.map, false, {"a", "b"}}});
}

TEST_CASE("a new type is not listed, what it was put into is", "[crdt][changes]") {
  const nested_doc nested;
  CHECK(nested.doc.last_changes() == changes{{root("m"), false, {"list"}}, {root("t"), true, {}}});
}

TEST_CASE("a deleted type is not listed, what it was in is", "[crdt][changes]") {
  for (const auto gc : {crdt::garbage_collection::on, crdt::garbage_collection::off}) {
    nested_doc nested;
    crdt::doc other{{gc, {}}};
    must_apply(other, nested.doc.encode_state_as_update());
    edit(
        other,
        [&](doc_edit& e) {
          must(e.set(nested.map, "k", value_from("1")));
          must(e.remove_key(root("m"), "list"));
        },
        2);
    CHECK(other.last_changes() == changes{{root("m"), false, {"list"}}});
  }
}

TEST_CASE("deletions, formats and what was inserted in vain are changes", "[crdt][changes]") {
  nested_doc nested;
  const changes text_changed{{root("t"), true, {}}};
  edit(nested.doc, [](doc_edit& e) { must(e.remove_text(root("t"), 1, 1)); });
  CHECK(nested.doc.last_changes() == text_changed);
  edit(nested.doc,
       [](doc_edit& e) { must(e.format_text(root("t"), 0, 2, formats(R"({"b":true})"))); });
  CHECK(nested.doc.last_changes() == text_changed);
  edit(nested.doc, [](doc_edit& e) {
    must(e.insert_text(root("t"), 0, "x"));
    must(e.remove_text(root("t"), 0, 1));
  });
  CHECK(nested.doc.last_changes() == text_changed);
  edit(nested.doc, [](doc_edit& e) { must(e.remove_key(root("m"), "never")); });
  CHECK(nested.doc.last_changes().empty());
}

TEST_CASE("an update of others is told in the same way, with what it woke", "[crdt][changes]") {
  nested_doc nested;
  must_apply(nested.doc, update_builder{}.client(9, 1).text(after({9, 0}), "b"));
  CHECK(nested.doc.last_changes().empty());
  const auto [client, clock] = *nested.map.item;
  must_apply(nested.doc, update_builder{}
                             .client(9)
                             .text(in_root("new"), "a")
                             .client(8)
                             .numbers(in_type({client, clock}, "k"), {1}));
  CHECK(nested.doc.last_changes() == changes{{root("new"), true, {}}, {nested.map, false, {"k"}}});
}

TEST_CASE("observers are called when something changed, until they leave", "[crdt][changes]") {
  crdt::doc doc;
  std::vector<changes> first, second;
  const auto id = doc.observe([&](const changes& told) { first.push_back(told); });
  doc.observe([&](const changes& told) { second.push_back(told); });
  edit(doc, [](doc_edit& e) { must(e.insert_text(root("t"), 0, "x")); });
  edit(doc, [](doc_edit& e) { must(e.insert_text(root("t"), 0, "")); });
  const auto update = update_builder{}.client(2).text(in_root("u"), "y").build();
  must_apply(doc, update);
  must_apply(doc, update);  // known by now
  doc.unobserve(id);
  edit(doc, [](doc_edit& e) { must(e.set(root("m"), "k", value_from("1"))); });
  CHECK(first == std::vector<changes>{{{root("t"), true, {}}}, {{root("u"), true, {}}}});
  REQUIRE(second.size() == 3);
  CHECK(second[2] == changes{{root("m"), false, {"k"}}});
}

TEST_CASE("an observer may read the document and must not change it", "[crdt][changes]") {
  crdt::doc doc;
  std::string seen;
  int refused = 0;
  doc.observe([&](const changes&) {
    seen = doc.text("t") + to_hex(doc.encode_last_change());
    const auto count = [&](auto call) {
      try {
        call();
      } catch (const broken_promise&) {
        ++refused;
      }
    };
    count([&] { (void)doc.edit(2); });
    count([&] { (void)doc.apply_update(byte_buffer{0, 0}); });
    count([&] { doc.unobserve(1); });
    count([&] { doc.observe({}); });
  });
  const auto update = edit(doc, [](doc_edit& e) { must(e.insert_text(root("t"), 0, "x")); });
  CHECK(seen == "x" + to_hex(update));
  CHECK(refused == 4);
}

TEST_CASE("the path of a type leads from its root down", "[crdt][changes]") {
  nested_doc nested;
  using path = std::vector<path_step>;
  CHECK(must(nested.doc.path_of(root("t"))) == path{key("t")});
  CHECK(must(nested.doc.path_of(root("unheard of"))) == path{key("unheard of")});
  CHECK(must(nested.doc.path_of(nested.list)) == path{key("m"), key("list")});
  CHECK(must(nested.doc.path_of(nested.map)) == path{key("m"), key("list"), index(1)});
  edit(nested.doc, [&](doc_edit& e) { must(e.remove(nested.list, 0)); });
  CHECK(must(nested.doc.path_of(nested.map)) == path{key("m"), key("list"), index(0)});
  edit(nested.doc, [&](doc_edit& e) { must(e.remove(nested.list, 0)); });
  CHECK(nested.doc.path_of(nested.map).error().code == errc::type_gone);
}

}  // namespace troupe::changes_test
