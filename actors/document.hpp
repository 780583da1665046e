// The actor behind one open document. Spawned and watched by the directory; owns the document's Yjs
// state and presence, and is the only writer of its log. Who writes to it: the directory (join,
// unload, tick), sessions (messages, leave), the store (confirmations). Its mailbox is bounded by
// the credit of its sessions, 64 messages each.
//
// It loads itself before it answers anything; messages that come earlier wait. What one turn of the
// mailbox produces goes out as one batch per io_unit. If it fails, the directory closes its
// sessions with a retryable code and opens it anew from storage at the next join. When its last
// subscriber leaves it tells the directory, which ends it after a grace.
#pragma once

#include <deque>
#include <unordered_map>
#include <vector>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

struct document_settings {
  document_id id = 0;
  std::string name;
  crdt::doc_options options;
};

class document final : public document_actor::base {
 public:
  document(caf::actor_config& config, document_settings settings, store_actor store,
           directory_actor directory);

  const char* name() const override { return "troupe.document"; }

 protected:
  behavior_type make_behavior() override;

 private:
  /// The sessions of one io_unit, and what the current turn has for them.
  struct unit_output {
    hub_actor hub;
    std::size_t sessions = 0;
    deliver_batch batch;
  };
  /// An update whose sender waits to hear that it is stored.
  struct unconfirmed_update {
    storage::sequence number;
    session_id sender;
    shared_bytes frame;
    std::size_t message_size;
  };

  void on_loaded(const loaded_document& loaded);
  void on_join(const join_document& join);
  void on_leave(const leave_document& leave);
  void on_client_message(const client_message& message);
  void on_update_stored(const update_stored& stored);
  void on_tick();
  void on_unload();
  void on_flush();

  void handle(const client_message& message);
  void note_handled(session_id session, std::size_t bytes);
  void carry_out();
  void deliver(receivers to, session_id session, const shared_bytes& frame);
  void store(document_effects::storage_write& write);
  void compact();
  unit_output* find_unit(session_id session);
  void schedule_flush();

  document_settings settings_;
  store_actor store_;
  directory_actor directory_;
  hosted_document hosted_;
  document_effects effects_;
  std::vector<unit_output> units_;
  std::unordered_map<session_id, std::size_t> unit_of_session_;
  std::vector<client_message> waiting_;  // until the document is loaded
  std::deque<unconfirmed_update> unconfirmed_;
  storage::sequence last_number_ = 0;
  std::size_t write_size_ = 0;  // of the message that is being handled, if it has to be stored
  std::size_t log_bytes_ = 0;   // since the last snapshot
  std::size_t snapshot_bytes_ = 0;
  std::uint64_t joins_ = 0;
  bool is_loaded_ = false;
  bool is_unloading_ = false;
  bool flush_scheduled_ = false;
};

}  // namespace troupe
