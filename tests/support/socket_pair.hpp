// Two connected, non-blocking sockets: one end for the server, the other in the hands of the test.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>

#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/bytes.hpp"

namespace troupe::test {

class socket_pair {
 public:
  socket_pair() {
    std::array<int, 2> ends{-1, -1};
    ::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data());
    here = ends[0];
    there = ends[1];
  }
  socket_pair(socket_pair&& other) noexcept
      : here(std::exchange(other.here, -1)), there(std::exchange(other.there, -1)) {}
  socket_pair& operator=(socket_pair&&) = delete;
  ~socket_pair() {
    if (here >= 0) ::close(here);
    close_there();
  }

  /// The server's end, which whoever takes it closes.
  int take_here() { return std::exchange(here, -1); }

  /// Returns how much the socket took.
  std::size_t there_writes(byte_view bytes) const {
    const ssize_t sent = ::send(there, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }
  std::size_t there_writes(std::string_view text) const { return there_writes(as_bytes(text)); }

  /// All that has come by now.
  std::string there_reads() const { return read_all(there); }
  std::string here_reads() const { return read_all(here); }
  /// How many bytes have come and are not read yet.
  std::size_t there_waiting() const {
    int size = 0;
    ::ioctl(there, FIONREAD, &size);
    return static_cast<std::size_t>(size);
  }

  /// Whether the other side has ended, and all it sent was read.
  bool there_is_at_end() const {
    char byte = 0;
    return ::recv(there, &byte, 1, MSG_PEEK) == 0;
  }

  void there_ends_output() const { ::shutdown(there, SHUT_WR); }
  void close_there() {
    if (there >= 0) ::close(std::exchange(there, -1));
  }

  int here = -1;
  int there = -1;

 private:
  static std::string read_all(int from) {
    std::string all;
    std::array<char, 4096> part{};
    for (;;) {
      const ssize_t size = ::recv(from, part.data(), part.size(), 0);
      if (size <= 0) return all;
      all.append(part.data(), static_cast<std::size_t>(size));
    }
  }
};

}  // namespace troupe::test
