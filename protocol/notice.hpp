// What the server says to sessions about a document, before any dialect has made frames of it. The
// hosted document and the session core decide on notices; the codec of a dialect encodes them.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "base/bytes.hpp"
#include "protocol/access/rights.hpp"
#include "protocol/request_error.hpp"

namespace troupe {

/// Bytes that a notice or an effect names: those of the request itself, which its driver keeps
/// until the effects are carried out, or bytes of its own.
class effect_bytes {
 public:
  effect_bytes() = default;
  effect_bytes(byte_view of_request) : view_(of_request) {}
  effect_bytes(byte_buffer own) : own_(std::move(own)), is_own_(true) {}

  byte_view view() const noexcept { return is_own_ ? byte_view{own_} : view_; }
  bool empty() const noexcept { return view().empty(); }

 private:
  byte_view view_;
  byte_buffer own_;
  bool is_own_ = false;
};

enum class notice_kind : std::uint8_t {
  state,         ///< The answer to a sync. Body: a Yjs update, behind those in `pieces`; extra: the
                 ///< server's state vector.
  whole_state,   ///< The same for a session that has nothing. No body: the driver encodes the whole
                 ///< state, or has it already.
  question,      ///< The server asks for what it is missing. Body: its state vector; extra: the
                 ///< message id of the update that showed it.
  contents,      ///< The answer to a question for contents. Body: its payload, as JSON text.
  new_contents,  ///< Contents have changed. Body: as above.
  update,        ///< Body: a Yjs update.
  presence,      ///< Body: an awareness update, behind those in `pieces`.
  event,         ///< Body: JSON text.
  ack,           ///< The request took full effect. Body: what an update has changed; extra: the
                 ///< message id of the request, if it had one.
  error,         ///< The request was refused. Body: details for people, of the part that was wrong;
                 ///< extra: its message id.
  admitted,      ///< The session may do this (`may`) to its document.
  token_wanted,  ///< The token ends soon: the client should send another.
  denied,        ///< The session ends, for want of rights or of room. Body: the reason, for people.
  closed,        ///< The session ends for another cause. Body: the reason.
};

struct notice {
  notice_kind kind = notice_kind::update;
  request_error error = request_error::invalid_message;  ///< Of an error,
  request_part part = request_part::message;             ///< and what was wrong.
  effect_bytes body;
  effect_bytes extra;
  /// Of a state or presence too large for one message: the updates that come first, in their order.
  std::vector<byte_buffer> pieces = {};
  /// Of an error in a list of edit operations: which one; nothing: the list as a whole.
  std::optional<std::size_t> edit_index = {};
  std::uint32_t count = 1;  ///< Of an ack: how many requests it acknowledges.
  rights may = {};          ///< Of `admitted`.
};

}  // namespace troupe
