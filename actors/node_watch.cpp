#include "actors/node_watch.hpp"

#include <algorithm>
#include <utility>

#include "protocol/cluster/uuid_bytes.hpp"

namespace troupe {

storage::document_id row_id_of(const cluster::node_uuid& id) {
  lib0::encoder to;
  cluster::write_uuid(to, id);
  storage::document_id row{};
  std::ranges::copy(to.view(), row.begin());
  return row;
}

cluster::node_uuid uuid_of(const storage::document_id& id) {
  lib0::decoder from{byte_view{id}};
  return cluster::read_uuid(from);
}

node_watch::node_watch(caf::actor_config& config, std::shared_ptr<storage::node_table> table,
                       storage::node_row self, cluster_actor owner)
    : node_watch_actor::base(config),
      table_(std::move(table)),
      self_(std::move(self)),
      owner_(std::move(owner)) {}

node_watch::behavior_type node_watch::make_behavior() {
  end_on_exception(this);
  tell(this, node_watch_actor{this}, second_passed{});
  return {
      [this](const second_passed&) { on_second(); },
      [this](const drain_node&) { return on_drain(); },
  };
}

/// What the store does not say is not reported: those that were there stay.
void node_watch::on_second() {
  if (is_draining_) return;
  tell_later(this, node_watch_actor{this}, interval, second_passed{});
  const auto present = table_->note_present(self_, absence_max);
  if (!present) return;
  nodes_present news;
  for (const storage::node_row& each : *present)
    news.nodes.push_back({uuid_of(each.id), each.name, each.address});
  tell(this, owner_, std::move(news));
}

/// If the store cannot be reached, the others notice by its silence.
node_drained node_watch::on_drain() {
  is_draining_ = true;
  (void)table_->note_gone(self_.id);
  return {};
}

}  // namespace troupe
