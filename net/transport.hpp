// A connected socket, plain or under TLS, that never blocks: what http_connection and
// websocket_connection read from and write to. Under TLS several buffers become one record, so a
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
  would_block,  ///< Nothing now; the socket is to be watched.
  ended,        ///< The peer has ended its direction.
  failed        ///< The connection is broken.
};

struct io_outcome {
  io_status status = io_status::failed;
  std::size_t size = 0;
  int error = 0;  ///< The system's, where it failed and there is one.
};

class transport {
 public:
  /// Takes a connected, non-blocking socket; with a session, TLS as the server.
  /// `place` is held until the socket is closed.
  explicit transport(int socket, tls_session tls = {}, address_place place = {}) noexcept;
  transport(transport&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        tls_(std::move(other.tls_)),
        place_(std::move(other.place_)),
        met_plain_http_(other.met_plain_http_) {}
  transport& operator=(transport&&) = delete;
  ~transport() { close(); }

  int socket() const noexcept { return socket_; }
  bool is_open() const noexcept { return socket_ >= 0; }

  io_outcome read(std::span<std::uint8_t> into) noexcept;

  /// Writes from the front of the parts. After would_block the next call begins with the same
  /// bytes.
  io_outcome write(const iovec* parts, std::size_t count) noexcept;

  /// Whether more can be read although the socket has nothing: TLS reads whole records.
  bool has_input() const noexcept;

  /// Whether a read waits for the socket to be writable (TLS may have to answer something).
  bool read_wants_write() const noexcept;

  /// Whether the peer began with a plain HTTP request where TLS was expected: a read has failed.
  bool met_plain_http() const noexcept { return met_plain_http_; }

  /// Goes on without TLS, to tell such a peer. What it has sent is lost.
  void drop_tls() noexcept {
    tls_.reset();
    met_plain_http_ = false;
  }

  /// Tells the peer that nothing more comes.
  void end_output() noexcept;
  void close() noexcept;

 private:
  io_outcome read_tls(std::span<std::uint8_t> into) noexcept;
  io_outcome write_tls(const iovec* parts, std::size_t count) noexcept;
  io_outcome tls_outcome(int result) noexcept;

  int socket_;
  tls_session tls_;
  address_place place_;
  bool met_plain_http_ = false;
};

}  // namespace troupe
