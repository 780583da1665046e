// One WebSocket client: a non-blocking socket, the upgrade, frames in and out. Answers pings and
// closes by itself; everything else goes to its listener. Its creator owns it, and must not move or
// destroy it while its loop turns.
#pragma once

#include <netinet/in.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "bench/load/event_loop.hpp"
#include "bench/load/websocket.hpp"

namespace troupe::load {

class connection_listener {
 public:
  virtual ~connection_listener() = default;
  virtual void on_open() = 0;
  /// `message` is valid during the call.
  virtual void on_message(byte_view message) = 0;
  /// The connection has ended, whoever ended it; connection::why() and close_code() have the cause.
  virtual void on_closed() = 0;
};

class connection {
 public:
  enum class phase : std::uint8_t { unopened, connecting, upgrading, open, leaving, closed };

  connection(event_loop& loop, connection_listener& listener) : loop_(loop), listener_(listener) {}
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;
  ~connection();

  /// Begins to connect. Reports failures through on_closed.
  void open(const sockaddr_in& server, const std::string& path);

  /// Memory for the next message that does not fit the loop's buffer, so that it costs neither an
  /// allocation nor fresh pages while time is measured; the message stays valid as long as this
  /// memory. A message that does not fit either is allocated. The memory outlives the connection.
  void lend(std::span<std::uint8_t> room) noexcept { lent_ = room; }

  /// Queues one binary message; it leaves at the end of the turn. Ignored unless open.
  void send(byte_view head, byte_view body = {});

  /// Sends a close frame and ends once the server has answered. Makes no further callbacks.
  void leave();

  /// Ends the connection at once, without on_closed.
  void close();

  phase state() const noexcept { return state_; }
  std::size_t unsent() const noexcept { return out_.size() - sent_; }
  std::uint16_t close_code() const noexcept { return close_code_; }
  const std::string& why() const noexcept { return why_; }

  // For the loop.
  void on_ready(std::uint32_t events);
  void flush();

 private:
  void on_connected();
  void read();
  void begin_large(byte_view beginning, std::size_t size);
  void read_large();
  bool receive(std::uint8_t* into, std::size_t room, std::size_t& size);
  std::size_t take(std::uint8_t* bytes, std::size_t size);
  std::size_t take_response(byte_view bytes);
  void take_frame(const frame_header& header, byte_view payload);
  void take_close(byte_view payload);
  void queue(opcode code, byte_view head, byte_view body);
  void request_flush();
  void watch_writing(bool wanted);
  void fail(std::string why);

  event_loop& loop_;
  connection_listener& listener_;
  int fd_ = -1;
  phase state_ = phase::unopened;
  bool is_flush_requested_ = false;
  bool watches_writing_ = false;
  std::uint16_t close_code_ = 0;
  std::vector<std::uint8_t> out_;
  std::size_t sent_ = 0;            // of out_
  std::vector<std::uint8_t> held_;  // the beginning of a small frame that is not whole yet
  std::span<std::uint8_t> lent_;
  std::span<std::uint8_t> large_;  // where a large frame is gathered: what was lent, or own_
  std::size_t large_size_ = 0;     // what is there of it
  std::unique_ptr<std::uint8_t[]> own_;
  std::vector<std::uint8_t> fragments_;
  std::string why_;
};

}  // namespace troupe::load
