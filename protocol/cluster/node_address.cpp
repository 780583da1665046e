#include "protocol/cluster/node_address.hpp"

#include <algorithm>
#include <charconv>

namespace troupe::cluster {

namespace {

constexpr std::string_view address_rule =
    "must be HOST:PORT, such as 10.0.0.1:4101, node1.example:4101 or [fd00::1]:4101";

bool is_alphanumeric(char letter) noexcept {
  return (letter >= 'a' && letter <= 'z') || (letter >= 'A' && letter <= 'Z') ||
         (letter >= '0' && letter <= '9');
}

bool is_name_character(char letter) noexcept {
  return is_alphanumeric(letter) || letter == '-' || letter == '.' || letter == '_';
}

/// What stands between the brackets of an IPv6 address; a zone may name an interface.
bool is_in_brackets(char letter) noexcept {
  return is_name_character(letter) || letter == ':' || letter == '%';
}

result<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const char* const end = text.data() + text.size();
  const auto [read_to, why] = std::from_chars(text.data(), end, port);
  if (why != std::errc{} || read_to != end || port == 0)
    return fail(errc::invalid_config, address_rule);
  return port;
}

}  // namespace

result<void> check_node_name(std::string_view text) {
  const bool is_good = !text.empty() && text.size() <= node_name_size_bytes_max &&
                       std::ranges::all_of(text, is_name_character);
  if (!is_good) return fail(errc::invalid_name, std::string{"must be "}.append(node_name_rule));
  return {};
}

result<node_address> parse_node_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (text.size() > node_address_size_bytes_max || colon == std::string_view::npos)
    return fail(errc::invalid_config, address_rule);
  TROUPE_ASSIGN(const std::uint16_t port, parse_port(text.substr(colon + 1)));
  std::string_view host = text.substr(0, colon);
  const bool has_brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (has_brackets) host = host.substr(1, host.size() - 2);
  if (host.empty() || !std::ranges::all_of(host, has_brackets ? is_in_brackets : is_name_character))
    return fail(errc::invalid_config, address_rule);
  return node_address{std::string{host}, port};
}

}  // namespace troupe::cluster
