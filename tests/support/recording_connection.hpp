// A WebSocket connection without a socket: keeps what is sent, and holds back what its client says
// while reading is paused. How it ends is the test's to say. Thread: that of its unit.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "net/io_unit.hpp"
#include "net/websocket_connection.hpp"
#include "tests/support/connection_bed.hpp"

namespace troupe::test {

class recording_connection final : public websocket_connection,
                                   public std::enable_shared_from_this<recording_connection> {
 public:
  explicit recording_connection(io_unit& unit) : unit_(unit) {}

  // --- what the client does ---

  void client_opens() { handler_->on_open(); }

  /// The messages come at once, as far as they are read.
  void client_says(const std::vector<std::pair<frame_kind, byte_buffer>>& messages) {
    unread_.insert(unread_.end(), messages.begin(), messages.end());
    read();
  }
  std::size_t unread() const noexcept { return unread_.size(); }

  /// A message above the limit begins; returns whether the connection goes on.
  bool client_says_too_much(frame_kind kind, std::string_view head = {}) {
    return handler_->on_frame_too_large(kind, 70'000'000, as_bytes(head));
  }
  void client_pongs() { handler_->on_pong(); }

  io_unit& unit() const noexcept { return unit_; }

  /// The socket is gone.
  void end(close_reason reason) {
    if (const auto handler = std::exchange(handler_, nullptr)) handler->on_closed(reason);
  }

  /// The frames that were sent since the last call.
  std::vector<server_frame> take_sent() { return take_frames(output_); }

  time_point alive{};  ///< What last_alive() says.
  bool is_paused = false;
  std::size_t pauses = 0;
  std::size_t pings = 0;
  std::size_t ticks = 0;
  std::size_t pauses_of_process = 0;
  std::size_t queued = 0;               ///< What queued_bytes() says.
  std::optional<close_reason> closing;  ///< Why it was closed or terminated.
  bool was_terminated = false;

  // --- websocket_connection ---

  void start(std::shared_ptr<connection_handler> handler) override {
    handler_ = std::move(handler);
  }
  void send(const shared_slice& frames, std::uint32_t count) override {
    if (closing) return;
    output_ += as_text(frames.view());
    last_sent_ = unit_.now();
    counters_.frames_out += count;
    counters_.bytes_out += frames.size;
  }
  void pause_reading() override {
    is_paused = true;
    ++pauses;
  }
  void resume_reading() override {
    is_paused = false;
    unit_.post([self = shared_from_this()] { self->read(); });
  }
  void ping() override { ++pings; }
  using websocket_connection::close;
  void close(close_reason reason, std::string_view) override { end_soon(reason); }
  void release_large_messages() noexcept override {}
  void terminate(close_reason reason) override {
    was_terminated = true;
    end_soon(reason);
  }
  void tick(time_point) override { ++ticks; }
  void on_pause_ended(time_point) override { ++pauses_of_process; }
  std::size_t queued_bytes() const noexcept override { return queued; }
  time_point last_sent() const noexcept override { return last_sent_; }
  time_point last_alive() const noexcept override { return alive; }
  const connection_counters& counters() const noexcept override { return counters_; }
  const std::string& remote_address() const noexcept override { return remote_address_; }

 private:
  void read() {
    bool has_read = false;
    while (handler_ && !closing && !is_paused && !unread_.empty()) {
      const auto [kind, payload] = std::move(unread_.front());
      unread_.pop_front();
      ++counters_.frames_in;
      counters_.bytes_in += payload.size();
      handler_->on_frame(kind, payload);
      has_read = true;
    }
    if (has_read && handler_) handler_->on_frames_end();
  }

  /// Never from within the call.
  void end_soon(close_reason reason) {
    if (closing) return;
    closing = reason;
    unit_.post([self = shared_from_this(), reason] { self->end(reason); });
  }

  io_unit& unit_;
  std::shared_ptr<connection_handler> handler_;
  std::deque<std::pair<frame_kind, byte_buffer>> unread_;
  std::string output_;
  std::string remote_address_ = "10.0.0.1";
  connection_counters counters_;
  time_point last_sent_ = unit_.now();
};

}  // namespace troupe::test
