// The figures of one run, in the order in which they are added, for people or as JSON; and what
// went wrong, which decides the exit code. Names carry their units.
#pragma once

#include <string>
#include <vector>

#include "bench/load/histogram.hpp"
#include "bench/load/usage.hpp"

namespace troupe::load {

class report {
 public:
  explicit report(std::string mode) : mode_(std::move(mode)) {}

  void add(const std::string& name, double value) { figures_.push_back({name, value}); }
  /// Percentiles of all durations as NAME_p50_us, _p99_us, _p999_us and _max_us; nothing if there
  /// are none.
  void add_latencies(const std::string& name, const histogram& durations);
  /// How much the server, the generator and others used between two readings.
  void add_usage(const usage_probe& probe, const usage& from, const usage& to);

  /// Something is missing, broken or refused: the run has failed. Repetitions are reported once.
  void fail(std::string what);

  bool has_failed() const noexcept { return !failures_.empty(); }
  std::string as_json() const;
  std::string as_table() const;

 private:
  struct figure {
    std::string name;
    double value;
  };

  std::string mode_;
  std::vector<figure> figures_;
  std::vector<std::string> failures_;
};

/// Seconds between two moments.
double seconds_between(std::chrono::steady_clock::time_point from,
                       std::chrono::steady_clock::time_point to);

double microseconds(std::chrono::nanoseconds duration);

/// a / b, or 0 where that has no value.
double quotient(double a, double b);

}  // namespace troupe::load
