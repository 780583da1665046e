// The counters of a node, in CAF's metric registry, so that CAF's exporter shows them beside its
// own. Looked up once: the registry takes locks, a counter does not.
#pragma once

#include <array>

#include <caf/fwd.hpp>
#include <caf/telemetry/counter.hpp>
#include <caf/telemetry/gauge.hpp>

#include "base/close_reason.hpp"

namespace troupe {

class node_metrics {
 public:
  explicit node_metrics(caf::actor_system& system);

  caf::telemetry::int_gauge& sessions() const noexcept { return *sessions_; }
  caf::telemetry::int_counter& messages() const noexcept { return *messages_; }
  /// Connections that were closed for this reason.
  caf::telemetry::int_counter& closed(close_reason reason) const noexcept {
    return *closed_[static_cast<std::size_t>(reason)];
  }

 private:
  caf::telemetry::int_gauge* sessions_;
  caf::telemetry::int_counter* messages_;
  std::array<caf::telemetry::int_counter*, close_reason_count> closed_;
};

}  // namespace troupe
