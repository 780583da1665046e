#include "actors/metric_maker.hpp"

#include <algorithm>
#include <array>

namespace troupe {

namespace {

constexpr caf::string_view prefix = "troupe";

constexpr std::array<double, 11> time_bounds{.0001, .00025, .0005, .001, .0025, .005,
                                             .025,  .1,     .5,    2,    10};
constexpr std::array<std::int64_t, 10> size_bounds{256,    1024,    4096,    16384,    65536,
                                                   262144, 1048576, 4194304, 16777216, 67108864};

caf::string_view to_caf(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

void metric_maker::note(std::string_view name, std::string_view unit, kind what) {
  std::string shown{"troupe_"};
  shown.append(name);
  std::ranges::replace(shown, '-', '_');
  if (unit != "1") shown.append("_").append(unit);
  if (what == kind::sum) shown.append("_total");
  names_.push_back(std::move(shown));
}

metric_counter* metric_maker::counter(std::string_view name, std::string_view help,
                                      std::string_view unit) {
  note(name, unit, kind::sum);
  return registry_.counter_singleton(prefix, to_caf(name), to_caf(help), to_caf(unit), true);
}

labelled<metric_counter> metric_maker::counters(std::string_view name, std::string_view label,
                                                std::string_view help, std::string_view unit) {
  note(name, unit, kind::sum);
  return {registry_.counter_family(prefix, to_caf(name), {to_caf(label)}, to_caf(help),
                                   to_caf(unit), true),
          label};
}

metric_gauge* metric_maker::gauge(std::string_view name, std::string_view help,
                                  std::string_view unit) {
  note(name, unit, kind::value);
  return registry_.gauge_singleton(prefix, to_caf(name), to_caf(help), to_caf(unit));
}

labelled<metric_gauge> metric_maker::gauges(std::string_view name, std::string_view label,
                                            std::string_view help, std::string_view unit) {
  note(name, unit, kind::value);
  return {registry_.gauge_family(prefix, to_caf(name), {to_caf(label)}, to_caf(help), to_caf(unit)),
          label};
}

labelled<metric_seconds> metric_maker::seconds_gauges(std::string_view name, std::string_view label,
                                                      std::string_view help) {
  note(name, "seconds", kind::value);
  return {registry_.gauge_family<double>(prefix, to_caf(name), {to_caf(label)}, to_caf(help),
                                         "seconds"),
          label};
}

metric_times* metric_maker::times(std::string_view name, std::string_view help) {
  note(name, "seconds", kind::value);
  return registry_.histogram_singleton<double>(prefix, to_caf(name), time_bounds, to_caf(help),
                                               "seconds");
}

metric_sizes* metric_maker::sizes(std::string_view name, std::string_view help) {
  note(name, "bytes", kind::value);
  return registry_.histogram_singleton<std::int64_t>(prefix, to_caf(name), size_bounds,
                                                     to_caf(help), "bytes");
}

}  // namespace troupe
