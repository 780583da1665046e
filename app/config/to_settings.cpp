#include "app/config/to_settings.hpp"

#include <algorithm>
#include <utility>

#include "protocol/dialects/hocuspocus_message.hpp"

namespace troupe {

namespace {

/// A client that has this part of its write queue unread gets no changes of presence until it has
/// caught up. Presence is the first to go, since its latest state replaces all before it.
constexpr std::size_t presence_skip_part = 16;

/// The server pauses reading from a client that has this part of its write queue unread. The rest
/// of the queue is for answers to messages that were read already, and for changes by others.
constexpr std::size_t reading_pause_part = 4;

/// The largest body that the admin listener reads.
constexpr std::size_t admin_body_bytes_max = 64 * 1024;

/// How many sockets of the admin listener are open at once; each may hold one answer.
constexpr std::size_t admin_connections_max = 8;

/// How many webhooks are under way at once.
constexpr std::size_t webhooks_in_flight_max = 8;

result<std::vector<glob>> to_globs(const std::vector<std::string>& patterns) {
  std::vector<glob> globs;
  for (const std::string& pattern : patterns) {
    TROUPE_ASSIGN(glob parsed, glob::parse(pattern));
    globs.push_back(std::move(parsed));
  }
  return globs;
}

std::vector<document_rule> to_document_rules(const config& settings) {
  std::vector<document_rule> rules;
  for (const config::rule_section& each : settings.documents.rules)
    rules.push_back(
        {each.name, each.gc ? crdt::garbage_collection::on : crdt::garbage_collection::off});
  return rules;
}

/// Around the awareness update in a message: address, type and length.
constexpr std::size_t presence_framing_bytes_max = hocuspocus::address_bytes_max + 16;

/// What a binary message may have, whatever its kind; the session core looks at the kind.
std::size_t largest_binary(const config& settings) {
  return std::max({settings.limits.max_message_size + presence_framing_bytes_max,
                   settings.limits.max_update_size, settings.limits.max_sync_size});
}

}  // namespace

upstream_names to_upstream_names(const config& settings) {
  if (settings.upstream.url.empty()) return {};
  return upstream_names{settings.upstream.documents};
}

route_rules to_route_rules(const config& settings) {
  return {.empty_document_name = settings.server.empty_document_name,
          .hocuspocus_path = settings.dialects.hocuspocus_path,
          .is_hocuspocus_default = settings.dialects.at_root == default_dialect::hocuspocus,
          .y_sweet_path = settings.dialects.y_sweet_path};
}

session_settings to_session_settings(const config& settings) {
  session_settings to;
  to.messages_per_second = settings.limits.messages_per_second;
  to.message_burst = settings.limits.message_burst;
  to.edit_burst = settings.limits.edit_burst;
  to.presence.own_per_second = settings.limits.presence_per_second;
  to.documents_max = settings.limits.max_documents_per_session;
  to.message_bytes_max = settings.limits.max_message_size;
  to.update_bytes_max = settings.limits.max_update_size;
  to.sync_bytes_max = settings.limits.max_sync_size;
  to.presence_skip_bytes = settings.limits.write_queue_size / presence_skip_part;
  to.reading_pause_bytes = settings.limits.write_queue_size / reading_pause_part;
  to.heartbeat = {settings.heartbeat.interval, settings.heartbeat.timeout};
  return to;
}

directory_settings to_directory_settings(const config& settings,
                                         std::span<const std::unique_ptr<io_unit>> units) {
  directory_settings to;
  if (settings.document.on_io_threads)
    for (const auto& unit : units) to.units.push_back(unit.get());
  to.documents_max = settings.limits.max_documents;
  to.quota = {settings.limits.max_documents_per_user, settings.limits.max_documents_per_address};
  to.pending = {settings.limits.max_pending_per_user, settings.limits.max_pending_per_address};
  to.pending_total_max = settings.limits.max_pending_total;
  to.idle_grace = settings.document.idle_grace;
  to.fold_after = settings.document.fold_after;
  to.presence_size_max = settings.limits.max_message_size;
  to.doc.limit.pending_size_max = settings.limits.max_pending_size;
  to.doc.limit.document_size_max = settings.limits.max_document_size;
  to.doc.limit.clients_max = settings.limits.max_client_ids;
  to.doc.limit.new_clients_max = settings.limits.max_new_client_ids;
  to.doc.limit.name_size_max = settings.limits.max_name_size;
  to.doc.limit.any_depth_max = settings.limits.max_nesting;
  to.rules = to_document_rules(settings);
  to.upstream_documents = to_upstream_names(settings);
  to.doc.limit.update_steps_max = settings.limits.max_update_work;
  return to;
}

listener_settings to_listener_settings(const config& settings) {
  listener_settings to;
  to.address = settings.server.address;
  to.port = settings.server.port;
  to.connection.message_bytes_max = settings.limits.max_message_size;
  to.connection.binary_bytes_max = largest_binary(settings);
  to.connection.write_queue_bytes_max = settings.limits.write_queue_size;
  to.connection.write_stall_max = settings.heartbeat.write_timeout;
  to.per_address = {settings.limits.max_connections_per_address, settings.limits.accepts_per_second,
                    settings.limits.accept_burst};
  to.origins = origin_policy{settings.server.allowed_origins};
  to.subprotocols = settings.server.subprotocols;
  return to;
}

listener_settings to_admin_listener_settings(const config& settings,
                                             std::shared_ptr<budget> large_messages) {
  listener_settings to;
  to.connection.large_messages = std::move(large_messages);
  to.address = settings.admin.address;
  to.port = settings.admin.port;
  to.connection.http_body_bytes_max = admin_body_bytes_max;
  to.connections_max = admin_connections_max;
  return to;
}

archive_settings to_archive_settings(const config& settings) {
  const directory_settings documents = to_directory_settings(settings, {});
  archive_settings to;
  to.backup_directory = settings.admin.backup_directory;
  to.update_bytes_max = settings.limits.max_sync_size;
  to.doc = documents.doc;
  to.rules = documents.rules;
  to.upstream_documents = documents.upstream_documents;
  return to;
}

result<watch_settings> to_watch_settings(const config& settings) {
  watch_settings to;
  to.debounce = settings.watch.debounce;
  for (const config::watched_section& each : settings.watch.directories) {
    TROUPE_ASSIGN(auto include, to_globs(each.include));
    TROUPE_ASSIGN(auto exclude, to_globs(each.exclude));
    to.directories.push_back(
        {each.directory, each.document, std::move(include), std::move(exclude)});
  }
  return to;
}

version_rules to_version_rules(const config& settings) {
  const config::versions_section& from = settings.versions;
  return {from.enabled,     from.interval,   from.keep_all,
          from.keep_hourly, from.keep_daily, from.max_per_document};
}

webhook_settings to_webhook_settings(const config& settings) {
  const directory_settings documents = to_directory_settings(settings, {});
  webhook_settings to;
  to.url = settings.webhooks.url;
  to.timeout = settings.webhooks.timeout;
  to.includes_contents = settings.webhooks.include_contents;
  to.limits.count_max = settings.webhooks.max_queued;
  to.limits.bytes_max = settings.webhooks.max_queue_size;
  to.limits.in_flight_max = webhooks_in_flight_max;
  to.doc = documents.doc;
  to.rules = documents.rules;
  return to;
}

webhook_feed::settings to_webhook_feed_settings(const config& settings) {
  webhook_feed::settings to;
  for (const std::string& each : settings.webhooks.events)
    if (const auto kind = webhook::find_event(each)) to.events.insert(*kind);
  to.changes = {settings.webhooks.debounce, settings.webhooks.max_delay,
                settings.webhooks.max_queued};
  // Its home announces a change within the delay, and then has an answer or none.
  to.standby = settings.webhooks.max_delay + settings.webhooks.timeout + std::chrono::seconds{10};
  return to;
}

http_client_settings to_webhook_client_settings(const config& settings) {
  http_client_settings to;
  to.in_flight_max = to.queue_max = webhooks_in_flight_max;
  to.allows_private = settings.webhooks.allow_private_addresses;
  return to;
}

result<upstream_server> to_upstream_server(const config& settings) {
  upstream_server to;
  TROUPE_ASSIGN(to.url, parse_websocket_url(settings.upstream.url));
  to.exchange.protocol = settings.upstream.protocol == "hocuspocus"
                             ? upstream_protocol::hocuspocus
                             : upstream_protocol::y_websocket;
  to.exchange.settle_time = settings.upstream.settle_time;
  to.exchange.bytes_max = settings.limits.max_sync_size;
  to.token = secret{settings.upstream.token};
  to.ca_file = settings.upstream.ca_file;
  to.timeout = settings.upstream.timeout;
  // As much as clients may send in large messages, and room for one document in any case.
  to.memory = std::make_shared<budget>(
      std::max(settings.limits.max_large_messages, 2 * settings.limits.max_sync_size));
  return to;
}

result<log_choice> to_log_choice(const config& settings) {
  log_choice choice{.level = settings.log.level};
  for (const std::string& each : settings.log.levels) TROUPE_TRY(add_exception(each, choice));
  return choice;
}

log_sink_settings to_log_sink_settings(const config& settings, coloured console) {
  return {settings.log.format, settings.log.console, console, settings.log.file};
}

storage::rocksdb_settings to_rocksdb_settings(const config& settings) {
  storage::rocksdb_settings to;
  to.path = settings.storage.path;
  to.cache_size_bytes = settings.storage.cache_size;
  to.write_buffer_size_bytes = settings.storage.write_buffer_size;
  return to;
}

storage::postgresql_settings to_postgresql_settings(const config& settings) {
  const auto& database = settings.storage_postgresql;
  storage::postgresql_settings to;
  to.connection = {database.url, database.schema, database.statement_timeout, database.tls};
  to.connections_max = database.pool;
  const bool is_shared =
      settings.cluster.enabled && settings.cluster.durability == cluster::durability_mode::shared;
  if (is_shared) to.access = storage::postgresql_access::shared;
  return to;
}

}  // namespace troupe
