#include "actors/admin_metrics.hpp"

#include <algorithm>

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/histogram.hpp>
#include <caf/telemetry/metric.hpp>
#include <caf/telemetry/metric_family.hpp>
#include <caf/telemetry/metric_registry.hpp>

#include "actors/admin_json.hpp"
#include "base/wall_clock.hpp"

namespace troupe::admin {

namespace {

using nlohmann::json;
namespace telemetry = caf::telemetry;

/// As the exporter writes it. Source: CAF 0.18, collector/prometheus.cpp.
std::string name_of(const telemetry::metric_family& family) {
  std::string name = family.prefix() + "_" + family.name();
  if (family.unit() != "1") name.append("_").append(family.unit());
  if (family.is_sum()) name += "_total";
  std::ranges::replace(name, '-', '_');
  return name;
}

json labels_of(const telemetry::metric& instance) {
  json labels = json::object();
  for (const telemetry::label& each : instance.labels()) {
    const auto name = each.name();
    const auto value = each.value();
    labels[std::string{name.data(), name.size()}] = std::string{value.data(), value.size()};
  }
  return labels;
}

/// CAF calls it with each metric.
class collector {
 public:
  template <class Value>
  void operator()(const telemetry::metric_family* family, const telemetry::metric* instance,
                  const telemetry::counter<Value>* counted) {
    add(*family, *instance, "counter")["value"] = counted->value();
  }

  void operator()(const telemetry::metric_family* family, const telemetry::metric* instance,
                  const telemetry::int_gauge* gauge) {
    add(*family, *instance, "gauge")["value"] = gauge->value();
  }

  void operator()(const telemetry::metric_family* family, const telemetry::metric* instance,
                  const telemetry::dbl_gauge* gauge) {
    add(*family, *instance, "gauge")["value"] = gauge->value();
  }

  /// As the exporter's, each bucket counts what is in those below it, too.
  template <class Value>
  void operator()(const telemetry::metric_family* family, const telemetry::metric* instance,
                  const telemetry::histogram<Value>* histogram) {
    json buckets = json::array();
    std::int64_t count = 0;
    for (const auto& bucket : histogram->buckets()) {
      count += bucket.count.value();
      buckets.push_back(json::array({bucket.upper_bound, count}));
    }
    if (!buckets.empty()) buckets.back()[0] = nullptr;  // beyond all bounds
    json& row = add(*family, *instance, "histogram");
    row["buckets"] = std::move(buckets);
    row["count"] = count;
    row["sum"] = histogram->sum();
  }

  json take() { return std::move(rows_); }

 private:
  json& add(const telemetry::metric_family& family, const telemetry::metric& instance,
            const char* type) {
    rows_.push_back({{"name", name_of(family)}, {"type", type}});
    if (!instance.labels().empty()) rows_.back()["labels"] = labels_of(instance);
    return rows_.back();
  }

  json rows_ = json::array();
};

}  // namespace

http_answer show_metrics(const telemetry::metric_registry& registry) {
  collector all;
  registry.collect(all);
  const json body{{"at", iso_time(wall_clock_ms())}, {"metrics", all.take()}};
  return answer_json_text(200, text_of(body, -1) + "\n");
}

}  // namespace troupe::admin
