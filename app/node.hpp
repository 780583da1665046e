// The parts of a running node and the order in which they start and end. The I/O units outlive the
// actor system, since actors are pinned to them; everything that must be stored is stored before
// the system goes.
#pragma once

#include <memory>
#include <thread>
#include <vector>

#include <caf/actor_system.hpp>

#include "actors/interfaces.hpp"
#include "actors/session_host.hpp"
#include "actors/supervisor.hpp"
#include "app/config/config.hpp"
#include "net/io_unit.hpp"
#include "net/listener.hpp"
#include "net/tls_context.hpp"
#include "net/watch/file_watcher.hpp"

namespace troupe {

class node {
 public:
  /// Requires: the units outlive the system, and the system the node.
  node(const config& settings, caf::actor_system& system,
       std::vector<std::unique_ptr<io_unit>>& units, std::function<void()> on_failure);
  node(const node&) = delete;
  node& operator=(const node&) = delete;

  /// Starts the I/O threads and listens. Fails as listener::open does.
  result<void> start();

  std::uint16_t port() const noexcept { return listener_->port(); }
  /// Requires: admin.enabled.
  std::uint16_t admin_port() const noexcept { return admin_listener_->port(); }

  bool has_tls() const noexcept { return tls_ != nullptr; }
  /// Reads the certificate and its key again, for connections to come. Does nothing without TLS.
  result<void> reload_tls();

  /// Stops accepting, closes the sessions, unloads the documents, and ends the I/O threads.
  void stop();

 private:
  void spawn_actors(std::function<void()> on_failure);
  listener_settings listening() const;
  result<void> open_listeners();
  result<void> watch_files();

  const config& settings_;
  caf::actor_system& system_;
  std::vector<std::unique_ptr<io_unit>>& units_;
  std::shared_ptr<session_host> host_;
  std::shared_ptr<supervised_actors> actors_;
  supervisor_actor supervisor_;
  std::shared_ptr<tls_context> tls_;
  std::unique_ptr<listener> listener_;
  std::unique_ptr<listener> admin_listener_;
  std::unique_ptr<io_unit> watch_unit_;  // looking at files must hold up no socket
  std::unique_ptr<file_watcher> watcher_;
  std::vector<std::thread> threads_;
};

}  // namespace troupe
