#include "net/host_name.hpp"

#include <algorithm>

namespace troupe {
namespace {

char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool is_digits(std::string_view text) noexcept {
  return text.find_first_not_of("0123456789") == std::string_view::npos;
}

/// Letters of a URL that no host has: with them the host lies elsewhere.
bool is_host_text(std::string_view text) noexcept {
  return text.find_first_of("/?#@\\ \t") == std::string_view::npos;
}

}  // namespace

host_and_port split_host(std::string_view text) noexcept {
  if (!is_host_text(text)) return {};
  const std::size_t end = text.starts_with('[') ? text.find(']') : text.find(':');
  if (text.starts_with('[') && end == std::string_view::npos) return {};
  const std::string_view host = text.substr(0, text.starts_with('[') ? end + 1 : end);
  std::string_view port = text.substr(host.size());
  if (port.empty()) return {host, {}};
  if (!port.starts_with(':') || !is_digits(port.substr(1))) return {};
  return {host, port.substr(1)};
}

bool is_same_host(std::string_view left, std::string_view right) noexcept {
  return std::ranges::equal(left, right, {}, lower, lower);
}

bool is_ip_address(std::string_view host) noexcept {
  if (host.starts_with('[')) return host.ends_with(']');
  return std::ranges::count(host, '.') == 3 && !host.starts_with('.') &&
         host.find_first_not_of("0123456789.") == std::string_view::npos;
}

bool is_this_machine(std::string_view host) noexcept {
  return is_same_host(host, "localhost") || host == "[::1]" ||
         (is_ip_address(host) && host.starts_with("127."));
}

}  // namespace troupe
