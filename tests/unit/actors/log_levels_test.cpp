#include "actors/log_levels.hpp"

#include <algorithm>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/source_tree.hpp"

namespace troupe::log_levels_test {

TEST_CASE("each component obeys the level unless it has one of its own", "[log]") {
  log_choice choice{.level = log_severity::warning};
  REQUIRE(add_exception("troupe.store=debug", choice));
  REQUIRE(add_exception("caf=error", choice));
  log_levels levels;
  levels.choose(choice);
  CHECK(levels.chosen() == choice);
  CHECK(levels.allows(log_severity::warning, log_component::session));
  CHECK_FALSE(levels.allows(log_severity::info, log_component::session));
  CHECK(levels.allows(log_severity::debug, log_component::store));
  CHECK_FALSE(levels.allows(log_severity::warning, log_component::caf));
  CHECK(levels.may_allow(log_severity::debug));
  levels.choose({.level = log_severity::info});
  CHECK_FALSE(levels.may_allow(log_severity::debug));
  CHECK(levels.may_allow(log_severity::info));
}

TEST_CASE("at info the actor library shows warnings only, unless it is asked for more", "[log]") {
  CHECK(log_choice{.level = log_severity::info}.of(log_component::caf) == log_severity::warning);
  for (const auto level : {log_severity::error, log_severity::warning, log_severity::debug})
    CHECK(log_choice{.level = level}.of(log_component::caf) == level);
  log_choice asked;
  REQUIRE(add_exception("caf=info", asked));
  CHECK(asked.of(log_component::caf) == log_severity::info);
}

TEST_CASE("levels and components are found by their names", "[log]") {
  for (std::size_t i = 0; i < log_component_count; ++i) {
    const auto which = static_cast<log_component>(i);
    CHECK(find_component(to_string(which)) == which);
  }
  for (const auto level :
       {log_severity::error, log_severity::warning, log_severity::info, log_severity::debug})
    CHECK(find_severity(to_string(level)) == level);
  CHECK_FALSE(find_component("troupe.nobody"));
  CHECK_FALSE(find_severity("INFO"));
}

TEST_CASE("what is no COMPONENT=LEVEL is refused, with what is allowed", "[log]") {
  for (const char* text : {"", "troupe.store", "store=debug", "=debug",
                           "troupe.store=", "troupe.store=loud", "troupe.store=debug=info"}) {
    INFO(text);
    log_choice choice;
    const auto added = add_exception(text, choice);
    REQUIRE_FALSE(added);
    CHECK(added.error().code == errc::invalid_config);
    CHECK(choice == log_choice{});
  }
  log_choice choice;
  CHECK(add_exception("x=debug", choice).error().detail.find("troupe.store") != std::string::npos);
  CHECK(add_exception("caf=x", choice).error().detail.find("warning") != std::string::npos);
}

TEST_CASE("the file of a line decides about its component", "[log]") {
  CHECK(component_of_file("/build/../actors/store_reader.cpp") == log_component::store);
  CHECK(component_of_file("actors/peer_link.cpp") == log_component::cluster);
  CHECK(component_of_file("session_host.cpp") == log_component::session);
  CHECK(component_of_file("app/node.cpp") == log_component::node);
  CHECK(component_of_file("") == log_component::node);
}

TEST_CASE("only the node itself logs from files without a rule", "[log]") {
  const std::set<std::string> of_node{"app/node.cpp",          "app/inspection.cpp",
                                      "app/serve.cpp",         "actors/supervisor.cpp",
                                      "actors/caf_compat.hpp", "actors/log.cpp"};
  std::size_t count = 0;
  for (const test::source& each : test::product_sources()) {
    const bool logs = std::ranges::any_of(each.lines, [](const std::string& line) {
      return line.find("log_line(") != std::string::npos ||
             line.find("log_if_due(") != std::string::npos;
    });
    if (!logs) continue;
    ++count;
    INFO(each.path);
    CHECK((component_of_file(each.path) != log_component::node || of_node.contains(each.path)));
  }
  CHECK(count > 10);
}

}  // namespace troupe::log_levels_test
