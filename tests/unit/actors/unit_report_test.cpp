// What units count in plain numbers, and how it becomes the metrics of a node.
#include "actors/unit_report.hpp"

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <catch2/catch_test_macros.hpp>

#include "protocol/dialects/dialects.hpp"

#include "tests/support/actor_node.hpp"

namespace troupe::unit_report_test {

namespace {

struct two_units {
  bool has_types = (test::register_types_once(), true);  // before any actor system
  caf::actor_system_config config;
  caf::actor_system system{config};
  std::shared_ptr<node_metrics> metrics = std::make_shared<node_metrics>(system);
  unit_tally one, other;
  unit_report of_one{metrics}, of_other{metrics};

  const traffic_metrics& traffic() const { return metrics->traffic(); }
  std::int64_t sessions(dialect in) const {
    return traffic().dialect_sessions.of(codec_of(in).traits().name).value();
  }
};

}  // namespace

TEST_CASE("what connections did since the last second is added once", "[metrics]") {
  two_units units;
  units.one.add({.messages = 3, .sent_frames = 5, .received_bytes = 70, .sent_bytes = 900});
  units.one.add({.messages = 1});
  units.one.add_deliveries(7);
  units.other.add({.messages = 10});
  for (int second = 0; second < 2; ++second) {
    units.of_one.publish(units.one);
    units.of_other.publish(units.other);
    CHECK(units.traffic().messages->value() == 14);
    CHECK(units.traffic().sent_frames->value() == 5);
    CHECK(units.traffic().received_bytes->value() == 70);
    CHECK(units.traffic().sent_bytes->value() == 900);
    CHECK(units.traffic().deliveries->value() == 7);
  }
}

TEST_CASE("a gauge is the sum of what the units show at this second", "[metrics]") {
  two_units units;
  const dialect_set both = dialect_set{dialect::y_websocket} | dialect::json;
  units.one.begin_picture();
  units.one.add_session(100, dialect::y_websocket);
  units.one.add_session(0, both);
  units.one.end_picture(3);
  units.other.begin_picture();
  units.other.add_session(11, dialect::json);
  units.other.end_picture(1);
  units.of_one.publish(units.one);
  units.of_other.publish(units.other);
  CHECK(units.traffic().connections->value() == 4);
  CHECK(units.traffic().queued_bytes->value() == 111);
  CHECK(units.sessions(dialect::y_websocket) == 2);
  CHECK(units.sessions(dialect::json) == 2);

  units.one.begin_picture();
  units.one.end_picture(0);
  units.of_one.publish(units.one);
  CHECK(units.traffic().connections->value() == 1);
  CHECK(units.traffic().queued_bytes->value() == 11);
  CHECK(units.sessions(dialect::y_websocket) == 0);
  CHECK(units.sessions(dialect::json) == 1);
}

}  // namespace troupe::unit_report_test
