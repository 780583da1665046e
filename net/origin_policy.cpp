#include "net/origin_policy.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// "http://localhost:5173" -> "localhost"; empty if it is not the origin of a host.
std::string_view host_of(std::string_view origin) {
  constexpr std::string_view separator = "://";
  const auto scheme = origin.find(separator);
  if (scheme == std::string_view::npos) return {};
  const std::string_view authority = origin.substr(scheme + separator.size());
  if (authority.starts_with('[')) {
    const std::string_view host = authority.substr(0, authority.find(']') + 1);
    const std::string_view behind = authority.substr(host.size());
    return behind.empty() || behind.starts_with(':') ? host : std::string_view{};
  }
  return authority.substr(0, authority.find(':'));
}

/// Four numbers with dots, the first of them 127: not "127.0.0.1.example.com".
bool is_loopback_ipv4(std::string_view host) {
  return host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_this_machine(std::string_view host) {
  return host == "localhost" || host == "[::1]" || is_loopback_ipv4(host);
}

}  // namespace

bool origin_policy::allows(std::string_view origin) const {
  if (origin.empty()) return true;
  if (allowed_.empty()) return is_this_machine(host_of(origin));
  return std::ranges::any_of(allowed_,
                             [&](const std::string& one) { return one == "*" || one == origin; });
}

}  // namespace troupe
