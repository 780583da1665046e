#include "protocol/access/token_cache.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/token_vectors.hpp"

namespace troupe::token_cache_test {

using namespace std::chrono_literals;
using access::digest_of;
using access::token_cache;
using test::vectors;

namespace {

access::grant_ptr grant_of(const std::string& user) {
  return *access::make_grant(std::make_shared<const access::access_policy>(),
                             test::claims_of(user));
}

const access::key_set_ptr keys = std::make_shared<const access::key_set>();

}  // namespace

TEST_CASE("a token that was verified is found again", "[access][cache]") {
  token_cache cache;
  const auto now = vectors().now;
  CHECK(cache.find(digest_of("a.b.c"), keys, now) == nullptr);
  const auto ada = grant_of("ada");
  cache.put(digest_of("a.b.c"), keys, ada);
  CHECK(cache.find(digest_of("a.b.c"), keys, now) == ada);
  CHECK(cache.find(digest_of("a.b.d"), keys, now) == nullptr);
  cache.put(digest_of("a.b.c"), keys, grant_of("eve"));
  CHECK(cache.find(digest_of("a.b.c"), keys, now) == ada);
  CHECK(cache.size() == 1);
}

TEST_CASE("a token never outlives its expiry in the cache", "[access][cache]") {
  token_cache cache;
  const auto ada = grant_of("ada");  // for an hour
  cache.put(digest_of("a.b.c"), keys, ada);
  CHECK(cache.find(digest_of("a.b.c"), keys, ada->who->expires - 1ns) == ada);
  CHECK(cache.find(digest_of("a.b.c"), keys, ada->who->expires) == nullptr);
  CHECK(cache.size() == 0);
  CHECK(cache.find(digest_of("a.b.c"), keys, vectors().now) == nullptr);
}

TEST_CASE("other keys empty the cache", "[access][cache]") {
  token_cache cache;
  cache.put(digest_of("a.b.c"), keys, grant_of("ada"));
  const auto newer = std::make_shared<const access::key_set>();
  CHECK(cache.find(digest_of("a.b.c"), newer, vectors().now) == nullptr);
  CHECK(cache.size() == 0);
  cache.put(digest_of("x.y.z"), newer, grant_of("bob"));
  cache.put(digest_of("a.b.c"), keys, grant_of("ada"));
  CHECK(cache.size() == 1);
}

TEST_CASE("a full cache forgets what was not used for the longest time", "[access][cache]") {
  token_cache cache{3};
  const auto now = vectors().now;
  for (const char* const token : {"1", "2", "3"})
    cache.put(digest_of(token), keys, grant_of(token));
  CHECK(cache.find(digest_of("1"), keys, now) != nullptr);
  cache.put(digest_of("4"), keys, grant_of("4"));
  CHECK(cache.size() == 3);
  CHECK(cache.find(digest_of("2"), keys, now) == nullptr);
  for (const char* const token : {"1", "3", "4"})
    CHECK(cache.find(digest_of(token), keys, now)->who->user == token);
}

TEST_CASE("a cache of no size keeps nothing", "[access][cache]") {
  token_cache cache{0};
  cache.put(digest_of("a.b.c"), keys, grant_of("ada"));
  CHECK(cache.find(digest_of("a.b.c"), keys, vectors().now) == nullptr);
}

}  // namespace troupe::token_cache_test
