// A connected socket, plain or under TLS, that never blocks; http_connection and
// websocket_connection read and write through it. Under TLS several buffers become one record, so a
// turn's output is one record and one system call.
//
// Owner: one connection at a time. Thread: the io_unit's. Closes the socket when it ends.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include <sys/uio.h>

#include "net/address_limits.hpp"
#include "net/tls_context.hpp"

namespace troupe {

enum class io_status : std::uint8_t {
  done,         ///< `size` bytes, at least one.
  would_block,  ///< Nothing now; watch the socket.
  ended,        ///< The peer has ended its direction.
  failed        ///< The connection is broken.
};

struct io_outcome {
  io_status status = io_status::failed;
  std::size_t size = 0;
  int error = 0;  ///< The system's error code, if it failed and there is one.
};

class transport {
 public:
  /// Owns a connected, non-blocking socket; with a session, speaks TLS as the server. Holds `place`
  /// until the socket is closed.
  explicit transport(int socket, tls_session tls = {}, address_place place = {}) noexcept;
  transport(transport&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        met_plain_http_(other.met_plain_http_),
        tls_(std::move(other.tls_)),
        place_(std::move(other.place_)) {}
  transport& operator=(transport&&) = delete;
  ~transport() { close(); }

  int socket() const noexcept { return socket_; }
  bool is_open() const noexcept { return socket_ >= 0; }

  io_outcome read(std::span<std::uint8_t> into) noexcept;

  /// Writes from the front of the parts. After would_block the next call must begin with the same
  /// bytes.
  io_outcome write(const iovec* parts, std::size_t count) noexcept;

  /// What the socket was given in all, in bytes on the wire, and how much of it the peer has
  /// acknowledged. One system call. `given`: what write() has written in all, which is the same
  /// without TLS.
  struct sent_bytes {
    std::uint64_t written = 0;
    std::uint64_t acknowledged = 0;
  };
  sent_bytes sent(std::uint64_t given) const noexcept;

  /// Whether more can be read although the socket has nothing, because TLS reads whole records.
  bool has_input() const noexcept;

  /// Whether a read waits for the socket to be writable, because TLS has to answer first.
  bool read_wants_write() const noexcept;

  /// Whether a read failed because the peer began with a plain HTTP request instead of TLS.
  bool met_plain_http() const noexcept { return met_plain_http_; }

  /// Continues without TLS, to answer such a peer. What it has sent is lost.
  void drop_tls() noexcept {
    tls_.reset();
    met_plain_http_ = false;
  }

  /// Takes another place, which it gives back with the socket.
  void hold(address_place place) noexcept { place_ = std::move(place); }

  /// Ends the output: the peer reads the end of the stream.
  void end_output() noexcept;
  void close() noexcept;

 private:
  io_outcome read_tls(std::span<std::uint8_t> into) noexcept;
  io_outcome write_tls(const iovec* parts, std::size_t count) noexcept;
  io_outcome tls_outcome(int result) noexcept;

  int socket_;
  bool met_plain_http_ = false;
  tls_session tls_;
  address_place place_;
};

}  // namespace troupe
