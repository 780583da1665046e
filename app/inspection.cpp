#include "app/inspection.hpp"

#include <utility>

#include "actors/caf_compat.hpp"

namespace troupe {

opened_inspection open_inspection(const config& settings, caf::actor_system& system,
                                  inspector_parts parts) {
  parts.program = TROUPE_VERSION;
  if (settings.cluster.enabled) parts.node = settings.cluster.node;
  opened_inspection opened;
  opened.actor = system.spawn<inspector, caf::detached>(std::move(parts));
  auto at = publish(settings, system, opened.actor, "inspect.address, inspect.port",
                    settings.inspect.address, settings.inspect.port);
  if (at) {
    opened.at = *std::move(at);
    return opened;
  }
  log_line(log_severity::warning,
           "troupe inspect cannot look into this node, which serves on: " + at.error().detail);
  close_inspection(settings, system, opened);
  return opened;
}

void close_inspection(const config& settings, caf::actor_system& system,
                      opened_inspection& opened) {
  if (!opened.actor) return;
  unpublish(settings, system, opened.at);
  caf::anon_send_exit(opened.actor, caf::exit_reason::user_shutdown);
  opened = {};
}

}  // namespace troupe
