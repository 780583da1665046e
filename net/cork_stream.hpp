// The stream below Beast's WebSocket stream: reads go to the socket, writes only append to a write
// queue. The queue is written by flush(), once per turn of the io_unit, with one sendmsg for all
// that the turn produced. So Beast's own output (handshake, pong, close; each one whole write) and
// our encoded frames share one queue and never interleave.
//
// Owner: a websocket_connection, which is also its observer. Thread: the io_unit's. Writes never
// wait: what bounds the queue is the owner. Invariant: at most one wait for writability is under
// way; it keeps the owner alive.
#pragma once

#include <cerrno>
#include <memory>
#include <utility>

#include <boost/asio/buffer.hpp>
#include <boost/asio/post.hpp>
#include <boost/beast/core/bind_handler.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/beast/websocket/teardown.hpp>

#include <sys/socket.h>

#include "net/asio.hpp"
#include "net/write_queue.hpp"

namespace troupe {

/// Who is told what happens to a cork_stream.
class cork_observer {
 public:
  /// The queue has something to write: flush() is to be called at the end of the turn. Once until
  /// then.
  virtual void on_output_queued() = 0;
  /// The socket cannot be written to any more.
  virtual void on_output_failed(error_code error) = 0;
  /// Beast has begun to take the connection down; it will wait for the peer without a limit.
  virtual void on_teardown_begun() = 0;
  /// What must stay alive while an operation refers to the stream.
  virtual std::shared_ptr<void> lifetime() = 0;

 protected:
  ~cork_observer() = default;
};

class cork_stream {
 public:
  using executor_type = io_executor;

  cork_stream(tcp_socket socket, std::size_t queue_bytes_max, cork_observer& observer)
      : socket_(std::move(socket)), queue_(queue_bytes_max), observer_(&observer) {}

  executor_type get_executor() noexcept { return socket_.get_executor(); }
  tcp_socket& socket() noexcept { return socket_; }
  const write_queue& queue() const noexcept { return queue_; }

  /// Queues a whole frame, shared if it is large.
  void push(const shared_bytes& frame) {
    queue_.push(frame);
    request_flush();
  }

  /// Queues a copy of a small frame.
  void append(byte_view bytes) {
    queue_.append(bytes);
    request_flush();
  }

  /// Writes until the queue is empty or the socket takes no more; then goes on when it does.
  void flush() {
    flush_requested_ = false;
    if (waiting_ || !socket_.is_open()) return;
    while (!queue_.empty()) {
      const auto written = send_front();
      if (written >= 0) {
        queue_.consume(static_cast<std::size_t>(written));
      } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
        return wait_writable();
      } else if (errno != EINTR) {
        return fail_output(error_code{errno, boost::system::system_category()});
      }
    }
  }

  /// Closes the socket and forgets what was not written.
  void close() noexcept {
    error_code ignored;
    socket_.close(ignored);
    queue_.clear();
  }

  template <class Buffers, class Handler>
  auto async_read_some(const Buffers& buffers, Handler&& handler) {
    return socket_.async_read_some(buffers, std::forward<Handler>(handler));
  }

  /// Completes at once, with everything queued.
  template <class Buffers, class Handler>
  auto async_write_some(const Buffers& buffers, Handler&& handler) {
    return asio::async_initiate<Handler, void(error_code, std::size_t)>(
        [this](auto completion, const Buffers& sequence) {
          const std::size_t size = failed_ ? 0 : append_all(sequence);
          asio::post(get_executor(),
                     boost::beast::bind_handler(std::move(completion), failed_, size));
        },
        handler, buffers);
  }

  void note_teardown() {
    flush();
    observer_->on_teardown_begun();
  }

 private:
  static constexpr std::size_t gather_max = 64;

  ssize_t send_front() noexcept {
    iovec parts[gather_max];
    msghdr message{};
    message.msg_iov = parts;
    message.msg_iovlen = queue_.gather(parts, gather_max);
    return ::sendmsg(socket_.native_handle(), &message, MSG_NOSIGNAL | MSG_DONTWAIT);
  }

  void wait_writable() {
    waiting_ = true;
    socket_.async_wait(tcp_socket::wait_write,
                       [this, keep = observer_->lifetime()](error_code error) {
                         waiting_ = false;
                         if (!error) flush();
                       });
  }

  void fail_output(error_code error) {
    failed_ = error;
    queue_.clear();
    observer_->on_output_failed(error);
  }

  void request_flush() {
    if (std::exchange(flush_requested_, true)) return;
    observer_->on_output_queued();
  }

  template <class Buffers>
  std::size_t append_all(const Buffers& buffers) {
    std::size_t total = 0;
    const auto end = asio::buffer_sequence_end(buffers);
    for (auto at = asio::buffer_sequence_begin(buffers); at != end; ++at) {
      const asio::const_buffer bytes{*at};
      queue_.append({static_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
      total += bytes.size();
    }
    if (total > 0) request_flush();
    return total;
  }

  tcp_socket socket_;
  write_queue queue_;
  cork_observer* observer_;
  error_code failed_;
  bool flush_requested_ = false;
  bool waiting_ = false;
};

// The customisation points by which Beast ends the connection below it; found by argument-dependent
// lookup. What the socket does not take at that moment is lost, as the peer is leaving anyway.

inline void teardown(boost::beast::role_type role, cork_stream& stream, error_code& error) {
  stream.note_teardown();
  boost::beast::websocket::teardown(role, stream.socket(), error);
}

template <class Handler>
void async_teardown(boost::beast::role_type role, cork_stream& stream, Handler&& handler) {
  stream.note_teardown();
  boost::beast::websocket::async_teardown(role, stream.socket(), std::forward<Handler>(handler));
}

inline void beast_close_socket(cork_stream& stream) { stream.close(); }

}  // namespace troupe
