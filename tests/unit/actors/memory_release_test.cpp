#include "actors/memory_release.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::memory_release_test {

TEST_CASE("memory goes back a second after much of it was freed", "[memory_release]") {
  memory_release release;
  CHECK_FALSE(release.is_due());
  release.note(memory_release::worth_bytes / 2);
  CHECK_FALSE(release.is_due());
  CHECK_FALSE(release.is_due());
  release.note(memory_release::worth_bytes / 2);
  CHECK_FALSE(release.is_due());  // it may still be on its way
  CHECK(release.is_due());
  CHECK_FALSE(release.is_due());
}

TEST_CASE("memory goes back once, however long it takes to be freed", "[memory_release]") {
  memory_release release;
  for (int second = 0; second < 5; ++second) {
    release.note(memory_release::worth_bytes);
    CHECK_FALSE(release.is_due());
  }
  CHECK(release.is_due());
  release.give_back();
  CHECK_FALSE(release.is_due());
}

}  // namespace troupe::memory_release_test
