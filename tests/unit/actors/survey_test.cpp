// Walking through a table in slices while it changes.
#include "actors/survey.hpp"

#include <set>
#include <unordered_map>

#include <catch2/catch_test_macros.hpp>

namespace troupe::survey_test {

namespace {

using table = std::unordered_map<int, int>;

table table_of(int count) {
  table all;
  for (int i = 0; i < count; ++i) all.emplace(i, i);
  return all;
}

}  // namespace

TEST_CASE("slices together are the whole table, each entry once", "[survey]") {
  for (const int count : {0, 1, 7, 1000}) {
    const table all = table_of(count);
    std::multiset<int> seen;
    survey_slice slice;
    std::size_t slices = 0;
    do {
      std::size_t in_slice = 0;
      slice = visit_slice(all, slice.next, 10, [&](const auto& entry) {
        seen.insert(entry.first);
        ++in_slice;
      });
      CHECK(in_slice <= 10 + 5);  // those of the last bucket are taken whole
      CHECK(slice.begins_anew == (slices == 0));
      ++slices;
    } while (slice.has_more);
    CHECK(seen.size() == static_cast<std::size_t>(count));
    CHECK(std::set<int>(seen.begin(), seen.end()).size() == seen.size());
    CHECK(slices >= static_cast<std::size_t>(count) / 15);
  }
}

TEST_CASE("a table that is laid out anew is walked through from the front", "[survey]") {
  table all = table_of(100);
  std::set<int> seen;
  const auto visit = [&](const auto& entry) { seen.insert(entry.first); };
  survey_slice slice = visit_slice(all, {}, 10, visit);
  all.rehash(10'000);
  slice = visit_slice(all, slice.next, 10, visit);
  CHECK(slice.begins_anew);
  seen.clear();
  for (slice.next = {}, slice.has_more = true; slice.has_more;)
    slice = visit_slice(all, slice.next, 10, visit);
  CHECK(seen.size() == 100);
}

TEST_CASE("a table that was large once is not walked through at once", "[survey]") {
  table all;
  all.rehash(100'000);
  all.emplace(1, 1);
  survey_slice slice;
  std::size_t slices = 0;
  std::size_t seen = 0;
  do {
    slice = visit_slice(all, slice.next, 100, [&](const auto&) { ++seen; });
    ++slices;
  } while (slice.has_more);
  CHECK(seen == 1);
  CHECK(slices > 200);
}

}  // namespace troupe::survey_test
