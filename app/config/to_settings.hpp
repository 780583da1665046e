// From the keys of the configuration to the limits of each layer: the one place where a key becomes
// a setting of a session, the directory, a listener or the file watcher. It has no state;
// app/node.cpp adds what only a running node has.
#pragma once

#include <memory>
#include <span>

#include "actors/archivist.hpp"
#include "actors/directory.hpp"
#include "actors/log_sink.hpp"
#include "actors/upstream_fetch.hpp"
#include "actors/webhook_feed.hpp"
#include "actors/webhook_sender.hpp"
#include "app/config/config.hpp"
#include "net/http_client.hpp"
#include "net/io_unit.hpp"
#include "net/listener.hpp"
#include "net/watch/watched_directory.hpp"
#include "protocol/route.hpp"
#include "protocol/session/session_protocol.hpp"
#include "protocol/version_policy.hpp"
#include "storage/postgresql/backend.hpp"
#include "storage/rocksdb_backend.hpp"

namespace troupe {

session_settings to_session_settings(const config& settings);

/// What the paths of the clients' listener mean.
route_rules to_route_rules(const config& settings);

/// With the units on which documents run, if document.on_io_threads; without seed and metrics.
directory_settings to_directory_settings(const config& settings,
                                         std::span<const std::unique_ptr<io_unit>> units);

/// The listener of the clients; without its certificate.
listener_settings to_listener_settings(const config& settings);

/// The listener of the admin pages. Requires: admin.enabled. `large_messages`: that of the
/// clients'.
listener_settings to_admin_listener_settings(const config& settings,
                                             std::shared_ptr<budget> large_messages = nullptr);

archive_settings to_archive_settings(const config& settings);

/// Fails with errc::invalid_config for a bad pattern, which load_config has refused before.
result<watch_settings> to_watch_settings(const config& settings);

version_rules to_version_rules(const config& settings);

/// The documents that may be fetched; none without upstream.url.
upstream_names to_upstream_names(const config& settings);

/// Without the token of a file. Requires: upstream.url is set. Fails with invalid_config for it.
result<upstream_server> to_upstream_server(const config& settings);

/// Without its secret and its seed. Requires: webhooks.url is set.
webhook_settings to_webhook_settings(const config& settings);
webhook_feed::settings to_webhook_feed_settings(const config& settings);
http_client_settings to_webhook_client_settings(const config& settings);

/// Fails with errc::invalid_config for log.levels, which load_config has refused before.
result<log_choice> to_log_choice(const config& settings);
log_sink_settings to_log_sink_settings(const config& settings, coloured console);

/// Without its log. Requires: storage.engine is rocksdb.
storage::rocksdb_settings to_rocksdb_settings(const config& settings);

/// Requires: storage.engine is postgresql.
storage::postgresql_settings to_postgresql_settings(const config& settings);

}  // namespace troupe
