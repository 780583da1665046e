// Verifies tokens: JSON Web Tokens that are signed (RFC 7515, RFC 7519), as RFC 8725 advises. Every
// check is made here, whatever a library of tokens would do: structure, header, key, signature,
// times, audience, issuer. Pure: the caller passes the keys and the time. About a microsecond
// besides the signature, less where the header is known.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/access/claims.hpp"
#include "protocol/access/key_set.hpp"
#include "protocol/access/token_fault.hpp"

namespace troupe::access {

inline constexpr std::size_t token_size_bytes_max = 8 * 1024;
inline constexpr std::size_t token_header_values_max = 32;
inline constexpr std::size_t token_claims_values_max = 2'048;
inline constexpr std::size_t token_depth_max = 16;
inline constexpr std::chrono::minutes clock_skew_max{5};

struct token_settings {
  /// A token must name one of these in `aud`; empty: a token must have no `aud`.
  std::vector<std::string> audiences;
  /// A token must have one of these as `iss`; empty: any issuer whose key is known.
  std::vector<std::string> issuers;
  /// How much clocks may differ; at most clock_skew_max.
  std::chrono::seconds clock_skew{30};
  /// How long after `iat` a token may be used, whatever its `exp`; 0: for as long as `exp` says.
  std::chrono::seconds age_max{0};
  std::string user_claim = "sub";
};

/// The header of a token, read and accepted. Most tokens of an issuer have the same.
struct token_header {
  std::string text;  ///< As it stands in the token.
  algorithm which;
  std::optional<std::string> key_id;
};

using token_header_ptr = std::shared_ptr<const token_header>;

/// The claims of a token that is good at this time.
///
/// The header may say `typ`: "JWT" or "at+jwt" in any letter case, also behind "application/".
/// Refused are members that ask for other rules (`crit`, `b64`) or bring keys (`jwk`, `jku`, `x5c`,
/// `x5u`). `exp` must be there; `iat` must be if there is an age_max. Times are numbers of seconds,
/// with fractions if need be. `aud` is a text or a list of texts. The user's claim, `iss` and `jti`
/// may be missing, unless the settings ask for an issuer.
/// `last`: the header of an earlier token, which is not read again where this one has the same;
/// that of this token afterwards, if its signature was good. Null: no header is remembered.
/// Fails with any token_fault but several_tokens. Thread: any.
token_result<claims_ptr> verify(std::string_view token, const key_set& keys,
                                const token_settings& settings, token_time now,
                                token_header_ptr* last = nullptr);

/// Whether a text has the form of a token: three parts of the alphabet of base64url. For callers
/// that must distinguish tokens from other texts.
bool looks_like_token(std::string_view text) noexcept;

}  // namespace troupe::access
