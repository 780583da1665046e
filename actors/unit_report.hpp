// Adds the tally of one I/O unit to the metrics of the node, once a second. Owner: the unit's tick;
// its thread.
#pragma once

#include <memory>
#include <utility>

#include "actors/node_metrics.hpp"
#include "actors/unit_tally.hpp"

namespace troupe {

class unit_report {
 public:
  explicit unit_report(std::shared_ptr<const node_metrics> metrics)
      : metrics_(std::move(metrics)) {}

  /// Gauges are the sum of all units, so each adds by how much its part has changed.
  void publish(unit_tally& tally);

 private:
  std::shared_ptr<const node_metrics> metrics_;
  unit_tally::picture reported_;
};

}  // namespace troupe
