// A WebSocket connection between a socket pair's end and a handler that writes everything down. The
// other end is in the hands of the test.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "net/websocket_connection.hpp"
#include "net/websocket_upgrade.hpp"
#include "tests/support/client_frames.hpp"
#include "tests/support/socket_pair.hpp"
#include "tests/support/unit_thread.hpp"

namespace troupe::test {

/// Writes down what it hears, and does in callbacks what the test wants.
class recording_handler final : public connection_handler {
 public:
  using words = std::vector<std::string>;

  void on_open() override {
    log.emplace_back("open");
    then_on_open();
  }
  void on_frame(frame_kind kind, byte_view payload) override {
    const std::string word = kind == frame_kind::text ? "text " : "binary ";
    frames.emplace_back(as_text(payload));
    log.push_back(word + (payload.size() > 40 ? "#" + std::to_string(payload.size())
                                              : std::string{as_text(payload)}));
    then_on_frame();
  }
  void on_frames_end() override { log.emplace_back("end"); }
  void on_pong() override { log.emplace_back("pong"); }
  bool on_frame_too_large(frame_kind kind, std::uint64_t, byte_view head) override {
    log.emplace_back("too large");
    heads.emplace_back(as_text(head));
    return skips_large_text && kind == frame_kind::text;
  }
  void on_closed(close_reason reason) override {
    log.push_back("closed " + std::string{describe(reason).label});
  }

  words log;
  std::vector<std::string> frames;
  std::vector<std::string> heads;  ///< Of messages that are too large.
  std::function<void()> then_on_open = [] {};
  std::function<void()> then_on_frame = [] {};
  bool skips_large_text = false;
};

/// A frame of the server: unmasked.
struct server_frame {
  std::uint8_t first = 0;
  std::string payload;

  friend bool operator==(const server_frame&, const server_frame&) = default;
};

/// Takes whole frames from the front of `bytes`.
inline std::vector<server_frame> take_frames(std::string& bytes) {
  std::vector<server_frame> frames;
  const auto byte = [&](std::size_t at) { return static_cast<std::uint8_t>(bytes[at]); };
  while (bytes.size() >= 2) {
    std::size_t header = 2;
    std::uint64_t size = byte(1);
    if (size >= 126) {
      header = size == 126 ? 4 : 10;
      if (bytes.size() < header) break;
      size = 0;
      for (std::size_t i = 2; i < header; ++i) size = size << 8 | byte(i);
    }
    if (bytes.size() < header + size) break;
    frames.push_back({byte(0), bytes.substr(header, size)});
    bytes.erase(0, header + size);
  }
  return frames;
}

/// The body of a close frame.
inline std::string close_body(unsigned code, std::string_view text) {
  return std::string{static_cast<char>(code >> 8), static_cast<char>(code & 0xFF)}.append(text);
}

class connection_bed {
 public:
  static constexpr std::string_view answer = "HTTP/1.1 101 Yes\r\n\r\n";

  explicit connection_bed(connection_settings with = {}, tls_session tls = {})
      : settings(std::make_shared<const connection_settings>(with)) {
    auto upgraded = std::make_shared<upgraded_socket>(upgraded_socket{
        transport{sockets.take_here(), std::move(tls)}, std::string{answer}, "10.0.0.1"});
    thread.run([&] {
      connection = make_websocket_connection(thread.unit, std::move(*upgraded), settings);
    });
  }
  ~connection_bed() {
    thread.stop();
    connection.reset();
  }

  /// Starts it and takes the answer to the upgrade off the socket.
  void open() {
    thread.run([&] { connection->start(handler); });
    thread.settle();
    output = sockets.there_reads();
    output.erase(0, answer.size());
  }

  void run(std::function<void()> work) {
    thread.run(std::move(work));
    thread.settle();
  }

  /// The client sends, and the server has dealt with it. What the socket does not take at once
  /// follows as the server reads; gives up where it does not.
  std::size_t client_sends(byte_view bytes) {
    std::size_t sent = 0;
    for (std::size_t last = 1; sent < bytes.size() && last > 0; sent += last) {
      last = sockets.there_writes(bytes.subspan(sent));
      thread.settle();
    }
    return sent;
  }

  /// The frames that the client has got by now.
  std::vector<server_frame> client_frames() {
    output += sockets.there_reads();
    return take_frames(output);
  }

  /// Waits for the end that some deadline brings.
  bool is_closed_within(std::chrono::milliseconds time) {
    const auto end = std::chrono::steady_clock::now() + time;
    for (;;) {
      thread.settle();
      if (handler->log.back().starts_with("closed")) return true;
      if (std::chrono::steady_clock::now() > end) return false;
    }
  }

  unit_thread thread;
  socket_pair sockets;
  std::shared_ptr<const connection_settings> settings;
  std::shared_ptr<recording_handler> handler = std::make_shared<recording_handler>();
  std::shared_ptr<websocket_connection> connection;
  std::string output;  // bytes of a frame that is not whole
};

}  // namespace troupe::test
