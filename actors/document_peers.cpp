#include "actors/document_peers.hpp"

namespace troupe {

void document_peers::send_to_users(const document_effects::peer_effects& what) {
  if (what.empty()) return;
  for (const byte_buffer& update : what.presence)
    core_.send_to_users(cluster::peer_presence{shared_bytes::copy_of(update), false});
  for (const auto& event : what.events)
    core_.send_to_users(cluster::peer_event{event.payload, event.user, event.message_id});
}

void document_peers::show_presence(cluster::peer_id to, const hosted_document& of) {
  core_.send_to(to, cluster::peer_presence{shared_bytes::copy_of(of.presence_here()), true});
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

/// As one block, or as several where that would be too large.
std::vector<shared_bytes>
document_peers::encode(std::vector<cluster::document_message> messages) const {
  std::vector<shared_bytes> blocks;
  cluster::document_block next{*name_, core_.life(), {}, core_.placement().list};
  std::size_t size = 0;
  const auto end_block = [&] {
    blocks.push_back(cluster::encode(next));
    next.messages.clear();
    size = 0;
  };
  for (cluster::document_message& each : messages) {
    const std::size_t added = cluster::encoded_size(each);
    const bool is_full = size + added > cluster::block_size_bytes_max ||
                         next.messages.size() == cluster::block_messages_max;
    if (is_full && !next.messages.empty()) end_block();
    size += added;
    next.messages.push_back(std::move(each));
  }
  if (!next.messages.empty()) end_block();
  return blocks;
}

}  // namespace troupe
