// The session core: everything that one connection's session decides, without its socket, thread or
// actor. Events go in by plain calls with the time, effects come out; the session actor carries
// them out. It reads frames by the codecs of its route's dialects, joins documents, keeps the rate
// limit, the credit and the heartbeat, and says when reading pauses.
//
// A session comes to a document in three steps: the authoriser says what it may do (effect
// `authorise`, answered by on_authorised), the directory opens the document (effect `open`,
// answered by on_opened or on_refused), then requests go to it. Reading pauses meanwhile, so
// nothing overtakes the join.
//
// Where a message says who the client is, that comes before the first step: until then the session
// reads nothing else. A later token renews the first, and the session asks for one in time.
//
// It leaves a document in a dialect when the document has handled all that came before the leave;
// reading pauses until then. If it speaks no other dialect there, it is not subscribed any more.
//
// Above the rate limit the session answers with an error where the dialect has errors; otherwise it
// pauses reading until tokens return. Nothing is dropped but presence, which has budgets of its own
// (presence_budget) and never delays edits. Messages of unknown types cost a token and are ignored.
// Reading also pauses while documents have `credit::messages_max` requests or `credit::bytes_max`
// bytes unhandled, and while the client leaves much unread itself. Pure.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/close_reason.hpp"
#include "base/frame_kind.hpp"
#include "protocol/dialects/codec.hpp"
#include "protocol/route.hpp"
#include "protocol/session/credit.hpp"
#include "protocol/session/input_gatherer.hpp"
#include "protocol/session/joined_documents.hpp"
#include "protocol/session/opening_attempts.hpp"
#include "protocol/session/presence_budget.hpp"
#include "protocol/session/pulse.hpp"
#include "protocol/session/token_bucket.hpp"

namespace troupe {

struct session_settings {
  std::size_t messages_per_second = 100;  ///< 0: no limit.
  std::size_t message_burst = 200;        ///< Of a dialect with errors.
  /// Of a dialect without errors: a person or a script may make as many edits at once.
  std::size_t edit_burst = 5000;
  presence_rates presence;
  std::size_t documents_max = 100;  ///< That one session may join.
  /// Bytes of an edit, of the answer to a question of the server, and of any other message; of a
  /// dialect with errors all are bounded by the last, which the connection checks.
  std::size_t update_bytes_max = std::size_t{16} * 1024 * 1024;
  std::size_t sync_bytes_max = std::size_t{64} * 1024 * 1024;
  std::size_t message_bytes_max = std::size_t{1} * 1024 * 1024;
  /// Unsent bytes above which changes of presence are left out and made up for later.
  std::size_t presence_skip_bytes = 256 * 1024;
  /// Unsent bytes above which the client is not read until it has read some.
  std::size_t reading_pause_bytes = 1024 * 1024;
  pulse_settings heartbeat;

  token_rate message_rate() const noexcept { return {messages_per_second, message_burst}; }
  token_rate edit_rate() const noexcept { return {messages_per_second, edit_burst}; }
};

/// What the sessions of one I/O unit share while a socket is read, for its memory.
struct session_input {
  input_gatherer gathered;  ///< The requests of this read.
  decoded_frame frame;      ///< The frame that is being read.
};

/// What the session actor is to do after an event, list by list in this order.
struct session_effects {
  /// Send this to the client.
  struct reply {
    dialect in = dialect::y_websocket;
    notice what;
    std::optional<std::string> document;  ///< That it concerns.
  };
  /// From now on the session receives this document in this dialect.
  struct hearing {
    document_id document = 0;
    dialect in = dialect::y_websocket;
  };
  enum class reading_change : std::uint8_t { none, pause, resume };

  std::vector<reply> replies;
  std::vector<std::string> authorise;                ///< Ask what the session may do to these.
  std::vector<std::pair<std::string, rights>> open;  ///< Ask the directory for these.
  std::vector<hearing> hears;
  std::vector<std::pair<document_id, request_batch>> forwards;
  std::vector<std::pair<document_id, rights>> new_rights;  ///< Tell these documents.
  std::optional<std::string> token;                        ///< Find out who shows this.
  std::vector<document_id> wants_presence;           ///< It reads again: ask these who is present.
  std::optional<hearing> no_longer_hears;            ///< The opposite of `hears`.
  std::optional<document_id> leaves;                 ///< Unsubscribe from this one.
  std::optional<failure> problem;                    ///< Why it is about to be closed, for the log.
  std::optional<close_reason> put_off;               ///< The document is tried again later.
  std::optional<close_reason> close;                 ///< With a close frame.
  bool closes_all = false;                           ///< With all others of its connection.
  std::string close_detail;                          ///< For its text.
  std::optional<close_reason> terminate;             ///< Without one.
  std::optional<std::chrono::milliseconds> wake_in;  ///< Call on_wake() after this time.
  reading_change reading = reading_change::none;
  bool ping = false;
  bool reading_paused_by_rate = false;   ///< For the metrics.
  std::uint32_t dropped_presence = 0;    ///< For the metrics: messages above its rate or size.
  std::uint32_t ignored = 0;             ///< For the metrics: messages that say nothing to us.
  std::optional<failure> first_ignored;  ///< The first of the session, for the log.

  bool empty() const noexcept;
  void clear();
};

class session_protocol {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// What an event finds: the time, and how many bytes the client has left unread.
  struct moment {
    time_point now;
    std::size_t queued_bytes = 0;
  };

  /// `settings` outlive the session and are shared by those of its I/O unit.
  session_protocol(session_id id, route way, const session_settings& settings, time_point now);

  /// The connection is open.
  void on_open(moment at, session_effects& out);

  /// The authoriser's answer. Without the right to read, the directory is not asked: nobody learns
  /// whether there is such a document.
  void on_authorised(std::string_view document, rights may, moment at, session_effects& out);

  /// Who it is in this document, and until when, as the application says. The first that it names
  /// is who the session is.
  void on_identified(std::string_view document, identity_ptr who,
                     std::optional<time_point> expires);
  /// The application has said anew until when its answer about this document holds.
  void on_prolonged(std::string_view document, std::optional<time_point> expires);
  /// Closes one document of which the application's answer has ended. Returns whether it did and
  /// the session continues: it ends with the document of its address, and with the last that it
  /// has.
  bool on_expiry(moment at, session_effects& out);
  /// Whether on_expiry() would close anything.
  bool has_expired(time_point now) const noexcept;

  /// Who it is in this document.
  const identity_ptr& who_in(const joined_document& document) const noexcept {
    return document.answer ? document.answer->who : route_.who;
  }
  /// The same by its name; who it is at all, if it has none of this name.
  const identity_ptr& who_in(std::string_view document) const noexcept;

  /// Whether the client has yet to say who it is. Nothing but its token is read until then.
  bool awaits_token() const noexcept { return route_.awaits_token; }
  /// Who has shown the token of effect `token`, and until when that is good: the first time.
  void on_presented(identity_ptr who, std::optional<time_point> expires, moment at,
                    session_effects& out);
  /// The client has shown another token, good until then, by which it may do this to the document
  /// of its address.
  void on_renewed(identity_ptr who, std::optional<time_point> expires, rights may, moment at,
                  session_effects& out);

  /// What the token, the rules or the application give, and that no more than this is left of it.
  void on_given(std::string_view document, rights may);
  void on_narrowed(std::string_view document, rights within);

  /// What the session may do to a document has changed. Without the right to read it is closed to
  /// this session, for this cause.
  void on_rights_changed(std::string_view document, rights may, close_reason why, moment at,
                         session_effects& out);

  /// The directory's answers. After the first, the session is subscribed to the document.
  void on_opened(std::string_view document, document_id id, moment at, session_input& input,
                 session_effects& out);
  void on_refused(std::string_view document, close_reason why, moment at, session_effects& out);

  /// A message of the client.
  void on_frame(frame_kind kind, byte_view payload, moment at, session_input& input,
                session_effects& out);
  /// The last of the messages that came at once: batches go to their documents.
  void on_frames_end(session_input& input, session_effects& out);
  /// A message above the size limit. Returns whether it is answered; else the connection closes.
  /// `size`: its bytes, or how many it will have at least. `head`: its beginning, as far as it was
  /// kept.
  bool on_frame_too_large(frame_kind kind, std::uint64_t size, byte_view head, moment at,
                          session_effects& out);

  /// Whether documents still hold a message above the credit of a session.
  bool has_large_message() const noexcept { return credit_.used().bytes > credit::bytes_max; }

  /// A document has handled some of the session's requests.
  void on_handled(document_id document, credit_amount amount, moment at, session_effects& out);

  /// Whether presence is to be left out for this session, which reads too slowly. Then it asks for
  /// all presence once it reads again.
  bool skips_presence(document_id document, std::size_t queued_bytes);

  /// A document has failed and is closed to this session.
  void on_document_failed(document_id document, close_reason why, moment at, session_effects& out);

  void on_pong(time_point now) noexcept { pulse_.on_pong(now); }
  /// The process has stood still: the client may have answered, unnoticed.
  void on_pause_ended(time_point now) noexcept { pulse_.restart(now); }
  /// When the connection last sent anything, and when it last had a sign of life of its peer: bytes
  /// arrived, or were acknowledged.
  struct last_heard {
    time_point sent;
    time_point alive{};
  };
  void on_second(moment at, last_heard last, session_effects& out);
  void on_wake(moment at, session_effects& out);

  /// The connection has ended: nothing more is decided.
  void on_closed() noexcept { is_closed_ = true; }
  bool is_closed() const noexcept { return is_closed_; }
  /// Whether the directory may still announce this session to a document, which it must then leave.
  bool is_opening() const noexcept { return documents_.is_opening(); }

  session_id id() const noexcept { return id_; }
  const route& way() const noexcept { return route_; }
  const joined_documents& documents() const noexcept { return documents_; }
  dialect_set spoken() const noexcept { return spoken_; }
  time_point last_pong() const noexcept { return pulse_.last_pong(); }
  bool is_reading_paused() const noexcept { return is_paused_; }

 private:
  std::optional<dialect> dialect_for(frame_kind kind) const noexcept {
    return kind == frame_kind::text ? of_text_ : of_binary_;
  }
  bool is_over_rate(dialect in, byte_view payload, moment at, decoded_frame& frame,
                    session_effects& out);
  void on_bad_frame(dialect in, const failure& why, const decoded_frame& frame,
                    session_effects& out);
  bool is_too_large(dialect in, const decoded_frame& frame, std::size_t size, moment at,
                    session_effects& out);
  void close_as_too_large(std::uint64_t size, std::string_view limit, std::size_t limit_bytes,
                          session_effects& out);
  void read_messages(dialect in, byte_view frame, session_input& input, moment at,
                     session_effects& out);
  void read_message(dialect in, session_input& input, moment at, session_effects& out);
  /// For a message of a dialect with errors; it also counts for the rate of all.
  void spend_tokens(time_point now) noexcept {
    tokens_.spend(settings_.message_rate(), now);
    edit_tokens_.spend(settings_.edit_rate(), now);
  }
  void ignore(const failure& why, moment at, session_effects& out);
  void keep_alive(time_point now, time_point sent, session_effects& out);
  void send_held_presence(moment at, session_effects& out);
  void refuse_nameless(dialect in, const decoded_frame& frame, session_effects& out);
  static dialect heard_in(dialect in, request_kind kind, const joined_document* of);
  void pass_on(dialect in, session_input& input, session_effects& out);
  void join(std::string_view name, const client_request& what, session_effects& out);
  void send_to(joined_document& to, const client_request& what, input_gatherer& input,
               session_effects& out);
  void refuse(dialect in, request_error error, std::string_view detail,
              std::optional<std::string> document, std::string_view message_id,
              session_effects& out);
  joined_document& begin_joining(std::string_view name, session_effects& out);
  void begin_leaving(joined_document& one, const client_request& what, input_gatherer& input,
                     session_effects& out);
  void leave(joined_document& one, session_effects& out);
  void announce(const joined_document& one, session_effects& out) const;
  void ask_for_token(time_point now, session_effects& out);
  void end_with_token(session_effects& out) const;
  bool shares_connection() const noexcept;
  bool put_off(joined_document& one, close_reason why, moment at, session_effects& out);
  void try_again(time_point now, session_effects& out);
  std::optional<time_point> expiry_of_address() const noexcept;
  application_answer& answer_about(joined_document& of) const;
  bool has_place_for(std::string_view name) noexcept;
  void note_spoken(dialect in) noexcept;
  bool is_address(const joined_document& document) const noexcept;
  void update_reading(moment at, session_effects& out);
  void schedule_reading_check(moment at, session_effects& out);

  session_id id_;
  route route_;
  const session_settings& settings_;
  joined_documents documents_;
  credit credit_;
  token_bucket tokens_;                        // of messages in dialects with errors
  token_bucket edit_tokens_;                   // of the others
  std::unique_ptr<presence_budget> presence_;  // once it has sent presence
  std::unique_ptr<opening_attempts> opening_;  // until the document of a shared connection begins
  pulse pulse_;
  // Small members side by side, the flags in one byte or two: ten thousand idle sessions are held
  // at once.
  std::optional<dialect> of_text_;     // the dialect that comes in text frames
  std::optional<dialect> of_binary_;   // and in binary ones
  std::uint16_t receipt_asked_ = 0;    // when the client last asked for a receipt: lower_bits()
  dialect_set spoken_;                 // by the client; only then does the server
  std::uint8_t token_asked_ = 0;       // how often the client was asked for another token
  bool needs_tokens_ : 1 = false;      // it has spoken a dialect that is paused above the rate
  bool needs_keep_alive_ : 1 = false;  // it has spoken a dialect whose clients need it
  bool has_missed_presence_ : 1 = false;
  bool is_closed_ : 1 = false;
  bool is_paused_ : 1 = false;
  bool is_checking_ : 1 = false;     // on_wake() will come
  bool has_ignored_ : 1 = false;     // a message, and said so
  bool awaits_receipt_ : 1 = false;  // nothing was sent since it asked
  bool answers_asked_ : 1 = false;   // the client has shown a token that it was asked for
};

}  // namespace troupe
