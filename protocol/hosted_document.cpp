#include "protocol/hosted_document.hpp"

#include <algorithm>
#include <array>

namespace troupe {

using json::error_code;
using sync::message_kind;

namespace {

constexpr std::size_t kept_state_bytes_min = 64 * 1024;
constexpr std::array<std::uint8_t, 2> empty_update{0, 0};

void tell(session_id to, message_kind kind, effect_bytes body, document_effects& out) {
  out.deliveries.push_back({audience::one, to, kind, std::move(body)});
}

void tell_text(session_id to, std::string text, document_effects& out) {
  out.texts.push_back({audience::one, to, std::move(text)});
}

void close_session(session_id session, failure why, document_effects& out) {
  const close_reason reason = close_reason_for(why.code);
  out.closings.push_back({session, reason, std::move(why)});
}

/// A failure inside an update is named as such, whatever part of it is wrong.
void close_for_update(session_id session, failure why, document_effects& out) {
  const close_reason reason = close_reason_for(why.code);
  const bool is_own_fault = reason == close_reason::malformed_message;
  out.closings.push_back(
      {session, is_own_fault ? close_reason::invalid_update : reason, std::move(why)});
}

std::optional<std::string_view> as_view(const std::optional<std::string>& text) {
  return text ? std::optional<std::string_view>{*text} : std::nullopt;
}

/// Scatters a number over 32 bits, none of which is lost on small differences. Source: splitmix64.
std::uint64_t scattered(std::uint64_t number) {
  number += 0x9E3779B97F4A7C15;
  number = (number ^ number >> 30) * 0xBF58476D1CE4E5B9;
  number = (number ^ number >> 27) * 0x94D049BB133111EB;
  return (number ^ number >> 31) & 0xFFFFFFFF;
}

}  // namespace

hosted_document::hosted_document(crdt::doc_settings options, std::string name, std::uint64_t seed,
                                 std::shared_ptr<message_id_window> window)
    : state_(options),
      name_(std::move(name)),
      seed_(seed),
      window_(window ? std::move(window) : std::make_shared<message_id_window>()) {}

result<void> hosted_document::load(byte_view update) {
  TROUPE_TRY(state_.apply_update(update));
  ++version_;
  return {};
}

byte_buffer hosted_document::whole_state() const {
  byte_buffer state = state_.encode_state_as_update();
  // Encoding a small one again costs less than every small document keeping a copy.
  if (state.size() < kept_state_bytes_min) state_.forget_encoded_state();
  return state;
}

// --- the binary dialect ---

void hosted_document::on_message(session_id from, message_kind kind, byte_view body, time_point now,
                                 document_effects& out) {
  switch (kind) {
    case message_kind::sync_step1: return answer_sync(from, body, out);
    case message_kind::sync_step2:
    case message_kind::update: return take_update(from, body, out);
    case message_kind::awareness: return take_presence(from, body, now, out);
    case message_kind::query_awareness:
      return tell(from, message_kind::awareness, presence_.encode_all(), out);
  }
}

void hosted_document::answer_sync(session_id to, byte_view wanted_from, document_effects& out) {
  const auto vector = crdt::state_vector::decode(wanted_from);
  if (!vector) return close_session(to, vector.error(), out);
  if (vector->empty())
    out.deliveries.push_back({audience::one, to, message_kind::sync_step2, {}, true});
  else
    tell(to, message_kind::sync_step2, state_.encode_state_as_update(*vector), out);
  tell(to, message_kind::sync_step1, state_.state_vector().encode(), out);
  if (presence_.has_states()) tell(to, message_kind::awareness, presence_.encode_all(), out);
}

void hosted_document::take_update(session_id from, byte_view update, document_effects& out) {
  // What every client answers that has nothing of its own. The encoded state stays what it is.
  if (std::ranges::equal(update, empty_update)) return;
  const bool was_waiting = state_.pending_size() > 0;
  const auto applied = state_.apply_update(update);
  if (!applied) return close_for_update(from, applied.error(), out);
  // The first update that has to wait shows that something is missing here: its sender is asked for
  // it.
  if (applied->has_parked && !was_waiting)
    tell(from, message_kind::sync_step1, state_.state_vector().encode(), out);
  if (!applied->changed && !applied->has_parked) return;
  ++version_;
  document_effects::storage_write write{update, from, {}, {}};
  if (applied->changed) {
    const auto change = [&] {
      return applied->is_verbatim ? effect_bytes{update}
                                  : effect_bytes{state_.encode_last_change()};
    };
    write.confirmation = change();
    tell_update(from, change(), out);
  }
  out.writes.push_back(std::move(write));
}

void hosted_document::tell_update(session_id from, effect_bytes change, document_effects& out) {
  if (!json_sessions_.empty())
    out.texts.push_back({audience::all_but_one, from, json::encode_update(name_, change.view())});
  out.deliveries.push_back({audience::all_but_one, from, message_kind::update, std::move(change)});
}

void hosted_document::take_presence(session_id from, byte_view update, time_point now,
                                    document_effects& out) {
  const auto applied = presence_.apply(update, from, now);
  if (!applied) return close_session(from, applied.error(), out);
  note_presence(applied->changed);
}

// --- the JSON dialect ---

void hosted_document::on_request(session_id from, const std::string& user,
                                 const json::request& request, time_point now,
                                 document_effects& out) {
  json_sessions_.try_emplace(from);
  // What may be done twice without effect is done: a client that comes back asks under its old ids.
  const bool may_repeat =
      request.kind == json::request_kind::sync || request.kind == json::request_kind::presence;
  const bool is_repeated = !may_repeat && request.message_id &&
                           window_->note(user, *request.message_id, now) == seen::repeated;
  if (is_repeated)  // what it wrote the first time may still be on its way to storage
    return out.writes.push_back({{}, from, {}, json::encode_ack(name_, *request.message_id)});
  switch (request.kind) {
    case json::request_kind::update: return take_json_update(from, user, request, out);
    case json::request_kind::sync:
      if (!answer_json_sync(from, request, out)) return;
      break;
    case json::request_kind::event:
      out.texts.push_back(
          {audience::all_but_one, from, json::encode_event(name_, request.payload)});
      break;
    case json::request_kind::presence:
      if (!take_json_presence(from, request, now, out)) return;
      break;
  }
  if (request.message_id) tell_text(from, json::encode_ack(name_, *request.message_id), out);
}

/// Returns whether it could be answered.
bool hosted_document::answer_json_sync(session_id to, const json::request& request,
                                       document_effects& out) {
  const auto vector = request.state_vector ? crdt::state_vector::decode(*request.state_vector)
                                           : result<crdt::state_vector>{};
  if (!vector) {
    refuse(to, error_code::invalid_update, "payload.stateVector: " + to_string(vector.error()),
           request, out);
    return false;
  }
  tell_text(to,
            json::encode_sync(name_, state_.encode_state_as_update(*vector),
                              state_.state_vector().encode()),
            out);
  for (const auto& [client, state] : presence_.states())
    tell_text(to, json::encode_presence(name_, client, state), out);
  return true;
}

void hosted_document::take_json_update(session_id from, const std::string& user,
                                       const json::request& request, document_effects& out) {
  const auto applied = state_.apply_update(request.update);
  if (!applied) {
    if (request.message_id) window_->forget(user, *request.message_id);
    const bool is_own_fault = close_reason_for(applied.error().code) != close_reason::pending_limit;
    return refuse(from,
                  is_own_fault ? error_code::invalid_update : error_code::document_unavailable,
                  "payload.update: " + to_string(applied.error()), request, out);
  }
  const bool is_new = applied->changed || applied->has_parked;
  if (is_new) ++version_;
  if (applied->changed) {
    tell_update(from,
                applied->is_verbatim ? effect_bytes{byte_view{request.update}}
                                     : effect_bytes{state_.encode_last_change()},
                out);
  }
  if (!is_new && !request.message_id) return;
  // What was known already may have come a moment ago: it is acknowledged when that is stored.
  out.writes.push_back(
      {is_new ? effect_bytes{byte_view{request.update}} : effect_bytes{},
       from,
       {},
       request.message_id ? json::encode_ack(name_, *request.message_id) : std::string{}});
}

/// Returns whether it could be shown.
bool hosted_document::take_json_presence(session_id from, const json::request& request,
                                         time_point now, document_effects& out) {
  json_session& session = json_sessions_[from];
  const auto client = client_of(from, session);
  const auto changed = presence_.set_own(client, request.payload, from, now);
  if (!changed) {
    refuse(from, error_code::invalid_message, "presence: " + to_string(changed.error()), request,
           out);
    return false;
  }
  if (*changed) note_presence({client});
  return true;
}

void hosted_document::refuse(session_id from, json::error_code code, const std::string& detail,
                             const json::request& request, document_effects& out) {
  out.texts.push_back({audience::one, from,
                       json::encode_error(code, detail, name_, as_view(request.message_id)), false,
                       code});
}

/// A client id that nobody else has; the session keeps it for life, unless somebody takes it.
sync::awareness::client_id hosted_document::client_of(session_id session, json_session& of) {
  const auto is_free = [&](sync::awareness::client_id client) {
    return client != 0 && (!presence_.knows(client) || presence_.is_owned_by(client, session));
  };
  for (std::uint64_t attempt = seed_ + session; !is_free(of.client);)
    of.client = scattered(attempt++);
  return of.client;
}

void hosted_document::on_event(std::string_view payload, document_effects& out) {
  if (json_sessions_.empty()) return;
  out.texts.push_back({audience::all, no_session, json::encode_event(name_, payload)});
}

// --- presence and time ---

void hosted_document::note_presence(const std::vector<sync::awareness::client_id>& changed) {
  presence_changed_.insert(presence_changed_.end(), changed.begin(), changed.end());
}

void hosted_document::on_leave(session_id session, time_point now) {
  json_sessions_.erase(session);
  note_presence(presence_.remove_session(session, now));
}

void hosted_document::on_presence_missed(session_id session, document_effects& out) {
  tell(session, message_kind::awareness, presence_.encode_known(), out);
  if (!json_sessions_.contains(session)) return;
  for (const auto& [client, state] : presence_.known())
    out.texts.push_back(
        {audience::one, session, json::encode_presence(name_, client, state), true});
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
  out.deliveries.push_back(
      {audience::all, no_session, message_kind::awareness, presence_.encode(presence_changed_)});
  if (!json_sessions_.empty())
    for (const auto client : presence_changed_)
      out.texts.push_back({audience::all, no_session,
                           json::encode_presence(name_, client, presence_.state_of(client)), true});
  presence_changed_.clear();
}

}  // namespace troupe
