#include "actors/commit_pace.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::commit_pace_test {

using namespace std::chrono_literals;

namespace {

const commit_pace::time_point start{24h};

}  // namespace

TEST_CASE("few updates are committed at once", "[actors][store]") {
  commit_pace pace;
  CHECK(pace.wait(start) == 0s);
  pace.on_commit(commit_pace::updates_min - 1, start);
  CHECK(pace.wait(start + 1us) == 0s);
}

TEST_CASE("behind a commit of many updates the next one waits for more", "[actors][store]") {
  commit_pace pace;
  pace.on_commit(commit_pace::updates_min, start);
  CHECK(pace.wait(start + 300us) == commit_pace::interval - 300us);
  CHECK(pace.wait(start + commit_pace::interval) == 0s);
  // One that took longer than that, on a slow disk, is not waited for.
  CHECK(pace.wait(start + 10ms) == 0s);
  pace.on_commit(1, start + 300us);
  CHECK(pace.wait(start + 301us) == 0s);
}

}  // namespace troupe::commit_pace_test
