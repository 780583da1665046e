// How several changes of access count together, and which of two for the same subject.
#include "actors/access_changes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::access_changes_test {

using namespace std::chrono_literals;

namespace {

const access_changes::time_point start{1h};

const rights reading{right::read};
const rights writing = rights{right::read} | rights{right::write};

/// What ada has left in "plan", with the token "t1".
rights left(const access_changes& of, rights may = rights::all(),
            access_changes::time_point at = start) {
  return of.left("ada", "t1", "plan", may, at);
}

void keep(access_changes& in, const access_change& what) {
  REQUIRE(in.add(what, start, start + 60s));
}

}  // namespace

TEST_CASE("a change never gives more than there is", "[access]") {
  for (const access_change& what :
       {access_change{.document = "plan", .may = reading},
        access_change{.user = "ada", .may = reading},
        access_change{.token_id = "t1", .may = reading},
        access_change{.user = "ada", .token_id = "t1", .document = "plan", .may = reading}}) {
    access_changes kept;
    keep(kept, what);
    CHECK(left(kept) == reading);
    CHECK(left(kept, {}).empty());
    CHECK(left(kept, rights{right::presence}).empty());
    CHECK(kept.left("bob", "t2", "other", writing, start) == writing);
  }
}

TEST_CASE("all changes that concern somebody count, whichever came last", "[access]") {
  access_changes kept;
  keep(kept, {.user = "ada", .may = writing});
  keep(kept, {.document = "plan", .may = reading | rights{right::admin}});
  CHECK(left(kept) == reading);
  keep(kept, {.token_id = "t1"});
  CHECK(left(kept).empty());
  keep(kept, {.user = "ada", .document = "plan", .may = rights::all()});
  CHECK(left(kept).empty());
  CHECK(kept.left("ada", "t2", "other", rights::all(), start) == writing);
}

TEST_CASE("one for the same subject takes the place of the earlier one", "[access]") {
  access_changes kept;
  keep(kept, {.user = "ada"});
  keep(kept, {.user = "ada", .may = reading});
  CHECK(left(kept) == reading);
  CHECK(kept.all(start).size() == 1);
  keep(kept, {.user = "ada", .document = "plan"});
  CHECK(kept.all(start).size() == 2);
}

TEST_CASE("a grant adds rights, but not beyond a cap or a closure", "[access]") {
  access_changes kept;
  keep(kept, {.user = "ada", .document = "plan", .may = writing, .is_grant = true});
  CHECK(left(kept, {}) == writing);
  CHECK(left(kept, rights{right::admin}) == (writing | rights{right::admin}));
  CHECK(kept.left("ada", "t1", "other", {}, start).empty());
  CHECK(kept.left("bob", "t1", "plan", {}, start).empty());
  keep(kept, {.document = "plan", .may = reading});
  CHECK(left(kept, {}) == reading);
  keep(kept, {.user = "ada"});
  CHECK(left(kept, {}).empty());
}

TEST_CASE("a change counts until it ends", "[access]") {
  access_changes kept;
  REQUIRE(kept.add({.user = "ada", .may = reading}, start, start + 10s));
  REQUIRE(kept.add({.document = "plan"}, start, start + 20s));
  CHECK(kept.next_end() == start + 10s);
  CHECK(left(kept, writing, start + 19s).empty());
  CHECK(left(kept, writing, start + 20s) == writing);
  CHECK_FALSE(kept.forget_outdated(start + 9s));
  CHECK(kept.forget_outdated(start + 10s));
  CHECK(kept.next_end() == start + 20s);
  CHECK(kept.forget_outdated(start + 20s));
  CHECK(kept.empty());
  CHECK(kept.next_end() == access_changes::time_point::max());
}

TEST_CASE("only the change of exactly that subject is lifted", "[access]") {
  access_changes kept;
  keep(kept, {.user = "ada", .may = reading});
  keep(kept, {.user = "ada", .document = "plan"});
  CHECK_FALSE(kept.lift({.document = "plan"}, start));
  CHECK_FALSE(kept.lift({.user = "ada", .token_id = "t1"}, start));
  CHECK(kept.lift({.user = "ada", .document = "plan"}, start + 10s) == 50s);
  CHECK(left(kept) == reading);
  CHECK_FALSE(kept.lift({.user = "ada", .document = "plan"}, start));
  CHECK_FALSE(kept.lift({.user = "ada"}, start + 60s));  // it has ended
  CHECK(kept.lift({.user = "ada"}, start) == 60s);
  CHECK(left(kept) == rights::all());
}

TEST_CASE("a change that was lifted does not come back from a node that was away",
          "[access][cluster]") {
  access_changes kept;
  access_change change{.user = "ada", .may = reading};
  change.made_at = kept.next_time(1000);
  keep(kept, change);
  access_change lift{.user = "ada"};
  lift.made_at = kept.next_time(1000);
  CHECK(lift.made_at > change.made_at);  // though the clock stood still
  REQUIRE(kept.lift(lift, start));
  keep(kept, change);
  CHECK(left(kept) == rights::all());
  change.made_at = kept.next_time(900);  // made anew, by a clock that went back
  keep(kept, change);
  CHECK(left(kept) == reading);
}

TEST_CASE("of the changes of several nodes the latest counts", "[access][cluster]") {
  access_changes kept;
  kept.note_lift({.user = "ada", .made_at = 50}, start, start + 60s);
  keep(kept, {.user = "ada", .made_at = 40});
  CHECK(left(kept) == rights::all());
  keep(kept, {.user = "ada", .may = reading, .made_at = 60});
  CHECK(left(kept) == reading);
  kept.note_lift({.user = "ada", .made_at = 55}, start, start + 60s);
  CHECK(left(kept) == reading);
  CHECK(kept.next_time(10) > 60);
  keep(kept, {.user = "ada"});  // of a node that does not say when
  CHECK(left(kept).empty());
}

TEST_CASE("only so many changes are kept, and outdated ones make room", "[access]") {
  access_changes kept;
  for (std::size_t i = 0; i < access_changes::changes_max; ++i)
    REQUIRE(kept.add({.user = std::to_string(i)}, start, start + 60s));
  CHECK_FALSE(kept.add({.user = "one more"}, start, start + 60s));
  CHECK(kept.add({.user = "7"}, start, start + 60s));  // in place of its own
  CHECK(kept.all(start).size() == access_changes::changes_max);
  CHECK(kept.add({.user = "one more"}, start + 60s, start + 120s));
  CHECK(kept.all(start + 60s).size() == 1);
}

TEST_CASE("changes are listed in the order in which they were made", "[access]") {
  access_changes kept;
  keep(kept, {.user = "b"});
  keep(kept, {.document = "a"});
  keep(kept, {.token_id = "c"});
  keep(kept, {.user = "b", .may = reading});
  const auto all = kept.all(start);
  REQUIRE(all.size() == 3);
  CHECK(all[0].what.document == "a");
  CHECK(all[1].what.token_id == "c");
  CHECK(all[2].what.user == "b");
  CHECK(all[2].number > all[1].number);
  CHECK(all[2].lasts == 60s);
}

}  // namespace troupe::access_changes_test
