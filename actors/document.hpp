// The actor behind one open document. The directory spawns and watches it, on the I/O thread that
// the document's name chooses; it owns the document's Yjs state and presence, and is the only
// writer of its log. It receives joins, unloads and ticks from the directory, requests and leaves
// from sessions, confirmations from the store. Its mailbox is bounded by the credit of its
// sessions.
//
// The life of a document: it loads, then it handles requests, carries out the effects, confirms
// what is stored, checkpoints its log, and unloads some time after its last subscriber has left.
// While nobody edits it, it keeps its state folded (foldable_state).
// It lends long work to a worker (document_work), knows its sessions by document_audience, and
// sends what a turn of the mailbox produces as one batch per I/O unit (document_output). If the
// actor fails, the directory closes its sessions with a retryable code and reopens the document
// from storage at the next join.
#pragma once

#include <chrono>
#include <memory>

#include "actors/caf_compat.hpp"
#include "actors/document_audience.hpp"
#include "actors/document_output.hpp"
#include "actors/document_peers.hpp"
#include "actors/document_reporter.hpp"
#include "actors/document_work.hpp"
#include "actors/durability.hpp"
#include "actors/edit_ages.hpp"
#include "actors/interfaces.hpp"
#include "actors/memory_release.hpp"
#include "actors/newcomer_state.hpp"
#include "actors/node_metrics.hpp"
#include "actors/store_health.hpp"
#include "actors/worker_pool.hpp"
#include "base/log_quota.hpp"
#include "net/io_actor.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

struct document_settings {
  document_id id = 0;
  std::string name;
  crdt::doc_settings doc;
  std::uint64_t seed = 0;                     ///< See hosted_document.
  std::shared_ptr<message_id_window> window;  ///< See hosted_document.
  std::shared_ptr<budget> pending;            ///< See hosted_document.
  std::shared_ptr<node_metrics> metrics;      ///< May be null.
  std::shared_ptr<worker_pool> workers;       ///< Null: it does all work where it runs.
  std::shared_ptr<memory_release> release;    ///< Hears of much that is freed; may be null.
  std::shared_ptr<store_health> health;       ///< May be null.
  std::chrono::milliseconds fold_after{};     ///< Without an edit its state folds; see fold().
  std::shared_ptr<webhook_feed> webhooks{};   ///< May be null.
  bool names_authors = false;                 ///< Of its appends, for versions.
  cluster_links_ptr links{};                  ///< Null: the node is alone.
  std::uint64_t life = 0;                     ///< Random; see cluster::replica.
  upstream_actor upstream{};                  ///< Null: the document is fetched from nowhere.
  log_reader_actor log_reader{};              ///< Where all nodes share the log.
  /// See hosted_document.
  std::size_t presence_size_max = sync::awareness::default_message_size_max;
};

class document final : public io_actor<document_actor::base> {
 public:
  /// `unit`: where it runs; null: on CAF's workers.
  /// `reader`: what it loads from.
  document(caf::actor_config& config, io_unit* unit, document_settings settings, store_actor store,
           const store_reader_actor& reader, directory_actor directory);

  const char* name() const override { return "troupe.document"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  static hosted_document::time_point current_time() { return std::chrono::steady_clock::now(); }

  void on_loaded(const loaded_document& loaded);
  void note_loaded() const;
  void log_repairs() const;
  void check_fullness();
  void on_join(const join_document& join);
  void on_leave(const leave_document& leave);
  void on_update_stored(const update_stored& stored);
  listed_presence on_list_presence(const list_presence& which) const;
  listed_clients on_list_clients(const list_clients& which) const;
  document_info on_describe() const;
  void on_returned(const document_returned& returned);
  void on_unload();
  caf::result<imported_update> on_import(const import_update& order);
  caf::result<exported_state> on_export(const export_state& which);
  caf::result<settled_documents> on_settle();
  void on_flush();

  /// What concerns the node; all else is for those who see the document, or change it.
  template <class Input>
  static constexpr bool is_of_node =
      std::is_same_v<std::remove_cvref_t<Input>, document_tick> ||
      std::is_same_v<std::remove_cvref_t<Input>, document_work::news_rest> ||
      std::is_same_v<std::remove_cvref_t<Input>, document_work::log_rest>;

  /// Events are handled in the order in which they came, one at a time.
  template <class Input>
  void queue(Input&& next) {
    if constexpr (!is_of_node<Input>)
      if (is_held()) return hold(std::forward<Input>(next));
    work_.push(std::forward<Input>(next));
    handle_waiting();
  }
  void handle_waiting();
  bool handle(document_work::batch_rest& rest);
  bool handle_requests(document_work::batch_rest& rest, hosted_document::time_point now);
  bool handle(joining_session& who);
  bool handle(leave_document& leave);
  bool handle(document_tick& tick);
  bool handle(document_event& event);
  bool handle(presence_missed& missed);
  bool handle(session_silent& silent);
  bool handle(change_rights& change);
  bool handle(awaited_settling& settling);
  bool handle(operator_import& import);
  bool handle(operator_export& wanted);
  bool handle(document_work::news_rest& rest);
  bool handle(document_work::log_rest& rest);
  void answer_import(operator_import import, imported_update answer);
  void answer_stored_imports();
  void give_up_imports(hosted_document::time_point now);

  bool is_handled_here(session_id from, const client_request& what,
                       hosted_document::time_point now);
  bool takes_times() const noexcept {
    return settings_.metrics && settings_.metrics->takes_times();
  }
  void note_ages();
  document_work::lender make_lender();
  bool needs_encoding(const client_request& what);
  void encode_whole_state_elsewhere(dialect in);
  weight weight_here(const client_request& what) const;
  weight weight_here(const shared_slice& update) const;

  bool is_small() const noexcept { return durability_.state_size() < heavy_update_bytes; }
  bool is_quiet();
  void fold();
  void note_folding();

  void carry_out(const shared_bytes& event_bytes, std::size_t credit_bytes);
  void carry_out_effects(const shared_bytes& event_bytes, std::size_t credit_bytes);
  void send_whole_state(session_id to, dialect in);
  void refuse(const document_effects::refusal& refused);
  void note_refused(session_id session, const failure& why);
  void note_left_out(const document_effects::left_out_presence& presence);
  bool is_refused(session_id session) const;
  bool may_lose_unstored() const;
  void check_store();
  void confirm();
  void on_confirmed();
  void append_stored();
  void checkpoint();
  void log_failed_checkpoint(const failure& why) const;

  // document_upstream.cpp
  bool needs_upstream() const noexcept;
  void look_upstream();
  void await_home();
  void fetch();
  void on_fetched(const fetched_document& got);
  bool handle(fetched_document& got);
  void take_fetched();
  void note_known();
  void fail_upstream();
  void store_mark(const origin& from);
  bool is_mark(const cluster::document_message& message) const;
  bool is_put_off(cluster::peer_id from, const cluster::document_message& message);
  void answer_put_off();
  void note_answer(const cluster::document_message& message);

  // document_cluster.cpp
  void begin_with_peers();
  /// Nobody may see the document yet.
  bool is_held() const noexcept { return (peers_ && !peers_->is_loaded()) || needs_upstream(); }
  void hold(document_work::input what);
  void open_for_held();
  void release_held();
  void refuse_held(const caf::error& why);
  void on_cluster_changed(const cluster_changed& change);
  void on_link(const peer_news& news);
  void take_from_peer(cluster::peer_id from,
                      const std::shared_ptr<const cluster::document_block>& in, std::size_t at);
  void apply_from_peer(cluster::peer_id from,
                       const std::shared_ptr<const cluster::document_block>& in, std::size_t at,
                       const shared_slice& update);
  void answer_peer(cluster::peer_id from, const cluster::document_message& message);
  bool may_be_dropped() const;
  caf::result<visited_document> on_visit();
  void answer_visits(bool is_late);
  void look_at_generation();
  void note_keepers();
  void note_confirmations();
  void look_at_opening();
  void note_written(const origin& from);
  void note_unsendable(hosted_document::time_point now);
  void report_use();
  void report_keeping();
  void notify_peers();

  // document_shared.cpp
  cluster::shared_log* shared_log() noexcept { return peers_ ? peers_->shared() : nullptr; }
  const cluster::shared_log* shared_log() const noexcept {
    return peers_ ? peers_->shared() : nullptr;
  }
  void look_if_unused();
  void look_at_shared_log();
  void apply_from_log(const shared_slice& update, const std::shared_ptr<bool>& has_failed);
  void on_looked(const storage::log_news& news, bool has_failed);
  bool is_checkpoint_of_use() const;
  void write_for_others();
  void hurry_shared_log();
  void on_look_failed();
  void look_what_is_settled();
  void notify_logged();
  std::uint64_t log_origin() const noexcept;
  std::uint64_t generation_of_writes() const noexcept;

  void on_nobody_left();
  void release_memory();
  void note_freed(std::size_t bytes) const;
  void schedule_flush();

  /// An import whose answer waits until all up to this number is durable.
  struct stored_import {
    storage::sequence number = 0;
    imported_update answer;
    caf::typed_response_promise<imported_update> promise;
    hosted_document::time_point since{};  ///< Of the answer.
  };

  document_settings settings_;
  std::shared_ptr<const std::string> name_;  // shared with the store's messages
  store_actor store_;
  store_reader_actor reader_;
  directory_actor directory_;
  document_work work_;
  document_output output_;
  document_audience audience_;
  durability durability_;
  edit_ages ages_;
  document_reporter reporter_;
  newcomer_state newcomers_;
  log_quota left_out_logged_;        // presence, by cause
  std::vector<session_id> refused_;  // are being closed, until they have left
  log_quota refusals_logged_;        // that leave the session open, by cause
  log_quota closings_logged_;        // by reason
  log_quota unsendable_logged_;
  std::vector<stored_import> imports_;      // that wait for storage
  std::unique_ptr<document_peers> peers_;   // null: the node is alone
  std::vector<document_work::input> held_;  // until all there is of the document is known
  bool is_fetching_ = false;
  bool is_fetched_ = false;  // or it is known that nothing can be
  hosted_document::time_point awaits_home_since_{};
  /// Of peers that open the document; answered once it was looked for.
  std::vector<std::pair<cluster::peer_id, cluster::peer_load>> put_off_;
  std::vector<caf::typed_response_promise<visited_document>> visits_;  // by the sweeper
  hosted_document::time_point visited_at_;                             // by the first of them
  bool is_removed_ = false;
  bool is_checkpointing_ = false;
  bool is_unloading_ = false;
  bool waits_for_worker_ = true;
  bool is_final_ = false;
  bool is_outdated_ = false;      // by another node
  std::uint64_t generation_ = 0;  // storage::document_generation
  // Where all nodes share the log.
  storage::sequence seen_covers_ = 0;  // of the newest checkpoint, as the last look has found it
  storage::sequence sent_covers_ = 0;  // of the last that was sent to the store
  cluster::peer_stored said_logged_;   // to peers
  bool flush_scheduled_ = false;
  bool is_nearly_full_ = false;
  bool is_folded_ = false;        // as far as is noted
  bool releases_memory_ = false;  // at the end of the turn
  hosted_document::time_point opened_at_;
  hosted_document::time_point edited_at_;
  std::uint64_t seen_version_ = 0;  // at the last tick
};

}  // namespace troupe
