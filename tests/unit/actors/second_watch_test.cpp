#include "actors/second_watch.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::second_watch_test {

using namespace std::chrono_literals;

namespace {

const second_watch::time_point start{1h};

/// Whether a second that comes `gap` after the one before it counts as a pause.
bool is_pause(const pulse_settings& heartbeat, second_watch::duration gap) {
  second_watch watch{heartbeat, start};
  return watch.on_second(start + gap);
}

}  // namespace

TEST_CASE("a second that comes late tells of a pause, the first one, too", "[second_watch]") {
  second_watch watch{{.interval = 30s, .timeout = 60s}, start - 1s};
  CHECK_FALSE(watch.on_second(start));
  CHECK(second_watch{{.interval = 30s, .timeout = 60s}, start}.on_second(start + 4s));
  CHECK_FALSE(watch.on_second(start + 1s));
  CHECK_FALSE(watch.on_second(start + 4s));
  CHECK(watch.on_second(start + 8s));
  CHECK_FALSE(watch.on_second(start + 9s));
}

TEST_CASE("a pause is shorter where the heartbeat leaves less time for an answer",
          "[second_watch]") {
  const pulse_settings tight{.interval = 500ms, .timeout = 2s};
  CHECK_FALSE(is_pause(tight, 1s));
  CHECK_FALSE(is_pause(tight, 1250ms));  // as in a busy process
  CHECK(is_pause(tight, 1251ms));
  const pulse_settings wider{.interval = 500ms, .timeout = 3s};
  CHECK_FALSE(is_pause(wider, 2s));
  CHECK(is_pause(wider, 2001ms));
  // The time that counts is the one behind a ping.
  CHECK(is_pause({.interval = 59s, .timeout = 60s}, 1251ms));
  CHECK_FALSE(is_pause({.interval = 10s, .timeout = 20s}, 3s));
  CHECK(is_pause({.interval = 10s, .timeout = 20s}, 3001ms));
}

TEST_CASE("no client that answers is cut by a pause, however long", "[second_watch]") {
  for (const pulse_settings& heartbeat :
       {pulse_settings{1s, 2500ms}, pulse_settings{1s, 4s}, pulse_settings{2s, 5s}})
    for (auto stop = 0ms; stop < 5s; stop += 50ms) {
      CAPTURE(heartbeat.timeout.count(), stop.count());
      second_watch watch{heartbeat, start};
      pulse beat{start};
      bool is_cut = false;
      auto now = start;
      std::optional<pulse::time_point> answer;  // arrives then, and is read behind a late second
      for (int seconds = 0; seconds < 12; ++seconds) {
        const bool stops = seconds == 6;
        const auto next = now + std::max<second_watch::duration>(1s, stops ? stop : 0ms);
        if (answer && !stops) beat.on_pong(*std::exchange(answer, {}));
        now = next;
        if (watch.on_second(now)) beat.restart(now);
        const auto due = beat.on_second(now, {}, false, heartbeat);
        is_cut = is_cut || due == pulse::action::terminate;
        if (answer) beat.on_pong(now);
        answer.reset();
        if (due == pulse::action::ping) answer = now + 20ms;
      }
      CHECK_FALSE(is_cut);
    }
}

}  // namespace troupe::second_watch_test
