// The page of metrics: what is in CAF's registry, under the names that its exporter gives them.
#include "actors/admin_metrics.hpp"

#include <algorithm>

#include <caf/telemetry/collector/prometheus.hpp>
#include <caf/telemetry/metric_registry.hpp>
#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace troupe::admin_metrics_test {

namespace {

nlohmann::json shown_of(const caf::telemetry::metric_registry& registry) {
  const http_answer answer = admin::show_metrics(registry);
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "application/json");
  auto body = nlohmann::json::parse(answer.body);
  CHECK(body.at("at").get<std::string>().ends_with("Z"));
  return body.at("metrics");
}

}  // namespace

TEST_CASE("counters and gauges are shown with their labels", "[admin][metrics]") {
  caf::telemetry::metric_registry registry;
  CHECK(shown_of(registry).empty());
  registry.counter_singleton("troupe", "messages", "m", "1", true)->inc(7);
  registry.gauge_singleton<double>("process", "cpu", "c", "seconds", true)->value(1.5);
  registry.counter_family("troupe", "closed-connections", {"reason"}, "c", "1", true)
      ->get_or_add({{"reason", "a=b"}})
      ->inc(2);
  const auto shown = shown_of(registry);
  REQUIRE(shown.size() == 3);
  CHECK(shown[0] ==
        nlohmann::json{{"name", "troupe_messages_total"}, {"type", "counter"}, {"value", 7}});
  CHECK(shown[1] ==
        nlohmann::json{{"name", "process_cpu_seconds_total"}, {"type", "gauge"}, {"value", 1.5}});
  CHECK(shown[2] == nlohmann::json{{"name", "troupe_closed_connections_total"},
                                   {"type", "counter"},
                                   {"labels", {{"reason", "a=b"}}},
                                   {"value", 2}});
}

TEST_CASE("a bucket of a histogram counts those below it, and the last has no bound",
          "[admin][metrics]") {
  caf::telemetry::metric_registry registry;
  const double bounds[] = {0.5, 1.0};
  auto* const times =
      registry.histogram_singleton<double>("troupe", "apply-time", bounds, "t", "seconds");
  for (const double each : {0.25, 0.5, 0.75, 4.0}) times->observe(each);
  const auto shown = shown_of(registry);
  REQUIRE(shown.size() == 1);
  CHECK(shown[0].at("name") == "troupe_apply_time_seconds");
  CHECK(shown[0].at("type") == "histogram");
  CHECK(shown[0].at("count") == 4);
  CHECK(shown[0].at("sum") == 5.5);
  CHECK(shown[0].at("buckets") == nlohmann::json::parse("[[0.5,2],[1.0,3],[null,4]]"));
}

TEST_CASE("the names are those of CAF's exporter", "[admin][metrics]") {
  caf::telemetry::metric_registry registry;
  registry.counter_singleton("a", "b-c", "h", "1", true);
  registry.counter_singleton("a", "d", "h", "bytes");
  registry.gauge_singleton("a", "e-f", "h", "seconds", true);
  caf::telemetry::collector::prometheus exporter;
  const auto text = exporter.collect_from(registry);
  const std::string exported{text.data(), text.size()};
  for (const auto& row : shown_of(registry)) {
    INFO(exported);
    CHECK(exported.find("\n" + row.at("name").get<std::string>() + " ") != std::string::npos);
  }
}

}  // namespace troupe::admin_metrics_test
