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
  std::optional<change_tracker::due_change> take(std::chrono::milliseconds when) {
    return tracker.take_due(at(when), [this](const std::string&, const stored_elsewhere* known) {
      ++asked;
      elsewhere = known != nullptr ? std::optional{*known} : std::nullopt;
      return what;
    });
  }
  std::string due(std::chrono::milliseconds when) {
    const auto taken = take(when);
    return taken ? taken->what.what.document : "";
  }

  change_tracker tracker{{2s, 10s, 3}};
  duty what = duty::announce;
  std::optional<stored_elsewhere> elsewhere;  // as it was decided last
  int asked = 0;
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
  const auto first = bed.take(10s);
  const auto second = bed.take(10s);
  REQUIRE(first.has_value());
  REQUIRE(second.has_value());
  const auto& a = first->what.what.document == "a" ? first->what : second->what;
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

// --- where several nodes store a document ---

TEST_CASE("a change that is another node's to announce waits, and is looked at again",
          "[webhook]") {
  tracker_bed bed;
  bed.what = duty::wait;
  bed.begin("a", 0ms);
  CHECK(bed.due(2s) == "");
  CHECK(bed.asked == 1);
  CHECK(bed.due(2500ms) == "");
  CHECK(bed.asked == 1);  // not so soon
  CHECK(bed.due(3s) == "");
  CHECK(bed.asked == 2);
  CHECK(bed.tracker.contains("a"));  // so that a later change announces nothing more
  bed.what = duty::announce;
  const auto taken = bed.take(4s);
  REQUIRE(taken.has_value());
  CHECK_FALSE(taken->is_left);
  CHECK(bed.tracker.size() == 0);
}

TEST_CASE("a change that another node has announced is left to it", "[webhook]") {
  tracker_bed bed;
  bed.what = duty::leave;
  bed.begin("a", 0ms);
  const auto taken = bed.take(2s);
  REQUIRE(taken.has_value());
  CHECK(taken->is_left);
  CHECK(taken->what.number == 1);
  CHECK(bed.tracker.size() == 0);
}

TEST_CASE("what another node has stored counts until the next change", "[webhook]") {
  constexpr cluster::node_uuid there{1, 2};
  tracker_bed bed;
  bed.what = duty::wait;
  bed.begin("a", 0ms);
  bed.tracker.note_stored_elsewhere("a", there, bed.at(1s));
  bed.tracker.note_stored_elsewhere("a", there, bed.at(1500ms));
  bed.tracker.note_stored_elsewhere("b", there, bed.at(1500ms));
  bed.take(2s);
  REQUIRE(bed.elsewhere.has_value());
  CHECK(bed.elsewhere->by == there);
  CHECK(bed.elsewhere->since == bed.at(1s));
  bed.tracker.note_stored_elsewhere("a", {1, 3}, bed.at(2500ms));
  bed.take(3s);
  REQUIRE(bed.elsewhere.has_value());
  CHECK(bed.elsewhere->since == bed.at(2500ms));
  bed.note("a", 3s);
  bed.take(5s);
  CHECK_FALSE(bed.elsewhere.has_value());
  bed.tracker.hold("a");  // a change is being written
  bed.tracker.note_stored_elsewhere("a", there, bed.at(6s));
  bed.tracker.release("a");
  bed.take(7s);
  CHECK_FALSE(bed.elsewhere.has_value());
}

TEST_CASE("a change of which there is nothing to be said any more is forgotten", "[webhook]") {
  tracker_bed bed;
  bed.begin("a", 0ms);
  CHECK(bed.tracker.forget("a") == 1);
  CHECK_FALSE(bed.tracker.forget("a").has_value());
  CHECK(bed.due(10s) == "");
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
