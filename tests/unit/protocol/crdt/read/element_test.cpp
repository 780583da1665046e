#include "protocol/crdt/read/element.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/read/export_json.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::element_test {

using namespace troupe::test;

namespace {

std::string shown(const crdt::doc& of, crdt::unit_place unit) {
  if (unit.handle == crdt::none) return "nothing";
  std::string text;
  crdt::append_unit_json(of.contents(), unit, text);
  return text;
}

}  // namespace

TEST_CASE("elements are found behind deleted ones and inside of runs", "[element]") {
  crdt::doc doc;
  edit(doc, [](crdt::doc_edit& e) {
    const crdt::value values[] = {value_from("1"), value_from(R"({"a":[2]})"), value_from("3"),
                                  value_from("\"four\"")};
    must(e.push("a", values));
    must(e.remove("a", 0));
    const auto text = must(e.insert_type("a", 3, crdt::value::type(crdt::type_kind::text)));
    must(e.insert_text(text, 0, "inner"));
  });
  const crdt::type_handle array = doc.contents().find_root("a");
  std::uint64_t steps = 0;
  const auto at = [&](std::uint32_t index) {
    return shown(doc, crdt::find_element(doc.contents(), array, index, steps));
  };
  CHECK(at(0) == R"({"a":[2]})");
  CHECK(at(1) == "3");
  CHECK(at(2) == R"("four")");
  CHECK(at(3) == R"("inner")");
  CHECK(at(4) == "nothing");
  CHECK(steps > 0);
  CHECK(crdt::first_kind_of(doc.contents(), array, steps) == crdt::content_kind::any);
  CHECK_FALSE(crdt::has_entries(doc.contents(), array));
}

TEST_CASE("an entry is the last value of its key, if it is not deleted", "[element]") {
  crdt::doc doc;
  edit(doc, [](crdt::doc_edit& e) {
    must(e.set("m", "a", value_from("1")));
    must(e.set("m", "a", value_from("2")));
    must(e.set("m", "b", value_from("3")));
    must(e.remove_key("m", "b"));
  });
  const crdt::type_handle map = doc.contents().find_root("m");
  std::uint64_t steps = 0;
  CHECK(shown(doc, crdt::find_entry(doc.contents(), map, "a")) == "2");
  CHECK(shown(doc, crdt::find_entry(doc.contents(), map, "b")) == "nothing");
  CHECK(shown(doc, crdt::find_entry(doc.contents(), map, "c")) == "nothing");
  CHECK(crdt::has_entries(doc.contents(), map));
  CHECK_FALSE(crdt::first_kind_of(doc.contents(), map, steps));
}

}  // namespace troupe::element_test
