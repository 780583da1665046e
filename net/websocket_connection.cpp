#include "net/websocket_connection.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/asio/post.hpp>
#include <boost/beast/websocket/stream.hpp>

#include "base/check.hpp"
#include "net/cork_stream.hpp"
#include "net/websocket_upgrade.hpp"

namespace troupe {
namespace {

namespace websocket = boost::beast::websocket;

// An idle connection holds a buffer of this size for the start of the next message; most messages
// fit. A larger one is put together on the heap, which is given back after it.
constexpr std::size_t head_size = 256;
constexpr std::size_t part_size_min = 4096;
constexpr std::size_t skip_part_size = 16 * 1024;
// A message that is skipped may be so many times max_message_size long.
constexpr std::size_t skip_factor = 16;

/// Why a read ended, as far as the error tells.
close_reason reason_for(error_code error) {
  if (error == websocket::condition::protocol_violation ||
      error == websocket::condition::handshake_failed ||
      error == websocket::error::bad_frame_payload) {
    return close_reason::malformed_message;
  }
  const bool gone = error == websocket::error::closed || error == asio::error::eof ||
                    error == asio::error::connection_reset || error == asio::error::broken_pipe;
  return gone ? close_reason::peer_closed : close_reason::io_error;
}

/// The websocket_connection over Beast. See the interface for what each function promises.
class beast_connection final : public websocket_connection,
                               public unit_member,
                               public cork_observer,
                               public std::enable_shared_from_this<beast_connection> {
 public:
  beast_connection(io_unit& unit, tcp_socket socket, http_request request,
                   const connection_settings& settings, std::string remote_address)
      : unit_(unit),
        settings_(settings),
        ws_(std::move(socket), settings.write_queue_bytes_max, *this),
        request_(std::make_unique<http_request>(std::move(request))),
        remote_address_(std::move(remote_address)) {}

  void start(std::shared_ptr<connection_handler> handler) override {
    TROUPE_CHECK(phase_ == phase::fresh);
    handler_ = std::move(handler);
    phase_ = phase::accepting;
    unit_.add(shared_from_this());
    configure();
    ws_.async_accept(*request_,
                     [self = shared_from_this()](error_code error) { self->on_accepted(error); });
    request_.reset();
  }

  void send(const shared_bytes& frame) override {
    if (phase_ != phase::open) return;
    if (stream().queue().is_full()) return close(close_reason::slow_consumer);
    stream().push(frame);
    ++counters_.frames_out;
    counters_.bytes_out += frame.size();
    last_sent_ = unit_.now();
  }

  void pause_reading() override { paused_ = true; }

  void resume_reading() override {
    paused_ = false;
    read_next();
  }

  void ping() override {
    if (phase_ == phase::open && !stream().queue().is_full()) stream().append(ping_frame);
  }

  void close(close_reason reason) override {
    if (phase_ >= phase::closing || close_wanted_) return;
    const close_info info = describe(reason);
    if (info.code == 0) return terminate(reason);
    reason_ = reason;
    if (phase_ != phase::open) {
      close_wanted_ = true;  // a close frame cannot go out before the upgrade is answered
      return;
    }
    begin_closing();
    websocket::close_reason farewell{info.code};
    farewell.reason.assign(info.text.data(), info.text.size());
    ws_.async_close(farewell, [self = shared_from_this()](error_code) { self->finish(); });
  }

  void terminate(close_reason reason) override {
    if (phase_ == phase::closed) return;
    if (phase_ != phase::closing && !close_wanted_) reason_ = reason;
    phase_ = phase::closing;
    stream().close();
    asio::post(unit_.context(), [self = shared_from_this()] { self->finish(); });
  }

  void tick(time_point now) override {
    if (phase_ != phase::open) return;
    const write_queue& queue = stream().queue();
    if (queue.empty() || queue.consumed_total() != consumed_seen_) {
      consumed_seen_ = queue.consumed_total();
      progress_at_ = now;
    } else if (now - progress_at_ > settings_.write_stall_max) {
      close(close_reason::slow_consumer);
    }
  }

  std::size_t queued_bytes() const noexcept override {
    return ws_.next_layer().queue().size_bytes();
  }
  time_point last_received() const noexcept override { return last_received_; }
  time_point last_sent() const noexcept override { return last_sent_; }
  const connection_counters& counters() const noexcept override { return counters_; }
  const std::string& remote_address() const noexcept override { return remote_address_; }

  // unit_member
  void flush() override { stream().flush(); }
  void terminate_now() override { terminate(close_reason::server_stopping); }
  bool is_upgraded() const noexcept override { return true; }

  // cork_observer
  void on_output_queued() override { unit_.defer_flush(shared_from_this()); }
  void on_output_failed(error_code error) override { terminate(reason_for(error)); }
  void on_teardown_begun() override {
    if (phase_ != phase::open) return;
    reason_ =
        close_reason::malformed_message;  // Beast ends a connection by itself only for bad frames
    begin_closing();
  }
  std::shared_ptr<void> lifetime() override { return shared_from_this(); }

 private:
  enum class phase : std::uint8_t { fresh, accepting, open, closing, closed };

  cork_stream& stream() noexcept { return ws_.next_layer(); }

  void configure() {
    ws_.auto_fragment(false);
    ws_.read_message_max(
        0);  // we count ourselves, so that a text frame above the limit can be skipped
    ws_.set_option(websocket::stream_base::decorator([](websocket::response_type& response) {
      response.set(boost::beast::http::field::server, "troupe");
    }));
    ws_.control_callback(
        [this](websocket::frame_type kind, boost::beast::string_view) { on_control(kind); });
  }

  void on_accepted(error_code error) {
    if (phase_ != phase::accepting) return;
    if (error) {
      reason_ = reason_for(error);
      stream().flush();  // Beast has queued the refusal
      return finish();
    }
    phase_ = phase::open;
    last_received_ = last_sent_ = progress_at_ = unit_.now();
    if (std::exchange(close_wanted_, false)) return close(reason_);
    handler_->on_open();
    read_next();
  }

  /// Called by Beast in the middle of a read. The handler hears of it from the event loop.
  void on_control(websocket::frame_type kind) {
    if (phase_ != phase::open) return;
    last_received_ = unit_.now();
    if (kind == websocket::frame_type::close) {
      reason_ = close_reason::peer_closed;
      begin_closing();  // Beast answers
    } else if (kind == websocket::frame_type::pong) {
      asio::post(unit_.context(), [self = shared_from_this()] {
        if (self->phase_ == phase::open) self->handler_->on_pong();
      });
    }
  }

  void read_next() {
    const bool between_messages = received_ == 0 && !skipping_;
    if (phase_ != phase::open || reading_ || delivering_ || (paused_ && between_messages)) return;
    reading_ = true;
    ws_.async_read_some(next_part(),
                        [self = shared_from_this()](error_code error, std::size_t size) {
                          self->on_read(error, size);
                        });
  }

  /// Where the next bytes of the message go. Memory grows with what came, not with what the header
  /// announces.
  asio::mutable_buffer next_part() {
    if (skipping_) {
      message_.resize(skip_part_size);
      return asio::buffer(message_);
    }
    if (received_ == 0) return asio::buffer(head_);
    const std::size_t size = std::min(ws_.read_size_hint(1), std::max(part_size_min, received_));
    message_.resize(received_ + size);
    return asio::buffer(message_.data() + received_, size);
  }

  void on_read(error_code error, std::size_t size) {
    reading_ = false;
    if (phase_ == phase::closed) return;
    if (error) return on_read_failed(error);
    if (phase_ != phase::open) return;  // the close operation reads on, for the peer's close frame
    last_received_ = unit_.now();
    received_ += size;
    if (skipping_) {
      on_skipped();
    } else if (is_too_large()) {
      on_too_large();
    } else if (ws_.is_message_done()) {
      deliver();
    } else if (message_.empty()) {
      message_.assign(head_.begin(), head_.begin() + static_cast<std::ptrdiff_t>(size));
    }
    read_next();
  }

  void on_read_failed(error_code error) {
    if (phase_ == phase::open) reason_ = reason_for(error);
    finish();
  }

  /// Whether the message is, or is announced to become, larger than it may.
  bool is_too_large() {
    if (received_ > settings_.max_message_size) return true;
    if (ws_.is_message_done()) return false;
    const std::size_t left_in_frame = ws_.read_size_hint(1);  // also 1 at the end of a fragment
    return left_in_frame > 1 && left_in_frame > settings_.max_message_size - received_;
  }

  void on_too_large() {
    delivering_ = true;
    const bool skip = handler_->on_frame_too_large(frame_kind_now());
    delivering_ = false;
    if (!skip) close(close_reason::message_too_large);
    if (ws_.is_message_done()) {
      forget_message();
    } else {
      skipping_ = true;
    }
  }

  void on_skipped() {
    if (ws_.is_message_done()) {
      skipping_ = false;
      forget_message();
    } else if (received_ / skip_factor > settings_.max_message_size) {
      close(close_reason::message_too_large);
    }
  }

  void deliver() {
    const std::uint8_t* bytes = message_.empty() ? head_.data() : message_.data();
    ++counters_.frames_in;
    counters_.bytes_in += received_;
    delivering_ = true;
    handler_->on_frame(frame_kind_now(), {bytes, received_});
    delivering_ = false;
    forget_message();
  }

  void forget_message() {
    received_ = 0;
    byte_buffer{}.swap(message_);
  }

  frame_kind frame_kind_now() const {
    return ws_.got_text() ? frame_kind::text : frame_kind::binary;
  }

  /// From here on the connection has close_deadline to end.
  void begin_closing() {
    phase_ = phase::closing;
    deadline_ = std::make_unique<io_timer>(unit_.context(), settings_.close_deadline);
    deadline_->async_wait([self = shared_from_this()](error_code cancelled) {
      if (!cancelled) self->finish();
    });
  }

  void finish() {
    if (phase_ == phase::closed) return;
    phase_ = phase::closed;
    deadline_.reset();
    stream().close();
    forget_message();
    const auto handler = std::exchange(handler_, nullptr);
    unit_.remove(shared_from_this());
    if (handler) handler->on_closed(reason_);
  }

  io_unit& unit_;
  const connection_settings settings_;
  websocket::stream<cork_stream, false> ws_;
  std::unique_ptr<http_request> request_;  // until start()
  std::shared_ptr<connection_handler> handler_;
  std::unique_ptr<io_timer> deadline_;  // while closing

  byte_buffer message_;       // of a message that does not fit into head_
  std::size_t received_ = 0;  // bytes of the current message
  std::array<std::uint8_t, head_size> head_;

  connection_counters counters_;
  time_point last_received_{};
  time_point last_sent_{};
  time_point progress_at_{};
  std::uint64_t consumed_seen_ = 0;
  std::string remote_address_;
  phase phase_ = phase::fresh;
  close_reason reason_ = close_reason::io_error;
  bool close_wanted_ = false;  // close() was called before the upgrade was answered
  bool reading_ = false;       // a read is under way
  bool delivering_ = false;    // the handler looks at the buffer
  bool paused_ = false;
  bool skipping_ = false;  // the current message is too large and thrown away
};

}  // namespace

std::shared_ptr<websocket_connection> make_websocket_connection(io_unit& unit, tcp_socket socket,
                                                                http_request request,
                                                                const connection_settings& settings,
                                                                std::string remote_address) {
  return std::make_shared<beast_connection>(unit, std::move(socket), std::move(request), settings,
                                            std::move(remote_address));
}

}  // namespace troupe
