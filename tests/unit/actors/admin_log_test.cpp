#include "actors/admin_log.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace troupe::admin_log_test {

namespace {

http_request with_body(std::string body) {
  http_request request;
  request.method = "PUT";
  request.body = std::move(body);
  return request;
}

log_choice change_of(std::string body, const log_choice& before = {}) {
  const auto change = admin::read_log_change(with_body(std::move(body)));
  REQUIRE(change);
  return change->applied_to(before);
}

}  // namespace

TEST_CASE("a change names the level, components that differ, or both", "[admin][log]") {
  const log_choice both =
      change_of(R"({"level": "warning", "levels": {"troupe.store": "debug", "caf": "error"}})");
  CHECK(both.level == log_severity::warning);
  CHECK(both.of(log_component::store) == log_severity::debug);
  CHECK(both.of(log_component::caf) == log_severity::error);
  CHECK(both.of(log_component::session) == log_severity::warning);
  CHECK(admin::describe(both) == "level warning, caf=error, troupe.store=debug");

  const log_choice only_levels = change_of(R"({"levels": {"troupe.session": "debug"}})", both);
  CHECK(only_levels.level == log_severity::warning);
  CHECK(only_levels.of(log_component::session) == log_severity::debug);
  CHECK(only_levels.of(log_component::store) == log_severity::warning);
  CHECK(change_of(R"({"levels": {}})", both) == log_choice{.level = log_severity::warning});
  CHECK(change_of(R"({"level": "debug"})", both) == log_choice{.level = log_severity::debug});
}

TEST_CASE("a change that makes no sense is refused as a whole", "[admin][log]") {
  for (const char* body :
       {"", "{}", "[]", "x", R"({"level": "loud"})", R"({"level": 3})", R"({"levels": []})",
        R"({"levels": {"store": "debug"}})", R"({"levels": {"troupe.store": null}})",
        R"({"level": "debug", "levels": {"troupe.store": "x"}})"}) {
    INFO(body);
    const auto change = admin::read_log_change(with_body(body));
    REQUIRE_FALSE(change);
    CHECK(change.error().status == 400);
  }
}

TEST_CASE("the answer has the level of each component", "[admin][log]") {
  log_choice choice;
  REQUIRE(add_exception("troupe.store=debug", choice));
  const http_answer answer = admin::show_log(choice);
  CHECK(answer.status == 200);
  const auto shown = nlohmann::json::parse(answer.body);
  CHECK(shown["level"] == "info");
  CHECK(shown["levels"].size() == log_component_count);
  CHECK(shown["levels"]["troupe.store"] == "debug");
  CHECK(shown["levels"]["troupe.session"] == "info");
  CHECK(shown["levels"]["caf"] == "warning");
}

}  // namespace troupe::admin_log_test
