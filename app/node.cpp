#include "app/node.hpp"

#include <iostream>
#include <random>

#include <caf/scoped_actor.hpp>

#include "actors/admin.hpp"
#include "actors/caf_compat.hpp"
#include "actors/directory.hpp"
#include "actors/hub.hpp"
#include "actors/store.hpp"
#include "app/config/to_settings.hpp"
#include "storage/memory_backend.hpp"

namespace troupe {

namespace {

/// A drain takes as long as the slowest client's close and the last write; beyond this something is
/// stuck.
constexpr std::chrono::seconds drain_max{4};

/// What a client may leave unread before presence is left out for it, as a part of what it may at
/// all.
constexpr std::size_t presence_skip_part = 16;

/// The largest body that the admin listener reads.
constexpr std::size_t admin_body_bytes_max = 64 * 1024;

/// What a client may leave unread before it is not read itself. The rest is for answers to what was
/// read already, and for what others write.
constexpr std::size_t reading_pause_part = 4;

session_settings to_session_settings(const config& settings) {
  session_settings to;
  to.messages_per_second = settings.limits.messages_per_second;
  to.message_burst = settings.limits.message_burst;
  to.documents_max = settings.limits.max_documents_per_session;
  to.presence_skip_bytes = settings.limits.write_queue_size / presence_skip_part;
  to.reading_pause_bytes = settings.limits.write_queue_size / reading_pause_part;
  to.heartbeat = {settings.heartbeat.interval, settings.heartbeat.timeout};
  return to;
}

directory_settings to_directory_settings(const config& settings,
                                         const std::vector<std::unique_ptr<io_unit>>& units) {
  directory_settings to;
  if (settings.document.on_io_threads)
    for (const auto& unit : units) to.units.push_back(unit.get());
  std::random_device random;
  to.seed = std::uint64_t{random()} << 32 | random();
  to.documents_max = settings.limits.max_documents;
  to.idle_grace = settings.document.idle_grace;
  to.doc.limit.pending_size_max = settings.limits.max_pending_size;
  return to;
}

}  // namespace

node::node(const config& settings, caf::actor_system& system,
           std::vector<std::unique_ptr<io_unit>>& units, std::function<void()> on_failure)
    : settings_(settings),
      system_(system),
      units_(units),
      host_(std::make_shared<session_host>(system)) {
  for (const auto& unit : units_) unit->bind(system_);
  spawn_actors(std::move(on_failure));
}

void node::spawn_actors(std::function<void()> on_failure) {
  actors_ = std::make_shared<supervised_actors>();
  actors_->on_failure = std::move(on_failure);
  actors_->slots = std::make_shared<connection_slots>(settings_.limits.max_connections);
  std::vector<std::shared_ptr<session_table>> tables;
  for (const auto& unit : units_) {
    tables.push_back(std::make_shared<session_table>());
    caf::actor_config config{unit.get()};
    actors_->hubs.push_back(
        system_.spawn_class<hub, caf::no_spawn_options>(config, *unit, tables.back()));
  }
  actors_->store = system_.spawn<store, caf::detached>(std::make_shared<storage::memory_backend>());
  const auto metrics = std::make_shared<node_metrics>(system_);
  directory_settings documents = to_directory_settings(settings_, units_);
  documents.metrics = metrics;
  actors_->directory = system_.spawn<directory>(documents, actors_->store, actors_->hubs);
  supervisor_ = system_.spawn<supervisor>(actors_);

  for (std::size_t i = 0; i < units_.size(); ++i) {
    const auto environment = std::make_shared<session_environment>();
    environment->settings = to_session_settings(settings_);
    environment->table = tables[i];
    environment->slots = actors_->slots;
    environment->metrics = metrics;
    environment->directory = actors_->directory;
    environment->hub = actors_->hubs[i];
    host_->add_unit(*units_[i], environment);
    units_[i]->every_second(
        [table = tables[i]](io_unit::clock::time_point now) { table->on_second(now); });
  }
}

listener_settings node::listening() const {
  listener_settings listening;
  listening.address = settings_.server.address;
  listening.port = settings_.server.port;
  listening.connection.message_bytes_max = settings_.limits.max_message_size;
  listening.connection.write_queue_bytes_max = settings_.limits.write_queue_size;
  listening.per_address = {settings_.limits.max_connections_per_address,
                           settings_.limits.accepts_per_second, settings_.limits.accept_burst};
  listening.origins = origin_policy{settings_.server.allowed_origins};
  listening.tls = tls_;
  return listening;
}

result<void> node::open_listeners() {
  std::vector<io_unit*> units;
  for (const auto& unit : units_) units.push_back(unit.get());
  if (!settings_.tls.certificate.empty()) {
    auto loaded = tls_context::load(settings_.tls.certificate, settings_.tls.key);
    if (!loaded) return tl::unexpected(std::move(loaded).error());
    tls_ = std::move(*loaded);
  }
  auto opened = listener::open(units, listening(), host_);
  if (!opened) return tl::unexpected(std::move(opened).error());
  listener_ = std::move(*opened);
  if (!settings_.admin.enabled) return {};
  listener_settings admin;
  admin.address = settings_.admin.address;
  admin.port = settings_.admin.port;
  admin.connection.http_body_bytes_max = admin_body_bytes_max;
  auto opened_admin = listener::open(
      {units.front()}, admin, nullptr,
      std::make_shared<admin_handler>(system_, *units.front(),
                                      admin_sources{actors_->directory, actors_->hubs}));
  if (!opened_admin) {
    failure why = std::move(opened_admin).error();
    why.detail = "the admin pages (admin.address, admin.port, admin.enabled): " + why.detail;
    return tl::unexpected(std::move(why));
  }
  admin_listener_ = std::move(*opened_admin);
  return {};
}

/// Changes of watched files are told to the JSON sessions of their documents.
result<void> node::watch_files() {
  if (settings_.watch.directories.empty()) return {};
  auto what = to_watch_settings(settings_);
  if (!what) return tl::unexpected(std::move(what).error());
  watch_unit_ = std::make_unique<io_unit>();
  auto opened = file_watcher::open(
      *watch_unit_, std::move(*what),
      [directory = actors_->directory](const file_change& change) {
        tell_anonymously(
            directory, notify_document{change.document, admin::file_changed_payload(change.path)});
      },
      [](const std::string& problem) { log_line(log_severity::warning, problem); });
  if (!opened) return tl::unexpected(std::move(opened).error());
  watcher_ = std::move(*opened);
  return {};
}

result<void> node::reload_tls() {
  if (!tls_) return {};
  return tls_->reload();
}

result<void> node::start() {
  TROUPE_TRY(watch_files());
  TROUPE_TRY(open_listeners());
  for (std::size_t i = 0; i < units_.size(); ++i)
    threads_.push_back(
        system_.launch_thread("troupe.io", [unit = units_[i].get()] { unit->run(); }));
  if (watch_unit_)
    threads_.push_back(
        system_.launch_thread("troupe.watch", [unit = watch_unit_.get()] { unit->run(); }));
  return {};
}

void node::stop() {
  if (listener_) listener_->stop();
  if (admin_listener_) admin_listener_->stop();
  if (!threads_.empty()) {
    caf::scoped_actor self{system_};
    self->request(supervisor_, drain_max, drain_node{})
        .receive([](const node_drained&) {},
                 [](const caf::error& why) {
                   std::cerr << "troupe: the drain did not finish: " << caf::to_string(why) << '\n';
                 });
  }
  for (const hub_actor& hub : actors_->hubs)
    caf::anon_send_exit(hub, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(actors_->directory, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(actors_->store, caf::exit_reason::user_shutdown);
  supervisor_ = nullptr;
  actors_.reset();
  watcher_.reset();
  if (watch_unit_) watch_unit_->finish();
  for (const auto& unit : units_) unit->finish();
  if (threads_.empty())
    for (const auto& unit : units_) unit->run();  // lets the hubs, which never ran, end
  for (std::thread& thread : threads_) thread.join();
  listener_.reset();
  admin_listener_.reset();
  host_.reset();
}

}  // namespace troupe
