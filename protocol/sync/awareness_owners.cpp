// Whose a client is, who claims it, and what becomes of it when its session goes: functions of the
// class awareness.
#include <algorithm>

#include "protocol/json/member.hpp"
#include "protocol/sync/awareness.hpp"
#include "protocol/sync/awareness_entry.hpp"

namespace troupe::sync {

/// Whether the session says of itself that it is this client: it has said so before, or it shows
/// this client first and alone, as clients do. What it shows after it has heard others, and is
/// known already, is an echo.
bool awareness::is_announced(const awareness_entry& incoming, const sender& by, bool is_alone,
                             bool is_newer) const {
  if (!by.is_opening && !is_newer) return false;
  const auto found = sessions_.find(by.session);
  if (found == sessions_.end()) return is_alone;
  const showing& shown = found->second;
  if (shown.own) return *shown.own == incoming.client;
  return is_alone && shown.may_announce;
}

/// Whether the client has come back on a later connection, which was heard first: what an older one
/// opens with has been under way for long, and says nothing of the client as it is now.
bool awareness::is_overtaken(const entry* known, const sender& by) {
  return known != nullptr && by.is_opening && known->announced_by > by.session;
}

/// Whether a session may change what is known of a client. A client of another session may be its
/// own: a client that comes back does so while its old connection is not known to be dead. If that
/// one speaks all the same, it was not, and gets its client back.
bool awareness::become_owner(client_id client, entry& known, const sender& by, bool announces,
                             bool is_newer) {
  if (known.owner == by.session || known.owner == no_session) return true;
  if (announces && by.may_take_over && known.counts != counting::server && claims(client, by)) {
    // Whoever had it first gets it back, however many have taken it since.
    if (known.taken_from == no_session) known.taken_from = known.owner;
    showing& taker = sessions_[by.session];
    drop_claim(taker);
    taker.claims_own = false;
    set_owner(known, by.session);
    return true;
  }
  if (announces && by.is_opening) {
    showing& shown = sessions_[by.session];
    shown.own = client;
    shown.claims_own = true;
  }
  if (known.taken_from != by.session || !is_newer) return false;
  showing& taker = sessions_[known.owner];
  taker.own.reset();
  taker.may_announce = false;
  known.taken_from = no_session;
  set_owner(known, by.session);
  return true;
}

/// Whether the session has said in its opening that it is this client.
bool awareness::claims(client_id client, const sender& by) const {
  if (by.is_opening) return true;
  const auto found = sessions_.find(by.session);
  return found != sessions_.end() && found->second.own == client;
}

// --- what belongs to nobody ---

/// Whether this session has shown it first together with others, and all have heard it under a
/// later clock: perhaps it is its own.
bool awareness::was_raised_by(const entry& known, session_id session) {
  return known.owner == no_session && known.raised_to != 0 && known.payer == session;
}

void awareness::note_relayer(entry& of, session_id relayer) {
  const bool is_known = relayer == no_session || relayer == of.payer || of.owner != no_session ||
                        std::ranges::find(of.also_relayed_by, relayer) != of.also_relayed_by.end();
  if (is_known) return;
  if (of.also_relayed_by.size() < relayers_max)
    of.also_relayed_by.push_back(relayer);
  else
    of.is_relayed_by_many = true;
}

/// Its payer has gone: the next one pays, if he can; else it vanishes when nobody renews it.
void awareness::pass_to_relayer(entry& of) {
  while (!of.also_relayed_by.empty()) {
    const session_id next = of.also_relayed_by.back();
    of.also_relayed_by.pop_back();
    const showing& shown = sessions_[next];
    const bool has_room =
        shown.clients < session_clients_max && shown.bytes + of.state.size() <= session_bytes_max;
    if (has_room) return charge(of, next);
    of.is_relayed_by_many = true;
  }
  charge(of, no_session);
}

// --- claims ---

/// Remembers what a session shows of the client that it says it is, though it belongs to another
/// one. What is no JSON or finds no room changes nothing; nor does an echo of what all have heard.
void awareness::note_claim(const awareness_entry& incoming, const entry& known, const sender& by) {
  const auto found = sessions_.find(by.session);
  if (found == sessions_.end() || found->second.own != incoming.client) return;
  showing& shown = found->second;
  if (!shown.claims_own) return;
  if (incoming.state == null_state) return drop_claim(shown);
  const bool has_clock_of_all =
      incoming.clock == known.published_clock || incoming.clock == known.clock;
  if (!by.is_opening && has_clock_of_all && incoming.state == known.state) return;
  if (shown.waiting && incoming.clock < shown.waiting->clock) return;
  if (incoming.clock > clock_max || incoming.clock > known.clock + clock_step_max) return;
  if (!check_state(incoming.state)) return;
  std::string state = by.stamp.empty() ? std::string{incoming.state}
                                       : json::with_member(incoming.state, "user", by.stamp);
  const std::size_t last_size = shown.waiting ? shown.waiting->state.size() : 0;
  if (shown.bytes - last_size + state.size() > session_bytes_max) return;
  if (!fits_into_message(state)) return;
  if (state_bytes_ - last_size + state.size() > state_bytes_max) return;
  drop_claim(shown);
  shown.bytes += state.size();
  state_bytes_ += state.size();
  ++claim_count_;
  shown.waiting = claim{incoming.clock, std::move(state), update_count_};
}

void awareness::drop_claim(showing& of) {
  if (!of.waiting) return;
  of.bytes -= of.waiting->state.size();
  state_bytes_ -= of.waiting->state.size();
  --claim_count_;
  of.waiting.reset();
}

/// A client goes over to whoever claims it and spoke last, of those who may have it, with the state
/// that this one has shown. Returns false if there is nobody.
bool awareness::hand_over(client_id client, entry& of, time_point now,
                          const std::function<bool(session_id)>& may_have) {
  if (claim_count_ == 0) return false;
  session_id heir = no_session;
  std::uint64_t latest = 0;
  for (const auto& [session, shown] : sessions_) {
    if (!shown.waiting || shown.own != client || shown.waiting->number <= latest) continue;
    if (may_have && !may_have(session)) continue;
    heir = session;
    latest = shown.waiting->number;
  }
  if (heir == no_session) return false;
  showing& to = sessions_.at(heir);
  const claim last = *to.waiting;
  drop_claim(to);
  to.claims_own = false;
  set_state(of, last.state);
  set_owner(of, heir);
  publish_clock(of, std::max(last.clock, of.clock + 1));
  of.counts = of.published_clock > last.clock ? counting::client_is_behind : counting::client;
  of.updated = now;
  handed_over_.push_back({client, heir});
  return true;
}

std::optional<awareness::client_id> awareness::claimed_by(session_id session) const {
  const auto found = sessions_.find(session);
  return found != sessions_.end() && found->second.waiting ? found->second.own : std::nullopt;
}

std::vector<awareness::client_id>
awareness::hand_over_from(session_id owner, const std::function<bool(session_id)>& may_have,
                          time_point now) {
  std::vector<client_id> changed;
  if (claim_count_ == 0) return changed;
  for (auto& [client, known] : entries_) {
    if (known.owner != owner || known.counts == counting::server) continue;
    if (!hand_over(client, known, now, may_have)) continue;
    if (known.taken_from == no_session) known.taken_from = owner;
    changed.push_back(client);
  }
  return changed;
}

// --- the end of sessions ---

std::vector<awareness::client_id> awareness::remove_session(session_id session, time_point now) {
  std::vector<client_id> changed;
  if (const auto found = sessions_.find(session); found != sessions_.end())
    drop_claim(found->second);
  for (auto& [client, known] : entries_) {
    std::erase(known.also_relayed_by, session);
    const bool was_shown = !known.state.empty();
    const bool is_relayed_by_others = !known.also_relayed_by.empty() || known.is_relayed_by_many;
    const bool was_relayed_by_it =
        was_shown && known.owner == no_session && known.payer == session && !is_relayed_by_others;
    if (known.owner == session || was_relayed_by_it) {
      const bool goes_over = hand_over(client, known, now);
      if (!goes_over) remove(known, now);
      if (goes_over || was_shown) changed.push_back(client);
    }
    if (known.payer == session) pass_to_relayer(known);
  }
  sessions_.erase(session);
  return changed;
}

}  // namespace troupe::sync
