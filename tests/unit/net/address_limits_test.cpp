#include "net/address_limits.hpp"

#include <optional>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::address_limits_test {

using namespace std::chrono_literals;

namespace {

const address_limits::time_point start{1h};

}  // namespace

TEST_CASE("an address holds as many connections as it may, each until it ends",
          "[address_limits]") {
  address_limits limits{{.connections_max = 2, .accepts_per_second = 0, .accept_burst = 1}};
  auto first = limits.admit("10.0.0.1", start);
  auto second = limits.admit("10.0.0.1", start);
  CHECK(first.outcome == admission::admitted);
  CHECK(second.outcome == admission::admitted);
  CHECK(second.place != nullptr);
  const auto third = limits.admit("10.0.0.1", start);
  CHECK(third.outcome == admission::too_many);
  CHECK(third.place == nullptr);
  CHECK(limits.admit("10.0.0.2", start).outcome == admission::admitted);
  first.place.reset();
  const auto fourth = limits.admit("10.0.0.1", start);
  CHECK(fourth.outcome == admission::admitted);
  CHECK(limits.admit("10.0.0.1", start).outcome == admission::too_many);
}

TEST_CASE("one who was refused takes no place", "[address_limits]") {
  address_limits limits{{.connections_max = 1, .accepts_per_second = 0, .accept_burst = 1}};
  auto only = limits.admit("10.0.0.1", start);
  for (int i = 0; i < 5; ++i) CHECK(limits.admit("10.0.0.1", start).outcome == admission::too_many);
  only.place.reset();
  CHECK(limits.admit("10.0.0.1", start).outcome == admission::admitted);
}

TEST_CASE("an address opens connections in a burst, then at its rate", "[address_limits]") {
  address_limits limits{{.connections_max = 0, .accepts_per_second = 10, .accept_burst = 3}};
  const auto outcome = [&](auto now) { return limits.admit("10.0.0.1", now).outcome; };
  for (int i = 0; i < 3; ++i) CHECK(outcome(start) == admission::admitted);
  CHECK(outcome(start) == admission::too_fast);
  CHECK(outcome(start + 50ms) == admission::too_fast);
  CHECK(outcome(start + 101ms) == admission::admitted);
  CHECK(outcome(start + 110ms) == admission::too_fast);
  CHECK(limits.admit("10.0.0.2", start).outcome == admission::admitted);
  // However long it was silent, no more than a burst has gathered.
  for (int i = 0; i < 3; ++i) CHECK(outcome(start + 1h) == admission::admitted);
  CHECK(outcome(start + 1h) == admission::too_fast);
}

TEST_CASE("both limits hold at once", "[address_limits]") {
  address_limits limits{{.connections_max = 1, .accepts_per_second = 1, .accept_burst = 2}};
  const auto kept = limits.admit("10.0.0.1", start);
  CHECK(kept.outcome == admission::admitted);
  CHECK(limits.admit("10.0.0.1", start).outcome == admission::too_many);
  CHECK(limits.admit("10.0.0.1", start).outcome == admission::too_fast);
}

TEST_CASE("loopback is not limited and not remembered", "[address_limits]") {
  address_limits limits{{.connections_max = 1, .accepts_per_second = 1, .accept_burst = 1}};
  for (const char* address : {"127.0.0.1", "127.8.9.10", "::1", "::ffff:127.0.0.1"})
    for (int i = 0; i < 3; ++i) {
      const auto decision = limits.admit(address, start);
      CHECK(decision.outcome == admission::admitted);
      CHECK(decision.place == nullptr);
    }
  CHECK(limits.address_count() == 0);
}

TEST_CASE("without limits nothing is counted", "[address_limits]") {
  address_limits limits{{}};
  for (int i = 0; i < 10; ++i) {
    const auto decision = limits.admit("10.0.0.1", start);
    CHECK(decision.outcome == admission::admitted);
    CHECK(decision.place == nullptr);
  }
  CHECK(limits.address_count() == 0);
}

TEST_CASE("addresses without connections are forgotten by and by", "[address_limits]") {
  address_limits limits{{.connections_max = 5, .accepts_per_second = 10, .accept_burst = 5}};
  const auto kept = limits.admit("kept", start);
  for (int i = 0; i < 20'000; ++i) limits.admit("a" + std::to_string(i), start + i * 1ms);
  CHECK(limits.address_count() < 10'000);
  for (int i = 1; i < 5; ++i)
    CHECK(limits.admit("kept", start + 20s).outcome == admission::admitted);
}

TEST_CASE("an address whose burst is used up is not forgotten for it", "[address_limits]") {
  address_limits limits{{.connections_max = 0, .accepts_per_second = 1, .accept_burst = 100}};
  for (int i = 0; i < 100; ++i) limits.admit("busy", start);
  for (int i = 0; i < 20'000; ++i) limits.admit("a" + std::to_string(i), start);
  CHECK(limits.admit("busy", start).outcome == admission::too_fast);
}

TEST_CASE("a place may be given back after the limits are gone", "[address_limits]") {
  std::optional<address_limits> limits;
  limits.emplace(
      address_limit_settings{.connections_max = 1, .accepts_per_second = 0, .accept_burst = 1});
  auto kept = limits->admit("10.0.0.1", start);
  limits.reset();
  CHECK(kept.place != nullptr);
  kept.place.reset();
}

TEST_CASE("loopback has more than one address", "[address_limits]") {
  for (const char* address :
       {"127.0.0.1", "127.255.255.254", "::1", "::ffff:127.0.0.1", "::ffff:127.3.2.1"})
    CHECK(is_loopback_address(address));
  for (const char* address :
       {"", "128.0.0.1", "10.127.0.1", "::", "::2", "::ffff:10.0.0.1", "fe80::1", "1127.0.0.1"})
    CHECK_FALSE(is_loopback_address(address));
}

}  // namespace troupe::address_limits_test
