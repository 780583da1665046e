// Updates of sessions: what becomes of them, how they are acknowledged, and how their senders are
// asked for what is missing. Functions of the class hosted_document.
#include <algorithm>
#include <array>

#include "protocol/crdt/read/snapshot.hpp"
#include "protocol/crdt/wire/update_tools.hpp"
#include "protocol/dialects/dialects.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

namespace {

/// A session is asked for what is missing no more often than this.
constexpr std::chrono::seconds question_interval{1};

/// Whether all contents of an update, and there are some, are known where this is known. Deletions
/// do not show.
bool is_announced(byte_view update, const crdt::state_vector& known) {
  if (known.empty()) return false;
  const auto spans = crdt::update_meta(update);
  return spans && !spans->empty() &&
         std::ranges::all_of(*spans, [&](const crdt::client_span& each) {
           return each.clocks.end() <= known.clock_of(each.client);
         });
}

}  // namespace

/// Whatever its id: to apply an update twice is harmless, to skip another one is not.
bool hosted_document::on_session_update(const asked& by, time_point now,
                                        std::uint64_t steps_for_now, document_effects& out) {
  // It shows nothing of itself, but may have been here before.
  if (std::exchange(by.by.is_opening, false) && by.by.may_return)
    show_who_stayed(by, std::nullopt, now, out);
  const byte_view update = by.what.body;
  const bool has_id = !by.what.message_id.empty();
  const dialect_traits& traits = codec_of(by.what.in).traits();
  const bool is_counted = traits.acknowledges_each || traits.gives_receipts;
  // What every client answers that has nothing of its own. The encoded state stays what it is.
  if (!has_id && std::ranges::equal(update, empty_update)) {
    if (is_counted) count_update(by, false, out.writes.size(), now, out);
    return true;
  }
  if (may_not_store(update)) {
    refuse(by, request_part::update, *refusing_, out);
    return true;
  }
  const std::size_t waited = state_.pending_size();
  const auto applied = apply(update, &by.by, steps_for_now);
  if (!applied) {
    refuse(by, request_part::update, applied.error(), out);
    return true;
  }
  if (applied->is_deferred) return false;
  const bool is_new = applied->changed || state_.pending_size() > waited;
  if (applied->has_parked) waited_for_.insert_or_assign(by.from, true);
  // A client that has sent all it knows would send the same again.
  if (applied->leaves_gap && (is_new || has_id)) ask_for_missing(by, now, out);
  if (is_new) ++version_;
  effect_bytes change;
  if (applied->changed) change = change_of(*applied, update);
  const std::size_t written = out.writes.size();
  if (is_new || (has_id && !applied->leaves_gap)) {
    // What was known already may have come a moment ago: it is acknowledged when that is stored.
    document_effects::storage_write write{
        {},
        origin::of_session(by.from),
        by.what.in,
        notice{.kind = notice_kind::ack, .body = {}, .extra = as_bytes(by.what.message_id)}};
    // The question was the answer to this id.
    if ((has_id && applied->leaves_gap) || is_counted) write.confirmation.reset();
    if (is_new) write.update = update;
    if (applied->changed && write.confirmation) write.confirmation->body = change;
    out.writes.push_back(std::move(write));
  }
  const session_id knows_all = applied->ended_waiting ? no_session : by.from;
  if (applied->changed) broadcast_update(knows_all, std::move(change), out);
  if (is_counted) count_update(by, applied->leaves_gap, written, now, out);
  return true;
}

/// Where a client counts its acknowledgements, each of its updates gets one, in their order, and
/// none for an answer that it was asked for besides: it counts the first answer to each sync. None
/// is given while something is missing, and none between a sync and its answer: the first that
/// arrives after it has reconnected tells the client that all it has is stored. For the same reason
/// what comes before its first sync is acknowledged with the answer to that: a provider that was
/// cut off sends first what it had no time to send, and then begins to count anew. A provider sends
/// what it had no time to send behind its sync, too, and has forgotten it likewise: what the sync
/// has announced already gets no acknowledgement of its own, only that of the answer.
///
/// `write`: where the write of this update stands, if it has one.
void hosted_document::count_update(const asked& by, bool leaves_gap, std::size_t write,
                                   time_point now, document_effects& out) {
  subscriber_details& more = by.by.more();
  if (codec_of(by.what.in).traits().gives_receipts) {
    more.has_left_gap = leaves_gap;
    return give_receipt(by, write, out);
  }
  const bool is_extra = by.what.is_answer && more.questions > 0;
  const bool is_old =
      more.awaits_answer && !by.what.is_answer && is_announced(by.what.body, more.announced);
  if (is_extra)
    --more.questions;
  else if (!is_old)
    ++more.owed;
  if (!more.has_begun &&
      std::ranges::find(early_, by.from, &early_session::session) == early_.end())
    early_.push_back({by.from, by.what.in, now});
  if (leaves_gap || more.awaits_answer || !more.has_begun || more.owed == 0) return;
  if (write == out.writes.size())
    out.writes.push_back({{}, origin::of_session(by.from), by.what.in, std::nullopt});
  out.writes[write].confirmation = notice{
      .kind = notice_kind::ack, .body = {}, .extra = {}, .count = std::exchange(more.owed, 0)};
}

/// A client that sends updates and does not sync gets its acknowledgements all the same.
void hosted_document::settle_early(time_point now, document_effects& out) {
  for (const early_session& each : std::exchange(early_, {})) {
    subscriber* const of = subscribers_.find(each.session);
    if (of == nullptr || of->more().has_begun) continue;
    if (now - each.since < question_interval || state_.has_gap()) {
      early_.push_back(each);
      continue;
    }
    of->more().has_begun = true;
    out.writes.push_back({{},
                          origin::of_session(each.session),
                          each.in,
                          notice{.kind = notice_kind::ack,
                                 .body = {},
                                 .extra = {},
                                 .count = std::exchange(of->more().owed, 0)}});
  }
}

/// Only the last question of a client counts: what it asks about includes all that came before.
void hosted_document::on_receipt(const asked& by, document_effects& out) {
  subscriber_details& more = by.by.more();
  more.receipt.assign(by.what.body.begin(), by.what.body.end());
  more.owes_receipt = true;
  // Others may have brought what was missing. A client asks again while it waits.
  if (!state_.has_gap()) more.has_left_gap = false;
  give_receipt(by, out.writes.size(), out);
}

/// A client that is asked what it has brings with its answer what it wrote while it was away, and
/// has asked for a receipt before. So none is given between a sync and its answer, nor while
/// something is missing; and none at all once an update was refused, which never is stored.
///
/// `write`: where the write of this request stands, if it has one.
void hosted_document::give_receipt(const asked& by, std::size_t write, document_effects& out) {
  subscriber_details& more = by.by.more();
  if (!more.owes_receipt || more.awaits_answer || more.has_left_gap || more.was_refused) return;
  more.owes_receipt = false;
  if (write == out.writes.size())
    out.writes.push_back({{}, origin::of_session(by.from), by.what.in, std::nullopt});
  out.writes[write].confirmation =
      notice{.kind = notice_kind::ack, .body = {}, .extra = std::move(more.receipt)};
}

/// Whether edits are refused and this is one.
bool hosted_document::may_not_store(byte_view update) const {
  return refusing_ && has_news(update);
}

/// What a client answers that has nothing new is no edit, so that it can stay and read. Cost:
/// linear in the document.
bool hosted_document::has_news(byte_view update) const {
  if (state_.is_folded() && state_.knows_folded(update)) return false;
  if (state_.has_gap()) return true;
  const crdt::doc& state = state_.decoded();
  const auto is_known =
      crdt::contains_update(state.snapshot(), update, crdt::update_format::v1, state.limits());
  return is_known && !*is_known;  // what is malformed is refused as that
}

/// Its sender has, or had, what this update follows. A message with an id is answered by the
/// question each time.
void hosted_document::ask_for_missing(const asked& by, time_point now, document_effects& out) {
  const bool has_id = !by.what.message_id.empty();
  time_point& asked_at = by.by.more().asked;
  const bool was_asked = asked_at != time_point::min();
  if (!has_id && was_asked && now - asked_at < question_interval) {
    to_ask_.insert_or_assign(by.from, by.what.in);
    return;
  }
  asked_at = now;
  to_ask_.erase(by.from);
  ask(by.from, by.by, by.what.in, by.what.message_id, out);
}

void hosted_document::ask(session_id session, subscriber& of, dialect in,
                          std::string_view message_id, document_effects& out) {
  ++of.more().questions;
  out.deliveries.push_back({audience::one, session, in,
                            notice{.kind = notice_kind::question,
                                   .body = state_.encode_state_vector(),
                                   .extra = as_bytes(message_id)}});
}

void hosted_document::ask_again(time_point now, document_effects& out) {
  for (const auto& [session, in] : std::exchange(to_ask_, {})) {
    subscriber* const of = subscribers_.find(session);
    if (of == nullptr || !state_.has_gap()) continue;
    of->more().asked = now;
    ask(session, *of, in, {}, out);
  }
  settle_early(now, out);
}

}  // namespace troupe
