// A TCP port of the loopback interface that somebody else listens on.
#pragma once

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdint>

namespace troupe::test {

class taken_port {
 public:
  explicit taken_port(std::uint16_t port = 0) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    auto* const any = reinterpret_cast<sockaddr*>(&address);
    is_bound_ = ::bind(socket_, any, sizeof address) == 0 && ::listen(socket_, 1) == 0;
    socklen_t size = sizeof address;
    ::getsockname(socket_, any, &size);
    number_ = ntohs(address.sin_port);
  }
  taken_port(const taken_port&) = delete;
  taken_port& operator=(const taken_port&) = delete;
  ~taken_port() { ::close(socket_); }

  bool is_bound() const { return is_bound_; }
  std::uint16_t number() const { return number_; }

 private:
  int socket_;
  bool is_bound_ = false;
  std::uint16_t number_ = 0;
};

}  // namespace troupe::test
