// The actor that writes to storage, on a thread of its own. It serves all documents and is the one
// writer: what arrives while a batch is being written becomes the next batch, so one fsync confirms
// what many documents wrote meanwhile. It confirms an update to its document when its batch is
// durable (group commit).
//
// It is serving, delaying or refusing. A write that fails for want of space, or for an error of the
// disk, is confirmed to nobody: from then on it refuses, which store_health reports to documents
// and operators, keeps what it has, and tries to recover until it can write all of that. With a
// store that others keep (patience) it only delays at first: it accepts edits and queues them. A
// write that fails for one document is written without that document, which ends and is opened
// again (ADR 13).
//
// Its mailbox and its queue are bounded by what documents have unconfirmed: the credit of their
// sessions bounds each, storage.max_queue_size all together.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "actors/caf_compat.hpp"
#include "actors/commit_pace.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "actors/store_health.hpp"
#include "actors/webhook_feed.hpp"
#include "protocol/upstream_names.hpp"
#include "storage/archive.hpp"

namespace troupe {

struct store_settings {
  std::shared_ptr<storage::backend> backend;
  std::shared_ptr<storage::archive> archive;  ///< Of the same storage, for removals; null: none.
  std::shared_ptr<store_health> health = std::make_shared<store_health>();
  std::shared_ptr<node_metrics> metrics;     ///< May be null.
  std::shared_ptr<webhook_feed> webhooks{};  ///< Hears of removals; null: nobody does.
  /// Another server may have these, if they were never stored here; a removal is of them, too.
  upstream_names upstream_documents{};
  /// Between two attempts to recover.
  std::chrono::milliseconds recovery_interval{1000};
  /// How long edits are accepted while the store cannot be written; storage.max_queue_size bounds
  /// them as well.
  std::chrono::milliseconds patience{0};
  /// What cannot be written, as clients and operators are shown it; they need not know where it
  /// lies.
  std::string place{};
};

class store final : public store_actor::base {
 public:
  store(caf::actor_config& config, store_settings settings);

  const char* name() const override { return "troupe.store"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  /// Who is notified how far the updates of a document are stored.
  struct listener {
    document_actor document;
    std::shared_ptr<const std::string> name;
    storage::sequence up_to = 0;
    std::size_t bytes = 0;  ///< Of its updates in the queue.
  };

  caf::result<loaded_document> on_load(const load_document& which);
  void on_append(const append_updates& append);
  void on_checkpoint(const write_checkpoint& write);
  removed_document on_remove(const remove_document& which);
  result<bool> remove_stored(const std::string& name);
  dropped_copy on_drop(const drop_copy& which);
  removed_document on_adopt(const adopt_generation& which);
  void on_recovery_due();
  void schedule_flush();
  void on_flush_due();
  bool flush();
  bool write_queued();
  result<void> write_batch();
  void confirm_all();
  bool write_apart();
  std::vector<listener> take_listeners(const std::string& name);
  void end_documents(const std::string& name, const failure& why);
  void begin_refusing(const failure& why, failure shown);
  bool is_patient(const failure& why) const;
  void begin_serving();
  void log_refusal(const failure& why);

  store_settings settings_;
  storage::batch queued_;
  std::size_t queued_bytes_ = 0;  // of queued_, about
  std::unordered_map<caf::actor_id, listener> to_confirm_;
  bool flush_scheduled_ = false;
  commit_pace pace_;
  bool is_refusing_ = false;  // or delaying
  bool is_delaying_ = false;
  std::chrono::steady_clock::time_point refusing_since_;  // or delaying
  std::chrono::steady_clock::time_point logged_at_;
};

}  // namespace troupe
