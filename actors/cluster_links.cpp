#include "actors/cluster_links.hpp"

namespace troupe {

cluster::document_placement cluster_links::place(std::string_view document) const {
  cluster::document_placement where;
  if (settings.is_shared) {
    // Whoever is there, nothing depends on them.
    where.list = 1;
    where.is_shared = true;
    return where;
  }
  where.is_available = settings.is_available;
  if (!is_member) {
    // Whatever is stored here may be old, and nobody can be asked.
    where.keeps_itself = false;
    where.answers_needed = 1;
    where.is_available = false;
    return where;
  }
  const cluster::quorum sizes = cluster::quorum_of(replication, list.size());
  const cluster::document_place place = cluster::place_of(list, document, sizes.keepers);
  where.keeps_itself = place.is_keeper(self);
  where.write_acks = sizes.write_acks;
  where.list = list.number();
  where.is_widely_known = is_widely_known;
  where.may_drop = may_drop;
  for (const cluster::node_uuid& keeper : place.keepers())
    if (const entry* const of = find(keeper)) where.keepers.push_back(of->peer);
  std::size_t reads = sizes.reads;
  bool asks_itself = where.keeps_itself;
  where.asked = where.keepers;
  if (wide) {
    where.asked.clear();
    asks_itself = false;
    reads = wide->reads;
    for (const cluster::node_uuid& id : wide->ask) {
      if (id == self) asks_itself = true;
      if (const entry* const of = find(id)) where.asked.push_back(of->peer);
    }
  }
  where.answers_needed = reads - (asks_itself && reads > 0 ? 1 : 0);
  return where;
}

std::size_t cluster_links::count_up(const cluster::document_placement& where) const {
  std::size_t up = where.keeps_itself ? 1 : 0;
  for (const entry& each : peers) {
    const bool is_keeper = std::ranges::find(where.keepers, each.peer) != where.keepers.end();
    if (is_keeper && (!newest || newest->is_up(each.id))) ++up;
  }
  return up;
}

// --- who is home ---

void newest_links::note_link(const cluster::node_uuid& to, bool is_up, time_point now) {
  const std::lock_guard lock{mutex_};
  const auto known = std::ranges::find(reached_, to, &reached::id);
  if (known == reached_.end())
    reached_.push_back({to, is_up, now});
  else if (known->is_up != is_up)
    *known = {to, is_up, now};
}

/// Requires the mutex.
std::optional<newest_links::home> newest_links::find(const cluster::node_uuid& id,
                                                     time_point now) const {
  const auto known = std::ranges::find(reached_, id, &reached::id);
  const bool is_up = known != reached_.end() && known->is_up;
  const time_point since = known != reached_.end() ? known->since : begun_;
  if (!is_up && now - since >= takeover_delay) return std::nullopt;
  return home{id, false, is_up ? since : now};
}

std::optional<newest_links::home> newest_links::home_of(std::string_view document,
                                                        time_point now) const {
  const cluster_links_ptr links = get();
  if (!links || !links->is_member) return std::nullopt;
  const auto place = cluster::place_of(links->list, document, links->keeper_count());
  const std::lock_guard lock{mutex_};
  for (const cluster::node_uuid& keeper : place.keepers()) {
    if (keeper == links->self) return home{keeper, true, begun_};
    if (const auto found = find(keeper, now)) return found;
  }
  return std::nullopt;
}

bool newest_links::is_up(const cluster::node_uuid& id) const {
  const std::lock_guard lock{mutex_};
  const auto known = std::ranges::find(reached_, id, &reached::id);
  return known != reached_.end() && known->is_up;
}

placed_document newest_links::describe(std::string_view document, time_point now) const {
  placed_document shown;
  const cluster_links_ptr links = get();
  if (!links || !links->is_member) return shown;
  const auto name_of = [&](const cluster::node_uuid& id) {
    const cluster::member* const found = links->list.find(id);
    return found != nullptr ? found->name : cluster::to_string(id);
  };
  const auto place = cluster::place_of(links->list, document, links->keeper_count());
  shown.list_number = links->list.number();
  if (!links->settings.is_shared) {
    for (const cluster::node_uuid& each : place.keepers()) shown.keepers.push_back(name_of(each));
    if (place.is_keeper(links->self)) shown.role = "keeper";
  }
  if (const auto found = home_of(document, now)) {
    shown.home = name_of(found->id);
    if (found->is_here) shown.role = "home";
  }
  return shown;
}

}  // namespace troupe
