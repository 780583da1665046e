#include "net/watch/debouncer.hpp"

#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::debouncer_test {

using namespace std::chrono_literals;

namespace {

constexpr debouncer::clock::time_point start{1h};

std::vector<std::string> due(debouncer& waiting, debouncer::clock::time_point now) {
  std::vector<std::string> names;
  while (auto name = waiting.take_due(now)) names.push_back(*std::move(name));
  return names;
}

using names = std::vector<std::string>;

}  // namespace

TEST_CASE("a name is told once after it was quiet for the time", "[debouncer]") {
  debouncer waiting{100ms};
  CHECK_FALSE(waiting.next_look().has_value());
  waiting.note("a", start);
  CHECK(waiting.next_look() == start + 100ms);
  CHECK(due(waiting, start + 99ms).empty());
  CHECK(due(waiting, start + 100ms) == names{"a"});
  CHECK(due(waiting, start + 1h).empty());
  CHECK(waiting.size() == 0);
}

TEST_CASE("each change begins the quiet time anew", "[debouncer]") {
  debouncer waiting{100ms};
  for (const auto at : {0ms, 50ms, 120ms, 200ms}) {
    waiting.note("a", start + at);
    CHECK(due(waiting, start + at).empty());
  }
  CHECK(due(waiting, start + 299ms).empty());
  CHECK(waiting.next_look() == start + 300ms);
  CHECK(due(waiting, start + 300ms) == names{"a"});
}

TEST_CASE("what never is quiet is told at the latest after the multiple", "[debouncer]") {
  debouncer waiting{100ms};
  names told;
  for (auto at = 0ms; at < 2'100ms; at += 20ms) {
    waiting.note("a", start + at);
    for (const std::string& name : due(waiting, start + at))
      told.push_back(name + std::to_string(at.count()));
  }
  CHECK(told == names{"a1000", "a2020"});
  CHECK(waiting.size() == 1);
}

TEST_CASE("names wait independently, and the one that is due first comes first", "[debouncer]") {
  debouncer waiting{100ms};
  waiting.note("a", start);
  waiting.note("b", start + 10ms);
  waiting.note("c", start + 20ms);
  waiting.note("a", start + 30ms);
  CHECK(waiting.size() == 3);
  CHECK(due(waiting, start + 115ms) == names{"b"});
  CHECK(due(waiting, start + 1s) == names{"c", "a"});
}

TEST_CASE("a quiet time of zero tells at once", "[debouncer]") {
  debouncer waiting{0ms};
  waiting.note("a", start);
  CHECK(due(waiting, start) == names{"a"});
}

}  // namespace troupe::debouncer_test
