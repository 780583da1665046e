#include "protocol/webhook/refresh_schedule.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::refresh_schedule_test {

using namespace troupe::webhook;
using namespace std::chrono_literals;
using step = refresh_schedule::step;

namespace {

refresh_schedule::time_point at(std::chrono::milliseconds when) {
  return refresh_schedule::time_point{} + when;
}

}  // namespace

TEST_CASE("it is fetched at once, and then now and then", "[webhook]") {
  refresh_schedule schedule{{10min, 30s, 1min}};
  CHECK(schedule.on_tick(at(0ms)));
  CHECK_FALSE(schedule.on_tick(at(1s)));
  CHECK(schedule.is_fetching());
  schedule.on_done(true, at(2s));
  CHECK_FALSE(schedule.on_tick(at(10min)));
  CHECK(schedule.on_tick(at(10min + 2s)));
  schedule.on_done(false, at(10min + 3s));
  CHECK_FALSE(schedule.on_tick(at(10min + 32s)));
  CHECK(schedule.on_tick(at(10min + 33s)));
}

TEST_CASE("what was never there is fetched again soon, and less and less often", "[webhook]") {
  refresh_schedule schedule{{10min, 5s, 1min}};
  CHECK(schedule.on_tick(at(0ms)));
  auto now = 0ms;
  for (const auto wait : {1s, 2s, 4s, 5s, 5s}) {
    schedule.on_done(false, at(now));
    CHECK_FALSE(schedule.on_tick(at(now + wait - 1ms)));
    now += wait;
    CHECK(schedule.on_tick(at(now)));
  }
  schedule.on_done(true, at(now));
  CHECK_FALSE(schedule.on_tick(at(now + 9min)));
  CHECK(schedule.on_tick(at(now + 10min)));
  schedule.on_done(false, at(now + 10min));
  CHECK_FALSE(schedule.on_tick(at(now + 10min + 4s)));
  CHECK(schedule.on_tick(at(now + 10min + 5s)));
}

TEST_CASE("who misses something has it fetched, but seldom", "[webhook]") {
  refresh_schedule schedule{{10min, 30s, 1min}};
  CHECK(schedule.on_tick(at(0ms)));
  CHECK(schedule.on_missing(at(1ms)) == step::wait);
  schedule.on_done(true, at(1s));
  CHECK(schedule.on_missing(at(59'999ms)) == step::too_soon);
  CHECK(schedule.on_missing(at(60s)) == step::fetch_now);
  CHECK(schedule.on_missing(at(60s)) == step::wait);
  CHECK_FALSE(schedule.on_tick(at(2h)));  // while it is being fetched
  schedule.on_done(false, at(61s));
  CHECK(schedule.on_missing(at(62s)) == step::too_soon);
  CHECK(schedule.on_tick(at(91s)));
}

}  // namespace troupe::refresh_schedule_test
