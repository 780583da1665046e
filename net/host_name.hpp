// The value of a Host header or of the host in a URL, taken apart: "app.example.com:8080" or
// "[::1]:80". Pure.
#pragma once

#include <string_view>

namespace troupe {

struct host_and_port {
  std::string_view host;  ///< As it was sent, an IPv6 address with its brackets.
  std::string_view port;  ///< Empty if there is none.
};

/// Both are empty if the text is no host.
host_and_port split_host(std::string_view text) noexcept;

/// Whether two hosts, or other texts in ASCII, are the same without regard to case.
bool is_same_host(std::string_view left, std::string_view right) noexcept;

/// Whether the host is an IP address: in brackets, or four numbers with dots.
bool is_ip_address(std::string_view host) noexcept;

/// Whether the host is this machine: localhost, 127.0.0.0/8 or [::1].
bool is_this_machine(std::string_view host) noexcept;

}  // namespace troupe
