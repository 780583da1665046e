// How types are named, by readers and editors alike.
#include "protocol/crdt/store/type_ref.hpp"

#include <algorithm>
#include <catch2/catch_test_macros.hpp>
#include <functional>

#include "tests/support/edit_checks.hpp"

namespace troupe::type_ref_test {

using namespace troupe::test;
using crdt::doc_edit;
using crdt::struct_id;
using crdt::type_kind;
using crdt::type_ref;
using crdt::value;

TEST_CASE("roots come before nested types, by name and by id", "[crdt][type_ref]") {
  const type_ref ascending[] = {"", "a", "b", struct_id{1, 9}, struct_id{2, 0}, struct_id{2, 1}};
  CHECK(std::ranges::is_sorted(ascending, std::less_equal{}));
  CHECK(type_ref{std::string_view{"a"}} == type_ref::root("a"));
  CHECK(type_ref{std::string{"a"}} == type_ref::root("a"));
  CHECK(type_ref{struct_id{2, 1}} == type_ref::nested(2, 1));
}

TEST_CASE("a deleted type can be read until it is collected, not edited", "[crdt][type_ref]") {
  for (const auto gc : {crdt::garbage_collection::on, crdt::garbage_collection::off}) {
    crdt::doc doc{{gc, {}}};
    type_ref list;
    edit(doc, [&](doc_edit& e) {
      list = must(e.set_type("m", "list", value::type(type_kind::array)));
      must(e.insert_text("t", 0, "x"));
    });
    const crdt::struct_store& in = doc.contents();
    CHECK(ref_of(in, find_type(in, list)) == list);
    CHECK(find_live_type(in, list) == find_type(in, list));
    edit(doc, [](doc_edit& e) { must(e.remove_key("m", "list")); });
    CHECK((find_type(in, list) == crdt::none) == (gc == crdt::garbage_collection::on));
    CHECK(find_live_type(in, list).error().code == errc::type_gone);
  }
}

TEST_CASE("a root that nobody wrote to is no type, and no error", "[crdt][type_ref]") {
  const crdt::doc doc;
  CHECK(find_type(doc.contents(), "t") == crdt::none);
  CHECK(must(find_live_type(doc.contents(), "t")) == crdt::none);
}

}  // namespace troupe::type_ref_test
