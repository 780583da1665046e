#include "protocol/hosted_document.hpp"

#include <algorithm>

#include "base/hash.hpp"
#include "protocol/dialects/dialects.hpp"
#include "protocol/json/member.hpp"

namespace troupe {

namespace {

constexpr std::size_t kept_state_bytes_min = 64 * 1024;

/// Client ids of a question that are remembered until it is answered: 64 KiB. Whoever has more gets
/// an acknowledgement too many for what was sent behind the question and is known by it.
constexpr std::size_t announced_clients_max = 4096;

/// What waits is kept for so long without anybody who sent it.
constexpr std::chrono::hours abandoned_max{1};

/// Scatters a number over 32 bits, none of which is lost on small differences.
std::uint64_t scattered(std::uint64_t number) { return splitmix64(number) & 0xFFFFFFFF; }

}  // namespace

std::string hosted_document::message_id_owner(session_id session, const identity_ptr& who) {
  const std::string& user = user_of(who);
  return user.empty() ? "session " + std::to_string(session) : message_id_owner_of(user);
}

hosted_document::hosted_document(crdt::doc_settings settings, std::uint64_t seed,
                                 std::shared_ptr<message_id_window> window,
                                 std::shared_ptr<budget> pending, std::size_t presence_size_max)
    : state_(settings),
      presence_(presence_size_max),
      seed_(seed),
      window_(window ? std::move(window) : std::make_shared<message_id_window>()),
      pending_(std::move(pending)),
      pending_max_(settings.limit.pending_size_max) {}

/// Within what may wait on the node, and of its sender.
result<crdt::applied_update> hosted_document::apply(byte_view update, subscriber* by,
                                                    std::uint64_t steps_for_now) {
  if (state_.is_folded() && state_.knows_folded(update)) return crdt::applied_update{};
  crdt::doc& state = state_.decoded();
  const pending_payer* const payer = by != nullptr && by->details ? &by->details->payer : nullptr;
  const auto allowed = pending_.allow(pending_max_, payer);
  state.limit_pending(allowed.bytes);
  crdt::sender_usage used = by != nullptr && by->details ? by->details->used : crdt::sender_usage{};
  auto applied = by == nullptr ? state.apply_update(update, crdt::update_format::v1, steps_for_now)
                               : state.apply_update(update, used, steps_for_now);
  if (by != nullptr && (by->details || used.new_clients > 0)) by->more().used = used;
  if (!applied && applied.error().code == errc::pending_limit && allowed.bounded_by != nullptr)
    return fail(errc::quota_exceeded, allowed.bounded_by);
  pending_.settle(state.pending_size(), payer);
  return applied;
}

std::size_t hosted_document::drop_abandoned(time_point now) {
  const std::size_t waits = state_.pending_size();
  if (waits == 0 || !waited_for_.empty()) {
    if (waits == 0) waited_for_ = {};
    abandoned_since_.reset();
    return 0;
  }
  if (!abandoned_since_) abandoned_since_ = now;
  if (now - *abandoned_since_ < abandoned_max) return 0;
  state_.decoded().drop_pending();
  pending_.settle(state_.pending_size(), nullptr);
  abandoned_since_.reset();
  ++version_;
  return waits;
}

result<void> hosted_document::load(byte_view update) {
  TROUPE_TRY(state_.decoded().load_update(update, repaired_));
  pending_.settle(state_.pending_size(), nullptr);
  ++version_;
  return {};
}

byte_buffer hosted_document::whole_state() const {
  byte_buffer state = state_.encode_whole();
  forget_small_state(state.size());
  return state;
}

/// What is folded was checked when it was.
result<shared_bytes> hosted_document::checked_state() const {
  shared_bytes state = shared_bytes::copy_of(whole_state());
  if (!state_.is_folded() && !state_.is_restored_by(state.view()))
    return fail(errc::corrupt_document, "the encoded state does not restore the document");
  return state;
}

/// Encoding a small one again costs less than every small document keeping a copy.
void hosted_document::forget_small_state(std::size_t size) const {
  if (size < kept_state_bytes_min) state_.forget_encoded();
}

notice hosted_document::whole_state_notice(dialect in) const { return state_notice({}, in); }

/// What a session with this state vector lacks. Clients give up on a message that takes too long.
notice hosted_document::state_notice(const crdt::state_vector& from, dialect in) const {
  notice answer{.kind = notice_kind::state, .body = {}, .extra = state_.encode_state_vector()};
  if (codec_of(in).traits().takes_pieces) {
    answer.pieces = state_.encode_in_pieces(from);
    answer.body = std::move(answer.pieces.back());
    answer.pieces.pop_back();
  } else {
    answer.body = from.empty() ? state_.encode_whole() : state_.encode_difference(from);
  }
  if (from.empty() && answer.pieces.empty()) forget_small_state(answer.body.view().size());
  return answer;
}

// --- subscribers ---

void hosted_document::on_join(const joining_session& who) {
  if (subscriber* const known = subscribers_.find(who.session)) {
    forget_dialects(*known);
    stop_reading(*known);
  }
  subscriber joined{.heard = {}, .details = nullptr, .may = who.may, .speaks = {}};
  if (who.who || who.ticket || who.payer != pending_payer{}) {
    subscriber_details& details = joined.more();
    details.who = who.who;
    details.ticket = who.ticket;
    details.payer = who.payer;
  }
  subscribers_.insert_or_assign(who.session, std::move(joined));
}

void hosted_document::on_leave(session_id session, time_point now) {
  if (const subscriber* const leaving = subscribers_.find(session)) {
    forget_dialects(*leaving);
    stop_reading(*subscribers_.find(session));
    // Nobody can send these again.
    if (user_of(leaving->who()).empty()) window_->forget(message_id_owner(session, nullptr));
    subscribers_.erase(session);
    to_ask_.erase(session);
    waited_for_.erase(session);
  }
  note_presence(presence_.remove_session(session, now));
}

void hosted_document::forget_dialects(const subscriber& of) {
  of.speaks.for_each([this](dialect each) { forget_dialect(each); });
}

void hosted_document::forget_dialect(dialect one) {
  if (--speakers_[index_of(one)] == 0) spoken_.erase(one);
}

void hosted_document::count_dialect(subscriber& of, dialect spoken) {
  if (of.speaks.contains(spoken)) return;
  of.speaks.insert(spoken);
  ++speakers_[index_of(spoken)];
  spoken_.insert(spoken);
}

// --- requests ---

bool hosted_document::on_request(session_id from, const client_request& what, time_point now,
                                 document_effects& out, std::uint64_t steps_for_now) {
  subscriber* const sender = subscribers_.find(from);
  if (sender == nullptr) return true;
  count_dialect(*sender, what.in);
  sender->heard = now;
  if (what.is_answer && sender->details) {
    sender->details->awaits_answer = false;
    sender->details->announced = {};
  }
  const asked by{from, *sender, what};
  if (is_forbidden(by, out)) {
    if (what.kind == request_kind::update && codec_of(what.in).traits().gives_receipts)
      sender->more().was_refused = true;
    return true;
  }
  switch (what.kind) {
    case request_kind::sync: on_sync(by, out); break;
    case request_kind::contents: on_contents(by, out); break;
    case request_kind::edit: on_session_edit(by, now, out); break;
    case request_kind::update: return on_session_update(by, now, steps_for_now, out);
    case request_kind::presence: on_presence(by, now, out); break;
    case request_kind::own_presence: on_own_presence(by, now, out); break;
    case request_kind::event: on_session_event(by, now, out); break;
    case request_kind::leave: on_session_leave(by, now); break;
    case request_kind::receipt: on_receipt(by, out); break;
    case request_kind::token: break;  // it concerns the session
    case request_kind::query_presence: show_presence(presence_.shown(), from, what.in, out); break;
  }
  return true;
}

/// Refuses what the sender has no right to. Presence is left out, as y-websocket clients send
/// theirs, and that of others, without being asked.
bool hosted_document::is_forbidden(const asked& by, document_effects& out) const {
  const rights may = by.by.may;
  if (may == rights::all()) return false;
  const auto refused = [&](request_part part, std::string_view why) {
    refuse(by, part, failure{errc::forbidden, std::string{why}}, out);
    return true;
  };
  switch (by.what.kind) {
    case request_kind::update: {
      const byte_view update = by.what.body;
      if (may.contains(right::write) || std::ranges::equal(update, empty_update) ||
          !has_news(update))
        return false;
      return refused(request_part::update, "this document is read-only for you");
    }
    case request_kind::presence:
      if (may.contains(right::presence)) return false;
      out.left_out.push_back({by.from, 1, {errc::forbidden, "without the right to presence"}});
      return true;
    case request_kind::own_presence:
    case request_kind::event:
      if (may.contains(right::presence)) return false;
      return refused(request_part::presence, "you may not be seen in this document");
    case request_kind::edit:
      if (may.contains(right::write)) return false;
      return refused(request_part::edit, "this document is read-only for you");
    case request_kind::sync:
    case request_kind::contents:
    case request_kind::query_presence:
      if (may.contains(right::read)) return false;
      return refused(request_part::message, "you may not read this document");
    case request_kind::leave:
    case request_kind::receipt:
    case request_kind::token: break;
  }
  return false;
}

void hosted_document::on_rights(session_id session, rights may, time_point now) {
  subscriber* const of = subscribers_.find(session);
  if (of == nullptr) return;
  of->may = may;
  if (!may.contains(right::presence)) note_presence(presence_.remove_session(session, now));
}

void hosted_document::on_sync(const asked& by, document_effects& out) {
  const auto vector = crdt::state_vector::decode(by.what.body);
  if (!vector) return refuse(by, request_part::state_vector, vector.error(), out);
  const dialect_traits& traits = codec_of(by.what.in).traits();
  by.by.may_return = !vector->empty() && traits.frames == frame_kind::binary;
  if (traits.acknowledges_each || traits.gives_receipts) {
    // The client counts anew from here.
    if (traits.acknowledges_each) {
      by.by.more().owed = 0;
      const bool is_kept = vector->entries().size() <= announced_clients_max;
      by.by.more().announced = is_kept ? *vector : crdt::state_vector{};
    }
    by.by.more().awaits_answer = by.by.more().has_begun = true;
    by.by.more().has_left_gap = by.by.more().was_refused = false;
  }
  notice answer{.kind = notice_kind::whole_state, .body = {}, .extra = {}};
  if (!vector->empty()) answer = state_notice(*vector, by.what.in);
  out.deliveries.push_back({audience::one, by.from, by.what.in, std::move(answer)});
  if (presence_.has_states()) show_presence(presence_.shown(), by.from, by.what.in, out);
  acknowledge(by, out);
}

bool hosted_document::would_unfold(const client_request& what) const {
  if (!state_.is_folded()) return false;
  if (what.kind == request_kind::edit || what.kind == request_kind::contents) return true;
  return what.kind == request_kind::update && !state_.knows_folded(what.body);
}

void hosted_document::on_update(const origin& from, byte_view update, document_effects& out) {
  if (may_not_store(update)) {
    out.refusals.push_back({from, dialect::y_websocket, request_part::update, *refusing_, {}});
    return;
  }
  const auto applied = apply(update);
  if (!applied) {
    out.refusals.push_back({from, dialect::y_websocket, request_part::update, applied.error(), {}});
    return;
  }
  if (!applied->changed && !applied->has_parked) return;
  ++version_;
  if (applied->changed) broadcast_update(from.session(), change_of(*applied, update), out);
  out.writes.push_back({update, from, dialect::y_websocket, std::nullopt});
}

/// What others need of an update that has just been applied: often its own bytes.
effect_bytes hosted_document::change_of(const crdt::applied_update& applied,
                                        byte_view update) const {
  return applied.is_verbatim ? effect_bytes{update}
                             : effect_bytes{state_.decoded().encode_last_change()};
}

/// `knows_all`: the session whose update it is, which has all of it; no_session: none has.
void hosted_document::broadcast_update(session_id knows_all, effect_bytes change,
                                       document_effects& out) {
  note_changed_roots();
  if (spoken_.empty()) return;
  out.deliveries.push_back(
      {knows_all == no_session ? audience::all : audience::all_but_one, knows_all, spoken_,
       notice{.kind = notice_kind::update, .body = std::move(change), .extra = {}}});
}

/// A client that comes back sends again what was not acknowledged, under the old ids.
void hosted_document::on_session_event(const asked& by, time_point now, document_effects& out) {
  const std::string_view id = by.what.message_id;
  const seen before =
      id.empty() ? seen::fresh
                 : window_->note(message_id_owner(by.from, by.by.who()), id, by.what.body, now);
  if (before == seen::repeated) return acknowledge(by, out);
  if (before == seen::reused)
    return refuse(by, request_part::message,
                  failure{errc::message_id_reused, "another message had this messageId"}, out);
  out.deliveries.push_back({audience::all_but_one, by.from, spoken_,
                            notice{.kind = notice_kind::event, .body = by.what.body, .extra = {}}});
  if (has_peers_)
    out.for_peers.events.push_back({shared_bytes::copy_of(by.what.body),
                                    id.empty() ? std::string{} : user_of(by.by.who()),
                                    std::string{id}});
  acknowledge(by, out);
}

void hosted_document::on_event(std::string_view payload, document_effects& out) {
  if (spoken_.empty()) return;
  out.deliveries.push_back(
      {audience::all, no_session, spoken_,
       notice{.kind = notice_kind::event, .body = as_bytes(payload), .extra = {}}});
}

/// The session may stay in another dialect, whose presence stays with it.
void hosted_document::on_session_leave(const asked& by, time_point now) {
  by.by.speaks.erase(by.what.in);
  forget_dialect(by.what.in);
  if (codec_of(by.what.in).traits().reads_in == by.what.in) stop_reading(by.by);
  const auto client = by.by.client();
  if (presence_.owner_of(client) != by.from) return;
  const auto cleared = presence_.set_own(client, "null", by.from, now);
  if (cleared && *cleared) note_presence({client});
}

// --- answers ---

void hosted_document::reply(const asked& to, notice_kind kind, effect_bytes body,
                            document_effects& out) {
  out.deliveries.push_back({audience::one, to.from, to.what.in,
                            notice{.kind = kind, .body = std::move(body), .extra = {}}});
}

/// Acknowledges what needs no storage.
void hosted_document::acknowledge(const asked& by, document_effects& out) {
  if (by.what.message_id.empty()) return;
  out.deliveries.push_back(
      {audience::one, by.from, by.what.in,
       notice{.kind = notice_kind::ack, .body = {}, .extra = as_bytes(by.what.message_id)}});
}

void hosted_document::refuse(const asked& by, request_part part, failure why,
                             document_effects& out) {
  out.refusals.push_back({origin::of_session(by.from), by.what.in, part, std::move(why),
                          std::string{by.what.message_id}});
}

// --- presence and time ---

/// Others may have seen a client elsewhere under this clock, or under one that was raised there,
/// and that it vanished; they would ignore it until it is renewed. Source: y-protocols 1.0,
/// applyAwarenessUpdate.
bool hosted_document::may_be_known_elsewhere(const sync::awareness_entry& shown,
                                             time_point now) const {
  return shown.clock > 0 && !presence_.knows(shown.client) &&
         now - *first_shown_ < sync::awareness::clock_age_max;
}

/// Whether a client of another session is that of this one, come back, while its old connection is
/// not known to be dead: both name the same user. Without users that session is asked first.
bool hosted_document::may_take_over(const sync::awareness_entry& shown, const asked& by) const {
  const subscriber* const owner = subscribers_.find(presence_.owner_of(shown.client));
  if (owner == nullptr) return true;
  const std::string_view user = user_of(by.by.who());
  return !user.empty() && user == user_of(owner->who());
}

/// Nothing else tells a client that has come back from somebody who says he is one.
void hosted_document::probe_owner(const asked& by, time_point now, document_effects& out) {
  const auto claimed = presence_.claimed_by(by.from);
  if (!claimed) return;
  const session_id owner = presence_.owner_of(*claimed);
  subscriber* const of = subscribers_.find(owner);
  if (of == nullptr || user_of(of->who()) != user_of(by.by.who())) return;
  auto& probed = of->more().probed;
  if (probed && now - *probed < probe_interval) return;
  probed = now;
  out.to_probe.push_back(owner);
}

void hosted_document::on_silent(session_id session, time_point now) {
  const subscriber* const of = subscribers_.find(session);
  if (of == nullptr || !of->details || !of->details->probed) return;
  if (of->heard > *of->details->probed) return;
  const auto is_of_same_user = [this, of](session_id claimant) {
    const subscriber* const by = subscribers_.find(claimant);
    return by != nullptr && user_of(by->who()) == user_of(of->who());
  };
  note_presence(presence_.hand_over_from(session, is_of_same_user, now));
}

/// y-websocket shows its own client first, before it answers the question for its updates and sends
/// back what it receives of others.
void hosted_document::on_presence(const asked& by, time_point now, document_effects& out) {
  if (!first_shown_) first_shown_ = now;
  sync::awareness::sender from{by.from, std::exchange(by.by.is_opening, false), false,
                               stamp_of(by.by.who()), is_checked(by.by.who())};
  if (from.is_opening || presence_.claimed_by(by.from)) {
    if (const auto shown = sync::awareness::only_client_of(by.what.body)) {
      from.may_be_known = from.is_opening && may_be_known_elsewhere(*shown, now);
      if (from.is_opening && presence_.knows(shown->client))
        show_who_stayed(by, shown->client, now, out);
      from.may_take_over = may_take_over(*shown, by);
    } else {
      from.may_be_known = from.is_opening && now - *first_shown_ < sync::awareness::clock_age_max;
    }
  }
  auto applied = presence_.apply(by.what.body, from, now);
  note_presence(applied.changed);
  if (applied.counts_from && applied.left_out == 0) {
    const auto [client, clock] = *applied.counts_from;
    reply(by, notice_kind::presence, sync::awareness::encode_gone(client, clock), out);
  }
  if (!applied.gone.empty())
    reply(by, notice_kind::presence, sync::awareness::encode_gone(applied.gone), out);
  if (applied.left_out > 0)
    out.left_out.push_back({by.from, applied.left_out, *std::move(applied.why)});
  probe_owner(by, now, out);
  acknowledge(by, out);
}

/// A client that comes back has dropped the states of the others, and ignores what it receives of
/// them under the clocks that it knows.
void hosted_document::show_who_stayed(const asked& by,
                                      std::optional<sync::awareness::client_id> client,
                                      time_point now, document_effects& out) {
  auto raised = presence_.raise_for(client, now);
  broadcast_presence(std::move(raised.for_all), out);
  if (!raised.clients.empty()) show_presence(raised.clients, by.from, by.what.in, out);
}

void hosted_document::on_own_presence(const asked& by, time_point now, document_effects& out) {
  const auto client = client_of(by.from, by.by);
  std::string_view state = as_text(by.what.body);
  std::string stamped;
  if (const std::string_view user = stamp_of(by.by.who()); !user.empty())
    state = stamped = json::with_member(state, "user", user);
  const auto changed = presence_.set_own(client, state, by.from, now);
  if (!changed) return refuse(by, request_part::presence, changed.error(), out);
  if (*changed) note_presence({client});
  acknowledge(by, out);
}

/// A client id that nobody else has; the session keeps it for life.
sync::awareness::client_id hosted_document::client_of(session_id session, subscriber& of) {
  const auto is_free = [&](sync::awareness::client_id client) {
    return client != 0 && (!presence_.knows(client) || presence_.owner_of(client) == session);
  };
  auto& client = of.more().client;
  for (std::uint64_t attempt = seed_ + session; !is_free(client);) client = scattered(attempt++);
  return client;
}

void hosted_document::note_presence(const std::vector<sync::awareness::client_id>& changed) {
  presence_changed_.insert(presence_changed_.end(), changed.begin(), changed.end());
  if (has_peers_)
    presence_changed_here_.insert(presence_changed_here_.end(), changed.begin(), changed.end());
}

void hosted_document::on_presence_missed(session_id session, document_effects& out) {
  const subscriber* const reader = subscribers_.find(session);
  if (reader == nullptr || reader->speaks.empty()) return;
  show_presence(presence_.known(), session, reader->speaks, out);
}

/// As one delivery: a session has room for it whatever its size.
void hosted_document::show_presence(const std::vector<sync::awareness::client_id>& clients,
                                    session_id to, dialect_set in, document_effects& out) const {
  notice shown{.kind = notice_kind::presence, .body = {}, .extra = {}};
  shown.pieces = presence_.encode_in_parts(clients);
  shown.body = std::move(shown.pieces.back());
  shown.pieces.pop_back();
  out.deliveries.push_back({audience::one, to, in, std::move(shown)});
}

void hosted_document::broadcast_presence(std::vector<byte_buffer> parts,
                                         document_effects& out) const {
  for (byte_buffer& part : parts)
    out.deliveries.push_back(
        {audience::all, no_session, spoken_,
         notice{.kind = notice_kind::presence, .body = std::move(part), .extra = {}}});
}

/// A client that receives that it is gone, under the clock that all receive of it now, shows itself
/// again under the next one, with the state that it has by then. If it received that state instead,
/// it would adopt it as its own. Source: y-protocols 1.0, applyAwarenessUpdate.
void hosted_document::notify_heirs(document_effects& out) {
  for (const auto& [client, to] : presence_.take_handed_over()) {
    if (has_peers_) presence_changed_here_.push_back(client);  // it may have been a peer's
    const subscriber* const heir = subscribers_.find(to);
    if (heir == nullptr || heir->speaks.empty() || presence_.owner_of(client) != to) continue;
    notice gone{.kind = notice_kind::presence, .body = {}, .extra = {}};
    gone.body = sync::awareness::encode_gone(client, presence_.clock_of(client));
    out.deliveries.push_back({audience::one, to, heir->speaks, std::move(gone)});
  }
}

void hosted_document::on_tick(time_point now) {
  note_presence(presence_.expire(now));
  large_roots_.clear();
  window_->expire(now);
}

void hosted_document::end_turn(document_effects& out) {
  if (!changed_roots_.empty()) send_contents(out);
  notify_heirs(out);
  if (!presence_changed_here_.empty()) out.for_peers.presence = encode_presence_here();
  if (presence_changed_.empty()) return;
  std::ranges::sort(presence_changed_);
  const auto repeated = std::unique(presence_changed_.begin(), presence_changed_.end());
  presence_changed_.erase(repeated, presence_changed_.end());
  if (!spoken_.empty()) broadcast_presence(presence_.encode_in_parts(presence_changed_), out);
  presence_changed_.clear();
}

}  // namespace troupe
