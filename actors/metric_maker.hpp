// Makes the metrics of a node in CAF's registry, under the prefix "troupe", and knows under which
// names CAF's exporter shows them, for the test that compares these with docs/operating.md. Looked
// up once: the registry takes locks, a metric does not. Owner: node_metrics, while it is made.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/histogram.hpp>
#include <caf/telemetry/metric_family_impl.hpp>
#include <caf/telemetry/metric_registry.hpp>

namespace troupe {

using metric_counter = caf::telemetry::int_counter;
using metric_gauge = caf::telemetry::int_gauge;
using metric_seconds = caf::telemetry::dbl_gauge;
using metric_times = caf::telemetry::dbl_histogram;  ///< In seconds.
using metric_sizes = caf::telemetry::int_histogram;

/// A family of metrics that differ in the value of one label.
template <class Metric>
class labelled {
 public:
  using family = caf::telemetry::metric_family_impl<Metric>;

  labelled(family* of, std::string_view label) : family_(of), label_(label) {}

  /// Takes a lock: not for every message. CAF's exporter writes the value as it is, so it has
  /// neither quotes nor control characters.
  Metric& of(std::string_view value) const {
    return *family_->get_or_add({{caf::string_view{label_.data(), label_.size()},
                                  caf::string_view{value.data(), value.size()}}});
  }
  /// Shows these from the start, with 0, so that a rate sees the first of them.
  const labelled& with(std::initializer_list<std::string_view> values) const {
    for (const std::string_view each : values) of(each);
    return *this;
  }

 private:
  family* family_;
  std::string_view label_;
};

/// Of a metric in the registry: words joined by hyphens. Static storage, as CAF keeps copies but
/// labelled does not.
class metric_maker {
 public:
  explicit metric_maker(caf::telemetry::metric_registry& registry) : registry_(registry) {}

  /// `unit`: "1" for what is just counted; else it ends the name.
  metric_counter* counter(std::string_view name, std::string_view help,
                          std::string_view unit = "1");
  labelled<metric_counter> counters(std::string_view name, std::string_view label,
                                    std::string_view help, std::string_view unit = "1");
  metric_gauge* gauge(std::string_view name, std::string_view help, std::string_view unit = "1");
  labelled<metric_gauge> gauges(std::string_view name, std::string_view label,
                                std::string_view help, std::string_view unit = "1");
  labelled<metric_seconds> seconds_gauges(std::string_view name, std::string_view label,
                                          std::string_view help);
  /// From 0.1 ms to 10 s.
  metric_times* times(std::string_view name, std::string_view help);
  /// From 256 bytes to 64 MiB.
  metric_sizes* sizes(std::string_view name, std::string_view help);

  /// As the exporter shows them: "troupe_sessions".
  const std::vector<std::string>& names() const noexcept { return names_; }

 private:
  enum class kind : std::uint8_t { value, sum };
  void note(std::string_view name, std::string_view unit, kind what);

  caf::telemetry::metric_registry& registry_;
  std::vector<std::string> names_;
};

}  // namespace troupe
