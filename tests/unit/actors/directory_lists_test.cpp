// Surveys of the open documents.
#include <set>

#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"

namespace troupe::directory_lists_test {

namespace {

constexpr std::chrono::seconds patience{10};

surveyed_documents survey(test::actor_node& node, survey_documents which) {
  caf::scoped_actor self{node.system()};
  surveyed_documents heard;
  self->request(node.directory_handle(), patience, which)
      .receive([&](const surveyed_documents& slice) { heard = slice; },
               [](const caf::error&) { FAIL("no answer"); });
  return heard;
}

}  // namespace

TEST_CASE("a survey finds every open document once, slice by slice", "[directory]") {
  test::actor_node node;
  for (int i = 0; i < 50; ++i) REQUIRE(node.open("document-" + std::to_string(i), 1));
  std::multiset<std::string> names;
  surveyed_documents slice;
  std::size_t slices = 0;
  do {
    slice = survey(node, {slice.next, 10});
    CHECK(slice.count == 50);
    for (const surveyed_documents::entry& each : slice.documents) {
      CHECK(each.document);
      names.insert(each.name);
    }
  } while (slice.has_more && ++slices < 1000);
  CHECK(slices >= 3);
  CHECK(names.size() == 50);
  CHECK(std::set<std::string>(names.begin(), names.end()).size() == 50);
}

TEST_CASE("a survey of nothing ends at once", "[directory]") {
  test::actor_node node;
  const surveyed_documents all = survey(node, {{}, 0});
  CHECK(all.documents.empty());
  CHECK(all.count == 0);
}

TEST_CASE("one document is found by its name", "[directory]") {
  test::actor_node node;
  for (const char* const name : {"a", "b", "c"}) REQUIRE(node.open(name, 1));
  caf::scoped_actor self{node.system()};
  const auto find = [&](const std::string& name) {
    listed_documents page;
    self->request(node.directory_handle(), patience,
                  list_documents{.after = {}, .limit = 1, .only = name})
        .receive([&](const listed_documents& listed) { page = listed; },
                 [](const caf::error&) { FAIL("no answer"); });
    return page;
  };
  REQUIRE(find("b").documents.size() == 1);
  CHECK(find("b").documents[0].name == "b");
  CHECK(find("b").documents[0].sessions == 1);
  CHECK_FALSE(find("b").has_more);
  CHECK(find("d").documents.empty());
}

}  // namespace troupe::directory_lists_test
