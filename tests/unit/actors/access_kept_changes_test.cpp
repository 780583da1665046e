// What a node tells another one that was away: the changes of access that still count.
#include <catch2/catch_test_macros.hpp>

#include "actors/access_control.hpp"

namespace troupe::access_kept_changes_test {

using namespace std::chrono_literals;

namespace {

const access_control::time_point start{1h};

std::vector<std::string> users(const std::vector<access_changes::counting>& all) {
  std::vector<std::string> names;
  for (const auto& each : all) names.push_back(each.what.user);
  return names;
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("changes that still count are kept, the oldest first, with what is left of their time",
          "[access][cluster]") {
  access_control control;
  CHECK(control.kept_changes(start).empty());
  REQUIRE(control.add({.user = "ada", .may = rights{}}, start, start + 60s));
  REQUIRE(control.add({.user = "bob", .document = "d"}, start, start + 10s));
  const auto all = control.kept_changes(start + 4s);
  REQUIRE(users(all) == names{"ada", "bob"});
  CHECK(all[0].what.may == rights{});
  CHECK(all[0].lasts == 56s);
  CHECK_FALSE(all[1].what.may);
  CHECK(all[1].what.document == "d");
  CHECK(all[1].lasts == 6s);
}

TEST_CASE("a change that is outdated is kept no longer", "[access][cluster]") {
  access_control control;
  REQUIRE(control.add({.user = "ada"}, start, start + 10s));
  REQUIRE(control.add({.user = "bob"}, start, start + 20s));
  CHECK(users(control.kept_changes(start + 10s)) == names{"bob"});
  CHECK(control.kept_changes(start + 20s).empty());
}

TEST_CASE("the rest of a second counts as one", "[access][cluster]") {
  access_control control;
  REQUIRE(control.add({.user = "ada"}, start, start + 10s));
  const auto all = control.kept_changes(start + 9'999ms);
  REQUIRE(all.size() == 1);
  CHECK(all[0].lasts == 1s);
}

TEST_CASE("of several changes for the same the last is kept", "[access][cluster]") {
  access_control control;
  REQUIRE(control.add({.user = "ada", .may = rights{}}, start, start + 60s));
  REQUIRE(control.add({.user = "bob"}, start, start + 60s));
  REQUIRE(control.add({.user = "ada", .may = rights::all()}, start, start + 60s));
  const auto all = control.kept_changes(start);
  REQUIRE(users(all) == names{"bob", "ada"});
  CHECK(all[1].what.may == rights::all());
}

TEST_CASE("what was lifted is told, too, until it would have ended", "[access][cluster]") {
  access_control control;
  REQUIRE(control.add({.user = "ada"}, start, start + 60s));
  REQUIRE(control.lift({.user = "ada", .made_at = 9}, start + 1s) == 59s);
  const auto all = control.kept_changes(start + 2s);
  REQUIRE(users(all) == names{"ada"});
  CHECK(all[0].is_lifted);
  CHECK(all[0].what.made_at == 9);
  CHECK(control.kept_changes(start + 60s).empty());
}

}  // namespace troupe::access_kept_changes_test
