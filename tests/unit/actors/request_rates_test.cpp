#include "actors/request_rates.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::request_rates_test {

using namespace std::chrono_literals;

namespace {

const request_rates::time_point start{1h};

}  // namespace

TEST_CASE("each user may ask so often, and who asks in vain owes nothing", "[admin]") {
  request_rates rates{token_rate{10, 3}};
  for (int i = 0; i < 3; ++i) CHECK(rates.take("ada", start));
  for (int i = 0; i < 50; ++i) CHECK_FALSE(rates.take("ada", start));
  CHECK(rates.take("bob", start));
  CHECK(rates.take("ada", start + 100ms));
  CHECK_FALSE(rates.take("ada", start + 100ms));
  CHECK(rates.take("ada", start + 1s));
}

TEST_CASE("without a limit nobody is remembered", "[admin]") {
  request_rates rates{token_rate{0, 1}};
  for (int i = 0; i < 1000; ++i) CHECK(rates.take("ada", start));
  CHECK(rates.size() == 0);
}

TEST_CASE("only so many users are remembered, and those at rest make room", "[admin]") {
  request_rates rates{token_rate{1, 1}};
  for (std::size_t i = 0; i < request_rates::users_max; ++i)
    REQUIRE(rates.take(std::to_string(i), start));
  CHECK_FALSE(rates.take("one more", start));
  CHECK(rates.size() == request_rates::users_max);
  CHECK(rates.take("one more", start + 1s));
  CHECK(rates.size() == 1);
}

}  // namespace troupe::request_rates_test
