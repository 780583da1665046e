// What a client asks of a document, in any dialect: a codec makes it of a frame, the hosted
// document answers it with notices. The body is bytes of Yjs or JSON text and is checked where it
// is used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/dialect.hpp"

namespace troupe {

enum class request_kind : std::uint8_t {
  sync,            ///< What am I missing? Body: a Yjs state vector.
  contents,        ///< What is in it, for a program without Yjs? Body: a contents_query.
  update,          ///< Body: a Yjs update.
  edit,            ///< Body: edit operations (edits/batch.hpp), as JSON text.
  presence,        ///< Body: an awareness update, of whichever clients.
  own_presence,    ///< Body: the state of this session alone, as JSON text; `null` clears it.
  query_presence,  ///< Who is present? No body.
  event,           ///< For the other sessions, not for the document. Body: JSON text.
  leave,           ///< This session leaves, in this dialect. No body. The session acknowledges it.
  token,           ///< Who the client is, said in a message; for the session. Body: a token.
  receipt,         ///< Is all that I have sent stored? Body: bytes that come back when it is.
};

/// Of what comes back with a receipt.
inline constexpr std::size_t receipt_size_bytes_max = 16;

struct client_request {
  request_kind kind = request_kind::sync;
  dialect in = dialect::y_websocket;
  byte_view body;
  std::string_view message_id = {};  ///< To be acknowledged under this id; empty: not.
  bool is_answer = false;            ///< The update answers a question of the server.
};

/// Whether this is the sync of a session that has nothing: an empty state vector.
constexpr bool is_newcomer(const client_request& what) noexcept {
  return what.kind == request_kind::sync && what.body.size() == 1 && what.body.front() == 0;
}

/// How much of a session's credit a request takes until it is handled: a question may be answered
/// with the whole document, so only a few of them may be under way.
constexpr std::uint32_t question_weight = 256;
constexpr std::uint32_t credit_weight(request_kind kind) noexcept {
  return kind == request_kind::sync || kind == request_kind::contents ||
                 kind == request_kind::query_presence
             ? question_weight
             : 1;
}

/// Whether a dialect that joins by a sync joins with this.
constexpr bool is_sync(request_kind kind) noexcept {
  return kind == request_kind::sync || kind == request_kind::contents;
}

/// Requests of one session for one document: what one read of its socket brought.
struct request_batch {
  /// Where a request lies in `bytes`: its body, then its message id.
  struct entry {
    request_kind kind = request_kind::sync;
    dialect in = dialect::y_websocket;
    std::uint16_t message_id_size = 0;
    std::size_t offset = 0;
    std::size_t size = 0;  ///< Of the body.
    bool is_answer = false;
  };

  shared_bytes bytes;
  std::vector<entry> entries;

  /// The request; its views hold as long as `bytes`.
  client_request at(std::size_t index) const {
    const entry& e = entries[index];
    const byte_view all = bytes.view();
    return {e.kind, e.in, all.subspan(e.offset, e.size),
            as_text(all.subspan(e.offset + e.size, e.message_id_size)), e.is_answer};
  }
};

}  // namespace troupe
