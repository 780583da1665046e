// What CAF measures of actors, read from its registry.
#include "actors/actor_metrics.hpp"

#include <algorithm>
#include <limits>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/stateful_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"

namespace troupe::actor_metrics_test {

namespace {

constexpr double infinite = std::numeric_limits<double>::infinity();

struct echo_state {
  static constexpr const char* name = "troupe.echo";
};
caf::behavior echo(caf::stateful_actor<echo_state>*) {
  return {[](int what) { return what; }};
}

}  // namespace

TEST_CASE("a histogram becomes a mean and a bound", "[actor_metrics]") {
  CHECK(summarise({}, 0).count == 0);
  const std::vector<value_bucket> none{{0.1, 0}, {infinite, 0}};
  CHECK(summarise(none, 0).p99 == 0);
  const std::vector<value_bucket> quick{{0.1, 99}, {1, 1}, {infinite, 0}};
  CHECK(summarise(quick, 50).count == 100);
  CHECK(summarise(quick, 50).mean == 0.5);
  CHECK(summarise(quick, 50).p99 == 0.1);
  const std::vector<value_bucket> slower{{0.1, 98}, {1, 2}, {infinite, 0}};
  CHECK(summarise(slower, 0).p99 == 1);
  // Of values above the last bound nothing else is known.
  const std::vector<value_bucket> slowest{{0.1, 1}, {1, 1}, {infinite, 98}};
  CHECK(summarise(slowest, 0).p99 == 1);
}

TEST_CASE("what CAF measures of actors is found by their names", "[actor_metrics]") {
  test::register_types_once();
  caf::actor_system_config config;
  config.set("caf.logger.console.verbosity", "quiet");
  caf::put(config.content, "caf.metrics-filters.actors.includes",
           caf::make_config_value_list("troupe.*"));
  caf::actor_system system{config};
  CHECK(read_actor_metrics(system.metrics()).empty());
  caf::scoped_actor self{system};
  const caf::actor running = system.spawn(echo);
  for (int i = 0; i < 10; ++i)
    self->request(running, std::chrono::seconds{10}, i)
        .receive([&](int answer) { CHECK(answer == i); },
                 [](const caf::error&) { FAIL("no answer"); });
  caf::anon_send_exit(running, caf::exit_reason::user_shutdown);
  self->wait_for(running);
  const auto all = read_actor_metrics(system.metrics());
  const auto row = std::ranges::find(all, "troupe.echo", &measured_actors::name);
  REQUIRE(row != all.end());
  CHECK(row->mailbox <= 1);  // the message that ended it may still count
  CHECK(row->handling.count >= 10);
  CHECK(row->handling.mean > 0);
  CHECK(row->handling.p99 > 0);
  CHECK(row->waiting.count >= 10);
}

}  // namespace troupe::actor_metrics_test
