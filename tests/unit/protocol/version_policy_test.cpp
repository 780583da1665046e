#include "protocol/version_policy.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::version_policy_test {

using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t minute = 60'000;
constexpr std::uint64_t hour = 60 * minute;
constexpr std::uint64_t day = 24 * hour;
constexpr std::uint64_t now = 20'000 * day + 12 * hour;  // noon

using numbers = std::vector<std::uint64_t>;

/// Versions that the server made so long ago, oldest first, numbered from 1.
std::vector<version_age> made(const std::vector<std::uint64_t>& ages) {
  std::vector<version_age> all;
  for (const std::uint64_t age : ages) all.push_back({all.size() + 1, now - age, true});
  return all;
}

version_schedule::name name_of(const char* text) {
  return std::make_shared<const std::string>(text);
}

}  // namespace

TEST_CASE("the older versions are, the farther apart those that stay", "[versions]") {
  struct row {
    const char* what;
    std::vector<std::uint64_t> ages;
    numbers outdated;
  };
  const std::vector<row> table = {
      {"none", {}, {}},
      {"all of the last hour",
       {60 * minute, 40 * minute, 30 * minute, 20 * minute, 10 * minute},
       {}},
      {"the last of each hour of the last day",
       // 8:10, 8:20, 8:50, 9:00, 9:30, 10:59
       {230 * minute, 220 * minute, 190 * minute, 180 * minute, 150 * minute, 61 * minute,
        10 * minute, 1},
       {1, 2, 4}},
      {"the last of an hour of which a newer one is younger than an hour",
       // 11:00 and 11:05 of this hour's start, and 11:30
       {61 * minute, 59 * minute, 30 * minute, 1},
       {}},
      {"the last of each day of the last month",
       {3 * day + 11 * hour, 3 * day + 2 * hour, 3 * day, 2 * day + 1 * hour, 2 * day - 1 * hour,
        10, 1},
       {1, 2, 4}},
      {"none that is older", {40 * day, 31 * day, 30 * day, 10, 1}, {1, 2}},
      {"the newest two, whatever their age", {400 * day, 300 * day, 200 * day}, {1}},
  };
  for (const row& each : table) {
    INFO(each.what);
    CHECK(find_outdated(made(each.ages), now, {}) == each.outdated);
  }
}

TEST_CASE("what is thinned stays the same when time passes, until it is older", "[versions]") {
  // Made every ten minutes for two days, thinned each time.
  std::vector<version_age> all;
  std::uint64_t number = 0;
  for (std::uint64_t at = now - 2 * day; at <= now; at += 10 * minute) {
    all.push_back({++number, at, true});
    for (const std::uint64_t gone : find_outdated(all, at, {}))
      std::erase_if(all, [&](const version_age& v) { return v.number == gone; });
  }
  std::size_t last_hour = 0, last_day = 0, before = 0;
  for (const version_age& each : all) {
    const std::uint64_t age = now - each.created_at;
    ++(age <= hour ? last_hour : age <= day ? last_day : before);
  }
  CHECK(last_hour == 7);
  CHECK(last_day == 23);
  CHECK(before == 1);  // of the day before, the last is not a day old yet
}

TEST_CASE("versions that people made stay, and are not counted among the others", "[versions]") {
  std::vector<version_age> all = made({400 * day, 300 * day, 200 * day, 100 * day});
  all[0].is_automatic = all[2].is_automatic = false;
  CHECK(find_outdated(all, now, {}).empty());
  version_rules rules;
  rules.max_per_document = 3;
  CHECK(find_outdated(all, now, rules) == numbers{2});
  rules.max_per_document = 1;
  CHECK(find_outdated(all, now, rules) == numbers{2, 4});
}

TEST_CASE("the oldest go where there are too many", "[versions]") {
  version_rules rules;
  rules.max_per_document = 3;
  CHECK(find_outdated(made({5, 4, 3, 2, 1}), now, rules) == numbers{1, 2});
  CHECK(find_outdated(made({40 * day, 4, 3, 2, 1}), now, rules) == numbers{1, 2});
}

TEST_CASE("a version made in the future, as a clock may say, stays", "[versions]") {
  std::vector<version_age> all = made({3, 2, 1});
  all[0].created_at = now + day;
  CHECK(find_outdated(all, now, {}).empty());
}

TEST_CASE("a version is due one interval after the first change, once", "[versions]") {
  version_schedule schedule{10min};
  const version_schedule::time_point start{};
  schedule.note_change(name_of("a"), start);
  schedule.note_change(name_of("b"), start + 1min);
  schedule.note_change(name_of("a"), start + 9min);
  CHECK(schedule.size() == 2);
  CHECK(schedule.take_due(start + 9min) == nullptr);
  const auto due = schedule.take_due(start + 10min);
  REQUIRE(due != nullptr);
  CHECK(*due == "a");
  CHECK(schedule.take_due(start + 10min) == nullptr);
  schedule.note_change(name_of("a"), start + 10min);
  CHECK(*schedule.take_due(start + 30min) == "b");
  CHECK(*schedule.take_due(start + 30min) == "a");
  CHECK(schedule.take_due(start + 30min) == nullptr);
  CHECK(schedule.size() == 0);
}

TEST_CASE("a schedule is bounded", "[versions]") {
  version_schedule schedule{1min};
  for (std::size_t i = 0; i < version_schedule::documents_max + 5; ++i)
    schedule.note_change(std::make_shared<const std::string>(std::to_string(i)), {});
  CHECK(schedule.size() == version_schedule::documents_max);
}

}  // namespace troupe::version_policy_test
