// The actors of a node without sockets: a store, a directory, and the test in the place of a hub.
// Documents are opened and spoken to as a session would; what they deliver is received by the test.
#pragma once

#include <functional>
#include <future>
#include <memory>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/directory.hpp"
#include "actors/worker_pool.hpp"
#include "net/io_unit.hpp"
#include "protocol/dialects/y_websocket_message.hpp"
#include "tests/support/gated_backend.hpp"

namespace troupe::test {

/// Makes the types of messages known to CAF. Before the first actor system of a test.
void register_types_once();

/// Where the documents of a node run.
enum class hosting : bool { on_workers, on_unit };

class actor_node {
 public:
  /// `store_patience`: how long edits are accepted while the store cannot be written. `upstream`:
  /// spawns what documents are fetched from; empty: they are not.
  explicit actor_node(directory_settings settings = {}, hosting where = hosting::on_workers,
                      std::chrono::milliseconds store_patience = {},
                      const std::function<upstream_actor(caf::actor_system&)>& upstream = {});
  ~actor_node();

  /// Opens a document for a session; the reason for which that was refused otherwise.
  tl::expected<opened_document, close_reason> open(const std::string& name, session_id session,
                                                   identity_ptr who = nullptr);

  void send(const opened_document& to, session_id from, sync::message_kind kind, byte_view body);
  /// The same with several messages at once.
  void send(const opened_document& to, session_id from,
            const std::vector<std::pair<sync::message_kind, byte_buffer>>& messages);
  /// A frame of the JSON dialect.
  void ask(const opened_document& to, session_id from, std::string_view frame);
  /// Frames of any dialect at once, read as a session would.
  void say(const opened_document& to, session_id from,
           const std::vector<std::pair<dialect, byte_buffer>>& frames);
  void leave(const opened_document& from, session_id session);
  template <class Message>
  void tell_document(const opened_document& to, Message message) {
    (*self_)->send(to.document, std::move(message));
  }
  void pass_second();

  /// The next delivery or closing that documents have for this unit; fails the test after a while.
  deliver_batch next_batch();
  close_subscribers next_close();

  /// Receives batches until one has a delivery in the y-websocket dialect; returns those.
  std::vector<delivery> next_deliveries();

  /// The same for one document; what others deliver meanwhile is left out.
  std::vector<delivery> next_deliveries(const opened_document& of);
  /// Receives batches until one has a text; returns the texts.
  std::vector<std::string> next_texts();

  /// Whether nothing comes for a moment.
  bool is_quiet();

  /// Keeps all workers busy until release_workers().
  void occupy_workers();
  void release_workers();

  /// Asks the directory to close all documents; whether it has done so before the time is up.
  bool drain(std::chrono::milliseconds patience);

  caf::actor_system& system() { return *system_; }
  store_actor store_handle() const { return store_; }
  store_reader_actor reader_handle() const { return reader_; }
  directory_actor directory_handle() const { return directory_; }

  std::shared_ptr<gated_backend> backend = std::make_shared<gated_backend>();
  std::shared_ptr<store_health> health = std::make_shared<store_health>();

 private:
  void end_unit();

  static constexpr std::size_t workers = 2;

  std::unique_ptr<io_unit> unit_;  // outlives the system
  std::thread unit_thread_;
  std::shared_ptr<worker_pool> workers_;
  std::promise<void> workers_released_;
  bool workers_are_occupied_ = false;
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<caf::scoped_actor> self_;
  store_actor store_;
  store_reader_actor reader_;
  directory_actor directory_;
  upstream_actor upstream_;
  std::vector<document_actor> opened_;
};

/// The message in a frame made by encode_frame.
byte_view payload_of(const shared_slice& frame);

}  // namespace troupe::test
