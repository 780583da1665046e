#include "protocol/sync/awareness.hpp"

#include <algorithm>

#include "base/trim.hpp"
#include "protocol/json/member.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"
#include "protocol/sync/awareness_entry.hpp"

namespace troupe::sync {

namespace {

/// Of an update: the number of its clients.
constexpr std::size_t count_size_max = 3;
/// Of a client's id and clock, and the length of its state.
constexpr std::size_t entry_overhead_max = awareness::framing_size_max - count_size_max;

void write_entry(const awareness_entry& entry, lib0::encoder& out) {
  out.write_var_uint(entry.client);
  out.write_var_uint(entry.clock);
  out.write_var_string(entry.state);
}

}  // namespace

void for_each_entry(byte_view update, const std::function<void(const awareness_entry&)>& visit) {
  lib0::decoder in{update};
  for (std::uint64_t rest = in.read_var_uint(); rest > 0 && in.ok(); --rest) {
    const awareness_entry entry = read_entry(in);
    if (in.ok()) visit(entry);
  }
}

std::optional<awareness_entry> awareness::only_client_of(byte_view update) {
  lib0::decoder in{update};
  const std::uint64_t count = in.read_var_uint();
  const awareness_entry only = read_entry(in);
  const bool shows_one = in.ok() && in.at_end() && count == 1 && only.state != null_state;
  return shows_one ? std::optional{only} : std::nullopt;
}

// --- updates of sessions ---

awareness::applied awareness::apply(byte_view update, const sender& by, time_point now) {
  applied outcome;
  const auto leave_out = [&outcome](failure why) {
    if (outcome.left_out++ == 0) outcome.why = std::move(why);
  };
  ++update_count_;
  lib0::decoder in{update};
  const std::uint64_t count = in.read_count(3, "awareness client count");
  const bool greets_with_several = by.is_opening && count > 1;
  const auto only_free = greets_with_several ? only_free_client_of(update) : std::nullopt;
  for (std::uint64_t i = 0; i < count; ++i) {
    const awareness_entry incoming = read_entry(in);
    if (!in.ok()) break;
    const listing how = count == 1                     ? listing::alone
                        : incoming.client == only_free ? listing::only_free
                                                       : listing::among_others;
    auto taken = take(incoming, by, how, now);
    if (greets_with_several) note_taken(incoming, taken, clock_of(incoming.client), by, outcome);
    if (!taken) {
      leave_out(std::move(taken).error());
      continue;
    }
    if (*taken == taking::changed || *taken == taking::raised)
      outcome.changed.push_back(incoming.client);
    if (greets_with_several) continue;
    if (*taken == taking::raised)
      outcome.counts_from = {incoming.client, clock_of(incoming.client) - 1};
    else if (*taken == taking::gone && count == 1)
      outcome.counts_from = {incoming.client, clock_of(incoming.client)};
  }
  if (in.ok() && !in.at_end()) in.fail(errc::trailing_bytes, "behind the awareness update");
  if (!in.ok()) leave_out(in.error().value());
  return outcome;
}

/// The client of an update that may be the sender's own, if there is one and no other: its state
/// belongs to nobody.
std::optional<awareness::client_id> awareness::only_free_client_of(byte_view update) const {
  std::optional<client_id> only;
  bool is_only = true;
  for_each_entry(update, [&](const awareness_entry& each) {
    if (each.state == null_state || owner_of(each.client) != no_session) return;
    is_only = is_only && (!only || *only == each.client);
    only = each.client;
  });
  return is_only ? only : std::nullopt;
}

/// What a session that greets with several clients is to hear of one of them.
void awareness::note_taken(const awareness_entry& incoming, const result<taking>& taken,
                           std::uint64_t clock, const sender& by, applied& outcome) {
  if (outcome.gone.size() >= session_clients_max) return;
  const bool may_not_relay = !taken && clock == 0 && by.shows_own_only &&
                             taken.error().code == errc::not_owner && incoming.clock <= clock_max;
  if (may_not_relay) outcome.gone.emplace_back(incoming.client, incoming.clock);
  if (taken && *taken == taking::gone) outcome.gone.emplace_back(incoming.client, clock);
  if (taken && *taken == taking::raised) outcome.gone.emplace_back(incoming.client, clock - 1);
}

/// What says nothing new, such as the echo of a client, is not looked at any closer.
result<awareness::taking> awareness::take(const awareness_entry& incoming, const sender& by,
                                          listing how, time_point now) {
  entry* known = find(incoming.client);
  const std::uint64_t last = last_clock(known, by);
  const bool is_null = incoming.state == null_state;
  const bool is_newer = incoming.clock > last || crosses(incoming, known, by.session);
  const bool is_gone = known != nullptr && known->state.empty() && !is_null && incoming.clock > 0;
  const taking nothing_new = is_gone ? taking::gone : taking::unchanged;
  if (known != nullptr && known->counts == counting::server && known->owner == by.session)
    return nothing_new;
  const bool may_announce = !is_null && !is_overtaken(known, by);
  const bool announces =
      may_announce && is_announced(incoming, by, how == listing::alone, is_newer);
  // Its own, or one of another session that is gone: shown, but not as its own before it renews it.
  const bool may_be_own = announces || (may_announce && how == listing::only_free);
  if (known != nullptr && !become_owner(incoming.client, *known, by, announces, is_newer)) {
    note_claim(incoming, *known, by);
    if (is_newer || has_moved(incoming, known, by))
      return fail(errc::not_owner, "awareness of a client of another session");
    return nothing_new;
  }
  const bool is_shown = known != nullptr && !known->state.empty();
  const bool is_end = is_null && is_shown && incoming.clock == last;
  // Its client comes back, and has not heard of the clock that all know.
  const bool is_back = may_be_own && !is_newer && (is_gone || has_moved(incoming, known, by));
  const bool is_raised = is_back || (known == nullptr && may_be_own && by.may_be_known);
  if (!is_newer && !is_end && !is_back) {
    if (announces) sessions_[by.session].own = incoming.client;
    if (known != nullptr) note_heard(incoming, *known, by, announces);
    return nothing_new;
  }
  if (known == nullptr && is_null) return nothing_new;
  if (known != nullptr && known->changed_in == update_count_) return nothing_new;
  const bool is_own = may_be_own || (known != nullptr && known->owner == by.session);
  if (by.shows_own_only && !is_own) {
    if (is_null) return nothing_new;
    return fail(errc::not_owner, "awareness of a client that the sender is not");
  }
  if (incoming.clock > last + clock_step_max || incoming.clock > clock_max)
    return fail(errc::number_too_large, "awareness clock");
  std::string_view state = incoming.state;
  std::string stamped;
  if (!is_null) {
    TROUPE_TRY(check_state(state));
    if (!by.stamp.empty()) state = stamped = json::with_member(state, "user", by.stamp);
    TROUPE_TRY(find_room(known, state, by.session, announces));
  }
  const bool is_first = known == nullptr;
  if (is_first) known = &entries_[incoming.client];
  if (is_newer || is_back) {
    const std::uint64_t clock = incoming.clock + (is_first && is_raised ? raised_at_first : 0);
    publish_clock(*known, std::max(clock, known->clock + 1));
    const bool is_behind = known->published_clock > incoming.clock && !is_raised;
    known->counts = is_behind ? counting::client_is_behind : counting::client;
  }
  known->sent_clock = incoming.clock;
  known->updated = now;
  known->changed_in = update_count_;
  if (is_null) {
    if (!hand_over(incoming.client, *known, now)) remove(*known, now);
    return taking::changed;
  }
  const session_id relayed_by = known->payer;
  charge(*known, by.session);
  std::erase(known->also_relayed_by, by.session);
  note_relayer(*known, relayed_by);
  set_state(*known, state);
  if (announces) {
    sessions_[by.session].own = incoming.client;
    set_owner(*known, by.session);
  }
  if (is_raised) known->raised_to = known->published_clock;
  return is_raised ? taking::raised : taking::changed;
}

/// A session shows what is known.
void awareness::note_heard(const awareness_entry& incoming, entry& known, const sender& by,
                           bool announces) {
  if (announces) set_owner(known, by.session);
  // What a session shows first is no echo.
  const bool is_relayed = by.is_opening && !by.shows_own_only && incoming.state != null_state;
  if (is_relayed && !known.state.empty()) note_relayer(known, by.session);
  if (known.owner != by.session) return;
  known.sent_clock = incoming.clock;
  // Its client has heard the clock that all have, and counts on from there.
  if (incoming.clock == last_clock(&known, by)) known.counts = counting::client;
}

/// The clock that a newer one is above. A raised one is known to those who can only send it back.
std::uint64_t awareness::last_clock(const entry* known, const sender& by) {
  if (known == nullptr) return 0;
  const bool has_heard_it = known->owner == by.session || was_raised_by(*known, by.session);
  return has_heard_it || by.is_opening ? known->published_clock : known->clock;
}

/// Whether this is what a client has sent before it heard that all know it under a later clock than
/// its own. Its echo of that clock has the same state.
bool awareness::crosses(const awareness_entry& incoming, const entry* known, session_id from) {
  if (known == nullptr || incoming.state == known->state) return false;
  if (known->owner != from && !was_raised_by(*known, from)) return false;
  if (incoming.clock > known->sent_clock && incoming.clock <= known->raised_to) return true;
  return known->counts == counting::client_is_behind && incoming.clock == known->published_clock &&
         incoming.state != null_state;
}

/// Whether a client that comes back shows something else than before, though under a clock that is
/// not new to others.
bool awareness::has_moved(const awareness_entry& incoming, const entry* known, const sender& by) {
  return by.is_opening && known != nullptr && incoming.clock > known->sent_clock &&
         incoming.state != known->state;
}

/// All are going to hear of this clock.
void awareness::publish_clock(entry& of, std::uint64_t clock) {
  of.clock = of.published_clock = clock;
}

/// Whether an update that shows this state alone may be sent back.
bool awareness::fits_into_message(std::string_view state) const {
  return size_when_rewritten(state) + framing_size_max <= message_size_max_;
}

result<void> awareness::find_room(const entry* known, std::string_view state, session_id payer,
                                  bool is_own) const {
  static const showing nothing{};
  const auto found = sessions_.find(payer);
  const showing& shown = found == sessions_.end() ? nothing : found->second;
  const bool is_counted = known != nullptr && known->payer == payer;
  if (!is_counted && !is_own && shown.clients >= session_clients_max)
    return fail(errc::quota_exceeded, "awareness clients of one session");
  if (known == nullptr && entries_.size() >= (is_own ? clients_max : relayed_clients_max))
    return fail(errc::too_many_clients, "awareness");
  const std::size_t last_size = known == nullptr ? 0 : known->state.size();
  if (shown.bytes - (is_counted ? last_size : 0) + state.size() > session_bytes_max)
    return fail(errc::quota_exceeded, "awareness states of one session");
  if (!fits_into_message(state))
    return fail(errc::state_too_large, "awareness state, beside what clocks and framing may take");
  if (state_bytes_ - last_size + state.size() > state_bytes_max)
    return fail(errc::state_too_large, "awareness states of the document");
  return {};
}

awareness::entry* awareness::find(client_id client) {
  const auto found = entries_.find(client);
  return found == entries_.end() ? nullptr : &found->second;
}

void awareness::set_owner(entry& of, session_id owner) {
  if (of.owner != owner) of.raised_to = 0;
  if (!is_peer_session(owner)) of.announced_by = owner;
  of.owner = owner;
  charge(of, owner);
}

void awareness::charge(entry& to_pay, session_id payer) {
  if (to_pay.payer == payer) return;
  if (to_pay.payer != no_session) {
    showing& last = sessions_[to_pay.payer];
    --last.clients;
    last.bytes -= to_pay.state.size();
  }
  to_pay.payer = payer;
  if (payer == no_session) return;
  showing& next = sessions_[payer];
  ++next.clients;
  next.bytes += to_pay.state.size();
}

void awareness::set_state(entry& of, std::string_view state) {
  state_count_ += !state.empty();
  state_count_ -= !of.state.empty();
  state_bytes_ += state.size();
  state_bytes_ -= of.state.size();
  if (of.payer != no_session) {
    showing& payer = sessions_[of.payer];
    payer.bytes += state.size();
    payer.bytes -= of.state.size();
  }
  of.state = state;
  of.size_when_rewritten = sync::size_when_rewritten(state);
}

void awareness::remove(entry& of, time_point now) {
  set_state(of, {});
  of.owner = no_session;
  of.raised_to = 0;
  of.taken_from = no_session;
  of.also_relayed_by.clear();
  of.is_relayed_by_many = false;
  of.updated = now;
}

// --- states that the server holds, and time ---

awareness::raised awareness::raise_for(std::optional<client_id> returning, time_point now) {
  raised all;
  std::vector<client_id> raised_before;
  for (const auto& [client, known] : entries_) {
    if (client == returning || known.state.empty()) continue;
    // A client that hears a clock far ahead of its own takes an older state of its own for the
    // newer one; so its clock is not raised again before it has heard of this one.
    if (known.counts == counting::client_is_behind && known.owner != no_session) continue;
    (known.clock > known.published_clock ? raised_before : all.clients).push_back(client);
  }
  if (may_raise_again(raised_before, now)) {
    all.for_all = encode_in_parts(raised_before);
    for (const client_id client : raised_before) {
      entry& known = entries_.at(client);
      publish_clock(known, known.clock);
      if (known.counts == counting::client) known.counts = counting::client_is_behind;
    }
    all.clients.insert(all.clients.end(), raised_before.begin(), raised_before.end());
  }
  for (const client_id client : all.clients) {
    entry& known = entries_.at(client);
    known.clock = known.published_clock + 1;
  }
  return all;
}

/// Whether all may hear of these clients once more, which is charged to the document.
bool awareness::may_raise_again(std::span<const client_id> clients, time_point now) {
  if (clients.empty() || state_count_ > raised_again_max) return false;
  std::size_t size = 0;
  for (const client_id client : clients)
    size += entry_overhead_max + entries_.at(client).state.size();
  constexpr std::chrono::seconds full_after{raised_again_bytes_max / raised_again_bytes_per_second};
  const auto since = std::min<time_point::duration>(now - raised_again_at_, full_after);
  const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(since).count();
  const std::size_t more = static_cast<std::size_t>(ms) * raised_again_bytes_per_second / 1000;
  const std::size_t left = std::min(raised_again_left_ + more, raised_again_bytes_max);
  if (size > left) return false;
  raised_again_left_ = left - size;
  raised_again_at_ = now;
  return true;
}

result<bool> awareness::set_own(client_id client, std::string_view state, session_id owner,
                                time_point now) {
  entry* known = find(client);
  if (trimmed(state) == null_state) {
    if (known == nullptr || known->state.empty()) return false;
    publish_clock(*known, known->clock + 1);
    remove(*known, now);
    known->owner = owner;  // which may show a state again, under the next clock
    return true;
  }
  TROUPE_TRY(find_room(known, trimmed(state), owner, true));
  if (known == nullptr) known = &entries_[client];
  publish_clock(*known, known->clock + 1);
  set_owner(*known, owner);
  set_state(*known, trimmed(state));
  known->updated = now;
  known->counts = counting::server;
  return true;
}

std::vector<awareness::client_id> awareness::expire(time_point now) {
  std::vector<client_id> changed;
  for (auto at = entries_.begin(); at != entries_.end();) {
    entry& known = at->second;
    const auto age = now - known.updated;
    if (is_peer_session(known.owner) && !known.state.empty()) {
      // Its node renews it, and its link says when it is gone.
    } else if (known.owner != no_session && !known.state.empty()) {
      const bool is_of_server = known.counts == counting::server;
      if (age >= (is_of_server ? own_renewal : silent_renewal)) {
        publish_clock(known, known.clock + 1);
        if (!is_of_server) known.counts = counting::client_is_behind;
        known.updated = now;
        changed.push_back(at->first);
      }
    } else if (!known.state.empty() && age >= state_age_max) {
      remove(known, now);
      changed.push_back(at->first);
    } else if (known.state.empty() && known.owner == no_session && age >= clock_age_max) {
      charge(known, no_session);
      at = entries_.erase(at);
      continue;
    }
    ++at;
  }
  return changed;
}

// --- reading ---

byte_buffer awareness::encode(std::span<const client_id> clients) const {
  lib0::encoder out;
  out.write_var_uint(clients.size());
  for (const client_id client : clients) {
    const entry& known = entries_.at(client);
    write_entry(
        {client, known.clock, known.state.empty() ? null_state : std::string_view{known.state}},
        out);
  }
  return out.take();
}

std::vector<byte_buffer> awareness::encode_in_parts(std::span<const client_id> clients) const {
  std::vector<byte_buffer> parts;
  const std::size_t size_max = std::min(part_size_max, message_size_max_);
  std::size_t first = 0;
  std::size_t size = count_size_max;
  for (std::size_t i = 0; i < clients.size(); ++i) {
    const entry& known = entries_.at(clients[i]);
    const std::size_t next =
        entry_overhead_max + std::max(known.size_when_rewritten, null_state.size());
    if (i > first && size + next > size_max) {
      parts.push_back(encode(clients.subspan(first, i - first)));
      first = i;
      size = count_size_max;
    }
    size += next;
  }
  parts.push_back(encode(clients.subspan(first)));
  return parts;
}

byte_buffer awareness::encode_gone(std::span<const std::pair<client_id, std::uint64_t>> clients) {
  lib0::encoder out;
  out.write_var_uint(clients.size());
  for (const auto& [client, clock] : clients) write_entry({client, clock, null_state}, out);
  return out.take();
}

byte_buffer awareness::encode_gone(client_id client, std::uint64_t clock) {
  const std::pair one{client, clock};
  return encode_gone({&one, 1});
}

std::string_view awareness::state_of(client_id client) const {
  const auto found = entries_.find(client);
  const bool has_state = found != entries_.end() && !found->second.state.empty();
  return has_state ? std::string_view{found->second.state} : null_state;
}

session_id awareness::owner_of(client_id client) const {
  const auto found = entries_.find(client);
  return found == entries_.end() ? no_session : found->second.owner;
}

std::vector<std::pair<session_id, std::string_view>> awareness::states_by_owner() const {
  std::vector<std::pair<session_id, std::string_view>> all;
  for (const auto& [client, known] : entries_)
    if (!known.state.empty()) all.emplace_back(known.owner, known.state);
  return all;
}

std::vector<awareness::client_id> awareness::known() const {
  std::vector<client_id> clients;
  clients.reserve(entries_.size());
  for (const auto& [client, one] : entries_) clients.push_back(client);
  return clients;
}

std::vector<awareness::client_id> awareness::shown() const {
  std::vector<client_id> clients;
  clients.reserve(state_count_);
  for (const auto& [client, known] : entries_)
    if (!known.state.empty()) clients.push_back(client);
  return clients;
}

}  // namespace troupe::sync
