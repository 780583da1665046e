// What a document refuses, and who is notified of that: the session, the metrics and the log.
// Functions of the class document.
#include "actors/document.hpp"

#include <algorithm>

#include "actors/failure_codes.hpp"

namespace troupe {

namespace {

/// Beside the code of the dialect. What is wrong with an edit is said in words of its own.
std::string detail_of(const document_effects::refusal& refused) {
  return refused.part == request_part::edit ? refused.why.detail : explain(refused.why);
}

}  // namespace

bool document::is_refused(session_id session) const {
  return std::ranges::find(refused_, session) != refused_.end();
}

/// A client that may not, or sends what cannot be used, and stays: once a minute and cause.
void document::note_refused(session_id session, const failure& why) {
  const std::uint64_t count = refusals_logged_.note(to_string(why.code), current_time());
  if (count == 0) return;
  log_line(log_severity::info, "a request of session " + std::to_string(session) +
                                   " to document '" + *name_ + "' is refused: " + explain(why) +
                                   since_last_line(count));
}

/// The session is notified in a dialect with errors; in any other it is closed.
void document::refuse(const document_effects::refusal& refused) {
  const session_id session = refused.from.session();
  if (session == no_session)
    return log_line(log_severity::error, "an update of " + to_string(refused.from) +
                                             " for document '" + *name_ +
                                             "' is refused: " + to_string(refused.why));
  const dialect_traits& traits = codec_of(refused.in).traits();
  const bool is_forbidden = refused.why.code == errc::forbidden && traits.answers_forbidden;
  if (traits.has_errors || is_forbidden) {
    const request_error error = request_error_for(refused.why.code, refused.part);
    if (settings_.metrics) settings_.metrics->refused(error).inc();
    note_refused(session, refused.why);
    return output_.add(audience::one, session, refused.in,
                       {.kind = notice_kind::error,
                        .error = error,
                        .part = refused.part,
                        .body = as_bytes(detail_of(refused)),
                        .extra = as_bytes(refused.message_id),
                        .edit_index = refused.edit_index});
  }
  if (is_refused(session)) return;
  refused_.push_back(session);
  const close_reason reason = close_reason_for(refused.why.code, refused.part);
  audience_.note_closing(session, reason);
  const std::uint64_t count = closings_logged_.note(troupe::describe(reason).label, current_time());
  if (count == 0) return;
  log_line(log_severity::warning,
           "session " + std::to_string(session) + " of document '" + *name_ +
               "' is closed: " + std::string{troupe::describe(reason).label} + " (" +
               explain(refused.why) + ")" + since_last_line(count));
}

void document::note_left_out(const document_effects::left_out_presence& presence) {
  const errc why = presence.why.code;
  if (settings_.metrics)
    settings_.metrics->left_out_presence(why).inc(static_cast<std::int64_t>(presence.clients));
  const std::uint64_t count = left_out_logged_.note(to_string(why), current_time());
  if (count == 0) return;
  log_line(log_severity::info, "presence that session " + std::to_string(presence.from) +
                                   " sent is left out of document '" + *name_ +
                                   "': " + to_string(presence.why) + " (" + std::to_string(count) +
                                   " such messages since the last such line)");
}

}  // namespace troupe
