#include "actors/second_watch.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace troupe;
using namespace std::chrono_literals;

TEST_CASE("a second that comes late tells of a pause, the first one does not", "[second_watch]") {
  second_watch watch;
  const second_watch::time_point start{1h};
  CHECK_FALSE(watch.on_second(start));
  CHECK_FALSE(watch.on_second(start + 1s));
  CHECK_FALSE(watch.on_second(start + 4s));
  CHECK(watch.on_second(start + 8s));
  CHECK_FALSE(watch.on_second(start + 9s));
}
