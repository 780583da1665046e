#include "net/request_target.hpp"

#include <algorithm>

#include "net/host_name.hpp"

namespace troupe {
namespace {

/// The value of a hexadecimal digit, or -1.
int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

/// Percent-decodes text into `decoded`; an escape that is none stays as it is. Returns whether
/// there was no such escape.
bool decode_percents(std::string_view text, std::string& decoded) {
  bool is_well_formed = true;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const int high = text[i] == '%' && i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = high >= 0 && i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (low >= 0) {
      decoded.push_back(static_cast<char>(high * 16 + low));
      i += 2;
    } else {
      is_well_formed = is_well_formed && text[i] != '%';
      decoded.push_back(text[i]);
    }
  }
  return is_well_formed;
}

/// What follows the scheme of an absolute target; empty if it has none that leads here.
std::string_view behind_scheme(std::string_view target) noexcept {
  if (target.starts_with('/')) return {};
  for (const std::string_view scheme : {"http://", "https://", "ws://", "wss://"})
    if (is_same_host(target.substr(0, scheme.size()), scheme)) return target.substr(scheme.size());
  return {};
}

}  // namespace

result<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  if (!decode_percents(text, decoded))
    return fail(errc::invalid_name, "a '%' is not followed by two hexadecimal digits");
  return decoded;
}

std::string decoded_name(std::string_view text) {
  std::string decoded;
  decode_percents(text, decoded);
  return decoded;
}

result<std::string> decoded_path(std::string_view request_target) {
  const std::string_view path = path_of_target(request_target);
  if (!path.starts_with('/'))
    return fail(errc::invalid_name, "the request path does not start with '/'");
  return decoded_name(path);
}

result<std::optional<std::string>> find_query_parameter(std::string_view query,
                                                        std::string_view name) {
  while (!query.empty()) {
    const std::string_view one = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(one.size() + 1, query.size()));
    if (one.size() <= name.size() || !one.starts_with(name) || one[name.size()] != '=') continue;
    std::string value{one.substr(name.size() + 1)};
    std::ranges::replace(value, '+', ' ');
    auto decoded = percent_decoded(value);
    if (!decoded) return tl::unexpected(std::move(decoded).error());
    return std::optional{std::move(*decoded)};
  }
  return std::optional<std::string>{};
}

std::string query_parameter(std::string_view query, std::string_view name) {
  const auto found = find_query_parameter(query, name);
  return found && *found ? **found : std::string{};
}

std::string_view path_of_target(std::string_view request_target) noexcept {
  const std::string_view absolute = behind_scheme(request_target);
  if (absolute.empty()) return request_target.substr(0, request_target.find('?'));
  const std::string_view path = absolute.substr(host_of_target(request_target).size());
  return path.starts_with('/') ? path.substr(0, path.find('?')) : std::string_view{"/"};
}

std::string_view host_of_target(std::string_view request_target) noexcept {
  const std::string_view absolute = behind_scheme(request_target);
  return absolute.substr(0, absolute.find_first_of("/?#"));
}

std::string_view query_of_target(std::string_view request_target) noexcept {
  const std::size_t mark = request_target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : request_target.substr(mark + 1);
}

}  // namespace troupe
