#include "protocol/session/presence_budget.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

using namespace troupe;
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
  presence_budget budget{{.own_per_second = 10, .relayed_per_second = 0}, start};
  for (std::uint8_t clock = 0; clock < 20; ++clock)
    REQUIRE(budget.on_update(own(clock), start).what == verdict::pass);
  CHECK(budget.on_update(own(20), start).what == verdict::hold);
  const auto [again, dropped] = budget.on_update(own(21), start);
  CHECK(again == verdict::hold);
  CHECK(dropped == 1);
  CHECK(budget.has_held());
  CHECK_FALSE(budget.take_held(start + 99ms));
  CHECK(budget.take_held(start + 101ms) == own(21));
  CHECK_FALSE(budget.has_held());
  CHECK_FALSE(budget.take_held(start + 1h));
}

TEST_CASE("presence that passes replaces what waits", "[presence_budget]") {
  presence_budget budget{{.own_per_second = 10, .relayed_per_second = 0}, start};
  for (std::uint8_t clock = 0; clock < 21; ++clock) budget.on_update(own(clock), start);
  REQUIRE(budget.has_held());
  const auto [what, dropped] = budget.on_update(own(21), start + 1s);
  CHECK(what == verdict::pass);
  CHECK(dropped == 1);
  CHECK_FALSE(budget.has_held());
}

TEST_CASE("each update that is lost is counted once, whether it came last or waited",
          "[presence_budget]") {
  presence_budget budget{{.own_per_second = 1, .relayed_per_second = 1}, start};
  byte_buffer large = own(9);
  large.resize(presence_budget::held_bytes_max + 1);
  std::uint32_t dropped = 0;
  for (std::uint8_t clock = 0; clock < 5; ++clock)  // two pass, the last of the others waits
    dropped += budget.on_update(own(clock), start).dropped;
  CHECK(dropped == 2);
  CHECK(budget.on_update(large, start).dropped == 2);
  CHECK(budget.on_update(echo, start).dropped == 0);
  CHECK(budget.on_update(echo, start).dropped == 1);
}

TEST_CASE("echoes do not use up what a session may show of itself", "[presence_budget]") {
  presence_budget budget{{.own_per_second = 1, .relayed_per_second = 1000}, start};
  CHECK(budget.on_update(own(0), start).what == verdict::pass);
  for (int i = 0; i < 1000; ++i)
    REQUIRE(budget.on_update(i % 2 ? echo : of_two, start).what == verdict::pass);
  CHECK(budget.on_update(echo, start).what == verdict::drop);
  CHECK(budget.on_update(own(1), start).what == verdict::pass);
  CHECK(budget.on_update(own(2), start).what == verdict::hold);
  CHECK(budget.on_update(echo, start + 2ms).what == verdict::pass);
  CHECK(budget.has_held());
}

TEST_CASE("a large presence is not kept", "[presence_budget]") {
  presence_budget budget{{.own_per_second = 1, .relayed_per_second = 0}, start};
  byte_buffer large = own(0);
  large.resize(presence_budget::held_bytes_max + 1);
  CHECK(budget.on_update(large, start).what == verdict::pass);
  CHECK(budget.on_update(large, start).what == verdict::pass);
  CHECK(budget.on_update(large, start).what == verdict::drop);
  CHECK_FALSE(budget.has_held());
}

TEST_CASE(
    "without a rate all presence passes, and what is no presence is for the document to judge",
    "[presence_budget]") {
  presence_budget budget{{.own_per_second = 0, .relayed_per_second = 0}, start};
  for (int i = 0; i < 10'000; ++i) REQUIRE(budget.on_update(own(1), start).what == verdict::pass);
  CHECK(budget.on_update(hex("ff"), start).what == verdict::pass);
  CHECK(budget.on_update({}, start).what == verdict::pass);
}
