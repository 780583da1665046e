#include "actors/unit_choice.hpp"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::unit_choice_test {

TEST_CASE("a name chooses the thread that it always chose", "[placement]") {
  CHECK(unit_index("", 8) == 0);
  CHECK(unit_index("notes", 8) == 1);
  CHECK(unit_index("team/notes-17", 5) == 2);
}

TEST_CASE("a name chooses the same thread each time, and names use all threads alike",
          "[placement]") {
  constexpr std::size_t names = 10'000;
  for (const std::size_t units : {1u, 2u, 3u, 8u}) {
    std::vector<std::size_t> documents(units);
    for (std::size_t i = 0; i < names; ++i) {
      const std::string name = "team/notes-" + std::to_string(i);
      const std::size_t chosen = unit_index(name, units);
      REQUIRE(chosen < units);
      CHECK(chosen == unit_index(name, units));
      ++documents[chosen];
    }
    for (const std::size_t count : documents) {
      CHECK(count > names / units * 9 / 10);
      CHECK(count < names / units * 11 / 10);
    }
  }
}

TEST_CASE("a thread is overfull with twice its share and some more", "[placement]") {
  CHECK_FALSE(is_overfull(0, 0, 4));
  CHECK_FALSE(is_overfull(64, 64, 4));
  CHECK_FALSE(is_overfull(564, 1000, 4));
  CHECK(is_overfull(565, 1000, 4));
  CHECK_FALSE(is_overfull(1'000'000, 1'000'000, 1));
  CHECK_FALSE(is_overfull(1'000'000, 1'000'000, 2));
}

}  // namespace troupe::unit_choice_test
