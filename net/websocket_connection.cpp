#include "net/websocket_connection.hpp"

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>
#include <utility>

#include "base/check.hpp"
#include "net/asio.hpp"
#include "net/frame_reader.hpp"
#include "net/io_unit.hpp"
#include "net/output_progress.hpp"
#include "net/transport.hpp"
#include "net/websocket_upgrade.hpp"
#include "net/write_queue.hpp"

namespace troupe {
namespace {

/// How many parts of the queue one system call writes.
constexpr std::size_t gather_max = 64;
/// How often a connection reads before others have their turn.
constexpr int reads_per_event_max = 4;

/// The websocket_connection over a transport. The interface documents each function.
class socket_connection final : public websocket_connection,
                                public unit_member,
                                public pollable,
                                public std::enable_shared_from_this<socket_connection> {
 public:
  socket_connection(io_unit& unit, upgraded_socket upgraded,
                    std::shared_ptr<const connection_settings> settings)
      : unit_(unit),
        transport_(std::move(upgraded.socket)),
        reader_(settings->message_bytes_max, settings->binary_bytes_max),
        settings_(std::move(settings)),
        remote_address_(std::move(upgraded.remote_address)) {
    queue_.append(as_bytes(upgraded.answer));  // goes out at the start
  }

  ~socket_connection() { release_socket(); }

  void start(std::shared_ptr<connection_handler> handler) override {
    TROUPE_CHECK(phase_ == phase::fresh);
    handler_ = std::move(handler);
    phase_ = phase::opening;
    unit_.add(shared_from_this());
    last_sent_ = last_received_ = unit_.now();
    request_flush();
    is_watched_ = unit_.sockets().add(transport_.socket(), *this, wants());
    if (!is_watched_) return terminate(close_reason::io_error);
    defer_self();
  }

  using websocket_connection::send;
  void send(const shared_slice& frames, std::uint32_t count) override {
    if (phase_ != phase::open || is_output_broken_) return;
    if (is_queue_full()) return close(close_reason::slow_consumer);
    queue_.push(frames);
    request_flush();
    counters_.frames_out += count;
    counters_.bytes_out += frames.size;
    last_sent_ = unit_.now();
  }

  void pause_reading() override { is_paused_ = true; }

  void resume_reading() override {
    if (!std::exchange(is_paused_, false) || !transport_.is_open()) return;
    if (has_unread() || transport_.has_input()) defer_self();
    watch({.readable = true, .writable = wants_writable_});
  }

  void ping() override {
    if (phase_ == phase::open && !is_queue_full()) append(ping_frame);
  }

  using websocket_connection::close;
  void close(close_reason reason, std::string_view detail) override {
    if (phase_ >= phase::closing) return;
    const close_info info = describe(reason);
    if (info.code == 0) return terminate(reason);
    reason_ = reason;
    begin_closing();
    std::string text{info.text};
    if (!detail.empty()) text.append(": ").append(detail);
    text.resize(std::min(text.size(), close_text_size_max));
    append(encode_close_frame(info.code, text).view());
  }

  void release_large_messages() noexcept override {
    // What has arrived of the next one stays charged.
    const std::size_t held = reader_.is_between_messages() ? 0 : reader_.held_bytes();
    release_but(held > settings_->message_bytes_max ? held : 0);
  }

  void terminate(close_reason reason) override {
    if (phase_ == phase::closed) return;
    if (phase_ != phase::closing) reason_ = reason;
    phase_ = phase::closing;
    release_socket();
    defer_self();
  }

  void on_pause_ended(time_point now) override {
    progress_.restart(now);
    if (charged() > 0) begin_minute(now, charged());
  }

  void tick(time_point now) override {
    if (phase_ != phase::open) return;
    if (is_dribbling(now))
      return close(close_reason::quota_exceeded, "a large message is too slow");
    const bool has_queue = !queue_.empty();
    if (!progress_.needs_look(now, has_queue, queue_.consumed_total(), last_received_))
      return progress_.on_idle(last_received_);
    const auto [written, acknowledged] = transport_.sent(queue_.consumed_total());
    progress_.on_look({now, has_queue, queue_.consumed_total(), written, acknowledged});
    if (has_queue && progress_.is_stalled(now, settings_->write_stall_max))
      close(close_reason::slow_consumer);
  }

  std::size_t queued_bytes() const noexcept override { return queue_.size_bytes(); }
  time_point last_sent() const noexcept override { return last_sent_; }
  time_point last_alive() const noexcept override {
    return std::max(last_received_, progress_.acknowledged_at());
  }
  const connection_counters& counters() const noexcept override { return counters_; }
  const std::string& remote_address() const noexcept override { return remote_address_; }

  // unit_member
  void terminate_now() override { terminate(close_reason::server_stopping); }
  bool is_upgraded() const noexcept override { return true; }

  /// Writes until the queue is empty or the socket blocks; continues when the socket is writable.
  void flush() override {
    flush_requested_ = false;
    if (is_write_blocked_ || !transport_.is_open()) return;
    while (!queue_.empty()) {
      iovec parts[gather_max];
      const io_outcome written = transport_.write(parts, queue_.gather(parts, gather_max));
      if (written.status == io_status::done) {
        queue_.consume(written.size);
      } else if (written.status == io_status::would_block) {
        return wait_for_writing();
      } else {
        // Reading still delivers what the peer sent before it left, and finds the end.
        is_output_broken_ = true;
        queue_.clear();
      }
    }
    // Both sides have sent their close frame. The peer closes the socket, or the deadline does.
    if (!has_heard_close_ || has_ended_output_) return;
    has_ended_output_ = true;
    transport_.end_output();
  }

  /// Runs what was postponed, so that no handler is called from within a call: the opening, input
  /// that arrived while reading was paused, the end.
  void on_deferred() override {
    is_deferred_ = false;
    if (phase_ == phase::closed) return;
    if (!transport_.is_open()) return finish();
    if (phase_ == phase::opening) {
      phase_ = phase::open;
      handler_->on_open();
    }
    if (!may_read()) return;
    consume_unread();
    if (transport_.has_input() && may_read()) read();
    end_frames();
  }

  // pollable
  void on_ready(readiness now) override {
    const auto keep = shared_from_this();
    if (now.writable && std::exchange(is_write_blocked_, false)) {
      watch({.readable = wants_readable_, .writable = false});
      flush();
    }
    if ((!now.readable && !now.failed) || phase_ == phase::opening) return;
    if (!may_read()) return leave_unread(now);
    consume_unread();  // arrived before what the socket has now
    if (may_read()) read();
    end_frames();
  }

 private:
  enum class phase : std::uint8_t { fresh, opening, open, closing, closed };

  /// What few connections have, and not for long: memory that the others do without.
  struct passing {
    byte_buffer unread;                // input that was read before the pause
    std::optional<io_timer> deadline;  // while closing
    std::size_t charged = 0;           // to large_messages
    time_point large_since{};          // when the minute began in which it is watched
    std::size_t large_seen = 0;        // what was charged then
  };

  passing& make_passing() {
    if (!passing_) passing_ = std::make_unique<passing>();
    return *passing_;
  }

  void forget_passing() noexcept {
    if (passing_ && passing_->unread.empty() && !passing_->deadline && passing_->charged == 0)
      passing_.reset();
  }

  std::size_t charged() const noexcept { return passing_ ? passing_->charged : 0; }

  /// A message that has begun is read to its end, so that a pause begins between two messages.
  bool may_read() const noexcept {
    if (!transport_.is_open()) return false;
    return !is_paused_ || !reader_.is_between_messages();
  }

  /// Stops watching for input during a pause: level-triggered epoll would report it every round.
  void leave_unread(readiness now) {
    if (!transport_.is_open()) return;
    if (!now.failed) return watch({.readable = false, .writable = wants_writable_});
    // The socket is dead; what has arrived is read when reading resumes.
    unit_.sockets().remove(transport_.socket(), *this);
    is_watched_ = false;
  }

  void watch(readiness interest) {
    const bool same = interest.readable == wants_readable_ && interest.writable == wants_writable_;
    wants_readable_ = interest.readable;
    wants_writable_ = interest.writable;
    if (!transport_.is_open()) return;
    if (!is_watched_)
      is_watched_ = unit_.sockets().add(transport_.socket(), *this, interest);
    else if (!same)
      unit_.sockets().change(transport_.socket(), *this, interest);
  }

  readiness wants() const noexcept {
    return {.readable = wants_readable_, .writable = wants_writable_};
  }

  bool is_queue_full() const noexcept { return queue_.is_full(settings_->write_queue_bytes_max); }

  void wait_for_writing() {
    is_write_blocked_ = true;
    watch({.readable = wants_readable_, .writable = true});
  }

  void read() {
    for (int reads = 0; reads < reads_per_event_max && may_read(); ++reads) {
      const std::span<std::uint8_t> direct =
          ignores_input_ ? std::span<std::uint8_t>{} : reader_.direct_room();
      const std::span<std::uint8_t> room = direct.empty() ? unit_.read_buffer() : direct;
      const io_outcome got = transport_.read(room);
      if (!direct.empty()) reader_.filled(got.size);
      if (got.status == io_status::would_block) {
        if (transport_.read_wants_write()) wait_for_writing();
        return;
      }
      if (got.status != io_status::done) return on_input_ended(got);
      last_received_ = unit_.now();
      if (!charge_large_message()) return;
      consume(direct.empty() ? room.first(got.size) : std::span<std::uint8_t>{});
      if (got.size < room.size() && !transport_.has_input()) return;
    }
    // TLS may hold more than it returned; the poller does not see that.
    if (transport_.has_input() && may_read()) defer_self();
  }

  void on_input_ended(io_outcome how) {
    const bool is_gone = how.status == io_status::ended || how.error == ECONNRESET;
    if (phase_ == phase::open)
      reason_ = is_gone ? close_reason::peer_closed : close_reason::io_error;
    end_frames();
    finish();
  }

  bool has_unread() const noexcept { return passing_ && !passing_->unread.empty(); }

  void consume_unread() {
    if (!has_unread()) return;
    byte_buffer input = std::exchange(passing_->unread, {});
    forget_passing();
    consume(input);
  }

  void consume(std::span<std::uint8_t> input) {
    while (!ignores_input_ && transport_.is_open()) {
      if (!may_read()) {
        if (!input.empty()) make_passing().unread.assign(input.begin(), input.end());
        return;
      }
      switch (reader_.next(input)) {
        case frame_event::need_more: return;
        case frame_event::message: on_message(); break;
        case frame_event::ping: on_ping(); break;
        case frame_event::pong:
          if (phase_ == phase::open) handler_->on_pong();
          break;
        case frame_event::close: on_close_frame(); break;
        case frame_event::too_large: on_too_large(); break;
        case frame_event::skipped_head: tell_of_too_large(reader_.payload()); break;
        case frame_event::bad_protocol: break_off(close_reason::protocol_error); break;
        case frame_event::bad_text: break_off(close_reason::invalid_text); break;
      }
    }
  }

  void on_message() {
    if (phase_ != phase::open) return;  // a client may send until it has seen our close frame
    ++counters_.frames_in;
    counters_.bytes_in += reader_.payload().size();
    has_frames_ = true;
    handler_->on_frame(reader_.kind(), reader_.payload());
  }

  void on_ping() {
    if (phase_ == phase::open && !is_queue_full())
      append(encode_control_frame(opcode::pong, reader_.payload()).view());
  }

  void on_too_large() {
    if (reader_.is_skipping()) {
      if (reader_.is_before_head()) tell_of_too_large({});
      return break_off(close_reason::message_too_large);
    }
    // A text is answered, and its beginning may have what the answer should name.
    if (reader_.kind() == frame_kind::text) return reader_.skip_behind_head();
    reader_.skip_message();
    tell_of_too_large({});
  }

  void tell_of_too_large(byte_view head) {
    if (phase_ == phase::open &&
        !handler_->on_frame_too_large(reader_.kind(), reader_.announced_size(), head))
      close(close_reason::message_too_large);
  }

  /// Charges what is held of a large message. Without room the connection closes: the client comes
  /// back when there may be some. Returns whether it continues.
  bool charge_large_message() {
    const std::size_t held = reader_.held_bytes();
    if (held <= settings_->message_bytes_max || held <= charged() || !settings_->large_messages)
      return true;
    if (settings_->large_messages->take(held - charged())) {
      const bool is_first = charged() == 0;
      make_passing().charged = held;
      if (is_first) begin_minute(unit_.now(), 0);
      return true;
    }
    break_off(close_reason::quota_exceeded);
    return false;
  }

  void release_but(std::size_t kept) noexcept {
    if (charged() <= kept) return;
    settings_->large_messages->give_back(charged() - kept);
    passing_->charged = kept;
    begin_minute(unit_.now(), kept);
    forget_passing();
  }

  void begin_minute(time_point now, std::size_t seen) noexcept {
    passing_->large_since = now;
    passing_->large_seen = seen;
  }

  /// Whether a large message comes so slowly that it keeps its memory from others. Looks at one
  /// minute after the other: what came quickly at first would excuse an hour of nothing.
  bool is_dribbling(time_point now) noexcept {
    constexpr std::chrono::seconds span{60};
    if (charged() == 0 || reader_.is_between_messages() || now - passing_->large_since < span)
      return false;
    const std::size_t came = charged() - std::min(charged(), passing_->large_seen);
    begin_minute(now, charged());
    return came < settings_->large_message_rate_min * static_cast<std::size_t>(span.count());
  }

  /// The peer violates the protocol: closes with the reason and ignores further input.
  void break_off(close_reason reason) {
    close(reason);
    end_talk();
  }

  void on_close_frame() {
    if (phase_ == phase::open) {
      reason_ = close_reason::peer_closed;
      begin_closing();
      append(encode_control_frame(opcode::close, reader_.payload()).view());
    }
    end_talk();
  }

  void end_talk() {
    ignores_input_ = true;
    has_heard_close_ = true;
    request_flush();
  }

  void end_frames() {
    if (std::exchange(has_frames_, false) && handler_) handler_->on_frames_end();
  }

  /// From here on the connection has close_deadline to end.
  void begin_closing() {
    phase_ = phase::closing;
    resume_reading();  // to find the peer's close frame
    io_timer& deadline =
        make_passing().deadline.emplace(unit_.context(), settings_->close_deadline);
    deadline.async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->finish();
    });
  }

  void append(byte_view bytes) {
    if (is_output_broken_) return;
    queue_.append(bytes);
    request_flush();
  }

  void request_flush() {
    if (std::exchange(flush_requested_, true)) return;
    unit_.defer_flush(shared_from_this());
  }

  void defer_self() {
    if (std::exchange(is_deferred_, true)) return;
    unit_.defer(shared_from_this());
  }

  void release_socket() {
    if (!transport_.is_open()) return;
    if (is_watched_) unit_.sockets().remove(transport_.socket(), *this);
    is_watched_ = false;
    transport_.close();
    queue_.clear();
    if (passing_) passing_->unread = {};
    release_but(0);
  }

  void finish() {
    if (phase_ == phase::closed) return;
    phase_ = phase::closed;
    if (passing_) passing_->deadline.reset();
    release_socket();
    const auto handler = std::exchange(handler_, nullptr);
    unit_.remove(shared_from_this());
    if (handler) handler->on_closed(reason_);
  }

  // The members that each outgoing frame touches come first, close together.
  io_unit& unit_;
  phase phase_ = phase::fresh;
  close_reason reason_ = close_reason::io_error;
  bool is_write_blocked_ = false;  // the socket accepts no more at the moment
  bool flush_requested_ = false;
  bool is_deferred_ = false;  // on_deferred() is due
  bool is_paused_ = false;
  bool has_frames_ = false;            // delivered since the last on_frames_end
  bool is_output_broken_ : 1 = false;  // the socket accepts nothing any more
  bool has_heard_close_ : 1 = false;   // or need not wait for the peer's close frame
  bool has_ended_output_ : 1 = false;
  bool is_watched_ : 1 = false;     // the poller knows the socket
  bool ignores_input_ : 1 = false;  // further input is discarded
  bool wants_readable_ : 1 = true;  // what the poller watches it for
  bool wants_writable_ : 1 = false;
  transport transport_;
  write_queue queue_;
  connection_counters counters_;
  time_point last_sent_{};

  frame_reader reader_;
  std::unique_ptr<passing> passing_;  // null: nothing of it
  std::shared_ptr<connection_handler> handler_;
  const std::shared_ptr<const connection_settings> settings_;
  time_point last_received_{};
  output_progress progress_;
  std::string remote_address_;
};

/// Seven cache lines, with what the shared pointer adds: the distance between two of them is an odd
/// number of lines (connection_memory), so one byte more would cost 128.
static_assert(sizeof(socket_connection) <= 416);

}  // namespace

std::shared_ptr<websocket_connection>
make_websocket_connection(io_unit& unit, upgraded_socket upgraded,
                          std::shared_ptr<const connection_settings> settings) {
  return std::allocate_shared<socket_connection>(
      connection_allocator<socket_connection>{unit.memory()}, unit, std::move(upgraded),
      std::move(settings));
}

}  // namespace troupe
