#include "base/sequence_diff.hpp"

#include <random>
#include <string>

#include <catch2/catch_test_macros.hpp>

namespace troupe::sequence_diff_test {

namespace {

std::vector<std::uint32_t> numbers(std::string_view text) { return {text.begin(), text.end()}; }

/// "=3 -1 +2"
std::string diff(std::string_view before, std::string_view after, std::size_t changes_max = 100) {
  std::string text;
  for (const diff_run& run : diff_sequences(numbers(before), numbers(after), changes_max)) {
    if (!text.empty()) text += ' ';
    text += "=-+"[static_cast<std::size_t>(run.what)];
    text += std::to_string(run.size);
  }
  return text;
}

}  // namespace

TEST_CASE("a difference is what was deleted and inserted", "[diff]") {
  CHECK(diff("", "").empty());
  CHECK(diff("abc", "abc") == "=3");
  CHECK(diff("", "abc") == "+3");
  CHECK(diff("abc", "") == "-3");
  CHECK(diff("abc", "abXc") == "=2 +1 =1");
  CHECK(diff("abXc", "abc") == "=2 -1 =1");
  CHECK(diff("one two three", "one three") == "=5 -4 =4");
  CHECK(diff("abc", "xyz") == "-3 +3");
  CHECK(diff("aaa", "aa") == "=2 -1");
  CHECK(diff("xaxbxcx", "xbxcxdx") == "=1 -2 =3 +2 =1");
}

TEST_CASE("a difference with too many changes replaces all between the common ends", "[diff]") {
  CHECK(diff("abcdefgh", "aBcDeFgh", 6) == "=1 -1 +1 =1 -1 +1 =1 -1 +1 =2");
  CHECK(diff("abcdefgh", "aBcDeFgh", 5) == "=1 -5 +5 =2");
}

TEST_CASE("a difference turns one sequence into the other and is no longer than it must be",
          "[diff]") {
  std::mt19937 random{7};
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random() % n); };
  for (int round = 0; round < 500; ++round) {
    std::vector<std::uint32_t> before, after;
    for (std::size_t i = below(30); i > 0; --i)
      before.push_back(static_cast<std::uint32_t>(below(4)));
    for (std::size_t i = below(30); i > 0; --i)
      after.push_back(static_cast<std::uint32_t>(below(4)));
    std::vector<std::uint32_t> built;
    std::size_t from = 0, to = 0, changes = 0;
    for (const diff_run& run : diff_sequences(before, after, 100)) {
      REQUIRE(run.size > 0);
      for (std::size_t i = 0; i < run.size; ++i) {
        if (run.what == diff_run::kind::equal) REQUIRE(before[from] == after[to]);
        if (run.what != diff_run::kind::inserted) ++from;
        if (run.what != diff_run::kind::deleted) built.push_back(after[to++]);
        changes += run.what != diff_run::kind::equal;
      }
    }
    CHECK(built == after);
    CHECK(from == before.size());
    // The longest common subsequence, by the textbook.
    std::vector<std::vector<std::size_t>> common(before.size() + 1,
                                                 std::vector<std::size_t>(after.size() + 1));
    for (std::size_t i = 0; i < before.size(); ++i)
      for (std::size_t k = 0; k < after.size(); ++k)
        common[i + 1][k + 1] =
            before[i] == after[k] ? common[i][k] + 1 : std::max(common[i][k + 1], common[i + 1][k]);
    CHECK(changes == before.size() + after.size() - 2 * common[before.size()][after.size()]);
  }
}

}  // namespace troupe::sequence_diff_test
