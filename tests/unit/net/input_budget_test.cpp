#include "net/input_budget.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace troupe;

TEST_CASE("a budget of input has room until it is used up, and again for what is given back",
          "[input_budget]") {
  input_budget budget{100};
  CHECK(budget.take(60));
  CHECK_FALSE(budget.take(41));
  CHECK(budget.used() == 60);
  CHECK(budget.take(40));
  CHECK_FALSE(budget.take(1));
  budget.give_back(60);
  CHECK(budget.used() == 40);
  CHECK(budget.take(60));
}

TEST_CASE("a budget of input never takes what is larger than all of it", "[input_budget]") {
  input_budget budget{100};
  CHECK_FALSE(budget.take(101));
  CHECK_FALSE(budget.take(~std::size_t{0}));
  CHECK(budget.used() == 0);
}
