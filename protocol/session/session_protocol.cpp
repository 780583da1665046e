#include "protocol/session/session_protocol.hpp"

#include <algorithm>

#include "protocol/dialects/dialects.hpp"

namespace troupe {

namespace {

/// How soon a session without tokens, or with much unread, looks again: often enough to keep its
/// rate, seldom enough to cost nothing.
constexpr std::chrono::milliseconds token_wait_min{10};
constexpr std::chrono::milliseconds token_wait_max{200};

/// Messages that one frame of a client may hold; yrs sends two.
constexpr std::size_t messages_per_frame_max = 64;

/// A message that is refused for the rate is still read for its id up to this size.
constexpr std::size_t refused_read_max = 4096;

/// A client that waits for a receipt receives something within this time and a second.
constexpr std::chrono::seconds receipt_patience{1};

/// An awareness update of no clients: the keep-alive.
constexpr std::uint8_t no_clients[] = {0};

using reading_change = session_effects::reading_change;

const dialect_traits& traits_of(dialect which) noexcept { return codec_of(which).traits(); }

std::optional<dialect> find_dialect(dialect_set among, frame_kind frames) {
  std::optional<dialect> found;
  among.for_each([&](dialect each) {
    if (!found && traits_of(each).frames == frames) found = each;
  });
  return found;
}

std::chrono::milliseconds in_ms(session_protocol::time_point when) noexcept {
  return std::chrono::floor<std::chrono::milliseconds>(when.time_since_epoch());
}

/// Of a time in milliseconds, enough to tell how long ago it was for a minute.
std::uint16_t lower_bits(std::chrono::milliseconds when) noexcept {
  return static_cast<std::uint16_t>(when.count());
}

byte_buffer to_buffer(std::string_view text) {
  const byte_view bytes = as_bytes(text);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

void session_effects::clear() {
  replies.clear();
  authorise.clear();
  open.clear();
  hears.clear();
  forwards.clear();
  new_rights.clear();
  token.reset();
  wants_presence.clear();
  no_longer_hears.reset();
  leaves.reset();
  problem.reset();
  put_off.reset();
  close.reset();
  closes_all = false;
  close_detail.clear();
  terminate.reset();
  wake_in.reset();
  reading = reading_change::none;
  ping = false;
  reading_paused_by_rate = false;
  dropped_presence = ignored = 0;
  first_ignored.reset();
}

bool session_effects::empty() const noexcept {
  return replies.empty() && authorise.empty() && open.empty() && hears.empty() &&
         forwards.empty() && new_rights.empty() && !token && wants_presence.empty() &&
         !no_longer_hears && !leaves && !problem && !put_off && !close && !terminate && !wake_in &&
         reading == reading_change::none && !ping && !reading_paused_by_rate &&
         dropped_presence == 0 && ignored == 0;
}

session_protocol::session_protocol(session_id id, route way, const session_settings& settings,
                                   time_point now)
    : id_(id),
      route_(std::move(way)),
      settings_(settings),
      pulse_(now),
      of_text_(find_dialect(route_.dialects, frame_kind::text)),
      of_binary_(find_dialect(route_.dialects, frame_kind::binary)) {}

// --- opening ---

void session_protocol::on_open(moment at, session_effects& out) {
  pulse_.restart(at.now);
  if (route_.document.empty()) return;
  if (!route_.awaits_token) begin_joining(route_.document, out);
  update_reading(at, out);
}

joined_document& session_protocol::begin_joining(std::string_view name, session_effects& out) {
  out.authorise.emplace_back(name);
  if (shares_connection()) opening_ = std::make_unique<opening_attempts>();
  return documents_.add(name);
}

void session_protocol::on_opened(std::string_view document, document_id id, moment at,
                                 session_input& input, session_effects& out) {
  joined_document* const joined = documents_.find(document);
  if (joined == nullptr || joined->state != join_state::opening) return;
  joined->state = join_state::joined;
  joined->id = id;
  if (is_closed_) return;
  if (std::exchange(joined->has_new_rights, false)) {
    if (!joined->may.contains(right::read))
      return on_document_failed(id, close_reason::access_revoked, at, out);
    out.new_rights.emplace_back(id, joined->may);
  }
  announce(*joined, out);
  for (const held_request& each : joined->take_held())
    send_to(*joined, each.view(), input.gathered, out);
  on_frames_end(input, out);
  send_held_presence(at, out);
  update_reading(at, out);
}

void session_protocol::on_refused(std::string_view document, close_reason why, moment at,
                                  session_effects& out) {
  joined_document* const refused = documents_.find(document);
  if (refused == nullptr || (!is_closed_ && put_off(*refused, why, at, out))) return;
  const bool ends_session = is_address(*refused);
  const auto held = refused->take_held();
  documents_.remove(*refused);
  if (is_closed_) return;
  if (ends_session) {
    out.close = why;
    return;
  }
  for (const held_request& each : held)
    refuse(each.in, request_error_for(why), troupe::describe(why).text, std::string{document},
           each.message_id, out);
  update_reading(at, out);
}

// --- input ---

void session_protocol::on_frame(frame_kind kind, byte_view payload, moment at, session_input& input,
                                session_effects& out) {
  const auto in = dialect_for(kind);
  const bool needs_address = in && traits_of(*in).joins == joining::by_address;
  if (!in || (needs_address && route_.document.empty())) {
    out.close = close_reason::no_document;
    return;
  }
  note_spoken(*in);
  if (is_over_rate(*in, payload, at, input.frame, out)) return;
  if (traits_of(*in).has_errors) spend_tokens(at.now);
  read_messages(*in, payload, input, at, out);
  update_reading(at, out);
}

void session_protocol::read_messages(dialect in, byte_view frame, session_input& input, moment at,
                                     session_effects& out) {
  std::size_t left = messages_per_frame_max;
  do {
    if (left-- == 0)
      return on_bad_frame(in, failure{errc::trailing_bytes, "too many messages in a frame"},
                          input.frame, out);
    if (const auto decoded = codec_of(in).decode(frame, input.frame); !decoded) {
      // Behind an unknown message nobody knows where the next one would begin.
      const bool is_unknown = decoded.error().code == errc::unknown_message;
      if (is_unknown && !traits_of(in).has_errors) return ignore(decoded.error(), at, out);
      return on_bad_frame(in, decoded.error(), input.frame, out);
    }
    if (!is_too_large(in, input.frame, frame.size() - input.frame.rest.size(), at, out))
      read_message(in, input, at, out);
    frame = input.frame.rest;
  } while (!frame.empty() && !out.close);
}

/// One message of a frame, in the budget of its kind.
void session_protocol::read_message(dialect in, session_input& input, moment at,
                                    session_effects& out) {
  if (!traits_of(in).has_errors) {
    if (input.frame.kind == request_kind::token) {
      edit_tokens_.spend(settings_.edit_rate(), at.now);
      out.token.emplace(as_text(input.frame.body));
      return;
    }
    if (input.frame.kind == request_kind::receipt) {
      awaits_receipt_ = true;
      receipt_asked_ = lower_bits(in_ms(at.now));
    }
    if (input.frame.kind != request_kind::presence) {
      edit_tokens_.spend(settings_.edit_rate(), at.now);
    } else {
      if (!presence_) presence_ = std::make_unique<presence_budget>();
      const auto [verdict, dropped] =
          presence_->on_update(input.frame.body, settings_.presence, at.now);
      out.dropped_presence += dropped;
      if (verdict == presence_budget::verdict::hold) return schedule_reading_check(at, out);
      if (verdict == presence_budget::verdict::drop) return;
    }
  }
  pass_on(in, input, out);
}

/// Applications add message types of their own; the reference server ignores them, too. They cost a
/// token all the same.
void session_protocol::ignore(const failure& why, moment at, session_effects& out) {
  edit_tokens_.spend(settings_.edit_rate(), at.now);
  ++out.ignored;
  if (!has_ignored_) out.first_ignored = why;
  has_ignored_ = true;
}

/// Presence that has waited for its rate goes to the document of the address.
void session_protocol::send_held_presence(moment at, session_effects& out) {
  if (!presence_ || !presence_->has_held() || is_closed_) return;
  joined_document* const to = documents_.find(route_.document);
  if (to == nullptr || to->state != join_state::joined || !of_binary_) return;
  if (auto held = presence_->take_held(settings_.presence, at.now)) {
    credit_.take(to->unhandled, {credit_weight(request_kind::presence), held->size()});
    out.forwards.emplace_back(
        to->id, request_batch{shared_bytes::copy_of(*held),
                              {{request_kind::presence, *of_binary_, 0, 0, held->size()}}});
  } else {
    schedule_reading_check(at, out);
  }
}

void session_protocol::note_spoken(dialect in) noexcept {
  if (spoken_.contains(in)) return;
  spoken_.insert(in);
  needs_tokens_ = needs_tokens_ || !traits_of(in).has_errors;
  needs_keep_alive_ = needs_keep_alive_ || traits_of(in).needs_keep_alive;
}

/// Refuses a message for the rate where the dialect can say so. A small one is read for its id.
bool session_protocol::is_over_rate(dialect in, byte_view payload, moment at, decoded_frame& frame,
                                    session_effects& out) {
  if (!traits_of(in).has_errors || tokens_.has_token(settings_.message_rate(), at.now))
    return false;
  frame.clear();
  if (payload.size() <= refused_read_max) (void)codec_of(in).decode(payload, frame);
  refuse(in, request_error::rate_limit_exceeded, {}, frame.document, frame.message_id, out);
  return true;
}

void session_protocol::on_bad_frame(dialect in, const failure& why, const decoded_frame& frame,
                                    session_effects& out) {
  if (!traits_of(in).has_errors) {
    out.problem = why;
    out.close = close_reason_for(why.code, frame.wrong_part);
    return;
  }
  const bool is_whole = frame.wrong_part != request_part::message;
  auto document = frame.document;
  if (!document && is_whole) {
    if (route_.document.empty()) return refuse_nameless(in, frame, out);
    document = route_.document;
  }
  refuse(in, request_error_for(why.code, frame.wrong_part), is_whole ? explain(why) : why.detail,
         std::move(document), frame.message_id, out);
  if (is_whole) out.replies.back().what.part = frame.wrong_part;
}

void session_protocol::refuse_nameless(dialect in, const decoded_frame& frame,
                                       session_effects& out) {
  refuse(in, request_error::not_joined, "docName is missing, and the address names no document", {},
         frame.message_id, out);
}

/// The dialect in which a session receives a document: what it asks for first decides whether that
/// is contents or updates.
dialect session_protocol::heard_in(dialect in, request_kind kind, const joined_document* of) {
  const auto reads_in = traits_of(in).reads_in;
  const dialect_set spoken = of == nullptr ? dialect_set{} : of->spoken;
  if (!reads_in || spoken.contains(in)) return in;
  return kind == request_kind::contents || spoken.contains(*reads_in) ? *reads_in : in;
}

/// To the document that the frame means, which the session may have to join first.
void session_protocol::pass_on(dialect in, session_input& input, session_effects& out) {
  const decoded_frame& frame = input.frame;
  const std::string& name = frame.document ? *frame.document : route_.document;
  if (name.empty()) return refuse_nameless(in, frame, out);
  joined_document* const document = documents_.find(name);
  in = heard_in(in, frame.kind, document);
  const client_request what{frame.kind, in, frame.body, frame.message_id, frame.answers_question};
  const bool is_there = document != nullptr && document->state != join_state::leaving;
  const bool has_joined = is_there && document->spoken.contains(in);
  if (frame.kind == request_kind::leave) {
    if (has_joined) return begin_leaving(*document, what, input.gathered, out);
    return refuse(in, request_error::not_joined, "there is nothing to leave", name,
                  frame.message_id, out);
  }
  const bool joins = traits_of(in).joins == joining::by_address || is_sync(frame.kind);
  if (is_there && (joins || has_joined)) return send_to(*document, what, input.gathered, out);
  // A dialect that joins by address comes back with its next message.
  if (document == nullptr && joins) return join(name, what, out);
  refuse(in, request_error::not_joined, "send a sync with this docName first", name,
         frame.message_id, out);
}

/// The request waits until the document is open.
void session_protocol::join(std::string_view name, const client_request& what,
                            session_effects& out) {
  if (!has_place_for(name))
    return refuse(what.in, request_error::too_many_documents, "on this connection",
                  std::string{name}, what.message_id, out);
  begin_joining(name, out).hold(what);
}

void session_protocol::send_to(joined_document& to, const client_request& what,
                               input_gatherer& input, session_effects& out) {
  if (to.state != join_state::joined) return to.hold(what);
  if (!to.spoken.contains(what.in)) {
    to.spoken.insert(what.in);
    out.hears.push_back({to.id, what.in});
  }
  input.add(id_, to.id, what);
  credit_.take(to.unhandled, {credit_weight(what.kind), what.body.size()});
}

/// The document of the address keeps its place when it is left: a dialect that joins by address
/// cannot be refused it.
bool session_protocol::has_place_for(std::string_view name) noexcept {
  const bool is_free = !route_.document.empty() && documents_.find(route_.document) == nullptr;
  const std::size_t kept = is_free && name != route_.document ? 1 : 0;
  return documents_.size() + kept < settings_.documents_max;
}

/// The document receives the leave behind what came before. Once it has handled all of it, the
/// acknowledgements of that are on their way to the client, and the session leaves.
void session_protocol::begin_leaving(joined_document& one, const client_request& what,
                                     input_gatherer& input, session_effects& out) {
  send_to(one, what, input, out);
  one.state = join_state::leaving;
  one.hold(what);
}

void session_protocol::leave(joined_document& one, session_effects& out) {
  for (const held_request& each : one.take_held()) {
    one.spoken.erase(each.in);
    out.no_longer_hears = {one.id, each.in};
    if (each.message_id.empty()) continue;
    notice ack{.kind = notice_kind::ack, .body = {}, .extra = to_buffer(each.message_id)};
    out.replies.push_back({each.in, std::move(ack), one.name});
  }
  one.state = join_state::joined;
  if (!one.spoken.empty()) return;
  out.leaves = one.id;
  documents_.remove(one);
}

void session_protocol::on_frames_end(session_input& input, session_effects& out) {
  input.gathered.take_all(id_, [&](document_id document, request_batch batch) {
    if (documents_.find(document) == nullptr) return;
    if (opening_) opening_->keep(batch);
    out.forwards.emplace_back(document, std::move(batch));
  });
}

/// Each kind of message has a limit of its own where the dialect cannot answer with an error.
/// Presence that is too large is left out and costs a token: a client sends back what it receives
/// of others, written in its own way, and nobody may be shut out of a document for that.
bool session_protocol::is_too_large(dialect in, const decoded_frame& frame, std::size_t size,
                                    moment at, session_effects& out) {
  if (size <= settings_.message_bytes_max || traits_of(in).has_errors) return false;
  if (frame.kind == request_kind::presence) {
    if (frame.body.size() <= settings_.message_bytes_max) return false;
    edit_tokens_.spend(settings_.edit_rate(), at.now);
    ++out.dropped_presence;
    return true;
  }
  // What a client has grows with the people who ever edited, so a question may be as long as an
  // answer.
  const bool is_sync = frame.kind == request_kind::sync || frame.kind == request_kind::update;
  if (!is_sync)
    close_as_too_large(size, "limits.max_message_size", settings_.message_bytes_max, out);
  else if (frame.kind == request_kind::update && !frame.answers_question &&
           size > settings_.update_bytes_max)
    close_as_too_large(size, "limits.max_update_size", settings_.update_bytes_max, out);
  else if (size > settings_.sync_bytes_max)
    close_as_too_large(size, "limits.max_sync_size", settings_.sync_bytes_max, out);
  return out.close.has_value();
}

void session_protocol::close_as_too_large(std::uint64_t size, std::string_view limit,
                                          std::size_t limit_bytes, session_effects& out) {
  out.close = close_reason::message_too_large;
  out.close_detail =
      std::to_string(size) + " bytes, " + std::string{limit} + " is " + std::to_string(limit_bytes);
  out.problem = failure{errc::update_too_large,
                        "document '" + route_.document + "', message of " + out.close_detail};
}

bool session_protocol::on_frame_too_large(frame_kind kind, std::uint64_t size, byte_view head,
                                          moment at, session_effects& out) {
  const auto in = dialect_for(kind);
  if (!in || !traits_of(*in).has_errors) {
    close_as_too_large(size, "limits.max_sync_size", settings_.sync_bytes_max, out);
    return false;
  }
  note_spoken(*in);
  spend_tokens(at.now);
  decoded_frame frame;
  codec_of(*in).decode_head(head, frame);
  refuse(*in, request_error::message_too_large, {}, frame.document, frame.message_id, out);
  update_reading(at, out);
  return true;
}

void session_protocol::refuse(dialect in, request_error error, std::string_view detail,
                              std::optional<std::string> document, std::string_view message_id,
                              session_effects& out) {
  out.replies.push_back({in,
                         notice{.kind = notice_kind::error,
                                .error = error,
                                .body = to_buffer(detail),
                                .extra = to_buffer(message_id)},
                         std::move(document)});
}

// --- documents ---

bool session_protocol::is_address(const joined_document& document) const noexcept {
  return !route_.document.empty() && document.name == route_.document;
}

void session_protocol::on_handled(document_id document, credit_amount amount, moment at,
                                  session_effects& out) {
  joined_document* const from = documents_.find(document);
  if (from == nullptr) return;
  opening_.reset();
  credit_.give_back(from->unhandled, amount);
  if (is_closed_) return;
  if (from->state == join_state::leaving && from->unhandled.messages == 0) leave(*from, out);
  update_reading(at, out);
}

void session_protocol::on_document_failed(document_id document, close_reason why, moment at,
                                          session_effects& out) {
  joined_document* const failed = documents_.find(document);
  if (is_closed_ || failed == nullptr || put_off(*failed, why, at, out)) return;
  if (is_address(*failed)) {
    out.close = why;
    return;
  }
  failed->spoken.for_each([&](dialect each) {
    if (traits_of(each).has_errors)
      refuse(each, request_error_for(why), troupe::describe(why).text, failed->name, {}, out);
  });
  // It will not answer what it holds of this session.
  credit_.give_back(failed->unhandled, failed->unhandled);
  failed->spoken = {};
  leave(*failed, out);
  update_reading(at, out);
}

bool session_protocol::skips_presence(document_id document, std::size_t queued_bytes) {
  if (queued_bytes <= settings_.presence_skip_bytes) return false;
  if (joined_document* const from = documents_.find(document)) {
    from->missed_presence = true;
    has_missed_presence_ = true;
  }
  return true;
}

// --- time ---

void session_protocol::on_second(moment at, last_heard last, session_effects& out) {
  if (is_closed_) return;
  if (route_.expires && at.now >= *route_.expires) return end_with_token(out);
  ask_for_token(at.now, out);
  try_again(at.now, out);
  update_reading(at, out);
  if (has_missed_presence_ && at.queued_bytes <= settings_.presence_skip_bytes / 2) {
    has_missed_presence_ = false;
    for (joined_document& each : documents_)
      if (std::exchange(each.missed_presence, false)) out.wants_presence.push_back(each.id);
  }
  keep_alive(at.now, last.sent, out);
  switch (pulse_.on_second(at.now, last.alive, is_paused_, settings_.heartbeat)) {
    case pulse::action::none: return;
    case pulse::action::ping: out.ping = true; return;
    case pulse::action::terminate: out.terminate = close_reason::heartbeat_timeout; return;
  }
}

/// In dialects whose clients give up on a connection that says nothing; those that wait for
/// receipts do so soon, also while their document is being opened.
void session_protocol::keep_alive(time_point now, time_point sent, session_effects& out) {
  const bool is_quiet = needs_keep_alive_ && pulse::needs_keep_alive(now, sent);
  // What was sent since it asked arrives behind the question, whatever it is.
  const auto since_asked = static_cast<std::uint16_t>(lower_bits(in_ms(now)) - receipt_asked_);
  if (in_ms(now) - in_ms(sent) <= std::chrono::milliseconds{since_asked}) awaits_receipt_ = false;
  const bool is_awaited = (awaits_receipt_ || is_paused_) && now - sent >= receipt_patience;
  if (!is_quiet && !is_awaited) return;
  route_.dialects.for_each([&](dialect each) {
    const dialect_traits& traits = traits_of(each);
    if ((is_quiet && traits.needs_keep_alive && spoken_.contains(each)) ||
        (is_awaited && traits.gives_receipts))
      out.replies.push_back(
          {each, notice{.kind = notice_kind::presence, .body = byte_view{no_clients}, .extra = {}},
           route_.document});
  });
}

void session_protocol::on_wake(moment at, session_effects& out) {
  is_checking_ = false;
  send_held_presence(at, out);
  update_reading(at, out);
}

void session_protocol::update_reading(moment at, session_effects& out) {
  if (is_closed_) return;
  // What speaks both kinds of dialects waits in both rather than be refused in one.
  const bool has_token = !needs_tokens_ || (edit_tokens_.has_token(settings_.edit_rate(), at.now) &&
                                            tokens_.has_token(settings_.message_rate(), at.now));
  const bool has_room = at.queued_bytes <= settings_.reading_pause_bytes;
  if (!has_token || !has_room) schedule_reading_check(at, out);
  if (!has_token && !is_paused_) out.reading_paused_by_rate = true;
  const bool waits =
      documents_.is_waiting() || route_.awaits_token || (opening_ && opening_->is_in_doubt());
  const bool pause = waits || !credit_.is_left() || !has_token || !has_room;
  if (pause == is_paused_) return;
  is_paused_ = pause;
  out.reading = pause ? reading_change::pause : reading_change::resume;
}

void session_protocol::schedule_reading_check(moment at, session_effects& out) {
  if (is_checking_) return;
  is_checking_ = true;
  const auto wait = std::max(edit_tokens_.wait_for_token(settings_.edit_rate(), at.now),
                             tokens_.wait_for_token(settings_.message_rate(), at.now));
  out.wake_in = std::clamp(wait, token_wait_min, token_wait_max);
}

}  // namespace troupe
