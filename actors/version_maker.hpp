// Makes versions of the documents that have changed, one at a time, each by a worker. The node
// spawns it where versions.enabled is set; it wakes once a second, and hears only from itself and
// the worker. If a version cannot be made, it says so in the log and tries again an interval later;
// nobody else notices.
#pragma once

#include <memory>

#include "actors/caf_compat.hpp"
#include "actors/changed_documents.hpp"
#include "actors/interfaces.hpp"
#include "actors/version_keeper.hpp"
#include "actors/worker_pool.hpp"
#include "base/log_quota.hpp"

namespace troupe {

class version_maker final : public version_maker_actor::base {
 public:
  version_maker(caf::actor_config& config, std::shared_ptr<const version_keeper> keeper,
                std::shared_ptr<changed_documents> changes, std::shared_ptr<worker_pool> workers);

  const char* name() const override { return "troupe.version-maker"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  void on_second();
  void on_made(const version_made& made);
  void make_next();

  std::shared_ptr<const version_keeper> keeper_;
  std::shared_ptr<changed_documents> changes_;
  std::shared_ptr<worker_pool> workers_;
  log_quota failures_logged_;  // by cause
  bool is_making_ = false;
};

}  // namespace troupe
