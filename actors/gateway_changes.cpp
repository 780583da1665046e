#include "actors/gateway_changes.hpp"

#include "base/check.hpp"
#include "protocol/dialects/y_websocket_message.hpp"

namespace troupe {

namespace {

bool is_heard_by(const delivery& each, session_id session) noexcept {
  switch (each.to) {
    case audience::one: return each.session == session;
    case audience::all: return true;
    case audience::all_but_one: return each.session != session;
  }
  return false;
}

/// The payload of the frame at the front, which is removed. The frames are the server's own:
/// whole, and not masked. Source: RFC 6455, 5.2.
byte_view take_payload(byte_view& frames) {
  constexpr std::size_t short_max = 125;
  constexpr std::size_t two_bytes = 126;
  TROUPE_CHECK(frames.size() >= 2);
  std::size_t size = frames[1];
  std::size_t header = 2;
  if (size > short_max) {
    const std::size_t length_size = size == two_bytes ? 2 : 8;
    TROUPE_CHECK(frames.size() >= header + length_size);
    size = 0;
    for (std::size_t i = 0; i < length_size; ++i) size = size << 8 | frames[header + i];
    header += length_size;
  }
  TROUPE_CHECK(frames.size() >= header + size);
  const byte_view payload = frames.subspan(header, size);
  frames = frames.subspan(header + size);
  return payload;
}

}  // namespace

std::vector<byte_view> updates_for(session_id session, const delivery_list& deliveries) {
  std::vector<byte_view> updates;
  for (const delivery& each : deliveries) {
    if (each.what != traffic::content || !is_heard_by(each, session)) continue;
    for (byte_view frames = each.frames.view(); !frames.empty();) {
      const byte_view payload = take_payload(frames);
      const auto message = sync::decode_message(payload);
      if (message && message->kind == sync::message_kind::update) updates.push_back(message->body);
    }
  }
  return updates;
}

void change_feed::add(byte_view update) {
  if (has_missed_) return;
  if (waiting_bytes_ + update.size() > bytes_max_) {
    waiting_.clear();
    waiting_bytes_ = 0;
    has_missed_ = true;
    return;
  }
  waiting_.emplace_back(as_text(update));
  waiting_bytes_ += update.size();
}

std::optional<change_feed::news> change_feed::take() {
  if (is_under_way_ || (waiting_.empty() && !has_missed_)) return std::nullopt;
  is_under_way_ = true;
  waiting_bytes_ = 0;
  return news{++number_, std::exchange(waiting_, {}), std::exchange(has_missed_, false)};
}

}  // namespace troupe
