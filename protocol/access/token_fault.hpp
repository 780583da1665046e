// Why a token was refused: one enumerator per cause, for the log, the metrics and the answer. None
// of them tells a client more than it knows from its own token. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <tl/expected.hpp>

namespace troupe::access {

enum class token_fault : std::uint8_t {
  malformed,          ///< Not three parts of base64url, or a part that is not the JSON it must be.
  too_long,           ///< More bytes than a token may have.
  several_tokens,     ///< A request brought two tokens that differ.
  unsigned_token,     ///< Its algorithm is `none`.
  unknown_algorithm,  ///< Its algorithm is none that the server knows.
  wrong_type,         ///< `typ` names something else than a token for access.
  critical_header,    ///< `crit` or `b64`: it asks for rules that the server does not know.
  key_in_header,      ///< It brings its own key, or says where to fetch it.
  duplicate_member,   ///< A member of the header or a claim stands twice.
  unknown_key,        ///< No key has its `kid`, or it has none and several keys would fit.
  wrong_algorithm,    ///< Its key is for another algorithm.
  bad_signature,      ///< The signature is not that of its key.
  no_expiry,          ///< `exp` is missing.
  expired,            ///< `exp` has passed.
  not_yet_valid,      ///< `nbf` or `iat` lies ahead.
  too_old,            ///< It was issued too long ago, or does not say when although it must.
  wrong_audience,     ///< `aud` does not name this server, or is missing although it must be there.
  wrong_issuer,       ///< `iss` is none of those that are trusted.
  malformed_claim,    ///< A claim that the server reads is not of the kind that it must be.
};

inline constexpr std::size_t token_fault_count =
    static_cast<std::size_t>(token_fault::malformed_claim) + 1;

/// Its name, as "bad_signature", for logs and metric labels. Static storage.
std::string_view to_string(token_fault why) noexcept;

/// In words for the client: "the token has expired". Static storage.
std::string_view describe(token_fault why) noexcept;

/// Whether the same token may be good later: keys change, clocks move on. A client with any other
/// needs a new token.
bool may_pass(token_fault why) noexcept;

template <class T>
using token_result = tl::expected<T, token_fault>;

}  // namespace troupe::access
