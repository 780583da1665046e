#include "protocol/crdt/wire/sorted_blocks.hpp"

#include <map>
#include <random>

#include <catch2/catch_test_macros.hpp>

namespace troupe::sorted_blocks_test {

using crdt::clock_type;

namespace {

using blocks = crdt::sorted_blocks;
using model = std::map<clock_type, std::uint32_t>;

void insert(blocks& into, clock_type clock, std::uint32_t value) {
  const auto at = into.insert_after(into.find_at_or_before(clock), clock, value);
  REQUIRE(into.clock(at) == clock);
  REQUIRE(into[at] == value);
}

/// The entries in walking order, once forward and once backward, must be those of the model.
void check_same(const blocks& actual, const model& expected) {
  REQUIRE(actual.size() == expected.size());
  REQUIRE(actual.empty() == expected.empty());
  if (expected.empty()) return;
  auto at = actual.first();
  for (const auto& [clock, value] : expected) {
    REQUIRE_FALSE(actual.is_end(at));
    REQUIRE(actual.clock(at) == clock);
    REQUIRE(actual[at] == value);
    at = actual.next(at);
  }
  REQUIRE(actual.is_end(at));
  at = actual.last();
  for (auto next = expected.rbegin(); next != expected.rend(); ++next) {
    REQUIRE(actual.clock(at) == next->first);
    if (actual.is_first(at)) {
      REQUIRE(std::next(next) == expected.rend());
      break;
    }
    at = actual.previous(at);
  }
  REQUIRE(actual.clock(actual.last()) == expected.rbegin()->first);
}

void check_find(const blocks& actual, const model& expected, clock_type clock) {
  const auto found = actual.find_at_or_before(clock);
  const auto above = expected.upper_bound(clock);
  if (above == expected.begin())
    REQUIRE(actual.is_end(found));
  else
    REQUIRE(actual.clock(found) == std::prev(above)->first);
}

}  // namespace

TEST_CASE("sorted blocks are empty at first and find nothing", "[crdt]") {
  const blocks none;
  CHECK(none.empty());
  CHECK(none.size() == 0);
  CHECK(none.is_end(none.find_at_or_before(0)));
  CHECK(none.is_end(none.first()));
}

TEST_CASE("sorted blocks find the last entry at or before a clock", "[crdt]") {
  blocks some;
  some.append(10, 1);
  some.append(20, 2);
  some.append(30, 3);
  CHECK(some.is_end(some.find_at_or_before(9)));
  CHECK(some[some.find_at_or_before(10)] == 1);
  CHECK(some[some.find_at_or_before(19)] == 1);
  CHECK(some[some.find_at_or_before(20)] == 2);
  CHECK(some[some.find_at_or_before(4'000'000'000)] == 3);
  CHECK(some[some.last()] == 3);
}

TEST_CASE("sorted blocks keep their order when entries come in front of everything", "[crdt]") {
  blocks descending;
  model expected;
  for (clock_type i = 3000; i > 0; --i) {
    insert(descending, i, i);
    expected[i] = i;
  }
  check_same(descending, expected);
  for (clock_type clock = 0; clock < 3100; clock += 7) check_find(descending, expected, clock);
}

TEST_CASE("sorted blocks keep their order when entries come at random", "[crdt]") {
  std::mt19937 random{1};
  for (int round = 0; round < 4; ++round) {
    blocks actual;
    model expected;
    for (std::uint32_t i = 0; i < 5000; ++i) {
      const clock_type clock = random() % 100'000;
      if (expected.contains(clock)) continue;
      insert(actual, clock, i);
      expected[clock] = i;
      if (i % 997 == 0) check_same(actual, expected);
    }
    check_same(actual, expected);
    for (int i = 0; i < 5000; ++i) check_find(actual, expected, random() % 110'000);
  }
}

TEST_CASE("sorted blocks shrink and merge while entries are erased at random", "[crdt]") {
  std::mt19937 random{2};
  blocks actual;
  model expected;
  for (clock_type clock = 0; clock < 6000; ++clock) {
    actual.append(clock * 3, clock);
    expected[clock * 3] = clock;
  }
  while (!expected.empty()) {
    auto next = expected.lower_bound(random() % 18'000);
    if (next == expected.end()) next = expected.begin();
    actual.erase(actual.find_at_or_before(next->first));
    expected.erase(next);
    if (expected.size() % 499 == 0) check_same(actual, expected);
    check_find(actual, expected, random() % 18'100);
  }
  check_same(actual, expected);
}

TEST_CASE("sorted blocks agree with a map through insertions and erasures mixed", "[crdt]") {
  for (const unsigned seed : {3u, 4u, 5u}) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    blocks actual;
    model expected;
    for (std::uint32_t step = 0; step < 20'000; ++step) {
      // Phases of growth and of decline, so that blocks split and merge many times.
      const bool grows = (step / 2500) % 2 == 0 ? random() % 4 != 0 : random() % 4 == 0;
      const clock_type clock = random() % 20'000;
      if (grows) {
        if (!expected.emplace(clock, step).second) continue;
        insert(actual, clock, step);
      } else if (!expected.empty()) {
        auto next = expected.upper_bound(clock);
        if (next == expected.end()) next = expected.begin();
        actual.erase(actual.find_at_or_before(next->first));
        expected.erase(next);
      }
      if (step % 1000 == 0) check_same(actual, expected);
      check_find(actual, expected, clock);
    }
    check_same(actual, expected);
  }
}

TEST_CASE("sorted blocks store nothing per entry where clocks and values ascend together",
          "[crdt]") {
  blocks run;
  model expected;
  for (clock_type i = 0; i < 10'000; ++i) {
    run.append(7 + i, 100 + i);
    expected[7 + i] = 100 + i;
  }
  CHECK(run.memory() < 10'000);
  check_same(run, expected);
  for (clock_type clock = 0; clock < 10'100; clock += 3) check_find(run, expected, clock);
  const blocks copy = run;
  check_same(copy, expected);
}

TEST_CASE("sorted blocks agree with a map where runs are entered, cut and continued", "[crdt]") {
  for (const unsigned seed : {1u, 2u, 3u}) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    blocks actual;
    model expected;
    clock_type next = 0;
    std::uint32_t value = 0;
    for (unsigned step = 0; step < 20'000; ++step) {
      if (random() % 4 != 0 || expected.empty()) {
        // Mostly the next of both; now and then one of them leaves a gap.
        next += 1 + (random() % 200 == 0 ? 2 : 0);
        value += 1 + (random() % 300 == 0 ? 5 : 0);
        actual.append(next, value);
        expected[next] = value;
      } else {
        auto found = expected.upper_bound(random() % (next + 1));
        if (found == expected.end()) found = expected.begin();
        const auto at = actual.find_at_or_before(found->first);
        if (random() % 2 == 0) {
          actual.set_value(at, step);
          found->second = step;
        } else if (found->first != next) {
          actual.erase(at);
          expected.erase(found);
        }
      }
      if (random() % 400 == 0) {  // into a gap, if there is one
        const clock_type clock = random() % (next + 1);
        if (expected.emplace(clock, step).second) insert(actual, clock, step);
      }
      if (step % 1000 == 0) check_same(actual, expected);
      check_find(actual, expected, random() % (next + 2));
    }
    check_same(actual, expected);
  }
}

TEST_CASE("sorted blocks of a few entries take little memory", "[crdt]") {
  blocks few;
  few.append(1, 1);
  CHECK(few.memory() <= 64);
}

TEST_CASE("sorted blocks find the same with a hint, however old, as without", "[crdt]") {
  for (const unsigned seed : {6u, 7u}) {
    CAPTURE(seed);
    std::mt19937 random{seed};
    blocks actual;
    model expected;
    blocks::position walking, wild;
    clock_type next_clock = 0;
    for (int step = 0; step < 30'000; ++step) {
      const clock_type clock = random() % 20'000;
      const bool grows = (step / 3000) % 2 == 0 ? random() % 4 != 0 : random() % 4 == 0;
      if (grows && expected.emplace(clock, static_cast<std::uint32_t>(step)).second) {
        insert(actual, clock, static_cast<std::uint32_t>(step));
      } else if (!grows && !expected.empty()) {
        auto gone = expected.upper_bound(clock);
        if (gone == expected.end()) gone = expected.begin();
        actual.erase(actual.find_at_or_before(gone->first));
        expected.erase(gone);
      }
      // One hint follows searches in clock order, the other jumps about; neither hears of changes.
      next_clock = next_clock > 20'500 ? 0 : next_clock + random() % 40;
      for (const auto& [hint, wanted] :
           {std::pair{&walking, next_clock}, std::pair{&wild, clock_type(random() % 20'500)}}) {
        const auto found = actual.find_near(*hint, wanted);
        const auto plain = actual.find_at_or_before(wanted);
        REQUIRE(found.block == plain.block);
        REQUIRE(found.offset == plain.offset);
        REQUIRE(hint->block == found.block);
        REQUIRE(hint->offset == found.offset);
      }
    }
    check_same(actual, expected);
  }
}

TEST_CASE("sorted blocks take a hint from nowhere", "[crdt]") {
  blocks some;
  blocks::position far{1000, 1000};
  CHECK(some.is_end(some.find_near(far, 5)));
  for (clock_type clock = 0; clock < 400; ++clock) some.append(clock * 2, clock);
  for (const blocks::position start :
       {blocks::position{1000, 0}, blocks::position{0, 1000}, some.end(), some.last()})
    for (const clock_type clock : {0u, 1u, 255u, 256u, 798u, 4'000'000'000u}) {
      blocks::position hint = start;
      CHECK(some.clock(some.find_near(hint, clock)) == std::min(clock / 2 * 2, 798u));
    }
}

TEST_CASE("sorted blocks hold the highest clocks", "[crdt]") {
  blocks some;
  model expected;
  for (const clock_type clock : {0xffff'fffeu, 0u, 0x8000'0000u, 0xffff'fffdu, 0x7fff'ffffu, 1u}) {
    insert(some, clock, 1);
    expected[clock] = 1;
  }
  check_same(some, expected);
  for (const clock_type clock :
       {0u, 1u, 2u, 0x7fff'ffffu, 0x8000'0000u, 0xffff'fffdu, 0xffff'ffffu})
    check_find(some, expected, clock);
}

TEST_CASE("sorted blocks are as good as new once everything was erased", "[crdt]") {
  blocks some;
  for (std::uint32_t round = 0; round < 3; ++round) {
    for (clock_type clock = 0; clock < 1000; ++clock) some.append(clock, round);
    CHECK(some.size() == 1000);
    while (!some.empty()) some.erase(round % 2 == 0 ? some.first() : some.last());
    CHECK(some.size() == 0);
    CHECK(some.is_end(some.first()));
    CHECK(some.memory() <= 1024);
  }
}

}  // namespace troupe::sorted_blocks_test
