// The actor that says in the store which nodes share that this one runs, again and again, and
// reports to the cluster actor which others do. On a thread of its own, since the store may be
// slow; while it cannot be reached it reports nothing. The node spawns one where cluster.durability
// is shared.
//
// Its mailbox holds a note to itself, and the drain. If it fails the cluster actor does.
#pragma once

#include <chrono>
#include <memory>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "storage/node_table.hpp"

namespace troupe {

/// As it stands in the table.
storage::document_id row_id_of(const cluster::node_uuid& id);
cluster::node_uuid uuid_of(const storage::document_id& id);

class node_watch final : public node_watch_actor::base {
 public:
  /// So often a node says that it is there.
  static constexpr std::chrono::milliseconds interval{2'000};
  /// One that has not said so for so long is not.
  static constexpr std::chrono::milliseconds absence_max{15'000};

  node_watch(caf::actor_config& config, std::shared_ptr<storage::node_table> table,
             storage::node_row self, cluster_actor owner);

  const char* name() const override { return "troupe.node-watch"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override { owner_ = nullptr; }

 private:
  void on_second();
  node_drained on_drain();

  std::shared_ptr<storage::node_table> table_;
  storage::node_row self_;
  cluster_actor owner_;
  bool is_draining_ = false;
};

}  // namespace troupe
