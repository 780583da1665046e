// The actor behind one open document. Spawned and watched by the directory, on the I/O thread that
// the document's name chooses; owns the document's Yjs state and presence, and is the only writer
// of its log. Who writes to it: the directory (join, unload, tick), sessions (messages, leave), the
// store (confirmations). Its mailbox is bounded by the credit of its sessions.
//
// It loads itself before it answers anything. What takes long (loading, a huge update, encoding a
// large state) is done by a helper on CAF's workers, to which the state is lent meanwhile; events
// that come in between wait, so the other documents of the thread go on. What one turn of the
// mailbox produces goes out as one batch per io_unit. If it fails, the directory closes its
// sessions with a retryable code and opens it anew from storage at the next join. When its last
// subscriber leaves it tells the directory, which ends it after a grace.
#pragma once

#include <functional>
#include <memory>
#include <unordered_map>
#include <variant>
#include <vector>

#include "actors/caf_compat.hpp"
#include "actors/document_output.hpp"
#include "actors/document_worker.hpp"
#include "actors/durability.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "base/fifo.hpp"
#include "net/io_actor.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

struct document_settings {
  document_id id = 0;
  std::string name;
  crdt::doc_settings options;
  std::uint64_t seed = 0;                     ///< See hosted_document.
  std::shared_ptr<message_id_window> window;  ///< See hosted_document.
  std::shared_ptr<node_metrics> metrics;      ///< May be null.
};

class document final : public io_actor<document_actor::base> {
 public:
  /// `unit`: where it runs; null: on CAF's workers.
  document(caf::actor_config& config, io_unit* unit, document_settings settings, store_actor store,
           directory_actor directory);

  const char* name() const override { return "troupe.document"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  /// The sessions of one io_unit, and what the current turn has for them alone.
  struct unit_output {
    hub_actor hub;
    std::size_t sessions = 0;
    std::vector<deliver_batch::handled> progress;
    std::vector<deliver_batch::closing> closings;
  };
  /// A batch of which the first messages may have been handled.
  struct batch_rest {
    client_batch batch;
    std::size_t next = 0;
  };
  using input = std::variant<batch_rest, client_request, leave_document, document_tick,
                             document_event, presence_missed>;

  void on_loaded(const loaded_document& loaded);
  void on_join(const join_document& join);
  void on_leave(const leave_document& leave);
  void on_update_stored(const update_stored& stored);
  listed_presence on_list_presence() const;
  void on_unload();
  void on_flush();

  void take(input next);
  bool handle(batch_rest& rest);
  bool handle(client_request& request);
  bool handle(leave_document& leave);
  bool handle(document_tick& tick);
  bool handle(document_event& news);
  bool handle(presence_missed& missed);
  void handle_waiting();

  /// Lends the state to a helper that does `work` on CAF's workers, then calls `after` here. Off
  /// the I/O threads it is done at once.
  void do_elsewhere(document_work work, std::function<void()> after);
  bool is_state_large() const;
  bool has_whole_state_frame() const;
  bool is_whole_state_heavy() const;
  void encode_whole_state_elsewhere();

  void note_handled(session_id session, std::uint32_t messages, std::size_t bytes);
  void carry_out(const shared_bytes& event_bytes, std::size_t credit_bytes);
  void send_whole_state(session_id to);
  void close_session(const document_effects::closing& closing);
  void store(document_effects::storage_write& write, const shared_bytes& event_bytes,
             std::size_t credit_bytes);
  void append_stored();
  void confirm();
  void compact();
  unit_output* find_unit(session_id session);
  void on_nobody_left();
  void release_memory();
  void schedule_flush();

  document_settings settings_;
  std::shared_ptr<const std::string> name_;  // shared with the store's messages
  store_actor store_;
  directory_actor directory_;
  std::unique_ptr<hosted_document> hosted_;  // null while it is lent
  document_effects effects_;
  document_output output_;
  std::vector<unit_output> units_;
  std::unordered_map<session_id, std::size_t> unit_of_session_;
  fifo<input> waiting_;  // until the document is loaded, or its state is back
  durability log_;
  shared_bytes whole_state_frame_;  // for newcomers; empty: not known
  std::uint64_t whole_state_version_ = 0;
  bool whole_state_used_ = false;  // since the last tick
  std::uint64_t joins_ = 0;
  bool is_loaded_ = false;
  bool is_handling_ = false;
  bool is_compacting_ = false;
  bool is_unloading_ = false;
  bool flush_scheduled_ = false;
};

}  // namespace troupe
