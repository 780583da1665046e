#include "actors/document_peers.hpp"

#include "protocol/cluster/peer_codec.hpp"

namespace troupe {

void document_peers::tell_users(const document_effects::peer_effects& what) {
  if (what.empty()) return;
  for (const byte_buffer& update : what.presence)
    core_.tell_users(cluster::peer_presence{shared_bytes::copy_of(update), false});
  for (const auto& event : what.events)
    core_.tell_users(cluster::peer_event{event.payload, event.user, event.message_id});
}

void document_peers::show_presence(cluster::peer_id to, const hosted_document& of) {
  const std::vector<byte_buffer> parts = of.presence_here();
  for (const byte_buffer& part : parts)
    core_.tell(to, cluster::peer_presence{shared_bytes::copy_of(part), parts.size() == 1});
}

std::optional<cluster::node_uuid> document_peers::home_with_all(time_point now) const {
  if (!links_->newest) return std::nullopt;
  const auto home = links_->newest->home_of(*name_, now);
  if (!home || home->is_here) return std::nullopt;
  const cluster_links::entry* const at = links_->find(home->id);
  if (at == nullptr) return std::nullopt;
  const auto& keepers = core_.placement().keepers;
  if (std::ranges::find(keepers, at->peer) == keepers.end()) return std::nullopt;
  const std::vector<cluster::peer_id> lacking = core_.lacking();
  if (std::ranges::find(lacking, at->peer) != lacking.end()) return std::nullopt;
  return home->id;
}

shared_bytes document_peers::encode(const cluster::replica::block& what) const {
  return cluster::encode(
      cluster::document_block{*name_, core_.life(), what.messages, core_.placement().list});
}

}  // namespace troupe
