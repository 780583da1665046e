// What CAF measures of actors, by their names: read from its registry of metrics as its exporter
// would. Nothing is measured of names that caf.metrics-filters.actors leaves out.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <caf/telemetry/metric_registry.hpp>

namespace troupe {

/// A bucket of a histogram: how many values were at most this, and more than the bound before.
struct value_bucket {
  double bound = 0;  ///< Infinite in the last.
  std::int64_t count = 0;
};

/// A histogram in few numbers.
struct value_summary {
  std::uint64_t count = 0;
  double mean = 0;
  double p99 = 0;  ///< Upper bound of its bucket; of the last one the bound before.
};

value_summary summarise(std::span<const value_bucket> buckets, double sum);

/// The actors of one name. Times in seconds.
struct measured_actors {
  std::string name;
  std::int64_t mailbox = 0;  ///< Messages that wait.
  value_summary handling;    ///< Time from the begin of a message's handler to its end.
  value_summary waiting;     ///< Time of a message in the mailbox.
};

/// By their names. Holds CAF's registry while it reads. Thread: any.
std::vector<measured_actors> read_actor_metrics(const caf::telemetry::metric_registry& from);

}  // namespace troupe
