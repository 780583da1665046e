// When the application is asked again about the client of a session.
#include <catch2/catch_test_macros.hpp>

#include "protocol/session/question_schedule.hpp"

namespace troupe::question_schedule_test {

using namespace std::chrono_literals;

namespace {

constexpr session_id session = 2'005;  // its questions are 5 ms late
constexpr question_schedule::time_point start{1h};

using names = std::vector<std::string>;

constexpr auto always = [](std::string_view) { return true; };

}  // namespace

TEST_CASE("the application is asked again once its answer no longer holds", "[questions]") {
  question_schedule schedule;
  CHECK(schedule.empty());
  schedule.on_answer("a", start + 60s, session);
  schedule.on_answer("b", start + 90s, session);
  CHECK(schedule.take_due(start + 60s, always).empty());
  CHECK(schedule.take_due(start + 60s + 5ms, always) == names{"a"});
  // Not twice while the answer is awaited.
  CHECK(schedule.take_due(start + 80s, always).empty());
  schedule.on_answer("a", start + 120s, session);
  CHECK(schedule.take_due(start + 100s, always) == names{"b"});
  CHECK(schedule.take_due(start + 121s, always) == names{"a"});
}

TEST_CASE("an answer without an end is not asked for again", "[questions]") {
  question_schedule schedule;
  schedule.on_answer("a", start, session);
  schedule.on_answer("a", std::nullopt, session);
  CHECK(schedule.empty());
  CHECK(schedule.take_due(start + 24h, always).empty());
}

TEST_CASE("an application that cannot be reached is asked later", "[questions]") {
  question_schedule schedule;
  schedule.on_answer("a", start, session);
  REQUIRE(schedule.take_due(start + 1s, always) == names{"a"});
  schedule.on_no_answer("a", start + 2s, session);
  CHECK(schedule.take_due(start + 2s + question_schedule::retry_after, always).empty());
  CHECK(schedule.take_due(start + 3s + question_schedule::retry_after, always) == names{"a"});
}

TEST_CASE("documents that the session has left are forgotten", "[questions]") {
  question_schedule schedule;
  schedule.on_answer("a", start, session);
  schedule.on_answer("b", start, session);
  const auto has_joined_b = [](std::string_view document) { return document == "b"; };
  CHECK(schedule.take_due(start + 1s, has_joined_b) == names{"b"});
  // The answer about a document that was left meanwhile, and the question after it.
  schedule.on_answer("b", start + 2s, session);
  CHECK(schedule.take_due(start + 3s, [](std::string_view) { return false; }).empty());
  CHECK(schedule.empty());
}

}  // namespace troupe::question_schedule_test
