// How the cost of the engine grows with the size of its input, for shapes that make engines slow:
// many clients, many insertions at one place, updates that arrive too early. Each curve makes its
// own updates from a fixed seed, applies them one by one to a new document, and reports the time at
// doubling sizes and its growth against linear (1.0: twice the size takes twice the time).
#pragma once

#include <string>
#include <vector>

#include "bench/engine/measure.hpp"

namespace troupe::bench {

const std::vector<std::string>& curve_names();

/// Measures and prints: a table, or one JSON object {"curve", "points": [{"series", "size",
/// "median_ms", "min_ms", "runs", "growth"}]}. Growth is that of the quickest runs.
void run_curve(const std::string& name, const repetition& how, bool as_json);

/// Writes the updates of each series and size to DIRECTORY/NAME.SERIES.SIZE as a stream. Returns
/// the exit code.
int write_curve(const std::string& name, const std::string& directory);

}  // namespace troupe::bench
