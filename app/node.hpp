// The parts of a running node and the order in which they start and end. The I/O units outlive the
// actor system, since actors are pinned to them. stop() has everything stored before the actor
// system ends.
//
// Owner: serve(). Thread: the main thread.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/interfaces.hpp"
#include "actors/session_host.hpp"
#include "actors/store_health.hpp"
#include "actors/supervisor.hpp"
#include "actors/version_keeper.hpp"
#include "actors/worker_pool.hpp"
#include "app/access.hpp"
#include "app/admin_token.hpp"
#include "app/api.hpp"
#include "app/cluster/cluster.hpp"
#include "app/config/config.hpp"
#include "app/gateway.hpp"
#include "app/inspection.hpp"
#include "app/upstream.hpp"
#include "app/webhooks.hpp"
#include "base/budget.hpp"
#include "net/io_unit.hpp"
#include "net/listener.hpp"
#include "net/tls_context.hpp"
#include "net/watch/file_watcher.hpp"
#include "storage/archive.hpp"
#include "storage/node_table.hpp"

namespace troupe {

class node {
 public:
  using io_units = std::vector<std::unique_ptr<io_unit>>;

  /// Spawns the actors, opens the listeners and starts the I/O threads. `on_failure` is called
  /// once, on any thread, if an actor fails that the node needs. After a failure nothing runs and
  /// no port is open, but the units have ended and cannot be used again.
  /// Requires: the configuration, the units and the system outlive the node; the units outlive the
  /// system.
  /// Fails with address_in_use, as listener::open does; with invalid_config for the files of TLS;
  /// with watch_failed for a directory to watch; as find_admin_token does.
  static result<std::unique_ptr<node>> open(const config& settings, caf::actor_system& system,
                                            io_units& units, std::function<void()> on_failure);
  ~node() { stop(); }
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  std::uint16_t port() const noexcept { return listener_->port(); }
  /// Requires: admin.enabled.
  std::uint16_t admin_port() const noexcept { return admin_listener_->port(); }
  /// For troupe inspect; 0: it has none.
  std::uint16_t inspect_port() const noexcept { return inspection_.at.port; }
  /// 0: there is no gateway.
  std::uint16_t gateway_port() const noexcept { return gateway_.at.port; }
  /// Requires: admin.enabled.
  const admin_token& token() const noexcept { return token_; }

  bool has_tls() const noexcept { return tls_ != nullptr; }
  /// Reads the certificate and its key again, for new connections. Does nothing without TLS.
  result<void> reload_tls();

  bool has_logs() const noexcept { return journal_ != nullptr; }
  /// Opens the files of log.requests and log.audit again. Does nothing without them.
  result<void> reopen_logs();

  /// From now on /readyz says that the node stops; all else continues. Thread: any.
  void announce_stop() noexcept { is_stopping_->store(true); }

  /// Stops accepting, closes the sessions, unloads the documents, and ends the I/O threads and the
  /// workers. A second call does nothing.
  void stop();

  /// Whether a worker was still at it when the node stopped. The process must then end without
  /// waiting for it: std::_Exit, after the actor system.
  bool has_left_worker() const noexcept { return has_left_worker_; }

  /// Whether edits that were not acknowledged could not be stored before the node stopped.
  bool has_left_unstored() const noexcept { return has_left_unstored_; }

 private:
  node(const config& settings, caf::actor_system& system, io_units& units);

  result<void> open_storage();
  result<void> open_database();
  result<void> open_webhooks();
  result<void> open_access();
  result<void> join_cluster();
  void spawn_webhook_sender();
  std::shared_ptr<storage::backend> keep_versions();
  result<void> spawn_actors(std::function<void()> on_failure);
  void add_sessions(const std::vector<std::shared_ptr<session_table>>& tables);
  result<void> watch_files();
  result<void> load_tls();
  result<void> open_listeners();
  readiness_check readiness() const;
  void report_each_second(io_unit& unit, std::shared_ptr<session_table> table, bool is_first) const;
  api_parts parts_of_api() const;
  result<void> open_admin_listener(std::shared_ptr<budget> large_messages);
  std::function<void(const std::string&)> out_of_resources_hook() const;
  void begin_inspection();
  result<void> begin_gateway();
  std::vector<named_actor> inspected_actors_of_node() const;
  void start_threads();
  void drain();
  void end_actors();

  /// The store, as documents and as operators use it.
  struct opened_storage {
    std::shared_ptr<storage::backend> backend;
    std::shared_ptr<storage::archive> archive;
    std::shared_ptr<storage::outbox> outbox;
  };
  template <class Store>
  void keep_storage(std::shared_ptr<Store> opened) {
    storage_ = {opened, opened, opened};
  }

  const config& settings_;
  caf::actor_system& system_;
  io_units& units_;
  opened_storage storage_;                           // empty once the node has stopped
  std::shared_ptr<storage::node_table> node_table_;  // of a store that nodes can share, else null
  cluster::node_uuid run_;                           // this one there
  std::shared_ptr<budget> large_messages_;           // of sockets, and of presence that waits
  std::shared_ptr<session_host> host_;
  std::shared_ptr<supervised_actors> actors_;  // null once the node has stopped
  supervisor_actor supervisor_;
  version_maker_actor version_maker_;  // null: versions.enabled is false
  std::shared_ptr<const version_keeper> versions_;
  std::shared_ptr<node_metrics> metrics_;
  opened_access access_;
  opened_cluster cluster_;  // no actor where cluster.enabled is false
  opened_gateway gateway_;  // empty where gateway.enabled is false
  std::shared_ptr<gateway_place> gateway_place_ = std::make_shared<gateway_place>();
  opened_inspection inspection_;         // empty where inspect.enabled is false
  opened_webhooks webhooks_;             // empty where webhooks.url is
  opened_upstream upstream_;             // empty where upstream.url is
  webhook_sender_actor webhook_sender_;  // null likewise
  std::shared_ptr<tls_context> tls_;
  std::unique_ptr<listener> listener_;
  std::unique_ptr<listener> admin_listener_;
  admin_token token_;                         // of the admin pages
  std::shared_ptr<request_journal> journal_;  // null: neither of its logs is written
  std::unique_ptr<io_unit> watch_unit_;  // its own thread, so that reading files delays no socket
  std::unique_ptr<file_watcher> watcher_;
  std::vector<std::thread> threads_;
  std::shared_ptr<worker_pool> workers_;
  std::shared_ptr<store_health> health_;
  std::shared_ptr<std::atomic<bool>> is_stopping_ = std::make_shared<std::atomic<bool>>(false);
  std::shared_ptr<newest_links> newest_links_;    // null likewise
  std::shared_ptr<cluster_state> cluster_state_;  // null where cluster.enabled is false
  bool has_left_worker_ = false;
  bool has_left_unstored_ = false;
};

}  // namespace troupe
