#include "app/config/to_settings.hpp"

#include <memory>

#include <catch2/catch_test_macros.hpp>

namespace troupe::to_settings_test {

TEST_CASE("the watched directories of the configuration become those of the watcher",
          "[config][watch]") {
  config settings;
  settings.watch.debounce = std::chrono::milliseconds{250};
  settings.watch.directories.push_back({"notes", "n/{path}", {"*.md"}, {".git"}});
  const auto made = to_watch_settings(settings);
  REQUIRE(made.has_value());
  CHECK(made->debounce == std::chrono::milliseconds{250});
  REQUIRE(made->directories.size() == 1);
  const watched_directory& directory = made->directories.front();
  CHECK(directory.directory == "notes");
  CHECK(directory.document == "n/{path}");
  REQUIRE(directory.include.size() == 1);
  CHECK(directory.include.front().text() == "*.md");
  REQUIRE(directory.exclude.size() == 1);
  CHECK(directory.exclude.front().text() == ".git");
}

TEST_CASE("the default excludes leave out what editors and version control write",
          "[config][watch]") {
  config settings;
  settings.watch.directories.emplace_back();
  const auto made = to_watch_settings(settings);
  REQUIRE(made.has_value());
  const watched_directory& directory = made->directories.front();
  for (const char* path : {".notes.md.swp", "x/.a.swx", "x/notes.md~", "4913", ".#notes.md",
                           "#notes.md#", "x/.DS_Store"}) {
    INFO(path);
    CHECK_FALSE(wants_file(directory, path));
  }
  CHECK_FALSE(wants_directory(directory, ".git"));
  CHECK_FALSE(wants_directory(directory, "x/.git"));
  CHECK(wants_file(directory, "x/notes.md"));
  CHECK(wants_file(directory, ".gitignore"));
}

TEST_CASE("a pattern that is none does not become a watched directory", "[config][watch]") {
  config settings;
  settings.watch.directories.push_back({".", "{path}", {"[a"}, {}});
  CHECK_FALSE(to_watch_settings(settings).has_value());
}

TEST_CASE("limits of the configuration become those of a session", "[config]") {
  config settings;
  settings.limits.write_queue_size = 64 * 1024;
  settings.limits.max_documents_per_session = 7;
  settings.limits.max_message_size = 1000;
  settings.limits.max_update_size = 2000;
  settings.limits.max_sync_size = 3000;
  settings.heartbeat.timeout = std::chrono::seconds{9};
  const session_settings to = to_session_settings(settings);
  CHECK(to.documents_max == 7);
  CHECK(to.message_bytes_max == 1000);
  CHECK(to.update_bytes_max == 2000);
  CHECK(to.sync_bytes_max == 3000);
  CHECK(to.heartbeat.timeout == std::chrono::seconds{9});
  CHECK(to.presence_skip_bytes == 4 * 1024);
  CHECK(to.reading_pause_bytes == 16 * 1024);
}

TEST_CASE("documents run on the I/O units unless the configuration says otherwise", "[config]") {
  config settings;
  settings.limits.max_documents = 5;
  settings.limits.max_documents_per_user = 3;
  settings.limits.max_documents_per_address = 4;
  settings.limits.max_pending_total = 64 * 1024;
  std::vector<std::unique_ptr<io_unit>> units;
  units.push_back(std::make_unique<io_unit>());
  const directory_settings to = to_directory_settings(settings, units);
  CHECK(to.units == std::vector{units.front().get()});
  CHECK(to.documents_max == 5);
  CHECK(to.quota.per_user == 3);
  CHECK(to.quota.per_address == 4);
  CHECK(to.pending_total_max == 64 * 1024);
  settings.document.on_io_threads = false;
  CHECK(to_directory_settings(settings, units).units.empty());
}

TEST_CASE("limits and rules of the configuration become those of documents", "[config]") {
  config settings;
  settings.limits.max_pending_size = 1;
  settings.limits.max_document_size = 2;
  settings.limits.max_client_ids = 3;
  settings.limits.max_new_client_ids = 4;
  settings.limits.max_name_size = 5;
  settings.limits.max_nesting = 6;
  settings.documents.rules = {{"a", true}, {"b*", false}};
  settings.limits.max_message_size = 7;
  const directory_settings to = to_directory_settings(settings, {});
  CHECK(to.presence_size_max == 7);
  CHECK(to.doc.limit.pending_size_max == 1);
  CHECK(to.doc.limit.document_size_max == 2);
  CHECK(to.doc.limit.clients_max == 3);
  CHECK(to.doc.limit.new_clients_max == 4);
  CHECK(to.doc.limit.name_size_max == 5);
  CHECK(to.doc.limit.any_depth_max == 6);
  REQUIRE(to.rules.size() == 2);
  CHECK(to.rules[0].name == "a");
  CHECK(to.rules[0].gc == crdt::garbage_collection::on);
  CHECK(to.rules[1].name == "b*");
  CHECK(to.rules[1].gc == crdt::garbage_collection::off);
}

TEST_CASE("the defaults of the configuration are those of the engine", "[config]") {
  const crdt::limits made = to_directory_settings({}, {}).doc.limit;
  const crdt::limits defaults;
  CHECK(made.pending_size_max == defaults.pending_size_max);
  CHECK(made.document_size_max == defaults.document_size_max);
  CHECK(made.clients_max == defaults.clients_max);
  CHECK(made.new_clients_max == defaults.new_clients_max);
  CHECK(made.name_size_max == defaults.name_size_max);
  CHECK(made.any_depth_max == defaults.any_depth_max);
}

TEST_CASE("each listener gets its own address, and only that of the admin pages reads bodies",
          "[config]") {
  config settings;
  settings.server.address = "::1";
  settings.limits.max_message_size = 4096;
  settings.limits.max_sync_size = 99'000'000;
  settings.admin.port = 77;
  settings.server.subprotocols = {"yjs"};
  settings.heartbeat.write_timeout = std::chrono::seconds{3};
  const listener_settings clients = to_listener_settings(settings);
  CHECK(clients.address == "::1");
  CHECK(clients.connection.message_bytes_max == 4096);
  CHECK(clients.connection.binary_bytes_max == 99'000'000);
  CHECK(clients.connection.http_body_bytes_max == 0);
  CHECK(clients.connection.write_stall_max == std::chrono::seconds{3});
  CHECK(clients.subprotocols == std::vector<std::string>{"yjs"});
  CHECK(clients.connections_max == 0);
  const auto large_messages = std::make_shared<budget>(500'000);
  const listener_settings admin = to_admin_listener_settings(settings, large_messages);
  CHECK(admin.connection.large_messages == large_messages);
  CHECK(admin.address == "127.0.0.1");
  CHECK(admin.port == 77);
  CHECK(admin.connection.http_body_bytes_max > 0);
  CHECK(admin.connections_max == 8);
}

TEST_CASE("limits of the configuration become those of a document", "[config]") {
  config settings;
  settings.limits.max_pending_size = 5000;
  settings.limits.max_update_work = 7'000'000;
  const directory_settings to = to_directory_settings(settings, {});
  CHECK(to.doc.limit.pending_size_max == 5000);
  CHECK(to.doc.limit.update_steps_max == 7'000'000);
}

TEST_CASE("the keys of webhooks reach feed, sender and client", "[config]") {
  config settings;
  settings.webhooks.url = "https://a/";
  settings.webhooks.events = {"document.changed", "session.left"};
  settings.webhooks.debounce = std::chrono::milliseconds{1};
  settings.webhooks.max_delay = std::chrono::milliseconds{2};
  settings.webhooks.timeout = std::chrono::milliseconds{3};
  settings.webhooks.include_contents = true;
  settings.webhooks.max_queued = 4;
  settings.webhooks.max_queue_size = 5;
  settings.limits.max_nesting = 77;
  const webhook_feed::settings feed = to_webhook_feed_settings(settings);
  CHECK(feed.events.contains(webhook::event_kind::document_changed));
  CHECK(feed.events.contains(webhook::event_kind::session_left));
  CHECK_FALSE(feed.events.contains(webhook::event_kind::session_joined));
  CHECK(feed.changes.debounce.count() == 1);
  CHECK(feed.changes.max_delay.count() == 2);
  CHECK(feed.changes.documents_max == 4);
  const webhook_settings sender = to_webhook_settings(settings);
  CHECK(sender.url == "https://a/");
  CHECK(sender.timeout.count() == 3);
  CHECK(sender.includes_contents);
  CHECK(sender.limits.count_max == 4);
  CHECK(sender.limits.bytes_max == 5);
  CHECK(sender.doc.limit.any_depth_max == 77);
  CHECK_FALSE(to_webhook_client_settings(settings).allows_private);
  settings.webhooks.allow_private_addresses = true;
  CHECK(to_webhook_client_settings(settings).allows_private);
}

TEST_CASE("upstream comes from the configuration", "[config]") {
  config settings;
  settings.upstream.documents = {"wiki/*"};
  CHECK_FALSE(to_upstream_names(settings).contains("wiki/a"));
  CHECK_FALSE(to_directory_settings(settings, {}).upstream_documents.contains("wiki/a"));
  settings.upstream.url = "ws://old:1234/rooms";
  settings.upstream.protocol = "hocuspocus";
  settings.upstream.token = "token";
  settings.upstream.ca_file = "ca.pem";
  settings.upstream.timeout = std::chrono::seconds{3};
  settings.upstream.settle_time = std::chrono::seconds{2};
  settings.limits.max_sync_size = 77;
  CHECK(to_upstream_names(settings).contains("wiki/a"));
  CHECK(to_directory_settings(settings, {}).upstream_documents.contains("wiki/a"));
  CHECK(to_archive_settings(settings).upstream_documents.contains("wiki/a"));
  const auto server = to_upstream_server(settings);
  REQUIRE(server.has_value());
  CHECK(server->url.host == "old");
  CHECK(server->url.path == "/rooms");
  CHECK(server->token.equals("token"));
  CHECK(server->ca_file == "ca.pem");
  CHECK(server->timeout.count() == 3000);
  CHECK(server->exchange.protocol == upstream_protocol::hocuspocus);
  CHECK(server->exchange.settle_time.count() == 2000);
  CHECK(server->exchange.about == upstream_exchange::doubt::every_answer);
  CHECK(server->exchange.bytes_max == 77);
}

}  // namespace troupe::to_settings_test
