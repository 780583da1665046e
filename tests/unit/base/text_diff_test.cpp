#include "base/text_diff.hpp"

#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::text_diff_test {

namespace {

using kind = diff_run::kind;
using points = std::vector<std::uint32_t>;

points points_of(const std::string& text) { return {text.begin(), text.end()}; }

/// What the runs make of `before`; every run must fit.
points carried_out(const std::vector<diff_run>& runs, const points& before, const points& after) {
  points made;
  std::size_t at_before = 0, at_after = 0;
  for (const diff_run& run : runs) {
    REQUIRE(run.size > 0);
    for (std::size_t i = 0; i < run.size; ++i) {
      if (run.what == kind::equal) REQUIRE(before.at(at_before) == after.at(at_after));
      if (run.what != kind::deleted) made.push_back(after.at(at_after++));
      if (run.what != kind::inserted) ++at_before;
    }
  }
  REQUIRE(at_before == before.size());
  return made;
}

std::size_t changes_in(const std::vector<diff_run>& runs) {
  std::size_t count = 0;
  for (const diff_run& run : runs)
    if (run.what != kind::equal) count += run.size;
  return count;
}

std::string lines(std::size_t count) {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) text += "line " + std::to_string(i) + "\n";
  return text;
}

}  // namespace

TEST_CASE("equal texts differ in nothing, and empty ones in all", "[text_diff]") {
  const points text = points_of("abc");
  CHECK(diff_texts(text, text) == std::vector<diff_run>{{kind::equal, 3}});
  CHECK(diff_texts({}, {}).empty());
  CHECK(diff_texts({}, text) == std::vector<diff_run>{{kind::inserted, 3}});
  CHECK(diff_texts(text, {}) == std::vector<diff_run>{{kind::deleted, 3}});
}

TEST_CASE("characters within a line are found", "[text_diff]") {
  const points before = points_of("The quick fox"), after = points_of("The quack old fox");
  const auto runs = diff_texts(before, after);
  CHECK(carried_out(runs, before, after) == after);
  CHECK(changes_in(runs) == 6);  // i, a and "old "
}

TEST_CASE("a word that stays is not matched with letters of another", "[text_diff]") {
  const points before = points_of("hello world"), after = points_of("oh, hello new world!");
  CHECK(diff_texts(before, after) == std::vector<diff_run>{{kind::inserted, 4},
                                                           {kind::equal, 6},
                                                           {kind::inserted, 4},
                                                           {kind::equal, 5},
                                                           {kind::inserted, 1}});
}

TEST_CASE("few changes far apart in a large text stay few", "[text_diff]") {
  std::string old_text = lines(20'000), new_text = old_text;
  new_text.insert(5, "X");
  new_text.insert(new_text.size() / 2, "Y");
  new_text.erase(new_text.size() - 3, 1);
  const points before = points_of(old_text), after = points_of(new_text);
  const auto runs = diff_texts(before, after);
  CHECK(carried_out(runs, before, after) == after);
  CHECK(changes_in(runs) == 3);
}

TEST_CASE("texts without much in common are replaced as a whole", "[text_diff]") {
  std::string old_text, new_text;
  for (std::size_t i = 0; i < 200'000; ++i) {
    old_text += static_cast<char>('a' + i * i % 13);
    new_text += static_cast<char>('n' + i * i % 13);
  }
  const points before = points_of(old_text), after = points_of(new_text);
  const auto runs = diff_texts(before, after);
  CHECK(runs == std::vector<diff_run>{{kind::deleted, 200'000}, {kind::inserted, 200'000}});
}

TEST_CASE("runs turn any text into any other", "[text_diff]") {
  std::mt19937 random{7};
  for (int round = 0; round < 400; ++round) {
    points before, after;
    for (auto* const each : {&before, &after})
      for (std::size_t size = random() % 60; size > 0; --size)
        each->push_back("ab\n"[random() % 3]);
    const std::size_t work = round % 2 == 0 ? text_diff_work_max : random() % 100;
    CHECK(carried_out(diff_texts(before, after, work), before, after) == after);
  }
}

}  // namespace troupe::text_diff_test
