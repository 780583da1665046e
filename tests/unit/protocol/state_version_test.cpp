#include "protocol/state_version.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/foldable_state.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::state_version_test {

using namespace troupe::test;

TEST_CASE("equal documents have one version, and each change has another", "[state_version]") {
  crdt::doc doc, other;
  CHECK(version_of(doc) == version_of(other));
  const byte_buffer first = edit(doc, [](crdt::doc_edit& e) { must(e.insert_text("t", 0, "ab")); });
  const std::string written = version_of(doc);
  CHECK(written.size() == 32);
  CHECK(written != version_of(other));
  must_apply(other, first);
  CHECK(written == version_of(other));
  const byte_buffer second = edit(
      doc, [](crdt::doc_edit& e) { must(e.remove_text("t", 0, 1)); }, 2);
  CHECK(version_of(doc) != written);  // a deletion alone counts
  must_apply(other, second);
  CHECK(version_of(doc) == version_of(other));
}

TEST_CASE("a folded state has the version that it had", "[state_version]") {
  foldable_state state{crdt::doc_settings{}};
  edit(state.decoded(), [](crdt::doc_edit& e) {
    must(e.insert_text("t", 0, "some text"));
    must(e.remove_text("t", 2, 3));
  });
  const std::string version = state.version();
  REQUIRE(state.fold());
  CHECK(state.version() == version);
  CHECK(version_of(state.decoded()) == version);
}

TEST_CASE("a condition says what a document must be", "[state_version]") {
  CHECK(version_condition{}.is_any());
  CHECK(version_condition{}.allows(true));
  CHECK(version_condition{}.allows(false));
  CHECK_FALSE(
      version_condition{.must_exist = true, .must_be_new = false, .one_of = {}}.allows(false));
  CHECK_FALSE(
      version_condition{.must_exist = false, .must_be_new = true, .one_of = {}}.allows(true));
  const version_condition one{.must_exist = true, .must_be_new = false, .one_of = {"a", "b"}};
  CHECK_FALSE(one.is_any());
  CHECK(one.allows_version("b"));
  CHECK_FALSE(one.allows_version("c"));
}

}  // namespace troupe::state_version_test
