#include "actors/carried_connection.hpp"

#include <utility>

#include "actors/framing.hpp"
#include "actors/shared_connection.hpp"
#include "protocol/session/carried_ending.hpp"

namespace troupe {

carried_connection::carried_connection(io_unit& unit, std::shared_ptr<shared_connection> shared,
                                       carried_sessions::number number, std::string address,
                                       std::string document)
    : unit_(unit),
      shared_(std::move(shared)),
      number_(number),
      address_(std::move(address)),
      is_readdressed_(address_ != document),
      remote_address_(shared_->connection().remote_address()) {}

// --- input ---

/// Never from within the call.
void carried_connection::start(std::shared_ptr<connection_handler> handler) {
  handler_ = std::move(handler);
  unit_.post([self = shared_from_this()] { self->begin(); });
}

void carried_connection::begin() {
  if (ended_) return end(*ended_);
  if (is_over()) return;
  has_begun_ = true;
  // Before the session pauses reading, as it does until its document is open.
  const auto token = shared_->sessions().begin(number_);
  handler_->on_open();
  if (is_over()) return;
  if (token) pass(*token);
  pump();
}

void carried_connection::pass(byte_view frame) {
  if (is_over()) return;
  has_frames_ = true;
  ++counters_.frames_in;
  counters_.bytes_in += frame.size();
  if (frame.size() > credit::bytes_max) holds_large_ = true;
  handler_->on_frame(frame_kind::binary, frame);
}

void carried_connection::end_frames() {
  if (std::exchange(has_frames_, false) && handler_ != nullptr) handler_->on_frames_end();
}

void carried_connection::pump() {
  if (!has_begun_ || is_over() || std::exchange(is_pumping_, true)) return;
  const auto keep = shared_from_this();
  while (!is_over()) {
    const auto frame = shared_->sessions().take(number_);
    if (!frame) break;
    pass(*frame);
  }
  end_frames();
  is_pumping_ = false;
  if (is_over()) return;
  shared_->update_reading();
  const carried_sessions& all = shared_->sessions();
  if (is_muted_ && (all.has_read_all(number_) || all.is_aside(number_)))
    end(close_reason::peer_closed);
}

void carried_connection::pause_reading() {
  if (!is_over()) shared_->sessions().hold(number_, true);
}

void carried_connection::resume_reading() {
  if (is_over()) return;
  shared_->sessions().hold(number_, false);
  unit_.post([self = shared_from_this()] { self->pump(); });
}

void carried_connection::release_large_messages() noexcept {
  if (std::exchange(holds_large_, false) && shared_) shared_->release_large_messages();
}

void carried_connection::on_pong() {
  if (has_begun_ && !is_over()) handler_->on_pong();
}

// --- output ---

void carried_connection::send(const shared_slice& frames, std::uint32_t count) {
  if (is_muted_ || is_over()) return;
  counters_.frames_out += count;
  counters_.bytes_out += frames.size;
  if (is_readdressed_) return send_readdressed(frames.view());
  shared_->connection().send(frames, count);
}

/// Frames that others share have the name of the document where this session has its address.
void carried_connection::send_readdressed(byte_view frames) {
  frame_block own{frame_kind::binary};
  while (!frames.empty()) codec_of(shared_->speaks()).readdress(take_frame(frames), address_, own);
  for (const shared_slice& frame : own.take()) shared_->connection().send(frame, 1);
}

void carried_connection::probe() {
  if (shared_) shared_->connection().probe();
}
std::size_t carried_connection::queued_bytes() const noexcept {
  return shared_ ? shared_->connection().queued_bytes() : 0;
}
websocket_connection::time_point carried_connection::last_sent() const noexcept {
  return shared_ ? shared_->connection().last_sent() : time_point{};
}
websocket_connection::time_point carried_connection::last_alive() const noexcept {
  return shared_ ? shared_->connection().last_alive() : time_point{};
}

// --- the end ---

/// A client that has left receives nothing, and nobody else need know.
void carried_connection::close(close_reason reason, std::string_view detail) {
  if (is_over()) return;
  const bool is_open = counters_.frames_out > 0;
  const carried_ending how = ending_of(reason, is_open);
  if (how == carried_ending::connection && !is_muted_)
    return shared_->connection().close(reason, detail);
  std::string text{describe(reason).text};
  if (!detail.empty()) text.append(": ").append(detail);
  shared_->refuse(*this, how == carried_ending::denied ? notice_kind::denied : notice_kind::closed,
                  is_muted_ ? std::string_view{} : text);
  end_soon(reason);
}

void carried_connection::close_whole(close_reason reason, std::string_view detail) {
  if (is_over()) return;
  if (is_muted_) return close(reason, detail);
  shared_->connection().close(reason, detail);
}

/// The session is paused since it began, and was handed its token and what came with it all the
/// same. Nobody waits for the document of a client that has left.
void carried_connection::set_aside(close_reason why) {
  if (is_over()) return;
  if (is_muted_) return end_soon(close_reason::peer_closed);
  why_aside_ = why;
  shared_->sessions().hold(number_, true);
  shared_->sessions().set_aside(number_);
  shared_->update_reading();
}

/// Only its session's failure, or its client's silence, ends a connection without a word.
void carried_connection::terminate(close_reason reason) {
  if (!is_over()) shared_->connection().terminate(reason);
}

void carried_connection::end_soon(close_reason reason) {
  is_ending_ = true;
  unit_.post([self = shared_from_this(), reason] { self->end(reason); });
}

void carried_connection::end(close_reason reason) {
  ended_ = reason;
  if (const auto shared = std::exchange(shared_, nullptr)) shared->forget(*this);
  if (const auto handler = std::exchange(handler_, nullptr)) handler->on_closed(reason);
}

}  // namespace troupe
