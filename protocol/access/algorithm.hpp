// The signature algorithms that tokens may be signed with, by their names in RFC 7518, RFC 8037 and
// RFC 9864. All others are unknown here, `none` among them. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace troupe::access {

enum class algorithm : std::uint8_t { hs256, hs384, hs512, rs256, ps256, es256, es384, eddsa };

inline constexpr std::size_t algorithm_count = 8;

/// "HS256", "EdDSA". Static storage.
std::string_view to_string(algorithm which) noexcept;

/// The algorithm with this name, letter case included. EdDSA has two: "EdDSA" and "Ed25519", the
/// only curve of it that is accepted.
std::optional<algorithm> find_algorithm(std::string_view name) noexcept;

/// Whether both sides hold the same secret: HS256, HS384, HS512.
bool is_symmetric(algorithm which) noexcept;

/// All names, for messages.
inline constexpr std::string_view algorithm_names =
    "HS256, HS384, HS512, RS256, PS256, ES256, ES384 or EdDSA";

}  // namespace troupe::access
