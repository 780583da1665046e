// A client of one document: a connection that speaks a dialect, its own or, where messages name
// their document, that of another client, which carries it. It joins by itself: it requests the
// document once the socket is open, and answers the server's request for its state with an empty
// one, since a generator holds no document. Owned by a swarm.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "bench/load/connection.hpp"
#include "bench/load/dialect.hpp"

namespace troupe::load {

class client;

/// The events of clients that a mode receives. Bodies are valid during the call.
class client_events {
 public:
  virtual ~client_events() = default;
  /// The first answer with the state of the document; `state` is an update.
  virtual void on_joined(client&, byte_view /*state*/) {}
  virtual void on_update(client&, byte_view /*update*/) {}
  /// A further answer with state; servers may send updates so as well.
  virtual void on_state(client& of, byte_view update) { on_update(of, update); }
  virtual void on_awareness(client&, byte_view /*update*/) {}
  /// Hocuspocus only: an update of this client was applied.
  virtual void on_confirmed(client&) {}
};

/// The addresses of the server, or of the servers of a cluster, and the dialect to speak with them.
struct target {
  std::vector<sockaddr_in> servers;
  protocol dialect = protocol::y_websocket;
  std::string path_prefix = "/";
  /// Of the names of documents; a number follows. Empty: names differ from run to run, so that a
  /// server may keep its documents.
  std::string document_prefix;
  /// Behind the names, one for each client in turn, such as "?token=..."; empty: nothing.
  std::vector<std::string> queries;
};

class client final : connection_listener {
 public:
  client(event_loop& loop, const target& where, std::string document, std::size_t index,
         client_events& events, std::size_t server = 0, client* carrier = nullptr);

  /// Begins to connect, and joins. Requires: a carrier opens before those it carries.
  void open();
  void leave() {
    if (own_) own_->leave();
  }
  void close() {
    if (own_) own_->close();
  }

  /// Memory for the first large message, usually the state; see connection.
  void lend(std::span<std::uint8_t> room) noexcept { connection_.lend(room); }

  void send_update(byte_view update) { send(incoming_kind::update, update); }
  void send_awareness(byte_view update) { send(incoming_kind::awareness, update); }
  /// Requests what a client with this state vector lacks; the answer comes through on_state.
  void ask_for_state(byte_view state_vector) { send(incoming_kind::sync_step1, state_vector); }

  std::size_t index() const noexcept { return index_; }
  bool has_joined() const noexcept { return has_joined_; }
  bool is_closed() const noexcept { return connection_.state() == connection::phase::closed; }
  std::size_t unsent() const noexcept { return connection_.unsent(); }
  std::uint16_t close_code() const noexcept { return connection_.close_code(); }
  /// Why the connection ended unexpectedly, or what was wrong with a message; empty if all is well.
  const std::string& trouble() const noexcept { return trouble_; }

 private:
  void on_open() override;
  void on_message(byte_view message) override;
  void on_closed() override { trouble_ = connection_.why(); }
  void join();
  void receive(byte_view message);
  void send(incoming_kind kind, byte_view body);

  const target& where_;
  dialect dialect_;
  client_events& events_;
  std::size_t index_;
  std::size_t server_;  // which of them
  bool is_opened_ = false;
  bool has_joined_ = false;
  std::string trouble_;
  std::unique_ptr<connection> own_;  // null: it is carried
  connection& connection_;
  std::unordered_map<std::string, client*> carried_;  // by document
};

}  // namespace troupe::load
