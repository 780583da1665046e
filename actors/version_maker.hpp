// Makes versions of the documents that have changed, one at a time, each by a worker. The node
// spawns it where versions.enabled is set; it wakes once a second, and gets messages only from
// itself and the worker. If a version cannot be made, it says so in the log and tries again an
// interval later; nobody else notices. In a cluster each node that stores a change has noted it,
// and only the home of the document makes the version.
#pragma once

#include <memory>

#include "actors/caf_compat.hpp"
#include "actors/changed_documents.hpp"
#include "actors/cluster_links.hpp"
#include "actors/interfaces.hpp"
#include "actors/version_keeper.hpp"
#include "actors/worker_pool.hpp"
#include "base/log_quota.hpp"

namespace troupe {

class version_maker final : public version_maker_actor::base {
 public:
  version_maker(caf::actor_config& config, std::shared_ptr<const version_keeper> keeper,
                std::shared_ptr<changed_documents> changes, std::shared_ptr<worker_pool> workers,
                std::shared_ptr<const newest_links> homes = nullptr);

  const char* name() const override { return "troupe.version-maker"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  void on_second();
  void on_made(const version_made& made);
  void make_next();
  version_schedule::name take_due() const;

  std::shared_ptr<const version_keeper> keeper_;
  std::shared_ptr<changed_documents> changes_;
  std::shared_ptr<worker_pool> workers_;
  std::shared_ptr<const newest_links> homes_;  // null: the node is alone
  log_quota failures_logged_;                  // by cause
  bool is_making_ = false;
};

}  // namespace troupe
