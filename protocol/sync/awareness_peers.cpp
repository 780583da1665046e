// What peers show: functions of the class awareness.
#include <algorithm>
#include <unordered_set>

#include "protocol/sync/awareness.hpp"
#include "protocol/sync/awareness_entry.hpp"

namespace troupe::sync {

awareness::applied awareness::apply_of_peer(byte_view update, session_id peer, bool is_all,
                                            time_point now) {
  applied outcome;
  std::unordered_set<client_id> listed;
  ++update_count_;
  lib0::decoder in{update};
  const std::uint64_t count = in.read_count(3, "awareness client count");
  for (std::uint64_t i = 0; i < count; ++i) {
    const awareness_entry incoming = read_entry(in);
    if (!in.ok()) break;
    if (is_all) listed.insert(incoming.client);
    auto taken = take_of_peer(incoming, peer, now);
    if (taken && *taken == taking::changed) outcome.changed.push_back(incoming.client);
    if (!taken && outcome.left_out++ == 0) outcome.why = std::move(taken).error();
  }
  if (!in.ok() && outcome.left_out++ == 0) outcome.why = in.error().value();
  if (!is_all || !in.ok()) return outcome;
  for (auto& [client, known] : entries_) {
    if (known.owner != peer || known.state.empty() || listed.contains(client)) continue;
    if (!hand_over(client, known, now)) remove(known, now);
    outcome.changed.push_back(client);
  }
  return outcome;
}

/// A client of somebody else: whether it shows itself at the peer now.
bool awareness::has_moved_to(const awareness_entry& incoming, const entry& known,
                             session_id peer) const {
  if (known.owner == no_session || known.owner == peer) return true;
  const std::uint64_t last =
      is_peer_session(known.owner) ? known.sent_clock : known.published_clock;
  return incoming.state != null_state && incoming.clock > last;
}

result<awareness::taking> awareness::take_of_peer(const awareness_entry& incoming, session_id peer,
                                                  time_point now) {
  entry* known = find(incoming.client);
  const bool is_null = incoming.state == null_state;
  if (known == nullptr && is_null) return taking::unchanged;
  if (known != nullptr && !has_moved_to(incoming, *known, peer)) return taking::unchanged;
  const bool is_of_peer = known != nullptr && is_peer_session(known->owner);
  const bool is_owner = is_of_peer && known->owner == peer;
  // What the peer sends under a newer clock of its own counts, however far this node has raised it.
  const std::uint64_t last = known == nullptr ? 0 : is_of_peer ? known->sent_clock : known->clock;
  const bool is_newer = known == nullptr || incoming.clock > last;
  // Its own node knows best that it is gone, however far the clock was raised here.
  const bool is_end = is_null && is_owner && !known->state.empty();
  // Its clock may have been raised here before its node was gone.
  const bool is_shown_again = !is_null && known != nullptr && known->state.empty() &&
                              incoming.clock + raised_at_first + raised_by_max >= last;
  if (!is_newer && !is_end && !is_shown_again) {
    const bool is_found = !is_null && known->owner == no_session && incoming.clock == last;
    if (is_found) {
      set_owner(*known, peer);
      known->sent_clock = incoming.clock;
    }
    return taking::unchanged;
  }
  if (incoming.clock > clock_max) return fail(errc::number_too_large, "awareness clock");
  if (is_null && known->state.empty()) return taking::unchanged;
  if (!is_null) {
    TROUPE_TRY(check_state(incoming.state));
    const std::size_t last_size = known == nullptr ? 0 : known->state.size();
    if (known == nullptr && entries_.size() >= clients_max)
      return fail(errc::too_many_clients, "awareness");
    if (state_bytes_ - last_size + incoming.state.size() > state_bytes_max)
      return fail(errc::state_too_large, "awareness states of the document");
  }
  const bool is_first = known == nullptr;
  if (is_first) known = &entries_[incoming.client];
  if (is_newer || is_shown_again) {
    // Clients of this node that were away may know it under this clock, and that it was gone.
    const std::uint64_t clock = is_first ? incoming.clock + raised_at_first : incoming.clock;
    publish_clock(*known, std::max(clock, known->clock + 1));
    known->counts =
        known->published_clock > incoming.clock ? counting::client_is_behind : counting::client;
  }
  known->sent_clock = incoming.clock;
  known->updated = now;
  known->changed_in = update_count_;
  if (is_null) {
    if (!hand_over(incoming.client, *known, now)) remove(*known, now);
    return taking::changed;
  }
  set_state(*known, incoming.state);
  known->taken_from = no_session;
  set_owner(*known, peer);
  return taking::changed;
}

std::vector<awareness::client_id> awareness::shown_here() const {
  std::vector<client_id> clients;
  for (const auto& [client, known] : entries_)
    if (!known.state.empty() && known.owner != no_session && !is_peer_session(known.owner))
      clients.push_back(client);
  return clients;
}

}  // namespace troupe::sync
