#include "protocol/hosted_document.hpp"

namespace troupe {

using sync::message_kind;

namespace {

void tell(session_id to, message_kind kind, byte_view body, document_effects& out) {
  out.deliveries.push_back({receivers::one, to, sync::encode_message(kind, body)});
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

}  // namespace

result<void> hosted_document::load(byte_view update) {
  TROUPE_TRY(state_.apply_update(update));
  return {};
}

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
  tell(to, message_kind::sync_step2, state_.encode_state_as_update(*vector), out);
  tell(to, message_kind::sync_step1, state_.state_vector().encode(), out);
  if (presence_.has_states()) tell(to, message_kind::awareness, presence_.encode_all(), out);
}

void hosted_document::take_update(session_id from, byte_view update, document_effects& out) {
  const bool was_waiting = state_.pending_size() > 0;
  const auto applied = state_.apply_update(update);
  if (!applied) return close_for_update(from, applied.error(), out);
  // The first update that has to wait shows that something is missing here: its sender is asked for
  // it.
  if (applied->has_parked && !was_waiting)
    tell(from, message_kind::sync_step1, state_.state_vector().encode(), out);
  if (!applied->changed && !applied->has_parked) return;
  byte_buffer message;
  if (applied->changed) {
    const byte_buffer change = applied->is_verbatim ? byte_buffer{} : state_.encode_last_change();
    message = sync::encode_message(message_kind::update,
                                   applied->is_verbatim ? update : byte_view{change});
    out.deliveries.push_back({receivers::all_but_one, from, message});
  }
  out.writes.push_back({{update.begin(), update.end()}, from, std::move(message)});
}

void hosted_document::take_presence(session_id from, byte_view update, time_point now,
                                    document_effects& out) {
  const auto applied = presence_.apply(update, from, now);
  if (!applied) return close_session(from, applied.error(), out);
  if (applied->is_verbatim && !applied->changed.empty())
    out.deliveries.push_back(
        {receivers::all, no_session, sync::encode_message(message_kind::awareness, update)});
  else
    broadcast_presence(applied->changed, out);
}

void hosted_document::broadcast_presence(const std::vector<sync::awareness::client_id>& changed,
                                         document_effects& out) {
  if (changed.empty()) return;
  out.deliveries.push_back(
      {receivers::all, no_session,
       sync::encode_message(message_kind::awareness, presence_.encode(changed))});
}

void hosted_document::on_leave(session_id session, time_point now, document_effects& out) {
  broadcast_presence(presence_.remove_session(session, now), out);
}

void hosted_document::on_tick(time_point now, document_effects& out) {
  broadcast_presence(presence_.expire(now), out);
}

}  // namespace troupe
