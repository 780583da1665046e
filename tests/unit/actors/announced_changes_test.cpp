// Whom a change of access waits for on other nodes.
#include "actors/announced_changes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::announced_changes_test {

using namespace std::chrono_literals;
using cluster::peer_id;
using peers = std::vector<peer_id>;

namespace {

constexpr announced_changes::time_point start{1h};

done_access done(std::uint64_t number, std::uint64_t sessions = 1) {
  return {.number = number, .sessions = sessions, .unfinished = 2, .has_failed = false};
}

}  // namespace

TEST_CASE("a change is done when all nodes that were asked have said so", "[cluster]") {
  announced_changes all;
  all.begin(7, {2, 3}, {4}, start);
  all.on_done(2, done(7, 5));
  all.on_done(2, done(7, 5));  // counts once
  all.on_done(9, done(7));     // was not asked
  all.on_done(3, done(8));     // another change
  CHECK(all.take_ended(start).empty());
  all.on_done(3, done(7));
  const auto ended = all.take_ended(start);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].number == 7);
  CHECK(ended[0].sessions == 6);
  CHECK(ended[0].unfinished == 4);
  CHECK(ended[0].silent == peers{4});
  CHECK(all.take_ended(start + 1h).empty());
}

TEST_CASE("where nobody can be asked a change is done at once", "[cluster]") {
  announced_changes all;
  all.begin(7, {}, {}, start);
  CHECK(all.take_ended(start).size() == 1);
}

TEST_CASE("a node that is lost, has failed or is late is named", "[cluster]") {
  announced_changes all;
  all.begin(7, {2, 3, 4, 5}, {}, start);
  all.on_done(2, done(7));
  all.on_done(3, {.number = 7, .sessions = 0, .unfinished = 0, .has_failed = true});
  all.on_lost(4);
  all.on_lost(2);  // it has said so before
  CHECK(all.take_ended(start + announced_changes::patience - 1ms).empty());
  const auto ended = all.take_ended(start + announced_changes::patience);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].silent == peers{3, 4, 5});
  CHECK(ended[0].sessions == 1);
}

TEST_CASE("several changes wait each for itself", "[cluster]") {
  announced_changes all;
  all.begin(7, {2}, {}, start);
  all.begin(8, {2}, {}, start);
  all.on_done(2, done(8));
  const auto ended = all.take_ended(start);
  REQUIRE(ended.size() == 1);
  CHECK(ended[0].number == 8);
}

}  // namespace troupe::announced_changes_test
