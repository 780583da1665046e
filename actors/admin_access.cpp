#include "actors/admin_access.hpp"

#include <algorithm>
#include <string_view>

#include "actors/admin_pages.hpp"
#include "base/trim.hpp"
#include "net/host_name.hpp"

namespace troupe::admin {

namespace {

bool is_any_address(std::string_view address) noexcept {
  return address == "0.0.0.0" || address == "::";
}

/// "::1" -> "[::1]", as it stands in a URL.
std::string as_host(const std::string& address) {
  return address.find(':') == std::string::npos ? address : "[" + address + "]";
}

/// An address cannot be made to point elsewhere, so on all interfaces each is good.
bool is_own_host(std::string_view host, const access& to) {
  if (is_this_machine(host) || is_same_host(host, as_host(to.address))) return true;
  if (is_any_address(to.address) && is_ip_address(host)) return true;
  return std::ranges::any_of(
      to.allowed_hosts, [&](const std::string& allowed) { return is_same_host(host, allowed); });
}

bool is_json(std::string_view content_type) noexcept {
  const std::string_view kind = trimmed(content_type.substr(0, content_type.find(';')));
  return is_same_host(kind, "application/json");  // without regard to case
}

}  // namespace

std::optional<http_answer> refusal_of(const http_request& request, const access& to) {
  if (!is_own_host(split_host(request.host).host, to))
    return answer_error(421,
                        "the Host header names neither admin.address nor localhost; other names of "
                        "this node are set with admin.allowed_hosts");
  const std::string& site = request.fetch_site;
  if (!site.empty() && site != "same-origin" && site != "none")
    return answer_error(403, "pages of other sites may not ask here");
  if (request.method == "POST" && !is_json(request.content_type))
    return answer_error(415, "the body must have Content-Type: application/json");
  return std::nullopt;
}

}  // namespace troupe::admin
