#include "protocol/webhook/change_tracker.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::change_tracker_test {

using namespace troupe::webhook;
using namespace std::chrono_literals;

namespace {

struct tracker_bed {
  change_tracker::time_point at(std::chrono::milliseconds when) const {
    return change_tracker::time_point{} + when;
  }
  void begin(const std::string& document, std::chrono::milliseconds when) {
    tracked_change first;
    first.number = ++last;
    first.what.document = document;
    tracker.begin(std::move(first), at(when));
  }
  void note(const std::string& document, std::chrono::milliseconds when,
            const std::string& user = {}) {
    tracker.note(document, {{user}, {}}, at(when));
  }
  std::string due(std::chrono::milliseconds when) {
    const auto taken = tracker.take_due(at(when));
    return taken ? taken->what.document : "";
  }

  change_tracker tracker{{2s, 10s, 3}};
  std::uint64_t last = 0;
};

}  // namespace

TEST_CASE("a change is due once nobody edits any more", "[webhook]") {
  tracker_bed bed;
  bed.begin("a", 0ms);
  CHECK(bed.due(1999ms) == "");
  bed.note("a", 1999ms);
  CHECK(bed.due(2000ms) == "");
  CHECK(bed.due(3998ms) == "");
  CHECK(bed.due(3999ms) == "a");
  CHECK(bed.due(1h) == "");
  CHECK(bed.tracker.size() == 0);
}

TEST_CASE("a change of a document that is edited all the time is due after a while", "[webhook]") {
  tracker_bed bed;
  bed.begin("a", 0ms);
  for (auto when = 0ms; when < 10s; when += 500ms) {
    bed.note("a", when);
    CHECK(bed.due(when) == "");
  }
  CHECK(bed.due(9999ms) == "");
  CHECK(bed.due(10s) == "a");
}

TEST_CASE("a change has all of its authors, each once, and the number that it began with",
          "[webhook]") {
  tracker_bed bed;
  bed.begin("a", 0ms);
  bed.begin("b", 0ms);
  bed.note("a", 1ms, "ada");
  bed.note("a", 2ms, "bob");
  bed.note("a", 3ms, "ada");
  bed.note("never", 3ms, "eve");
  const auto first = bed.tracker.take_due(bed.at(10s));
  const auto second = bed.tracker.take_due(bed.at(10s));
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  const auto& a = first->what.document == "a" ? *first : *second;
  CHECK(a.what.by.users == std::vector<std::string>{"ada", "bob"});
  CHECK(a.number == 1);
}

TEST_CASE("a document that is held is not due until it is released", "[webhook]") {
  tracker_bed bed;
  bed.begin("a", 0ms);
  bed.tracker.hold("a");
  bed.tracker.hold("a");
  CHECK(bed.due(20s) == "");
  bed.tracker.release("a");
  CHECK(bed.due(21s) == "");
  bed.tracker.release("a");
  bed.tracker.release("a");
  CHECK(bed.due(22s) == "a");
  bed.tracker.hold("gone");
  bed.tracker.release("gone");
}

TEST_CASE("only so many documents are tracked", "[webhook]") {
  tracker_bed bed;
  for (const char* each : {"a", "b", "c"}) {
    CHECK_FALSE(bed.tracker.is_full());
    bed.begin(each, 0ms);
  }
  CHECK(bed.tracker.is_full());
  CHECK(bed.tracker.contains("b"));
  CHECK_FALSE(bed.tracker.contains("d"));
  int left = 0;
  while (bed.tracker.take_any()) ++left;
  CHECK(left == 3);
}

TEST_CASE("authors are as many as fit", "[webhook]") {
  authors all;
  for (std::size_t i = 0; i < authors::count_max + 10; ++i)
    all.add({{std::to_string(i)}, {"backend"}});
  all.add({{""}, {""}});
  CHECK(all.users.size() == authors::count_max);
  CHECK(all.origins == std::vector<std::string>{"backend"});
}

}  // namespace troupe::change_tracker_test
