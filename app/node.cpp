#include "app/node.hpp"

#include <iostream>
#include <random>
#include <string>
#include <utility>

#include <caf/scoped_actor.hpp>

#include "actors/caf_compat.hpp"
#include "actors/directory.hpp"
#include "actors/hub.hpp"
#include "actors/node_watch.hpp"
#include "actors/second_watch.hpp"
#include "actors/store.hpp"
#include "actors/store_reader.hpp"
#include "actors/unit_report.hpp"
#include "actors/version_maker.hpp"
#include "app/cluster/identity.hpp"
#include "app/config/to_settings.hpp"
#include "app/exporter.hpp"
#include "app/storage/tool.hpp"
#include "storage/memory_backend.hpp"
#include "storage/postgresql/backend.hpp"

namespace troupe {

namespace {

/// A drain takes as long as the slowest client's close and the last write. After this time
/// something is stuck.
constexpr std::chrono::seconds drain_max{4};
/// For telling the other nodes.
constexpr std::chrono::seconds bye_max{1};
/// A worker whose document did not wait for it has this long to end after the drain.
constexpr std::chrono::milliseconds worker_patience{100};

std::uint64_t random_seed() {
  std::random_device random;
  return std::uint64_t{random()} << 32 | random();
}

/// The same outcome; a failure begins with the keys that an operator may have to change.
template <class Value>
result<Value> with_keys(const std::string& keys, result<Value> outcome) {
  if (!outcome) outcome.error().detail = keys + ": " + outcome.error().detail;
  return outcome;
}

}  // namespace

result<std::unique_ptr<node>> node::open(const config& settings, caf::actor_system& system,
                                         io_units& units, std::function<void()> on_failure) {
  // If a step fails, the destructor ends what the steps before it have started.
  std::unique_ptr<node> opened{new node{settings, system, units}};
  TROUPE_TRY(opened->open_storage());
  TROUPE_TRY(opened->open_webhooks());
  TROUPE_TRY(opened->open_access());
  TROUPE_TRY(opened->spawn_actors(std::move(on_failure)));
  TROUPE_TRY(opened->watch_files());
  TROUPE_TRY(opened->open_listeners());
  if (settings.gateway.enabled) TROUPE_TRY(opened->begin_gateway());
  if (settings.inspect.enabled) opened->begin_inspection();
  opened->start_threads();
  return opened;
}

node::node(const config& settings, caf::actor_system& system, io_units& units)
    : settings_(settings),
      system_(system),
      units_(units),
      large_messages_(std::make_shared<budget>(settings.limits.max_large_messages)),
      workers_(std::make_shared<worker_pool>(worker_count(core_count(), units.size()))),
      health_(std::make_shared<store_health>(settings.storage.max_queue_size)) {
  if (settings.cluster.enabled) {
    cluster_state_ = std::make_shared<cluster_state>();
    newest_links_ = std::make_shared<newest_links>();
  }
  host_ = std::make_shared<session_host>(system, to_route_rules(settings), readiness());
  for (const auto& unit : units_) unit->bind(system_);
}

/// A node that can store no edits is of little use to new clients, and one that stops of none.
readiness_check node::readiness() const {
  return [health = health_, cluster = cluster_state_,
          stopping = is_stopping_]() -> std::optional<std::string> {
    if (stopping->load()) return "the node is stopping";
    if (const auto why = health->problem()) return "storage cannot be written: " + to_string(*why);
    return cluster ? cluster->why_not() : std::nullopt;
  };
}

result<void> node::open_storage() {
  if (settings_.storage.engine == storage_engine::memory) {
    log_line(log_severity::warning,
             "storage.engine=memory: all documents are forgotten when this process ends");
    keep_storage(std::make_shared<storage::memory_backend>());
    return {};
  }
  if (settings_.storage.engine == storage_engine::postgresql) return open_database();
  storage::rocksdb_settings settings = to_rocksdb_settings(settings_);
  settings.log = [](storage::log_level level, std::string_view text) {
    log_line(level == storage::log_level::error ? log_severity::error : log_severity::warning,
             "storage: " + std::string{text});
  };
  auto opened = storage::rocksdb_backend::open(std::move(settings));
  if (!opened)
    return fail(opened.error().code,
                "storage.path: " + opened.error().detail +
                    storage_advice(opened.error().code, settings_.storage.path));
  log_line(log_severity::info, "documents are kept in '" + settings_.storage.path + "'");
  keep_storage(std::shared_ptr<storage::rocksdb_backend>{*std::move(opened)});
  return {};
}

result<void> node::open_database() {
  storage::postgresql_settings settings = to_postgresql_settings(settings_);
  if (settings.access == storage::postgresql_access::shared) {
    TROUPE_ASSIGN(run_, cluster::make_node_uuid());
    settings.node = row_id_of(run_);
  }
  auto opened = storage::postgresql_backend::open(std::move(settings));
  if (!opened) return fail(opened.error().code, "storage.postgresql: " + opened.error().detail);
  log_line(log_severity::info, "documents are kept in PostgreSQL, in the schema '" +
                                   settings_.storage_postgresql.schema + "'");
  const std::shared_ptr<storage::postgresql_backend> backend{*std::move(opened)};
  node_table_ = backend;
  keep_storage(backend);
  return {};
}

result<void> node::open_webhooks() {
  if (settings_.webhooks.url.empty()) return {};
  TROUPE_ASSIGN(webhooks_, troupe::open_webhooks(settings_, storage_.outbox, newest_links_));
  return {};
}

result<void> node::open_access() {
  const bool is_scraped = place_of_exporter(system_).port != 0;
  metrics_ = std::make_shared<node_metrics>(system_, is_scraped ? scraping::on : scraping::off);
  metrics_->show_version(TROUPE_VERSION);
  TROUPE_ASSIGN(access_, troupe::open_access(settings_, system_, metrics_));
  host_->use(access_.control);
  return {};
}

void node::spawn_webhook_sender() {
  if (!webhooks_.feed) return;
  webhooks_.settings.seed = random_seed();
  webhook_sender_ = system_.spawn<webhook_sender, caf::detached>(
      std::move(webhooks_.settings),
      webhook_parts{webhooks_.feed, storage_.backend, storage_.archive, storage_.outbox,
                    webhooks_.client, metrics_, std::exchange(webhooks_.waiting, {})});
}

result<void> node::spawn_actors(std::function<void()> on_failure) {
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
  const auto reader = system_.spawn<store_reader, caf::detached>(storage_.backend);
  actors_->reader = reader;
  store_settings storing;
  storing.backend = keep_versions();
  if (webhooks_.feed)
    storing.backend = std::make_shared<announcing_backend>(storing.backend, webhooks_.feed);
  storing.webhooks = webhooks_.feed;
  storing.archive = storage_.archive;
  storing.upstream_documents = to_upstream_names(settings_);
  storing.health = health_;
  storing.metrics = metrics_;
  if (settings_.storage.engine == storage_engine::postgresql) {
    storing.patience = settings_.storage_postgresql.patience;
    storing.place = "PostgreSQL";
  }
  actors_->store = system_.spawn<store, caf::detached>(std::move(storing));
  directory_settings documents = to_directory_settings(settings_, units_);
  documents.seed = random_seed();
  documents.metrics = metrics_;
  documents.workers = workers_;
  documents.health = health_;
  documents.webhooks = webhooks_.feed;
  if (!settings_.upstream.url.empty()) {
    TROUPE_ASSIGN(upstream_, open_upstream(settings_, system_, metrics_));
    documents.upstream = upstream_.actor;
  }
  documents.log_reader = reader;
  documents.names_authors = to_version_rules(settings_).is_enabled;
  if (settings_.cluster.enabled) documents.links = links_to_nobody(settings_, newest_links_);
  actors_->directory =
      system_.spawn<directory>(documents, actors_->store, actors_->reader, actors_->hubs);
  spawn_webhook_sender();
  if (settings_.cluster.enabled) TROUPE_TRY(join_cluster());
  supervisor_ = system_.spawn<supervisor>(actors_);
  add_sessions(tables);
  return {};
}

result<void> node::join_cluster() {
  const cluster_parts parts{actors_->directory,
                            actors_->hubs,
                            access_.control,
                            access_.authoriser,
                            storage_.archive,
                            newest_links_,
                            cluster_state_,
                            metrics_,
                            gateway_place_,
                            node_table_,
                            run_};
  TROUPE_ASSIGN(cluster_, open_cluster(settings_, system_, parts));
  actors_->cluster = cluster_.actor;
  actors_->sweeper = cluster_.sweeper;
  return {};
}

/// Spawns the version maker, unless it is switched off. Returns the backend for the store.
std::shared_ptr<storage::backend> node::keep_versions() {
  const version_rules rules = to_version_rules(settings_);
  const directory_settings documents = to_directory_settings(settings_, units_);
  const auto settings_of = [of = documents.rules, general = documents.doc](const auto& name) {
    return settings_for(name, of, general);
  };
  const auto changes =
      rules.is_enabled ? std::make_shared<changed_documents>(rules.interval) : nullptr;
  versions_ = std::make_shared<const version_keeper>(storage_.backend, storage_.archive,
                                                     settings_of, rules, changes);
  if (!changes) return storage_.backend;
  version_maker_ = system_.spawn<version_maker>(versions_, changes, workers_, newest_links_);
  return std::make_shared<noting_backend>(storage_.backend, changes);
}

/// Lets the host open sessions on each unit.
void node::add_sessions(const std::vector<std::shared_ptr<session_table>>& tables) {
  for (std::size_t i = 0; i < units_.size(); ++i) {
    const auto environment = std::make_shared<session_environment>();
    environment->settings = to_session_settings(settings_);
    environment->settings.presence.large_messages = large_messages_;
    environment->table = tables[i];
    environment->slots = actors_->slots;
    environment->metrics = metrics_;
    environment->authoriser = access_.authoriser;
    environment->directory = actors_->directory;
    environment->hub = actors_->hubs[i];
    host_->add_unit(*units_[i], environment);
    units_[i]->every_second(
        [table = tables[i],
         watch = second_watch{environment->settings.heartbeat, io_unit::clock::now()}](
            io_unit::clock::time_point now) mutable {
          if (watch.on_second(now)) table->on_pause_ended(now);
          table->on_second(now);
        });
    report_each_second(*units_[i], tables[i], i == 0);
  }
}

/// Behind the table's own tick. One of the units tells what concerns the whole node.
void node::report_each_second(io_unit& unit, std::shared_ptr<session_table> table,
                              bool is_first) const {
  unit.every_second([&unit, table = std::move(table), report = unit_report{metrics_},
                     ready = is_first ? readiness() : readiness_check{},
                     metrics = metrics_](io_unit::clock::time_point) mutable {
    table->tally().end_picture(unit.connection_count());
    report.publish(table->tally());
    if (ready) metrics->ready().value(ready() ? 0 : 1);
  });
}

/// The JSON sessions of a document are notified of changes of the watched files that belong to it.
result<void> node::watch_files() {
  if (settings_.watch.directories.empty()) return {};
  TROUPE_ASSIGN(auto what, to_watch_settings(settings_));
  watch_unit_ = std::make_unique<io_unit>();
  const auto notify = [directory = actors_->directory](const file_change& change) {
    tell_anonymously(directory,
                     notify_document{change.document, admin::file_changed_payload(change.path)});
  };
  const auto warn = [](const std::string& problem) { log_line(log_severity::warning, problem); };
  TROUPE_ASSIGN(watcher_, file_watcher::open(*watch_unit_, std::move(what), notify, warn));
  return {};
}

result<void> node::open_listeners() {
  listener_settings listening = to_listener_settings(settings_);
  listening.connection.large_messages = large_messages_;
  if (!settings_.tls.certificate.empty()) TROUPE_TRY(load_tls());
  listening.tls = tls_;
  listening.on_out_of_resources = out_of_resources_hook();
  std::vector<io_unit*> units;
  for (const auto& unit : units_) units.push_back(unit.get());
  TROUPE_ASSIGN(journal_, open_journal(settings_));
  TROUPE_ASSIGN(listener_, with_keys("server.address, server.port",
                                     listener::open(std::move(units), listening, host_,
                                                    make_public_handler(settings_, system_,
                                                                        parts_of_api(), host_))));
  return settings_.admin.enabled ? open_admin_listener(listening.connection.large_messages)
                                 : result<void>{};
}

std::function<void(const std::string&)> node::out_of_resources_hook() const {
  return [host = host_](const std::string& why) { host->on_out_of_resources(why); };
}

result<void> node::load_tls() {
  TROUPE_ASSIGN(tls_, with_keys("server.tls.certificate, server.tls.key",
                                tls_context::load(settings_.tls.certificate, settings_.tls.key)));
  return {};
}

api_parts node::parts_of_api() const {
  return {{actors_->directory, actors_->hubs, webhook_sender_, access_.control, access_.authoriser,
           actors_->cluster, gateway_place_},
          std::make_shared<archive_desk>(storage_.backend, storage_.archive, actors_->directory,
                                         versions_, to_archive_settings(settings_), newest_links_),
          journal_,
          readiness()};
}

result<void> node::open_admin_listener(std::shared_ptr<budget> large_messages) {
  io_unit& unit = *units_.front();
  listener_settings listening = to_admin_listener_settings(settings_, std::move(large_messages));
  listening.on_out_of_resources = out_of_resources_hook();
  TROUPE_ASSIGN(token_, find_admin_token(settings_));
  TROUPE_ASSIGN(admin_listener_,
                with_keys("the admin pages (admin.address, admin.port, admin.enabled)",
                          listener::open({&unit}, listening, nullptr,
                                         make_admin_handler(settings_, system_, parts_of_api(),
                                                            token_.value))));
  return {};
}

/// Those that the node cannot do without, and which it has one of for each unit or for itself.
std::vector<named_actor> node::inspected_actors_of_node() const {
  std::vector<named_actor> all;
  const auto add = [&all](const char* name, const auto& who) {
    if (who) all.push_back({name, caf::actor_cast<caf::actor>(who)});
  };
  add("troupe.store", actors_->store);
  add("troupe.store-reader", actors_->reader);
  add("troupe.directory", actors_->directory);
  add("troupe.cluster", actors_->cluster);
  add("troupe.sweeper", actors_->sweeper);
  add("troupe.supervisor", supervisor_);
  add("troupe.version-maker", version_maker_);
  add("troupe.webhook-sender", webhook_sender_);
  add("troupe.authoriser", access_.authoriser);
  add("troupe.upstream", upstream_.actor);
  for (const hub_actor& hub : actors_->hubs) add("troupe.hub", hub);
  return all;
}

void node::begin_inspection() {
  inspector_parts parts;
  parts.directory = actors_->directory;
  parts.hubs = actors_->hubs;
  parts.cluster = actors_->cluster;
  parts.actors = inspected_actors_of_node();
  parts.archive = storage_.archive;
  parts.slots = actors_->slots;
  parts.health = health_;
  parts.metrics = metrics_;
  parts.links = newest_links_;
  inspection_ = open_inspection(settings_, system_, std::move(parts));
}

result<void> node::begin_gateway() {
  TROUPE_ASSIGN(gateway_, open_gateway(settings_, system_, token_.value, actors_->directory,
                                       access_.control, workers_));
  gateway_place_->set(gateway_.actor);
  return {};
}

void node::start_threads() {
  for (const auto& unit : units_)
    threads_.push_back(system_.launch_thread("troupe.io", [unit = unit.get()] { unit->run(); }));
  if (watch_unit_)
    threads_.push_back(
        system_.launch_thread("troupe.watch", [unit = watch_unit_.get()] { unit->run(); }));
}

result<void> node::reload_tls() {
  if (!tls_) return {};
  return tls_->reload();
}

result<void> node::reopen_logs() { return journal_ ? journal_->reopen() : result<void>{}; }

void node::stop() {
  if (!actors_) return;
  announce_stop();
  if (listener_) listener_->stop();
  // Its sessions leave the documents, which could not be unloaded otherwise.
  gateway_place_->set(hub_actor{});
  close_gateway(settings_, system_, gateway_);
  const bool has_run = !threads_.empty();
  if (has_run) drain();
  if (admin_listener_) admin_listener_->stop();
  has_left_worker_ = !workers_->stop(worker_patience);
  has_left_unstored_ = health_->waiting() > 0;
  if (webhooks_.client) webhooks_.client->stop();
  end_actors();
  watcher_.reset();
  if (watch_unit_) watch_unit_->finish();
  for (const auto& unit : units_) unit->finish();
  if (!has_run)
    for (const auto& unit : units_) unit->run();  // lets the hubs, which never ran, end
  for (std::thread& thread : threads_) thread.join();
  threads_.clear();
  listener_.reset();
  admin_listener_.reset();
  journal_.reset();
  host_.reset();
}

void node::drain() {
  // What is being fetched would be waited for.
  if (upstream_.is_stopping) upstream_.is_stopping->store(true);
  caf::scoped_actor self{system_};
  self->request(supervisor_, drain_max, drain_node{})
      .receive([](const node_drained&) {},
               [](const caf::error& why) {
                 std::cerr << "troupe: the drain did not finish: " << caf::to_string(why) << '\n';
               });
  if (!actors_->cluster) return;
  close_gate(settings_, system_, cluster_);
  self->request(actors_->cluster, bye_max, drain_node{})
      .receive([](const node_drained&) {}, [](const caf::error&) {});
}

void node::end_actors() {
  close_inspection(settings_, system_, inspection_);
  for (const hub_actor& hub : actors_->hubs)
    caf::anon_send_exit(hub, caf::exit_reason::user_shutdown);
  if (version_maker_) caf::anon_send_exit(version_maker_, caf::exit_reason::user_shutdown);
  if (webhook_sender_) caf::anon_send_exit(webhook_sender_, caf::exit_reason::user_shutdown);
  if (actors_->cluster) caf::anon_send_exit(actors_->cluster, caf::exit_reason::user_shutdown);
  if (cluster_.sweeper) caf::anon_send_exit(cluster_.sweeper, caf::exit_reason::user_shutdown);
  cluster_ = {};
  upstream_.stop();
  if (supervisor_) caf::anon_send_exit(supervisor_, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(actors_->directory, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(actors_->store, caf::exit_reason::user_shutdown);
  caf::anon_send_exit(actors_->reader, caf::exit_reason::user_shutdown);
  supervisor_ = nullptr;
  version_maker_ = nullptr;
  webhook_sender_ = nullptr;
  webhooks_ = {};
  access_.stop();
  versions_ = nullptr;
  storage_ = {};
  node_table_ = nullptr;
  actors_.reset();
}

}  // namespace troupe
