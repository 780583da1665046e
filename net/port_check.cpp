#include "net/port_check.hpp"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

namespace troupe {

namespace {

result<void> fail_with(int why) {
  return fail(errc::address_in_use, std::generic_category().message(why));
}

result<void> try_to_listen(int socket, const addrinfo& at) {
  // As listeners do: old connections of an earlier process are no obstacle.
  const int on = 1;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(socket, at.ai_addr, at.ai_addrlen) != 0) return fail_with(errno);
  if (::listen(socket, 1) != 0) return fail_with(errno);
  return {};
}

}  // namespace

result<void> check_port(const std::string& address, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int failed = ::getaddrinfo(address.c_str(), std::to_string(port).c_str(), &hints, &found);
  if (failed != 0) return fail(errc::address_in_use, ::gai_strerror(failed));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> keep{found, &::freeaddrinfo};
  const int socket = ::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (socket < 0) return fail_with(errno);
  auto outcome = try_to_listen(socket, *found);
  ::close(socket);
  return outcome;
}

}  // namespace troupe
