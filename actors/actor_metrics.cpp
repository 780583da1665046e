#include "actors/actor_metrics.hpp"

#include <cmath>
#include <map>
#include <string_view>

#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>
#include <caf/telemetry/histogram.hpp>
#include <caf/telemetry/metric.hpp>
#include <caf/telemetry/metric_family_impl.hpp>

namespace troupe {

namespace {

namespace telemetry = caf::telemetry;

std::string_view as_std(caf::string_view text) { return {text.data(), text.size()}; }

/// Takes what CAF keeps below caf.actor with the label `name`; the registry calls it for all
/// metrics.
class actor_collector {
 public:
  void operator()(const telemetry::metric_family* family, const telemetry::metric* instance,
                  const telemetry::int_gauge* gauge) {
    if (measured_actors* const of = find(family, instance); of && family->name() == "mailbox-size")
      of->mailbox = gauge->value();
  }
  void operator()(const telemetry::metric_family* family, const telemetry::metric* instance,
                  const telemetry::dbl_histogram* histogram) {
    measured_actors* const of = find(family, instance);
    if (of == nullptr) return;
    std::vector<value_bucket> buckets;
    for (const auto& each : histogram->buckets())
      buckets.push_back({each.upper_bound, each.count.value()});
    if (family->name() == "processing-time") of->handling = summarise(buckets, histogram->sum());
    if (family->name() == "mailbox-time") of->waiting = summarise(buckets, histogram->sum());
  }
  template <class Other>
  void operator()(const telemetry::metric_family*, const telemetry::metric*, const Other*) {}

  std::vector<measured_actors> take() && {
    std::vector<measured_actors> all;
    for (auto& [name, each] : by_name_) all.push_back(std::move(each));
    return all;
  }

 private:
  /// Null: it is no metric of an actor.
  measured_actors* find(const telemetry::metric_family* family, const telemetry::metric* instance) {
    if (family->prefix() != "caf.actor") return nullptr;
    for (const telemetry::label& each : instance->labels()) {
      if (each.name() != "name") continue;
      const std::string name{as_std(each.value())};
      measured_actors& of = by_name_[name];
      of.name = name;
      return &of;
    }
    return nullptr;
  }

  std::map<std::string, measured_actors> by_name_;
};

}  // namespace

value_summary summarise(std::span<const value_bucket> buckets, double sum) {
  value_summary all;
  for (const value_bucket& each : buckets) all.count += static_cast<std::uint64_t>(each.count);
  if (all.count == 0) return all;
  all.mean = sum / static_cast<double>(all.count);
  const double wanted = 0.99 * static_cast<double>(all.count);
  double seen = 0;
  for (const value_bucket& each : buckets) {
    if (std::isfinite(each.bound)) all.p99 = each.bound;
    seen += static_cast<double>(each.count);
    if (seen >= wanted) break;
  }
  return all;
}

std::vector<measured_actors> read_actor_metrics(const telemetry::metric_registry& from) {
  actor_collector collector;
  from.collect(collector);
  return std::move(collector).take();
}

}  // namespace troupe
