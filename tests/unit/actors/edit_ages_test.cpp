#include "actors/edit_ages.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::edit_ages_test {

using namespace std::chrono_literals;

namespace {

struct aged_edits {
  edit_ages::time_point start{};
  edit_ages ages;

  /// The ages of what is confirmed up to a number, in milliseconds.
  std::vector<std::int64_t> confirm(storage::sequence up_to, std::chrono::milliseconds at) {
    std::vector<std::int64_t> told;
    ages.confirm(up_to, start + at, [&](edit_ages::time_point::duration age) {
      told.push_back(std::chrono::duration_cast<std::chrono::milliseconds>(age).count());
    });
    return told;
  }
};

}  // namespace

TEST_CASE("the edits of a turn are as old as the first that arrived in it", "[metrics]") {
  aged_edits edits;
  edits.ages.on_arrival(edits.start + 10ms);
  edits.ages.on_arrival(edits.start + 15ms);
  edits.ages.on_turn_end(4, true);
  edits.ages.on_arrival(edits.start + 30ms);
  edits.ages.on_turn_end(6, true);
  CHECK_FALSE(edits.ages.has_confirmed(3));
  CHECK(edits.confirm(3, 40ms).empty());
  CHECK(edits.ages.has_confirmed(5));
  CHECK(edits.confirm(5, 50ms) == std::vector<std::int64_t>{40});
  CHECK(edits.confirm(9, 60ms) == std::vector<std::int64_t>{30});
  CHECK_FALSE(edits.ages.has_confirmed(9));
}

TEST_CASE("a turn without edits has no age, nor has one of which nothing arrived", "[metrics]") {
  aged_edits edits;
  edits.ages.on_arrival(edits.start);
  edits.ages.on_turn_end(4, false);
  edits.ages.on_turn_end(5, true);  // of a peer
  CHECK(edits.confirm(9, 50ms).empty());
}

TEST_CASE("turns that wait for keepers for long take a bounded room", "[metrics]") {
  aged_edits edits;
  for (std::size_t i = 1; i <= edit_ages::waiting_max + 5; ++i) {
    edits.ages.on_arrival(edits.start);
    edits.ages.on_turn_end(i, true);
  }
  CHECK(edits.confirm(edit_ages::waiting_max + 5, 1ms).size() == edit_ages::waiting_max);
}

}  // namespace troupe::edit_ages_test
