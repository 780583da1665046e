#include "protocol/session/pulse.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::pulse_test {

using namespace std::chrono_literals;

namespace {

using action = pulse::action;

const pulse::time_point start{1h};
constexpr pulse_settings settings{30s, 60s};

}  // namespace

TEST_CASE("a pulse pings once an interval", "[pulse]") {
  pulse beat{start};
  CHECK(beat.on_second(start, {}, false, settings) == action::none);
  CHECK(beat.on_second(start + 29'999ms, {}, false, settings) == action::none);
  CHECK(beat.on_second(start + 30s, {}, false, settings) == action::ping);
  CHECK(beat.on_second(start + 31s, {}, false, settings) == action::none);
  beat.on_pong(start + 31s);
  CHECK(beat.on_second(start + 59'999ms, {}, false, settings) == action::none);
  CHECK(beat.on_second(start + 60s, {}, false, settings) == action::ping);
}

TEST_CASE("a pulse ends without a pong for as long as the timeout", "[pulse]") {
  pulse beat{start};
  CHECK(beat.last_pong() == start);
  CHECK(beat.on_second(start + 59'999ms, {}, false, settings) == action::ping);
  CHECK(beat.on_second(start + 60s, {}, false, settings) == action::terminate);
  CHECK(beat.on_second(start + 61s, {}, false, settings) == action::terminate);

  pulse answered{start};
  answered.on_pong(start + 10s);
  CHECK(answered.last_pong() == start + 10s);
  CHECK(answered.on_second(start + 69'999ms, {}, false, settings) == action::ping);
  CHECK(answered.on_second(start + 70s, {}, false, settings) == action::terminate);
}

TEST_CASE("what came before the connection opened does not count", "[pulse]") {
  pulse beat{start};
  beat.restart(start + 1h);
  CHECK(beat.last_pong() == start + 1h);
  CHECK(beat.on_second(start + 1h, {}, false, settings) == action::none);
  CHECK(beat.on_second(start + 1h + 29s, {}, false, settings) == action::none);
  CHECK(beat.on_second(start + 1h + 30s, {}, false, settings) == action::ping);
}

TEST_CASE("a peer cannot be late while reading is paused", "[pulse]") {
  pulse beat{start};
  CHECK(beat.on_second(start + 1h, {}, true, settings) == action::none);
  CHECK(beat.on_second(start + 2h, {}, true, settings) == action::none);
  CHECK(beat.on_second(start + 2h + 1s, {}, false, settings) == action::ping);
  CHECK(beat.on_second(start + 2h + 59'999ms, {}, false, settings) == action::ping);
  CHECK(beat.on_second(start + 2h + 60s, {}, false, settings) == action::terminate);
}

TEST_CASE("a keep-alive is due 20 seconds after anything was sent", "[pulse]") {
  CHECK_FALSE(pulse::needs_keep_alive(start, start));
  CHECK_FALSE(pulse::needs_keep_alive(start + 19'999ms, start));
  CHECK(pulse::needs_keep_alive(start + 20s, start));
  CHECK(pulse::needs_keep_alive(start + 1h, start));
}

TEST_CASE("another sign of life counts as a pong does, and is none", "[pulse]") {
  pulse beat{start};
  const auto alive = start + 50s;
  CHECK(beat.on_second(start + 109'999ms, alive, false, settings) == action::ping);
  CHECK(beat.on_second(start + 110s, alive, false, settings) == action::terminate);
  CHECK(beat.last_pong() == start);
}

}  // namespace troupe::pulse_test
