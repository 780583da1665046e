// What the other nodes of a cluster do to a document, and what they must receive of its sessions.
// Functions of the class hosted_document.
#include <algorithm>

#include "protocol/hosted_document.hpp"

namespace troupe {

std::vector<byte_buffer> hosted_document::difference(const crdt::state_vector& from,
                                                     std::size_t whole_max,
                                                     std::size_t part_size) const {
  std::vector<byte_buffer> all;
  all.push_back(from.empty() ? state_.encode_whole() : state_.encode_difference(from));
  if (from.empty()) forget_small_state(all.front().size());
  if (all.front().size() <= whole_max) return all;
  return state_.encode_in_pieces(from, {.piece = part_size});
}

/// The limits of this node are for its own clients: what another node has accepted, and perhaps
/// acknowledged, belongs to the document.
hosted_document::peer_taking hosted_document::on_peer_update(std::uint32_t peer, byte_view update,
                                                             document_effects& out,
                                                             std::uint64_t steps_for_now) {
  using enum peer_taking;
  const origin from = origin::of_peer(peer);
  if (refusing_) {
    if (!has_news(update)) return taken;
    out.refusals.push_back({from, dialect::y_websocket, request_part::update, *refusing_, {}});
    return refused;
  }
  auto applied = apply(update, nullptr, steps_for_now);
  if (applied && applied->is_deferred) return deferred;
  if (!applied) {
    applied = state_.decoded().load_update(update, repaired_);
    pending_.settle(state_.pending_size(), nullptr);
  }
  if (!applied) {
    out.refusals.push_back({from, dialect::y_websocket, request_part::update, applied.error(), {}});
    return refused;
  }
  if (!applied->changed && !applied->has_parked) return taken;
  ++version_;
  if (applied->changed) broadcast_update(from.session(), change_of(*applied, update), out);
  out.writes.push_back({update, from, dialect::y_websocket, std::nullopt});
  return taken;
}

void hosted_document::note_peer_presence(const std::vector<sync::awareness::client_id>& changed) {
  presence_changed_.insert(presence_changed_.end(), changed.begin(), changed.end());
}

void hosted_document::on_peer_presence(std::uint32_t peer, byte_view update, bool is_all,
                                       time_point now, document_effects& out) {
  if (!first_shown_) first_shown_ = now;
  auto applied = presence_.apply_of_peer(update, peer_session(peer), is_all, now);
  note_peer_presence(applied.changed);
  if (applied.left_out > 0)
    out.left_out.push_back({peer_session(peer), applied.left_out, *std::move(applied.why)});
}

void hosted_document::on_peer_gone(std::uint32_t peer, time_point now) {
  note_peer_presence(presence_.remove_session(peer_session(peer), now));
}

void hosted_document::on_peer_event(std::string_view payload, std::string_view user,
                                    std::string_view message_id, time_point now,
                                    document_effects& out) {
  const bool is_known =
      !user.empty() && !message_id.empty() &&
      window_->note(message_id_owner_of(user), message_id, as_bytes(payload), now) != seen::fresh;
  if (!is_known) on_event(payload, out);
}

byte_buffer hosted_document::presence_here() const {
  return presence_.encode(presence_.shown_here());
}

/// Of the clients whose presence changed, those that do not belong to a peer.
std::vector<byte_buffer> hosted_document::encode_presence_here() {
  auto& changed = presence_changed_here_;
  std::ranges::sort(changed);
  changed.erase(std::unique(changed.begin(), changed.end()), changed.end());
  std::erase_if(changed, [this](auto client) {
    const session_id owner = presence_.owner_of(client);
    const bool is_relayed = owner == no_session && presence_.state_of(client) != "null";
    return is_relayed || is_peer_session(owner) || !presence_.knows(client);
  });
  std::vector<byte_buffer> parts;
  if (!changed.empty()) parts = presence_.encode_in_parts(changed);
  changed.clear();
  return parts;
}

}  // namespace troupe
