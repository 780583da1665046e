// What a node has counted, as JSON: every metric of CAF's registry, CAF's own and ours, under the
// names that CAF's exporter gives them. For the dashboard, which may ask no other port. Reading
// holds the registry's lock for as long as it takes to copy its numbers. Thread: any.
#pragma once

#include <caf/fwd.hpp>

#include "net/http_message.hpp"

namespace troupe::admin {

http_answer show_metrics(const caf::telemetry::metric_registry& registry);

}  // namespace troupe::admin
