#include "protocol/hosted_document.hpp"

#include <algorithm>

#include "base/hash.hpp"

namespace troupe {

namespace {

constexpr std::size_t kept_state_bytes_min = 64 * 1024;
constexpr std::array<std::uint8_t, 2> empty_update{0, 0};

/// Scatters a number over 32 bits, none of which is lost on small differences.
std::uint64_t scattered(std::uint64_t number) { return splitmix64(number) & 0xFFFFFFFF; }

/// Whose message ids these are: a user may reconnect, a session without a user is alone.
std::string message_id_owner(session_id session, const identity_ptr& who) {
  const std::string& user = user_of(who);
  return user.empty() ? "session " + std::to_string(session) : "user " + user;
}

}  // namespace

hosted_document::hosted_document(crdt::doc_settings settings, std::uint64_t seed,
                                 std::shared_ptr<message_id_window> window)
    : state_(settings),
      seed_(seed),
      window_(window ? std::move(window) : std::make_shared<message_id_window>()) {}

result<void> hosted_document::load(byte_view update) {
  TROUPE_TRY(state_.load_update(update, repaired_));
  ++version_;
  return {};
}

byte_buffer hosted_document::whole_state() const {
  byte_buffer state = state_.encode_state_as_update();
  // Encoding a small one again costs less than every small document keeping a copy.
  if (state.size() < kept_state_bytes_min) state_.forget_encoded_state();
  return state;
}

notice hosted_document::whole_state_notice() const {
  return {
      .kind = notice_kind::state, .body = whole_state(), .extra = state_.state_vector().encode()};
}

// --- subscribers ---

void hosted_document::on_join(const joining_session& who) {
  if (const subscriber* const known = subscribers_.find(who.session)) forget_dialects(*known);
  subscribers_.insert_or_assign(who.session, subscriber{who.may, {}, 0, who.who, {}});
}

void hosted_document::on_leave(session_id session, time_point now) {
  if (const subscriber* const leaving = subscribers_.find(session)) {
    forget_dialects(*leaving);
    subscribers_.erase(session);
  }
  note_presence(presence_.remove_session(session, now));
}

void hosted_document::forget_dialects(const subscriber& of) {
  of.speaks.for_each([this](dialect each) {
    if (--speakers_[index_of(each)] == 0) spoken_.erase(each);
  });
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
  const asked by{from, *sender, what};
  if (is_repeated(by, now)) {  // what it wrote the first time may still be on its way to storage
    out.writes.push_back(
        {{},
         origin::of_session(from),
         what.in,
         notice{.kind = notice_kind::ack, .body = {}, .extra = as_bytes(what.message_id)}});
    return true;
  }
  switch (what.kind) {
    case request_kind::sync: on_sync(by, out); break;
    case request_kind::update: return on_session_update(by, steps_for_now, out);
    case request_kind::presence: on_presence(by, now, out); break;
    case request_kind::own_presence: on_own_presence(by, now, out); break;
    case request_kind::event: on_session_event(by, out); break;
    case request_kind::query_presence:
      reply(by, notice_kind::presence, presence_.encode_all(), out);
      break;
  }
  return true;
}

/// A client that comes back sends again what was not acknowledged, under the old ids. Requests that
/// may be repeated without harm are not counted.
bool hosted_document::is_repeated(const asked& by, time_point now) {
  const bool counts = by.what.kind == request_kind::update || by.what.kind == request_kind::event;
  if (!counts || by.what.message_id.empty()) return false;
  return window_->note(message_id_owner(by.from, by.by.who), by.what.message_id, now) ==
         seen::repeated;
}

void hosted_document::on_sync(const asked& by, document_effects& out) {
  const auto vector = crdt::state_vector::decode(by.what.body);
  if (!vector) return refuse(by, request_part::state_vector, vector.error(), out);
  notice answer{.kind = notice_kind::whole_state, .body = {}, .extra = {}};
  if (!vector->empty())
    answer = {.kind = notice_kind::state,
              .body = state_.encode_state_as_update(*vector),
              .extra = state_.state_vector().encode()};
  out.deliveries.push_back({audience::one, by.from, by.what.in, std::move(answer)});
  if (presence_.has_states()) reply(by, notice_kind::presence, presence_.encode_all(), out);
  acknowledge(by, out);
}

bool hosted_document::on_session_update(const asked& by, std::uint64_t steps_for_now,
                                        document_effects& out) {
  const byte_view update = by.what.body;
  const bool has_id = !by.what.message_id.empty();
  // What every client answers that has nothing of its own. The encoded state stays what it is.
  if (!has_id && std::ranges::equal(update, empty_update)) return true;
  const bool was_waiting = state_.pending_size() > 0;
  const auto applied = state_.apply_update(update, by.by.used, steps_for_now);
  if (!applied || applied->is_deferred) {
    if (has_id) window_->forget(message_id_owner(by.from, by.by.who), by.what.message_id);
    if (applied) return false;
    refuse(by, request_part::update, applied.error(), out);
    return true;
  }
  // The first update that has to wait shows that something is missing here: its sender is asked for
  // it.
  if (applied->has_parked && !was_waiting)
    reply(by, notice_kind::question, state_.state_vector().encode(), out);
  const bool is_new = applied->changed || applied->has_parked;
  if (!is_new && !has_id) return true;
  // What was known already may have come a moment ago: it is acknowledged when that is stored.
  document_effects::storage_write write{
      {},
      origin::of_session(by.from),
      by.what.in,
      notice{.kind = notice_kind::ack, .body = {}, .extra = as_bytes(by.what.message_id)}};
  if (is_new) {
    ++version_;
    write.update = update;
  }
  if (applied->changed) {
    effect_bytes change = change_of(*applied, update);
    write.confirmation->body = change;
    broadcast_update(write.from, std::move(change), out);
  }
  out.writes.push_back(std::move(write));
  return true;
}

void hosted_document::on_update(const origin& from, byte_view update, document_effects& out) {
  const auto applied = state_.apply_update(update);
  if (!applied) {
    out.refusals.push_back({from, dialect::y_websocket, request_part::update, applied.error(), {}});
    return;
  }
  if (!applied->changed && !applied->has_parked) return;
  ++version_;
  if (applied->changed) broadcast_update(from, change_of(*applied, update), out);
  out.writes.push_back({update, from, dialect::y_websocket, std::nullopt});
}

/// What others need of an update that has just been applied: often its own bytes.
effect_bytes hosted_document::change_of(const crdt::applied_update& applied,
                                        byte_view update) const {
  return applied.is_verbatim ? effect_bytes{update} : effect_bytes{state_.encode_last_change()};
}

void hosted_document::broadcast_update(const origin& from, effect_bytes change,
                                       document_effects& out) {
  if (spoken_.empty()) return;
  const session_id author = from.session();
  out.deliveries.push_back(
      {author == no_session ? audience::all : audience::all_but_one, author, spoken_,
       notice{.kind = notice_kind::update, .body = std::move(change), .extra = {}}});
}

void hosted_document::on_session_event(const asked& by, document_effects& out) {
  out.deliveries.push_back({audience::all_but_one, by.from, spoken_,
                            notice{.kind = notice_kind::event, .body = by.what.body, .extra = {}}});
  acknowledge(by, out);
}

void hosted_document::on_event(std::string_view payload, document_effects& out) {
  if (spoken_.empty()) return;
  out.deliveries.push_back(
      {audience::all, no_session, spoken_,
       notice{.kind = notice_kind::event, .body = as_bytes(payload), .extra = {}}});
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

void hosted_document::on_presence(const asked& by, time_point now, document_effects& out) {
  const auto changed = presence_.apply(by.what.body, by.from, now);
  if (!changed) return refuse(by, request_part::presence, changed.error(), out);
  note_presence(*changed);
  acknowledge(by, out);
}

void hosted_document::on_own_presence(const asked& by, time_point now, document_effects& out) {
  const auto client = client_of(by.from, by.by);
  const auto changed = presence_.set_own(client, as_text(by.what.body), by.from, now);
  if (!changed) return refuse(by, request_part::presence, changed.error(), out);
  if (*changed) note_presence({client});
  acknowledge(by, out);
}

/// A client id that nobody else has; the session keeps it for life, unless somebody takes it.
sync::awareness::client_id hosted_document::client_of(session_id session, subscriber& of) {
  const auto is_free = [&](sync::awareness::client_id client) {
    return client != 0 && (!presence_.knows(client) || presence_.is_owned_by(client, session));
  };
  for (std::uint64_t attempt = seed_ + session; !is_free(of.client);)
    of.client = scattered(attempt++);
  return of.client;
}

void hosted_document::note_presence(const std::vector<sync::awareness::client_id>& changed) {
  presence_changed_.insert(presence_changed_.end(), changed.begin(), changed.end());
}

void hosted_document::on_presence_missed(session_id session, document_effects& out) {
  const subscriber* const reader = subscribers_.find(session);
  if (reader == nullptr || reader->speaks.empty()) return;
  out.deliveries.push_back(
      {audience::one, session, reader->speaks,
       notice{.kind = notice_kind::presence, .body = presence_.encode_known(), .extra = {}}});
}

void hosted_document::on_tick(time_point now) {
  note_presence(presence_.expire(now));
  window_->expire(now);
}

void hosted_document::end_turn(document_effects& out) {
  if (presence_changed_.empty()) return;
  std::ranges::sort(presence_changed_);
  const auto repeated = std::unique(presence_changed_.begin(), presence_changed_.end());
  presence_changed_.erase(repeated, presence_changed_.end());
  if (!spoken_.empty())
    out.deliveries.push_back({audience::all, no_session, spoken_,
                              notice{.kind = notice_kind::presence,
                                     .body = presence_.encode(presence_changed_),
                                     .extra = {}}});
  presence_changed_.clear();
}

}  // namespace troupe
