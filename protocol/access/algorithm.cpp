#include "protocol/access/algorithm.hpp"

#include <algorithm>
#include <array>

namespace troupe::access {

namespace {

constexpr std::array<std::string_view, algorithm_count> names = {
    "HS256", "HS384", "HS512", "RS256", "PS256", "ES256", "ES384", "EdDSA"};

}  // namespace

std::string_view to_string(algorithm which) noexcept {
  return names[static_cast<std::size_t>(which)];
}

std::optional<algorithm> find_algorithm(std::string_view name) noexcept {
  if (name == "Ed25519") return algorithm::eddsa;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<algorithm>(found - names.begin());
}

bool is_symmetric(algorithm which) noexcept { return which <= algorithm::hs512; }

}  // namespace troupe::access
