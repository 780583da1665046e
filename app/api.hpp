// The REST API and the admin pages as a node opens them: their logs, and the handler of each
// listener. Owner: the node.
#pragma once

#include <memory>

#include <caf/actor_system.hpp>

#include "actors/admin.hpp"
#include "app/config/config.hpp"

namespace troupe {

/// Null where neither log.requests nor log.audit is set. Fails with invalid_config if a file cannot
/// be opened.
result<std::shared_ptr<request_journal>> open_journal(const config& settings);

/// What the handlers of both listeners need. Each has a desk of its own, so that users on the
/// public port leave room for operators.
struct api_parts {
  admin_sources sources;
  std::shared_ptr<archive_desk> desk;
  std::shared_ptr<request_journal> journal;
  readiness_check readiness;
};

std::shared_ptr<http_handler> make_admin_handler(const config& settings, caf::actor_system& system,
                                                 api_parts parts, const secret& token);

/// The handler of the public listener: the demo, the API, and help.
std::shared_ptr<http_handler> make_public_handler(const config& settings, caf::actor_system& system,
                                                  api_parts parts,
                                                  std::shared_ptr<connection_acceptor> acceptor);

}  // namespace troupe
