#include "net/port_check.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

namespace troupe::port_check_test {

TEST_CASE("whether a port is free is told, and why it is not", "[port_check]") {
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof at;
  REQUIRE(::bind(socket, reinterpret_cast<sockaddr*>(&at), size) == 0);
  REQUIRE(::listen(socket, 1) == 0);
  REQUIRE(::getsockname(socket, reinterpret_cast<sockaddr*>(&at), &size) == 0);
  const auto taken = check_port("127.0.0.1", ntohs(at.sin_port));
  REQUIRE_FALSE(taken);
  CHECK(taken.error().code == errc::address_in_use);
  CHECK(taken.error().detail == "Address already in use");
  ::close(socket);
  CHECK(check_port("127.0.0.1", ntohs(at.sin_port)));
}

TEST_CASE("an address that is none of this machine cannot be listened on", "[port_check]") {
  CHECK_FALSE(check_port("192.0.2.1", 0));
  CHECK_FALSE(check_port("localhost", 0));
  CHECK(check_port("127.0.0.1", 0));
}

}  // namespace troupe::port_check_test
