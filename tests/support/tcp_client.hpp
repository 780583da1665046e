// A client's TCP socket on loopback. Not blocking once it is connected.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace troupe::test {

class tcp_client {
 public:
  tcp_client() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {}
  explicit tcp_client(std::uint16_t port) : tcp_client() { connect(port); }
  tcp_client(tcp_client&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
  tcp_client& operator=(tcp_client&&) = delete;
  ~tcp_client() {
    if (socket_ >= 0) ::close(socket_);
  }

  /// Returns whether somebody listens there.
  bool connect(std::uint16_t port) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const bool is_connected =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    ::fcntl(socket_, F_SETFL, O_NONBLOCK);
    return is_connected;
  }

  bool write(std::string_view bytes) const {
    return ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
           static_cast<ssize_t>(bytes.size());
  }

  /// Adds what has come by now.
  const std::string& read() {
    std::array<char, 4096> part{};
    for (;;) {
      const ssize_t size = ::recv(socket_, part.data(), part.size(), 0);
      if (size <= 0) {
        has_ended_ = has_ended_ || size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        return received_;
      }
      received_.append(part.data(), static_cast<std::size_t>(size));
    }
  }
  bool has_ended() {
    read();
    return has_ended_;
  }

  int socket() const noexcept { return socket_; }

 private:
  int socket_;
  std::string received_;
  bool has_ended_ = false;
};

}  // namespace troupe::test
