#include "protocol/cluster/node_uuid.hpp"

#include <optional>

namespace troupe::cluster {

namespace {

constexpr std::size_t digits_per_half = 16;

std::string hex(std::uint64_t half) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text(digits_per_half, '0');
  for (std::size_t i = digits_per_half; i-- > 0; half >>= 4) text[i] = digits[half & 15];
  return text;
}

std::optional<std::uint64_t> digit_of(char letter) noexcept {
  if (letter >= '0' && letter <= '9') return static_cast<std::uint64_t>(letter - '0');
  if (letter >= 'a' && letter <= 'f') return static_cast<std::uint64_t>(letter - 'a' + 10);
  if (letter >= 'A' && letter <= 'F') return static_cast<std::uint64_t>(letter - 'A' + 10);
  return std::nullopt;
}

}  // namespace

std::string to_string(const node_uuid& id) { return hex(id.high).append(hex(id.low)); }

result<node_uuid> parse_node_uuid(std::string_view text) {
  constexpr std::string_view rule = "must be 32 hexadecimal digits, not all of them 0";
  if (text.size() != 2 * digits_per_half) return fail(errc::invalid_config, rule);
  node_uuid id;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto digit = digit_of(text[i]);
    if (!digit) return fail(errc::invalid_config, rule, i);
    std::uint64_t& half = i < digits_per_half ? id.high : id.low;
    half = half << 4 | *digit;
  }
  if (id.is_nil()) return fail(errc::invalid_config, rule);
  return id;
}

}  // namespace troupe::cluster
