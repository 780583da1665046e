#include "actors/cluster_links.hpp"

namespace troupe {

cluster::document_placement cluster_links::place(std::string_view document) const {
  cluster::document_placement where;
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

bool cluster_links::is_home(std::string_view document) const {
  if (!is_member) return false;
  const cluster::quorum sizes = cluster::quorum_of(replication, list.size());
  const cluster::document_place place = cluster::place_of(list, document, sizes.keepers);
  return place.keeper_count > 0 && place.ranking.front() == self;
}

}  // namespace troupe
