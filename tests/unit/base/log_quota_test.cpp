#include "base/log_quota.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::log_quota_test {

using namespace std::chrono_literals;

namespace {
const log_quota::time_point start{24h};
}

TEST_CASE("a cause is logged at once, then once per interval with its count", "[log_quota]") {
  log_quota quota{1min};
  CHECK(quota.note("a", start) == 1);
  for (int i = 0; i < 5; ++i) CHECK(quota.note("a", start + 10s) == 0);
  CHECK(quota.note("a", start + 59s) == 0);
  CHECK(quota.note("a", start + 60s) == 7);
  CHECK(quota.note("a", start + 200s) == 1);
}

TEST_CASE("causes do not hide each other", "[log_quota]") {
  log_quota quota{1min};
  CHECK(quota.note("a", start) == 1);
  CHECK(quota.note("b", start) == 1);
  CHECK(quota.note("a", start + 1s) == 0);
}

TEST_CASE("causes beyond the bound count as one, until old ones are forgotten", "[log_quota]") {
  log_quota quota{1min, 2};
  CHECK(quota.note("a", start) == 1);
  CHECK(quota.note("b", start) == 1);
  CHECK(quota.note("c", start) == 1);
  for (int i = 0; i < 100; ++i) CHECK(quota.note(std::to_string(i), start + 1s) == 0);
  CHECK(quota.note("d", start + 2min) == 1);
  CHECK(quota.note("e", start + 2min) == 1);
}

}  // namespace troupe::log_quota_test
