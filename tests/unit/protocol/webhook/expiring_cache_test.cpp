#include "protocol/webhook/expiring_cache.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::expiring_cache_test {

using namespace troupe::webhook;
using namespace std::chrono_literals;

namespace {

using cache = expiring_cache<int>;

cache::time_point at(std::chrono::milliseconds when) { return cache::time_point{} + when; }

}  // namespace

TEST_CASE("an answer holds until its time is over", "[webhook]") {
  cache all{10};
  all.put({1, 2}, 7, at(100ms), at(0ms));
  REQUIRE(all.find({1, 2}, at(99ms)) != nullptr);
  CHECK(*all.find({1, 2}, at(99ms)) == 7);
  CHECK(all.find({1, 2}, at(100ms)) == nullptr);
  CHECK(all.find({2, 1}, at(0ms)) == nullptr);
  all.put({3, 3}, 8, at(50ms), at(50ms));
  CHECK(all.find({3, 3}, at(50ms)) == nullptr);
  all.clear();
  CHECK(all.find({1, 2}, at(0ms)) == nullptr);
}

TEST_CASE("a cache keeps so many answers, the newest", "[webhook]") {
  cache all{3};
  for (std::uint64_t i = 1; i <= 5; ++i) {
    all.put({i, 0}, static_cast<int>(i), at(1h), at(0ms));
    CHECK(all.size() <= 3);
  }
  CHECK(all.find({2, 0}, at(1ms)) == nullptr);
  CHECK(all.find({3, 0}, at(1ms)) != nullptr);
  // One that is put again is as new as that.
  all.put({3, 0}, 33, at(1h), at(1ms));
  all.put({6, 0}, 6, at(1h), at(1ms));
  all.put({7, 0}, 7, at(1h), at(1ms));
  REQUIRE(all.find({3, 0}, at(2ms)) != nullptr);
  CHECK(*all.find({3, 0}, at(2ms)) == 33);
  cache none{0};
  none.put({1, 1}, 1, at(1h), at(0ms));
  CHECK(none.size() == 0);
}

TEST_CASE("answers that are over are dropped", "[webhook]") {
  cache all{1000};
  for (std::uint64_t i = 0; i < 100; ++i) all.put({i, 0}, 1, at(10ms), at(0ms));
  all.put({1000, 0}, 1, at(1h), at(20ms));
  CHECK(all.size() == 1);
}

}  // namespace troupe::expiring_cache_test
