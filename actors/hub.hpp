// The hub of an I/O unit: one per unit, pinned to it, spawned by the node. It is the mailbox of the
// unit's session_table, which it owns. Documents send it deliveries, the directory reports failed
// documents, the supervisor drains it. Its mailbox is bounded by what documents produce: one batch
// per document and turn, limited by the sessions' credit. It has no other state; if it fails the
// node stops.
#pragma once

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "actors/session_table.hpp"
#include "net/io_actor.hpp"

namespace troupe {

class hub final : public io_actor<hub_actor::base> {
 public:
  hub(caf::actor_config& config, io_unit& unit, std::shared_ptr<session_table> table);

  const char* name() const override { return "troupe.hub"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override { table_.reset(); }

 private:
  std::shared_ptr<session_table> table_;
};

}  // namespace troupe
