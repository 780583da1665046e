// The hub of an io_unit. Spawned by the supervisor's caller, one per unit, pinned to it; owns the
// unit's session_table. Who writes to it: documents (deliveries), the directory (a document
// failed), the supervisor (drain). Its mailbox is bounded by what documents produce per turn: one
// batch a document and turn, held back by the sessions' credit. It keeps no state that could go
// stale; if it fails the node stops.
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
