// The document of a session that shares its connection, while it cannot be opened. Functions of the
// class session_protocol.
#include <utility>

#include "protocol/dialects/dialects.hpp"
#include "protocol/session/session_protocol.hpp"

namespace troupe {

bool session_protocol::shares_connection() const noexcept {
  bool shares = false;
  route_.dialects.for_each(
      [&](dialect each) { shares = shares || codec_of(each).traits().carries_sessions; });
  return shares;
}

/// Where others share the connection and the document has not begun, the session waits for it.
/// Returns whether it does.
bool session_protocol::put_off(joined_document& one, close_reason why, moment at,
                               session_effects& out) {
  if (!opening_ || !is_address(one) || !opening_attempts::is_worth(why) ||
      one.state == join_state::leaving || opening_->has_too_much())
    return false;
  if (one.state == join_state::joined) {
    for (const request_batch& each : opening_->take_kept())
      for (std::size_t i = 0; i < each.entries.size(); ++i) one.hold(each.at(i));
    credit_.give_back(one.unhandled, one.unhandled);
    out.leaves = std::exchange(one.id, document_id{0});
    one.spoken = {};
  }
  opening_->asks_authoriser = one.state == join_state::authorising;
  opening_->on_failure(at.now, id_);
  one.state = join_state::put_off;
  out.put_off = why;
  update_reading(at, out);
  return true;
}

void session_protocol::try_again(time_point now, session_effects& out) {
  if (!opening_ || !opening_->is_due(now)) return;
  joined_document* const one = documents_.find(route_.document);
  if (one == nullptr || one->state != join_state::put_off) return;
  if (opening_->asks_authoriser) {
    one->state = join_state::authorising;
    out.authorise.push_back(one->name);
  } else {
    one->state = join_state::opening;
    out.open.emplace_back(one->name, one->may);
  }
}

}  // namespace troupe
