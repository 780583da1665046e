#include "actors/unit_tally.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::unit_tally_test {

TEST_CASE("the traffic of a connection counts once, beyond 32 bits, too", "[actors][tally]") {
  constexpr std::uint64_t large = (std::uint64_t{1} << 32) - 10;
  reported_traffic reported;
  CHECK_FALSE(reported.has_new(0));
  CHECK(reported.has_new(1));
  CHECK(reported.take_new({5, 6, large, 8}) == traffic_count{5, 6, large, 8});
  CHECK_FALSE(reported.has_new(5));
  CHECK(reported.take_new({7, 6, large + 30, 9}) == traffic_count{2, 0, 30, 1});
  CHECK(reported.take_new({7, 6, large + 30, 9}) == traffic_count{});
}

}  // namespace troupe::unit_tally_test
