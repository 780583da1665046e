#include "protocol/session/token_bucket.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::token_bucket_test {

using namespace std::chrono_literals;

namespace {

const token_bucket::time_point start{};

}  // namespace

TEST_CASE("token bucket holds a burst at first", "[token_bucket]") {
  const token_rate rate{10, 3};
  token_bucket bucket;
  CHECK(bucket.has_token(rate, start));
  CHECK(bucket.spend(rate, start));
  CHECK(bucket.spend(rate, start));
  CHECK(bucket.spend(rate, start));
  CHECK_FALSE(bucket.has_token(rate, start));
  CHECK_FALSE(bucket.spend(rate, start));
}

TEST_CASE("token bucket fills up at its rate", "[token_bucket]") {
  const token_rate rate{10, 3};
  token_bucket bucket;
  for (int i = 0; i < 3; ++i) bucket.spend(rate, start);
  CHECK_FALSE(bucket.has_token(rate, start + 99ms));
  CHECK(bucket.has_token(rate, start + 101ms));
  CHECK(bucket.spend(rate, start + 101ms));
  CHECK_FALSE(bucket.has_token(rate, start + 101ms));
  CHECK(bucket.has_token(rate, start + 202ms));
}

TEST_CASE("token bucket never holds more than a burst", "[token_bucket]") {
  const token_rate rate{10, 3};
  token_bucket bucket;
  const auto later = start + 1h;
  for (int i = 0; i < 3; ++i) CHECK(bucket.spend(rate, later));
  CHECK_FALSE(bucket.spend(rate, later));
}

TEST_CASE("token bucket remembers what was spent beyond it", "[token_bucket]") {
  const token_rate rate{10, 1};
  token_bucket bucket;
  CHECK(bucket.spend(rate, start));
  for (int i = 0; i < 5; ++i) CHECK_FALSE(bucket.spend(rate, start));  // five tokens of debt
  CHECK_FALSE(bucket.has_token(rate, start + 500ms));
  CHECK_FALSE(bucket.has_token(rate, start + 590ms));
  CHECK(bucket.has_token(rate, start + 610ms));
}

TEST_CASE("token bucket can always spend one token, however small its burst", "[token_bucket]") {
  const token_rate rate{1, 0};
  token_bucket bucket;
  CHECK(bucket.spend(rate, start));
  CHECK_FALSE(bucket.has_token(rate, start + 950ms));
  CHECK(bucket.has_token(rate, start + 1050ms));
}

TEST_CASE("token bucket without a rate never runs dry", "[token_bucket]") {
  const token_rate rate{0, 1};
  token_bucket bucket;
  for (int i = 0; i < 1000; ++i) REQUIRE(bucket.spend(rate, start));
  CHECK(bucket.has_token(rate, start));
}

TEST_CASE("token bucket lets a steady stream at its rate pass", "[token_bucket]") {
  const token_rate rate{100, 2};
  token_bucket bucket;
  auto now = start;
  for (int i = 0; i < 1000; ++i, now += 10ms) REQUIRE(bucket.spend(rate, now));
}

TEST_CASE("token bucket says how long there is none", "[token_bucket]") {
  const token_rate rate{10, 2};
  token_bucket bucket;
  CHECK(bucket.wait_for_token(rate, start) == 0ms);
  for (int i = 0; i < 3; ++i) bucket.spend(rate, start);
  CHECK(bucket.wait_for_token(rate, start) == 201ms);
  CHECK(bucket.wait_for_token(rate, start + 150ms) == 51ms);
  CHECK(bucket.wait_for_token(rate, start + 200ms) == 0ms);
}

TEST_CASE("token bucket needs no more memory than a point in time", "[token_bucket]") {
  STATIC_CHECK(sizeof(token_bucket) == sizeof(token_bucket::time_point));
}

}  // namespace troupe::token_bucket_test
