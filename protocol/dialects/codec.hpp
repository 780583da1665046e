// What a dialect is: its traits, and the translation of frames into requests and of notices into
// frames. Everything else (sessions, documents, hubs) works with requests and notices and never
// sees the bytes of a dialect. A new dialect is a class derived from this one and one call of
// register_dialect, or a row in dialects.cpp.
//
// Codecs have no state of their own: one object serves all sessions. Pure. Thread: any.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.hpp"
#include "base/errc.hpp"
#include "base/frame_kind.hpp"
#include "protocol/dialect.hpp"
#include "protocol/notice.hpp"
#include "protocol/request.hpp"

namespace troupe {

/// How a session comes to a document in a dialect.
enum class joining : std::uint8_t {
  by_address,  ///< It is joined to the document of its address; it receives from its first message
               ///< on.
  by_sync,     ///< A sync names a document and joins it; it receives from the answer to that on.
};

struct dialect_traits {
  std::string_view name;  ///< In lists and logs: "y-websocket".
  frame_kind frames = frame_kind::binary;
  joining joins = joining::by_address;
  /// An error is a message of the dialect. Without it, whatever is wrong closes the session, and
  /// reading pauses above the rate limit; with it, both are answered.
  bool has_errors = false;
  /// What the user has no right to is answered, and the session stays, even without other errors.
  bool answers_forbidden = false;
  /// Updates of one sender in one turn may be merged into one.
  bool merges_updates = false;
  /// A large state may come as several updates with the answer to the sync behind them.
  bool takes_pieces = false;
  /// An update is acknowledged by its echo: its author gets it back once it is stored.
  bool acknowledges_by_echo = false;
  /// Clients drop a connection on which they receive nothing for 30 s, and pings do not count.
  bool needs_keep_alive = false;
  /// The dialect in which a session of this one receives a document that it has joined with a
  /// question for its contents; nothing: it has no such question.
  std::optional<dialect> reads_in = {};
  /// Each message names a session by its address: a connection carries several, each of one
  /// document, and each client says in a message who it is.
  bool carries_sessions = false;
  /// Every update gets an acknowledgement, whatever it brought, and the client counts them.
  bool acknowledges_each = false;
  /// Clients ask with a message of their own whether all that they have sent is stored
  /// (request_kind::receipt), and drop a connection on which they then receive nothing for 3 s.
  bool gives_receipts = false;
};

/// What is read of a frame before its session is known, in a dialect that carries sessions.
struct envelope {
  enum class content : std::uint8_t {
    message,  ///< For the session.
    token,    ///< Who the client is.
    leave,    ///< The client leaves the session.
    nothing,  ///< For no session.
  };

  content what = content::nothing;
  std::string_view address;   ///< Names the session on its connection. Part of the frame.
  std::string_view document;  ///< Of the session, not checked. Part of the address.
  byte_view answer;           ///< A payload that is sent back at once; empty: none.
  byte_buffer own_answer{};   ///< What `answer` is part of, if it is made for this frame.
};

/// One frame, read. An object is used again and again, for its memory.
struct decoded_frame {
  request_kind kind = request_kind::sync;
  byte_view body;                       ///< Part of the frame or of `own_body`.
  std::optional<std::string> document;  ///< That the frame names; nothing: that of the address.
  std::string message_id;               ///< Empty: none.
  byte_buffer own_body;
  byte_view rest;                 ///< Of the frame, behind this message: another one.
  bool answers_question = false;  ///< The update answers a question of the server.
  request_part wrong_part = request_part::message;  ///< If decode() fails.

  void clear() {
    body = {};
    rest = {};
    answers_question = false;
    document.reset();
    message_id.clear();
    wrong_part = request_part::message;
  }
};

/// Where a codec puts the frames it makes: the payload of each, in two parts.
class frame_sink {
 public:
  virtual ~frame_sink() = default;
  virtual void add(byte_view head, byte_view body) = 0;
};

class dialect_codec {
 public:
  explicit constexpr dialect_codec(const dialect_traits& traits) noexcept : traits_(traits) {}
  virtual constexpr ~dialect_codec() = default;

  const dialect_traits& traits() const noexcept { return traits_; }

  /// Reads the first message of a frame; where a dialect allows several, `rest` begins with the
  /// next. On failure `into` has document and message id as far as they could be read,
  /// and which part was wrong; the detail is for people.
  /// Fails with truncated, trailing_bytes, unknown_message, number_too_large, invalid_json, ...
  virtual result<void> decode(byte_view frame, decoded_frame& into) const = 0;

  /// Reads document and message id of a message of which only the beginning is there, as far as it
  /// has them; nothing by default.
  virtual void decode_head(byte_view /*head*/, decoded_frame& into) const { into.clear(); }

  /// Makes frames of a notice, none if the dialect has no word for it.
  /// `document`: its name; nothing: the error concerns no document.
  /// Requires: the notice is not a whole_state.
  virtual void encode(const notice& what, std::optional<std::string_view> document,
                      frame_sink& out) const = 0;

  /// Reads for which session a frame is. Requires: the dialect carries sessions.
  /// Fails as decode does; then nobody knows whom it concerns.
  virtual result<envelope> read_envelope(byte_view /*frame*/) const {
    return fail(errc::unknown_message, "this dialect carries no sessions");
  }

  /// Makes a payload of encode() one for the session of another address. Requires: the dialect
  /// carries sessions.
  virtual void readdress(byte_view payload, std::string_view /*address*/, frame_sink& out) const {
    out.add({}, payload);
  }

 private:
  dialect_traits traits_;
};

}  // namespace troupe
