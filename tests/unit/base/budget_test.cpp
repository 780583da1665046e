#include "base/budget.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::budget_test {

TEST_CASE("a budget has room until it is used up, and again for what is given back", "[budget]") {
  budget shared{100};
  CHECK(shared.take(60));
  CHECK_FALSE(shared.take(41));
  CHECK(shared.used() == 60);
  CHECK(shared.take(40));
  CHECK_FALSE(shared.take(1));
  shared.give_back(60);
  CHECK(shared.used() == 40);
  CHECK(shared.take(60));
}

TEST_CASE("a budget never takes what is larger than all of it", "[budget]") {
  budget shared{100};
  CHECK_FALSE(shared.take(101));
  CHECK_FALSE(shared.take(~std::size_t{0}));
  CHECK(shared.used() == 0);
}

TEST_CASE("a change of what is used is noted whether there is room or not", "[budget]") {
  budget shared{100};
  shared.change(0, 60);
  CHECK(shared.room() == 40);
  shared.change(60, 130);
  CHECK(shared.used() == 130);
  CHECK(shared.room() == 0);
  CHECK_FALSE(shared.take(1));
  shared.change(130, 10);
  CHECK(shared.room() == 90);
}

}  // namespace troupe::budget_test
