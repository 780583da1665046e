#include "net/request_target.hpp"

#include <algorithm>

namespace troupe {
namespace {

/// The value of a hexadecimal digit, or -1.
int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

}  // namespace

result<std::string> percent_decoded(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded.push_back(text[i]);
      continue;
    }
    const int high = i + 1 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) {
      return fail(errc::invalid_name, "a '%' is not followed by two hexadecimal digits");
    }
    decoded.push_back(static_cast<char>(high * 16 + low));
    i += 2;
  }
  return decoded;
}

result<std::string> decoded_path(std::string_view request_target) {
  const std::string_view path = path_of_target(request_target);
  if (!path.starts_with('/'))
    return fail(errc::invalid_name, "the request path does not start with '/'");
  return percent_decoded(path);
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
  return request_target.substr(0, request_target.find('?'));
}

std::string_view query_of_target(std::string_view request_target) noexcept {
  const std::size_t mark = request_target.find('?');
  return mark == std::string_view::npos ? std::string_view{} : request_target.substr(mark + 1);
}

}  // namespace troupe
