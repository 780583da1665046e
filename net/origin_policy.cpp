#include "net/origin_policy.hpp"

#include <algorithm>

#include "net/host_name.hpp"

namespace troupe {

namespace {

struct split_origin {
  std::string_view scheme;
  host_and_port at;
};

/// "http://localhost:5173" -> "http", "localhost", "5173"; empty if it is not the origin of a host.
split_origin split(std::string_view origin) noexcept {
  constexpr std::string_view separator = "://";
  const auto scheme = origin.find(separator);
  if (scheme == std::string_view::npos) return {};
  return {origin.substr(0, scheme), split_host(origin.substr(scheme + separator.size()))};
}

/// The port, or that which the scheme stands for.
std::string_view port_or_default(std::string_view port, std::string_view scheme) noexcept {
  if (!port.empty()) return port;
  return scheme == "https" ? "443" : "80";
}

/// Whether it is the page of the host and port that the request is for. A proxy in front may speak
/// TLS for both, so the scheme of the page says which port is meant where none is named.
bool is_own_page(const split_origin& origin, std::string_view request_host) noexcept {
  if (origin.scheme != "https" && !is_ip_address(origin.at.host)) return false;
  const host_and_port asked = split_host(request_host);
  return !asked.host.empty() && is_same_host(origin.at.host, asked.host) &&
         port_or_default(origin.at.port, origin.scheme) ==
             port_or_default(asked.port, origin.scheme);
}

}  // namespace

bool origin_policy::allows(std::string_view origin, std::string_view host) const {
  if (origin.empty()) return true;
  if (allowed_.empty()) {
    const split_origin page = split(origin);
    return is_this_machine(page.at.host) || is_own_page(page, host);
  }
  return std::ranges::any_of(allowed_,
                             [&](const std::string& one) { return one == "*" || one == origin; });
}

}  // namespace troupe
