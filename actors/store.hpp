// The actor in front of storage. The node spawns it detached: it blocks on its own thread, never on
// a worker. Documents send it appends and checkpoints, which queue up while a write is under way,
// go out as one batch, and are confirmed together once that batch is durable (group commit).
//
// Its mailbox is bounded by what documents have unconfirmed, which the credit of their sessions
// bounds. A failed write is confirmed to nobody and ends the actor, and the node with it, so
// whatever was acknowledged is stored.
#pragma once

#include <memory>
#include <unordered_map>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "storage/archive.hpp"

namespace troupe {

class store final : public store_actor::base {
 public:
  /// `archive`: of the same storage, for removals. Null: there are none.
  store(caf::actor_config& config, std::shared_ptr<storage::backend> backend,
        std::shared_ptr<storage::archive> archive = nullptr);

  const char* name() const override { return "troupe.store"; }

 protected:
  behavior_type make_behavior() override;

 private:
  caf::result<loaded_document> on_load(const load_document& which);
  void on_append(const append_updates& append);
  void on_checkpoint(const write_checkpoint& write);
  removed_document on_remove(const remove_document& which);
  bool flush();
  void schedule_flush();

  std::shared_ptr<storage::backend> backend_;
  std::shared_ptr<storage::archive> archive_;
  storage::batch queued_;
  std::unordered_map<caf::actor_id, std::pair<document_actor, storage::sequence>> to_confirm_;
  bool flush_scheduled_ = false;
};

}  // namespace troupe
