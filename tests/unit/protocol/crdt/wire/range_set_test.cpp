#include "protocol/crdt/wire/range_set.hpp"

#include <algorithm>
#include <random>
#include <set>

#include <catch2/catch_test_macros.hpp>

namespace troupe::range_set_test {

using crdt::clock_range;
using crdt::clock_type;
using crdt::range_set;

namespace {

using ranges = std::vector<clock_range>;

ranges all_of(const range_set& set) {
  ranges all;
  set.for_each([&](clock_range range) { all.push_back(range); });
  return all;
}

/// The maximal runs of a set of clocks.
ranges runs_of(const std::set<clock_type>& clocks) {
  ranges runs;
  for (const clock_type clock : clocks) {
    if (!runs.empty() && runs.back().end() == clock)
      ++runs.back().length;
    else
      runs.push_back({clock, 1});
  }
  return runs;
}

}  // namespace

TEST_CASE("range set is empty at first and ignores empty ranges", "[crdt]") {
  range_set set;
  CHECK(set.empty());
  CHECK(set.size() == 0);
  CHECK_FALSE(set.contains(0));
  set.add({5, 0});
  CHECK(set.empty());
  CHECK(all_of(set).empty());
}

TEST_CASE("range set merges adjacent and overlapping ranges", "[crdt]") {
  range_set set;
  set.add({10, 5});
  set.add({15, 5});  // adjacent behind
  CHECK(all_of(set) == ranges{{10, 10}});
  set.add({8, 2});  // adjacent in front
  CHECK(all_of(set) == ranges{{8, 12}});
  set.add({18, 4});  // overlapping the end
  CHECK(all_of(set) == ranges{{8, 14}});
  set.add({5, 6});  // overlapping the start
  CHECK(all_of(set) == ranges{{5, 17}});
  set.add({6, 3});  // inside
  CHECK(all_of(set) == ranges{{5, 17}});
}

TEST_CASE("range set keeps ranges apart between which a clock is missing", "[crdt]") {
  range_set set;
  set.add({20, 5});
  set.add({10, 9});
  set.add({0, 9});
  CHECK(all_of(set) == ranges{{0, 9}, {10, 9}, {20, 5}});
  CHECK(set.size() == 3);
  set.add({9, 1});
  CHECK(all_of(set) == ranges{{0, 19}, {20, 5}});
}

TEST_CASE("range set swallows all ranges that a new one covers or touches", "[crdt]") {
  range_set set;
  for (clock_type clock = 0; clock < 1000; clock += 10) set.add({clock, 3});
  CHECK(set.size() == 100);
  set.add({203, 597});  // from behind 200..202 up to the range at 800
  CHECK(set.size() == 40);
  CHECK(set.contains(200));
  CHECK(set.contains(799));
  CHECK(set.contains(802));
  CHECK_FALSE(set.contains(803));
  set.add({0, 1000});
  CHECK(all_of(set) == ranges{{0, 1000}});
}

TEST_CASE("range set knows the first and last clock of a range and not its neighbours", "[crdt]") {
  range_set set;
  set.add({10, 3});
  CHECK_FALSE(set.contains(9));
  CHECK(set.contains(10));
  CHECK(set.contains(12));
  CHECK_FALSE(set.contains(13));
}

TEST_CASE("range set covers a range only if one of its own holds all of it", "[crdt]") {
  range_set set;
  set.add({10, 5});
  set.add({16, 4});
  CHECK(set.covers({10, 5}));
  CHECK(set.covers({11, 2}));
  CHECK(set.covers({19, 1}));
  CHECK_FALSE(set.covers({9, 2}));
  CHECK_FALSE(set.covers({14, 2}));
  CHECK_FALSE(set.covers({14, 3}));  // 15 is missing
  CHECK_FALSE(set.covers({19, 2}));
  CHECK_FALSE(set.covers({0, 100}));
  CHECK_FALSE(range_set{}.covers({0, 1}));
}

TEST_CASE("range set reaches the highest clock", "[crdt]") {
  range_set set;
  const auto end = static_cast<clock_type>(crdt::clock_max);
  set.add({end - 2, 2});
  set.add({0, 1});
  CHECK(set.contains(end - 1));
  CHECK_FALSE(set.contains(end));
  set.add({1, end - 2});
  CHECK(all_of(set) == ranges{{0, end}});
}

TEST_CASE("range set agrees with a set of clocks when ranges are added at random", "[crdt]") {
  for (const unsigned seed : {1u, 2u, 3u, 4u}) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    const clock_type span = seed % 2 == 0 ? 4'000 : 60'000;  // dense and sparse
    range_set actual;
    std::set<clock_type> expected;
    for (int step = 0; step < 6000; ++step) {
      // Mostly short ranges; now and then one that swallows many.
      const clock_type length = random() % 200 == 0 ? random() % 900 : random() % 4;
      const clock_range range{static_cast<clock_type>(random() % span), length};
      actual.add(range);
      for (clock_type clock = range.clock; clock < range.end(); ++clock) expected.insert(clock);
      if (step % 500 == 0) REQUIRE(all_of(actual) == runs_of(expected));
    }
    const ranges runs = runs_of(expected);
    REQUIRE(all_of(actual) == runs);
    REQUIRE(actual.size() == runs.size());
    for (clock_type clock = 0; clock < span + 1000; ++clock)
      REQUIRE(actual.contains(clock) == expected.contains(clock));
  }
}

TEST_CASE("range set of thousands of ranges closes up when the gaps come in any order", "[crdt]") {
  std::mt19937 random{9};
  std::vector<clock_type> gaps;
  range_set set;
  for (clock_type clock = 0; clock < 10'000; clock += 2) {
    set.add({clock, 1});
    gaps.push_back(clock + 1);
  }
  REQUIRE(set.size() == 5000);
  std::shuffle(gaps.begin(), gaps.end(), random);
  std::size_t left = set.size();
  for (const clock_type gap : gaps) {
    set.add({gap, 1});
    if (gap != 9999) --left;  // the last one has no range behind it
    REQUIRE(set.size() == left);
  }
  CHECK(all_of(set) == ranges{{0, 10'000}});
}

}  // namespace troupe::range_set_test
