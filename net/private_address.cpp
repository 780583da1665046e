#include "net/private_address.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <string>

namespace troupe {

namespace {

/// Addresses that begin with the first `bits` of these bytes.
struct network {
  std::array<std::uint8_t, 16> begin;
  unsigned bits;
};

// Source: the IANA registries of special-purpose addresses of IPv4 and of IPv6.
constexpr std::array ipv4_networks{
    network{{0}, 8},              // this network
    network{{10}, 8},             // private use
    network{{100, 64}, 10},       // shared by the customers of a provider
    network{{127}, 8},            // loopback
    network{{169, 254}, 16},      // link-local; metadata of cloud machines
    network{{172, 16}, 12},       // private use
    network{{192, 0, 0}, 24},     // protocols
    network{{192, 0, 2}, 24},     // documentation
    network{{192, 168}, 16},      // private use
    network{{198, 18}, 15},       // benchmarks
    network{{198, 51, 100}, 24},  // documentation
    network{{203, 0, 113}, 24},   // documentation
    network{{224}, 4},            // multicast
    network{{240}, 4},            // reserved, and broadcast
};
// All public hosts of IPv6 are in 2000::/3.
constexpr network ipv6_public{{0x20}, 3};
constexpr std::array ipv6_networks{
    network{{0x20, 0x01, 0, 0}, 32},        // Teredo
    network{{0x20, 0x01, 0, 2}, 48},        // benchmarks
    network{{0x20, 0x01, 0x0D, 0xB8}, 32},  // documentation
};
constexpr network ipv4_mapped{{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 96};
constexpr network nat64{{0, 0x64, 0xFF, 0x9B}, 96};
constexpr network six_to_four{{0x20, 0x02}, 16};

bool is_in(byte_view address, const network& of) noexcept {
  const std::size_t whole = of.bits / 8;
  if (!std::equal(address.begin(), address.begin() + static_cast<std::ptrdiff_t>(whole),
                  of.begin.begin()))
    return false;
  const unsigned rest = of.bits % 8;
  return rest == 0 || address[whole] >> (8 - rest) == of.begin[whole] >> (8 - rest);
}

template <class Networks>
bool is_in_one_of(byte_view address, const Networks& networks) noexcept {
  return std::ranges::any_of(networks, [&](const network& of) { return is_in(address, of); });
}

}  // namespace

bool is_private_address(byte_view address) noexcept {
  if (address.size() == 4) return is_in_one_of(address, ipv4_networks);
  if (address.size() != 16) return true;
  if (is_in(address, ipv4_mapped) || is_in(address, nat64))
    return is_in_one_of(address.subspan(12, 4), ipv4_networks);
  if (is_in(address, six_to_four)) return is_in_one_of(address.subspan(2, 4), ipv4_networks);
  return !is_in(address, ipv6_public) || is_in_one_of(address, ipv6_networks);
}

bool is_private_address(std::string_view text) noexcept {
  std::array<std::uint8_t, 16> bytes{};
  char terminated[INET6_ADDRSTRLEN] = {};
  if (text.size() >= sizeof terminated) return true;
  std::ranges::copy(text, terminated);
  if (inet_pton(AF_INET, terminated, bytes.data()) == 1)
    return is_private_address(byte_view{bytes.data(), 4});
  if (inet_pton(AF_INET6, terminated, bytes.data()) == 1) return is_private_address(bytes);
  return true;
}

}  // namespace troupe
