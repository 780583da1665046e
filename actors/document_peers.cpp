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

shared_bytes document_peers::encode(const cluster::replica::block& what) const {
  return cluster::encode(
      cluster::document_block{*name_, core_.life(), what.messages, core_.placement().list});
}

}  // namespace troupe
