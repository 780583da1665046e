#include "bench/load/address.hpp"

#include <arpa/inet.h>

#include <charconv>

namespace troupe::load {

result<sockaddr_in> parse_address(std::string_view text) {
  constexpr std::string_view scheme = "ws://";
  if (text.starts_with(scheme)) text.remove_prefix(scheme.size());
  if (text.ends_with('/')) text.remove_suffix(1);
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return fail(errc::invalid_config, "no port in the address");
  const std::string_view digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size() || port == 0)
    return fail(errc::invalid_config, "the port is none");
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  const std::string host{text.substr(0, colon)};
  if (::inet_pton(AF_INET, host.c_str(), &address.sin_addr) != 1)
    return fail(errc::invalid_config, "the host is no IPv4 address");
  constexpr std::uint32_t loopback_network = 127;
  if (ntohl(address.sin_addr.s_addr) >> 24 != loopback_network)
    return fail(errc::invalid_config, "only this machine may be loaded: 127.0.0.0/8");
  return address;
}

}  // namespace troupe::load
