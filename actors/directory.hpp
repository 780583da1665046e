// The actor that knows every open document of the node. The node spawns it; it alone starts and
// ends document actors, so opening and unloading one document never race: a session that asks for a
// document that is being unloaded waits here for the next one, which loads what the last has
// stored. What an operator imports or removes comes through here, too, so that it meets no unload
// half way, and whoever opens a document while it is being removed waits for the outcome.
//
// Sessions send it openings, documents report that they are idle or busy, the supervisor passes the
// seconds and the drain. Its mailbox is bounded by limits.max_connections: a session asks once per
// document. It watches its documents: it forgets one that has failed and closes its sessions
// through the hubs. If the directory itself fails the node stops.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <caf/expected.hpp>
#include <caf/typed_response_promise.hpp>

#include "actors/caf_compat.hpp"
#include "actors/cluster_links.hpp"
#include "actors/interfaces.hpp"
#include "actors/memory_release.hpp"
#include "actors/node_metrics.hpp"
#include "actors/store_health.hpp"
#include "actors/webhook_feed.hpp"
#include "base/budget.hpp"
#include "protocol/cluster/generation_spread.hpp"
#include "protocol/document_quota.hpp"
#include "protocol/document_rule.hpp"
#include "protocol/message_id_window.hpp"
#include "protocol/pending_quota.hpp"
#include "protocol/sync/awareness.hpp"
#include "protocol/upstream_names.hpp"

namespace troupe {

class io_unit;
class worker_pool;

struct directory_settings {
  std::size_t documents_max = 1000;
  quota_limits quota;
  pending_quota::limits pending;                                 ///< Of each user and address.
  std::size_t pending_total_max = static_cast<std::size_t>(-1);  ///< Bytes, of all documents.
  std::chrono::milliseconds idle_grace{30'000};
  std::chrono::milliseconds fold_after{5'000};
  crdt::doc_settings doc;
  std::vector<document_rule> rules;       ///< For some documents; see settings_for().
  std::vector<io_unit*> units;            ///< Where documents run; empty: on CAF's workers.
  std::uint64_t seed = 0;                 ///< Random; see hosted_document.
  std::shared_ptr<node_metrics> metrics;  ///< May be null.
  std::shared_ptr<worker_pool> workers;   ///< For work of documents that takes long; may be null.
  std::shared_ptr<store_health> health;   ///< May be null.
  std::shared_ptr<webhook_feed> webhooks{};  ///< May be null.
  bool names_authors = false;                ///< Documents say of their edits who made them.
  cluster_links_ptr links{};                 ///< Of no members yet; null: the node is alone.
  upstream_actor upstream{};                 ///< Null: documents are fetched from nowhere.
  upstream_names upstream_documents{};       ///< Those that are.
  log_reader_actor log_reader{};             ///< Where all nodes share the store.
  /// See hosted_document.
  std::size_t presence_size_max = sync::awareness::default_message_size_max;
};

class directory final : public directory_actor::base {
 public:
  directory(caf::actor_config& config, directory_settings settings, store_actor store,
            store_reader_actor reader, std::vector<hub_actor> hubs);

  const char* name() const override { return "troupe.directory"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  using time_point = std::chrono::steady_clock::time_point;

  /// What waits while a document is being unloaded or removed: openings and imports.
  using waiting_list = std::vector<std::function<void()>>;
  /// A document that an operator removes.
  struct removal {
    caf::typed_response_promise<dropped_copy> dropped;  // if only the copy of this node goes
    std::optional<std::uint64_t> generation;  // of another node; nothing: an operator of this one
    std::vector<caf::typed_response_promise<removed_document>> promises;
    waiting_list waiting;
  };
  /// A removal that is made here, and that enough keepers are to confirm before it is answered.
  struct spreading_removal {
    removed_document outcome;
    std::vector<caf::typed_response_promise<removed_document>> promises;
  };
  /// A generation that a sweep brings to all keepers.
  struct spreading_visit {
    std::uint64_t list = 0;
    caf::typed_response_promise<visited_document> promise;
  };
  /// The message ids of a document that was unloaded: its clients may come back.
  struct kept_window {
    std::shared_ptr<message_id_window> window;
    time_point until;
  };
  struct entry {
    document_id id = 0;
    document_actor document;
    std::uint64_t joins = 0;  // that were sent to it
    std::shared_ptr<message_id_window> window;
    bool is_idle = false;
    bool is_unloading = false;
    bool is_told_to_fold = false;  // since it became idle
    time_point idle_since;
    waiting_list waiting;
  };

  caf::result<opened_document> on_open(open_document request);
  void on_idle(const document_idle& message);
  void on_busy(document_id id);
  void on_second();
  void show_waiting() const;
  caf::result<listed_documents> on_list(const list_documents& which);
  surveyed_documents on_survey(const survey_documents& which);
  caf::result<listed_presence> on_list_presence(const list_presence& which);
  caf::result<settled_documents> on_settle(const settle_documents& which);
  void after_end_of(const std::string& name, document_id id, std::function<void()> then);
  std::vector<document_actor> open_of(const std::vector<std::string>& names) const;
  caf::result<listed_clients> on_list_clients(const list_clients& which);
  notified_document on_notify(const notify_document& news);
  found_open on_find_open(const find_open& which) const;
  caf::result<imported_update> on_import(const import_update& order);
  caf::result<exported_state> on_export(const export_state& which);
  caf::result<removed_document> on_remove(const remove_document& which);
  void on_cluster_changed(const cluster_changed& change);
  caf::result<visited_document> on_visit(const visit_document& which);
  caf::result<dropped_copy> on_drop(const drop_copy& which);
  void end_drop(const std::string& name, bool is_unused);
  void notify_peers(const std::string& name, cluster::document_message what,
                    const std::vector<cluster::peer_id>* only = nullptr);
  caf::result<node_drained> on_close_documents();
  void on_workers_late();
  void on_document_down(const caf::down_msg& down);

  entry* find(document_id id);
  /// Whether another server may have what was never stored here.
  bool may_be_upstream(const std::string& name) const {
    return settings_.upstream && settings_.upstream_documents.contains(name);
  }
  waiting_list* find_waiting(const std::string& name);
  void open_for(const open_document& request, caf::typed_response_promise<opened_document> promise);
  template <class Order, class Answer>
  void pass_on_opened(const Order& order, caf::typed_response_promise<Answer> promise);
  caf::result<removed_document> on_adopt(const adopt_generation& which);
  void look_again(const std::string& name);
  void on_announce(const announce_generation& which);
  void on_noted(const note_generation& news);
  caf::result<visited_document> on_spread(const spread_generation& which);
  void spread(const std::string& name, std::uint64_t generation,
              caf::typed_response_promise<visited_document> promise);
  void await_keepers(const std::string& name, removal& ended, const removed_document& outcome);
  void begin_spread(const std::string& name, std::uint64_t generation);
  void look_at_spread();
  void leave_behind(const std::string& name, std::vector<cluster::peer_id> missing);
  void send_generation(const std::string& name, std::uint64_t generation);
  bool is_put_off(const adopt_generation& which,
                  caf::typed_response_promise<removed_document> promise);
  void begin_removal(const std::string& name);
  void remove_stored(const std::string& name);
  void on_removed(const std::string& name, const removed_document& outcome);
  caf::expected<opened_document> open(const open_document& request);
  opened_document hand_out(entry& of, const open_document& request);
  document_actor spawn_document(const std::string& name, document_id id,
                                std::shared_ptr<message_id_window> window);
  std::shared_ptr<message_id_window> window_of(const std::string& name);
  void keep_window(const std::string& name, std::shared_ptr<message_id_window> window);
  bool make_room();
  void note_idle(entry& of);
  bool is_to_fold(entry& idle, time_point now) const;
  void unload(entry& of);
  void finish_drain_if_empty();

  directory_settings settings_;
  store_actor store_;
  store_reader_actor reader_;
  std::vector<hub_actor> hubs_;
  std::unordered_map<std::string, entry> documents_;
  std::unordered_map<document_id, std::string> names_;
  std::unordered_map<caf::actor_id, document_id> ids_by_actor_;
  std::unordered_map<std::string, kept_window> windows_;
  std::unordered_set<std::string> failed_;  // documents that have not been opened again
  std::unordered_map<std::string, removal> removals_;
  cluster::generation_spread spread_;  // of removals that are made, and not confirmed by others
  std::unordered_map<std::string, spreading_removal> unconfirmed_;  // who waits for that
  std::unordered_map<std::string, spreading_visit> spread_visits_;  // likewise
  std::shared_ptr<document_quota> quota_;
  std::shared_ptr<memory_release> release_ = std::make_shared<memory_release>();
  pending_quota pending_quota_;
  std::shared_ptr<budget> pending_;
  document_id last_id_ = 0;
  unsigned seconds_ = 0;
  bool is_draining_ = false;
  caf::typed_response_promise<node_drained> drained_;
};

}  // namespace troupe
