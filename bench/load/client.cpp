#include "bench/load/client.hpp"

namespace troupe::load {

namespace {

constexpr std::uint8_t empty_state_vector[] = {0};
constexpr std::uint8_t empty_update[] = {0, 0};

}  // namespace

client::client(event_loop& loop, const target& where, std::string document, std::size_t index,
               client_events& events, std::size_t server, client* carrier)
    : where_(where),
      dialect_(where.dialect, std::move(document)),
      events_(events),
      index_(index),
      server_(server),
      own_(carrier == nullptr
               ? std::make_unique<connection>(loop, static_cast<connection_listener&>(*this))
               : nullptr),
      connection_(carrier == nullptr ? *own_ : carrier->connection_) {
  if (carrier != nullptr) carrier->carried_.emplace(dialect_.document(), this);
}

void client::open() {
  is_opened_ = true;
  if (!own_) {
    if (connection_.state() == connection::phase::open) join();
    return;
  }
  std::string path = dialect_.path(where_.path_prefix);
  if (!where_.queries.empty()) path += where_.queries[index_ % where_.queries.size()];
  connection_.open(where_.servers[server_], path);
}

void client::on_open() {
  join();
  for (const auto& [document, each] : carried_)
    if (each->is_opened_) each->join();
}

/// Asks at once: a client of its own would not wait until others have read what came for them.
void client::join() {
  if (const auto greeting = dialect_.greeting(); !greeting.empty()) connection_.send(greeting);
  ask_for_state(empty_state_vector);
  connection_.flush();
}

void client::on_message(byte_view message) {
  if (carried_.empty()) return receive(message);
  const auto named = dialect::document_in(message);
  const auto found = carried_.find(named);
  found == carried_.end() ? receive(message) : found->second->receive(message);
}

void client::receive(byte_view message) {
  const incoming read = dialect_.read(message);
  switch (read.kind) {
    case incoming_kind::update: return events_.on_update(*this, read.body);
    case incoming_kind::sync_step2:
      if (has_joined_) return events_.on_state(*this, read.body);
      has_joined_ = true;
      return events_.on_joined(*this, read.body);
    case incoming_kind::sync_step1: return send(incoming_kind::sync_step2, empty_update);
    case incoming_kind::awareness: return events_.on_awareness(*this, read.body);
    case incoming_kind::refused: trouble_ = "the server refused a message"; return;
    case incoming_kind::malformed: trouble_ = "the server sent a malformed message"; return;
    case incoming_kind::confirmed: return events_.on_confirmed(*this);
    case incoming_kind::other: return;
  }
}

void client::send(incoming_kind kind, byte_view body) {
  connection_.send(dialect_.head_of(kind, body.size()), body);
}

}  // namespace troupe::load
