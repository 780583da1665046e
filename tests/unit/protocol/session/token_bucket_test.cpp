#include "protocol/session/token_bucket.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace troupe;
using namespace std::chrono_literals;

namespace {

const token_bucket::time_point start{};

}  // namespace

TEST_CASE("token bucket holds a burst at first", "[token_bucket]") {
  token_bucket bucket{10, 3, start};
  CHECK(bucket.has_token(start));
  CHECK(bucket.spend(start));
  CHECK(bucket.spend(start));
  CHECK(bucket.spend(start));
  CHECK_FALSE(bucket.has_token(start));
  CHECK_FALSE(bucket.spend(start));
}

TEST_CASE("token bucket fills up at its rate", "[token_bucket]") {
  token_bucket bucket{10, 3, start};
  for (int i = 0; i < 3; ++i) bucket.spend(start);
  CHECK_FALSE(bucket.has_token(start + 99ms));
  CHECK(bucket.has_token(start + 101ms));
  CHECK(bucket.spend(start + 101ms));
  CHECK_FALSE(bucket.has_token(start + 101ms));
  CHECK(bucket.has_token(start + 202ms));
}

TEST_CASE("token bucket never holds more than a burst", "[token_bucket]") {
  token_bucket bucket{10, 3, start};
  const auto later = start + 1h;
  for (int i = 0; i < 3; ++i) CHECK(bucket.spend(later));
  CHECK_FALSE(bucket.spend(later));
}

TEST_CASE("token bucket remembers what was spent beyond it", "[token_bucket]") {
  token_bucket bucket{10, 1, start};
  CHECK(bucket.spend(start));
  for (int i = 0; i < 5; ++i) CHECK_FALSE(bucket.spend(start));  // five tokens of debt
  CHECK_FALSE(bucket.has_token(start + 500ms));
  CHECK_FALSE(bucket.has_token(start + 590ms));
  CHECK(bucket.has_token(start + 610ms));
}

TEST_CASE("token bucket can always spend one token, however small its burst", "[token_bucket]") {
  token_bucket bucket{0.5, 0, start};
  CHECK(bucket.spend(start));
  CHECK_FALSE(bucket.has_token(start + 1900ms));
  CHECK(bucket.has_token(start + 2100ms));
}

TEST_CASE("token bucket without a rate never runs dry", "[token_bucket]") {
  token_bucket bucket{0, 1, start};
  for (int i = 0; i < 1000; ++i) REQUIRE(bucket.spend(start));
  CHECK(bucket.has_token(start));
}

TEST_CASE("token bucket lets a steady stream at its rate pass", "[token_bucket]") {
  token_bucket bucket{100, 2, start};
  auto now = start;
  for (int i = 0; i < 1000; ++i, now += 10ms) REQUIRE(bucket.spend(now));
}
