#include "net/output_progress.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::output_progress_test {

using namespace std::chrono_literals;

namespace {

const output_progress::time_point start{24h};
constexpr std::uint64_t kB = 1000;

}  // namespace

TEST_CASE("output that nobody takes is stalled after its time", "[output_progress]") {
  output_progress progress;
  for (int second = 1; second <= 11; ++second) {
    progress.on_look({start + second * 1s, true, 100 * kB, 100 * kB, 60 * kB});
    CHECK_FALSE(progress.is_stalled(start + second * 1s, 10s));
  }
  progress.on_look({start + 12s, true, 100 * kB, 100 * kB, 60 * kB});
  CHECK(progress.is_stalled(start + 12s, 10s));
}

TEST_CASE("a time in which nobody could look makes no stall", "[output_progress]") {
  output_progress progress;
  progress.on_look({start + 1s, true, 100 * kB, 100 * kB, 60 * kB});
  progress.restart(start + 1h);
  progress.on_look({start + 1h, true, 100 * kB, 100 * kB, 60 * kB});
  CHECK_FALSE(progress.is_stalled(start + 1h + 10s, 10s));
  CHECK(progress.is_stalled(start + 1h + 11s, 10s));
}

TEST_CASE("what the socket takes is progress, but no life", "[output_progress]") {
  output_progress progress;
  for (int second = 1; second <= 100; ++second)
    progress.on_look({start + second * 1s, true, second * kB, second * kB, 0});
  CHECK_FALSE(progress.is_stalled(start + 100s, 10s));
  CHECK(progress.acknowledged_at() == output_progress::time_point{});
}

TEST_CASE("what the peer acknowledges is progress and life while the socket takes nothing",
          "[output_progress]") {
  output_progress progress;
  for (int second = 1; second <= 100; ++second)
    progress.on_look({start + second * 1s, true, 2000 * kB, 2000 * kB, second * 10 * kB});
  CHECK_FALSE(progress.is_stalled(start + 100s, 10s));
  CHECK(progress.acknowledged_at() == start + 100s);
}

TEST_CASE("the first look after quiet only begins the watch", "[output_progress]") {
  output_progress progress;
  progress.on_look({start + 1s, true, 900 * kB, 900 * kB, 100 * kB});
  CHECK(progress.acknowledged_at() == output_progress::time_point{});
  progress.on_look({start + 2s, true, 900 * kB, 900 * kB, 200 * kB});
  CHECK(progress.acknowledged_at() == start + 2s);
  progress.on_idle(start);
  progress.on_look({start + 60s, true, 2000 * kB, 2000 * kB, 1000 * kB});
  CHECK(progress.acknowledged_at() == start + 2s);
  progress.on_look({start + 70s, true, 2000 * kB, 2000 * kB, 1000 * kB});
  CHECK_FALSE(progress.is_stalled(start + 70s, 10s));
  CHECK(progress.is_stalled(start + 71s, 10s));
  // What came since is a later sign of life, so the earlier one is forgotten with the rest.
  progress.on_idle(start + 80s);
  CHECK(progress.acknowledged_at() == output_progress::time_point{});
  CHECK_FALSE(progress.is_stalled(start + 1h, 10s));
}

TEST_CASE("a system that takes little things for a program that hangs is no life",
          "[output_progress]") {
  output_progress progress;
  for (int second = 1; second <= 100; ++second) {
    const std::uint64_t sent = second * kB;
    progress.on_look({start + second * 1s, false, sent, sent, sent - 100});
  }
  CHECK(progress.acknowledged_at() == output_progress::time_point{});
}

TEST_CASE("the system is asked only where something may be on its way", "[output_progress]") {
  output_progress progress;
  CHECK_FALSE(progress.needs_look(start, false, 0, start - 1h));
  CHECK(progress.needs_look(start, true, 0, start));
  CHECK_FALSE(progress.needs_look(start, false, 1 * kB, start - 1h));
  CHECK_FALSE(progress.needs_look(start, false, 900 * kB, start));
  CHECK(progress.needs_look(start, false, 900 * kB, start - 1s));
  // Once all is acknowledged there is nothing to ask until more is sent.
  progress.on_look({start, false, 900 * kB, 901 * kB, 901 * kB});
  CHECK_FALSE(progress.needs_look(start, false, 900 * kB, start - 1h));
  CHECK(progress.needs_look(start, false, 920 * kB, start - 1h));
}

TEST_CASE("the progress of an idle connection takes little: each has one", "[output_progress]") {
  STATIC_CHECK(sizeof(output_progress) <= 16);
}

}  // namespace troupe::output_progress_test
