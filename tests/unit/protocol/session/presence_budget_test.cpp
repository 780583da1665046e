#include "protocol/session/presence_budget.hpp"

#include <catch2/catch_test_macros.hpp>

#include <memory>

#include "tests/support/hex_bytes.hpp"

namespace troupe::presence_budget_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

using verdict = presence_budget::verdict;

const presence_budget::time_point start{1h};

byte_buffer own(std::uint8_t clock) { return {1, 7, clock, 2, '{', '}'}; }
const byte_buffer echo = hex("01 09 03 02 7b7d");
const byte_buffer of_two = hex("02 | 07 09 02 7b7d | 09 03 02 7b7d");

}  // namespace

TEST_CASE("what a session shows of itself passes in a burst, then only the latest waits",
          "[presence_budget]") {
  const presence_rates rates{.own_per_second = 10, .relayed_per_second = 0};
  presence_budget budget;
  for (std::uint8_t clock = 0; clock < 20; ++clock)
    REQUIRE(budget.on_update(own(clock), rates, start).what == verdict::pass);
  CHECK(budget.on_update(own(20), rates, start).what == verdict::hold);
  const auto [again, dropped] = budget.on_update(own(21), rates, start);
  CHECK(again == verdict::hold);
  CHECK(dropped == 1);
  CHECK(budget.has_held());
  CHECK_FALSE(budget.take_held(rates, start + 99ms));
  CHECK(budget.take_held(rates, start + 101ms) == own(21));
  CHECK_FALSE(budget.has_held());
  CHECK_FALSE(budget.take_held(rates, start + 1h));
}

TEST_CASE("presence that passes replaces what waits", "[presence_budget]") {
  const presence_rates rates{.own_per_second = 10, .relayed_per_second = 0};
  presence_budget budget;
  for (std::uint8_t clock = 0; clock < 21; ++clock) budget.on_update(own(clock), rates, start);
  REQUIRE(budget.has_held());
  const auto [what, dropped] = budget.on_update(own(21), rates, start + 1s);
  CHECK(what == verdict::pass);
  CHECK(dropped == 1);
  CHECK_FALSE(budget.has_held());
}

TEST_CASE("each update that is lost is counted once, whether it came last or waited",
          "[presence_budget]") {
  const presence_rates rates{.own_per_second = 1, .relayed_per_second = 1};
  presence_budget budget;
  byte_buffer large = own(9);
  large.resize(presence_budget::small_bytes_max + 1);
  std::uint32_t dropped = 0;
  for (std::uint8_t clock = 0; clock < 5; ++clock)  // two pass, the last of the others waits
    dropped += budget.on_update(own(clock), rates, start).dropped;
  CHECK(dropped == 2);
  CHECK(budget.on_update(large, rates, start).dropped == 2);
  CHECK(budget.on_update(echo, rates, start).dropped == 0);
  CHECK(budget.on_update(echo, rates, start).dropped == 1);
}

TEST_CASE("echoes do not use up what a session may show of itself", "[presence_budget]") {
  const presence_rates rates{.own_per_second = 1, .relayed_per_second = 1000};
  presence_budget budget;
  CHECK(budget.on_update(own(0), rates, start).what == verdict::pass);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(budget.on_update(i % 2 ? echo : of_two, rates, start).what == verdict::pass);
  CHECK(budget.on_update(echo, rates, start).what == verdict::drop);
  CHECK(budget.on_update(own(1), rates, start).what == verdict::pass);
  CHECK(budget.on_update(own(2), rates, start).what == verdict::hold);
  CHECK(budget.on_update(echo, rates, start + 2ms).what == verdict::pass);
  CHECK(budget.has_held());
}

TEST_CASE("of large presence, too, the latest waits, in memory that all share",
          "[presence_budget]") {
  const auto shared = std::make_shared<troupe::budget>(300'000);
  const presence_rates rates{
      .own_per_second = 1, .relayed_per_second = 0, .large_messages = shared};
  byte_buffer large = own(0);
  large.resize(100'000);
  {
    presence_budget budget;
    for (int i = 0; i < 2; ++i) CHECK(budget.on_update(large, rates, start).what == verdict::pass);
    CHECK(shared->used() == 0);
    CHECK(budget.on_update(large, rates, start).what == verdict::hold);
    large.push_back(1);
    CHECK(budget.on_update(large, rates, start).what == verdict::hold);
    CHECK(shared->used() == 100'001);
    CHECK(budget.take_held(rates, start + 1s) == large);
    CHECK(shared->used() == 0);
    CHECK(budget.on_update(large, rates, start + 1s).what == verdict::hold);
  }
  CHECK(shared->used() == 0);
}

TEST_CASE("large presence is not kept where others have the memory", "[presence_budget]") {
  const auto shared = std::make_shared<troupe::budget>(100'000);
  const presence_rates rates{
      .own_per_second = 1, .relayed_per_second = 0, .large_messages = shared};
  byte_buffer large = own(0);
  large.resize(70'000);
  presence_budget first;
  presence_budget second;
  for (presence_budget* const each : {&first, &second})
    for (int i = 0; i < 2; ++i) each->on_update(large, rates, start);
  CHECK(first.on_update(large, rates, start).what == verdict::hold);
  CHECK(second.on_update(large, rates, start).what == verdict::drop);
  CHECK(second.on_update(own(1), rates, start).what == verdict::hold);
  first.on_update(own(1), rates, start);
  CHECK(second.on_update(large, rates, start).what == verdict::hold);
  CHECK(shared->used() == 70'000);
}

TEST_CASE(
    "without a rate all presence passes, and what is no presence is for the document to judge",
    "[presence_budget]") {
  const presence_rates rates{.own_per_second = 0, .relayed_per_second = 0};
  presence_budget budget;
  for (int i = 0; i < 10'000; ++i)
    REQUIRE(budget.on_update(own(1), rates, start).what == verdict::pass);
  CHECK(budget.on_update(hex("ff"), rates, start).what == verdict::pass);
  CHECK(budget.on_update({}, rates, start).what == verdict::pass);
}

}  // namespace troupe::presence_budget_test
