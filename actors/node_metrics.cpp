#include "actors/node_metrics.hpp"

#include <string>

#include <caf/actor_system.hpp>
#include <caf/telemetry/metric_registry.hpp>

namespace troupe {

node_metrics::node_metrics(caf::actor_system& system) {
  caf::telemetry::metric_registry& registry = system.metrics();
  sessions_ = registry.gauge_singleton("troupe", "sessions", "Sessions that are connected now.");
  messages_ = registry.counter_singleton("troupe", "messages", "Messages received from clients.",
                                         "1", true);
  auto* const family = registry.counter_family("troupe", "closed-connections", {"reason"},
                                               "Connections that ended, by reason.", "1", true);
  for (std::size_t i = 0; i < close_reason_count; ++i) {
    const std::string label{describe(static_cast<close_reason>(i)).label};
    closed_[i] = family->get_or_add({{"reason", label}});
  }
}

}  // namespace troupe
