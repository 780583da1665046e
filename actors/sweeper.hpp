// The actor that brings stored documents to the nodes that keep them: it visits them one after the
// other, in the order that protocol/cluster/sweep decides, and drops copies that belong elsewhere
// once all keepers have everything. Keepers are also notified of removals. It reads the names from
// the archive, so it has a thread of its own; the documents themselves are opened by the directory.
//
// The node spawns one where cluster.enabled. It receives lists and links from the cluster actor,
// and what documents leave behind from these. Its mailbox is bounded by the documents that end. If
// it fails the node stops.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "actors/caf_compat.hpp"
#include "actors/cluster_links.hpp"
#include "actors/interfaces.hpp"
#include "protocol/cluster/sweep.hpp"
#include "storage/archive.hpp"

namespace troupe {

class sweeper final : public sweeper_actor::base {
 public:
  sweeper(caf::actor_config& config, std::shared_ptr<storage::archive> archive,
          directory_actor directory, cluster::sweep_settings settings = {});

  const char* name() const override { return "troupe.sweeper"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  void on_changed(const cluster_changed& change);
  void go_on();
  void list_page(const cluster::sweep::page_request& wanted);
  void visit(const std::string& document);
  void on_visited(const std::string& document, const visited_document& outcome);
  void drop(const std::string& document);

  std::shared_ptr<storage::archive> archive_;
  directory_actor directory_;
  cluster_actor owner_;  // null before it has sent anything
  cluster_links_ptr links_;
  cluster::sweep sweep_;
  std::uint64_t dropped_for_ = 0;  // the list for which others were notified that copies may go
};

}  // namespace troupe
