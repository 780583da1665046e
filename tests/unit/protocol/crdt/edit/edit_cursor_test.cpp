// Where edits find their places: the same ones whether the walk begins at the front or at the last
// edit, and few steps when edits are near each other.
#include "protocol/crdt/edit/edit_cursor.hpp"

#include <random>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_range.hpp>

#include "tests/support/edit_checks.hpp"

namespace troupe::edit_cursor_test {

using namespace troupe::test;
using crdt::doc_edit;
using crdt::value;

namespace {

const crdt::type_ref text = root("t");

/// One random operation, the same on both editors.
void edit_both(doc_edit& a, doc_edit& b, std::mt19937& random) {
  const std::uint32_t length = must(a.length(text));
  const auto index = static_cast<std::uint32_t>(random() % (length + 1));
  const auto count = static_cast<std::uint32_t>(random() % (length - index + 1));
  const value values[] = {value_from("1"), value_from("2")};
  const auto bold = formats(random() % 2 == 0 ? R"({"b":true})" : R"({"b":null})");
  const auto kind = random() % 8;
  for (doc_edit* e : {&a, &b}) switch (kind) {
      case 0:
      case 1: must(e->insert_text(text, index, "abc")); break;
      case 2: must(e->insert_text(text, index, "de", bold)); break;
      case 3: must(e->remove_text(text, index, count % 4)); break;
      case 4: must(e->format_text(text, index, count, bold)); break;
      case 5: must(e->insert(text, index, values)); break;
      case 6: must(e->push(text, values)); break;
      default: must(e->remove(text, index, count % 3)); break;
    }
}

}  // namespace

TEST_CASE("an editor that remembers its place edits as one that begins anew each time",
          "[crdt][edit]") {
  const unsigned seed = GENERATE(range(0u, 60u));
  CAPTURE(seed);
  std::mt19937 random{seed};
  crdt::doc whole, stepwise;
  doc_edit remembers = open(whole);
  for (unsigned step = 0; step < 60; ++step) {
    doc_edit fresh = open(stepwise);
    edit_both(remembers, fresh, random);
    fresh.commit();
    check_invariants(stepwise.contents());
    check_invariants(whole.contents());
    REQUIRE(marked_text(whole, "t") == marked_text(stepwise, "t"));
    REQUIRE(whole.array_json("t") == stepwise.array_json("t"));
  }
  remembers.commit();
  check_invariants(whole.contents());
  // The same structs, too, whatever they were merged with meanwhile.
  crdt::doc loaded_whole, loaded_stepwise;
  must_apply(loaded_whole, whole.encode_state_as_update());
  must_apply(loaded_stepwise, stepwise.encode_state_as_update());
  CHECK(state_of(loaded_whole) == state_of(loaded_stepwise));
}

TEST_CASE("edits near each other do not walk through the whole text", "[crdt][edit]") {
  crdt::doc doc;
  for (unsigned i = 0; i < 2000; ++i)  // items of two clients that do not merge
    edit(
        doc, [](doc_edit& e) { must(e.insert_text(text, 0, "ab")); }, 1 + i % 2);
  doc_edit opened = open(doc, 3);
  must(opened.insert_text(text, 2001, "x"));
  const std::size_t first = opened.steps();
  CHECK(first <= 2001);
  for (std::uint32_t at = 2000; at < 2500; ++at) {
    must(opened.insert_text(text, at, "y"));
    must(opened.remove_text(text, at + 1, 1));
    must(opened.insert_text(text, at - 1, "z"));
  }
  CHECK(opened.steps() - first < 500 * 3 * 10);
}

}  // namespace troupe::edit_cursor_test
