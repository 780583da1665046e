// Removals that are to reach as many keepers as an operator waits for.
#include "protocol/cluster/generation_spread.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::generation_spread_test {

using namespace troupe::cluster;
using namespace std::chrono_literals;

namespace {

constexpr generation_spread::time_point start{1h};

struct spread_bed {
  explicit spread_bed(std::size_t needed = 1) {
    spread.begin("d", 3, {2, 3}, needed, start, start + 10s);
  }
  /// What has ended, and whether it is stored.
  std::vector<std::pair<std::string, bool>> ended(generation_spread::time_point now) {
    std::vector<std::pair<std::string, bool>> all;
    for (const auto& each : spread.take_ended(now)) all.emplace_back(each.document, each.is_stored);
    return all;
  }

  generation_spread spread;
};

using outcomes = std::vector<std::pair<std::string, bool>>;

}  // namespace

TEST_CASE("a removal has spread when as many keepers as needed have it", "[cluster]") {
  spread_bed bed{2};
  CHECK(bed.ended(start).empty());
  bed.spread.on_stored(2, "d", 3);
  bed.spread.on_stored(2, "d", 3);  // counts once
  bed.spread.on_stored(9, "d", 3);  // keeps nothing
  bed.spread.on_stored(3, "d", 2);  // of an earlier life
  bed.spread.on_stored(3, "other", 3);
  CHECK(bed.ended(start).empty());
  bed.spread.on_stored(3, "d", 5);  // what came later includes it
  CHECK(bed.ended(start) == outcomes{{"d", true}});
  CHECK(bed.spread.empty());
  CHECK(bed.spread.take_left_behind(start + 10s).empty());
}

TEST_CASE("a keeper that lacks a removal which enough have is left behind when time is up",
          "[cluster]") {
  spread_bed bed;
  bed.spread.on_stored(2, "d", 3);
  CHECK(bed.ended(start) == outcomes{{"d", true}});
  CHECK(bed.ended(start + 1s).empty());            // once
  CHECK(bed.spread.take_due(start + 1s).empty());  // nobody waits
  CHECK(bed.spread.take_left_behind(start + 9999ms).empty());
  SECTION("it confirms in time") {
    bed.spread.on_stored(3, "d", 3);
    CHECK(bed.ended(start + 10s).empty());
    CHECK(bed.spread.take_left_behind(start + 10s).empty());
  }
  SECTION("it does not") {
    CHECK(bed.ended(start + 10s).empty());
    const auto left = bed.spread.take_left_behind(start + 10s);
    REQUIRE(left.size() == 1);
    CHECK(left[0].document == "d");
    CHECK(left[0].missing == std::vector<peer_id>{3});
  }
  CHECK(bed.spread.empty());
}

TEST_CASE("where nobody else is needed a removal has spread at once", "[cluster]") {
  spread_bed bed{0};
  CHECK(bed.ended(start) == outcomes{{"d", true}});
  bed.spread.on_stored(2, "d", 3);
  bed.spread.on_stored(3, "d", 3);
  CHECK(bed.ended(start).empty());
  CHECK(bed.spread.empty());
}

TEST_CASE("a removal that too few have heard of ends when time is up", "[cluster]") {
  spread_bed bed{2};
  bed.spread.on_stored(2, "d", 3);
  CHECK(bed.ended(start + 9999ms).empty());
  CHECK(bed.spread.contains("d"));
  const auto ended = bed.spread.take_ended(start + 10s);
  REQUIRE(ended.size() == 1);
  CHECK_FALSE(ended[0].is_stored);
  CHECK(ended[0].missing == std::vector<peer_id>{3});
  CHECK_FALSE(bed.spread.contains("d"));
  CHECK(bed.spread.take_left_behind(start + 10s).empty());  // ended says who lacks it
  bed.spread.on_stored(3, "d", 3);
  CHECK(bed.ended(start + 11s).empty());
}

TEST_CASE("keepers that have not confirmed are told again", "[cluster]") {
  spread_bed bed{2};
  CHECK(bed.spread.take_due(start + 999ms).empty());
  auto due = bed.spread.take_due(start + 1s);
  REQUIRE(due.size() == 1);
  CHECK(due[0].document == "d");
  CHECK(due[0].generation == 3);
  CHECK(due[0].to == std::vector<peer_id>{2, 3});
  CHECK(bed.spread.take_due(start + 1s).empty());
  bed.spread.on_stored(2, "d", 3);
  due = bed.spread.take_due(start + 2s);
  REQUIRE(due.size() == 1);
  CHECK(due[0].to == std::vector<peer_id>{3});
}

TEST_CASE("a removal that is asked for again waits anew", "[cluster]") {
  spread_bed bed;
  bed.spread.begin("d", 3, {2}, 1, start + 9s, start + 19s);
  CHECK(bed.ended(start + 10s).empty());
  bed.spread.on_stored(2, "d", 3);
  CHECK(bed.ended(start + 10s) == outcomes{{"d", true}});
}

}  // namespace troupe::generation_spread_test
