// Finds the token that a request brings: in the query, in the Authorization header, among the
// subprotocols that it offers, or in a cookie. Pure; what it reads and returns is never logged.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/access/token_fault.hpp"

namespace troupe::access {

/// The parts of a request in which a token may stand, as they were sent; empty: not there.
struct token_places {
  std::string_view query = {};          ///< Behind the first '?': `token=...`.
  std::string_view authorization = {};  ///< `Bearer ...`.
  std::string_view subprotocols = {};   ///< `troupe.token....` in a list with commas.
  std::string_view cookies = {};        ///< `name=value` in a list with semicolons.
  std::string_view origin = {};
};

struct cookie_rule {
  std::string name;  ///< `access.cookie`; empty: no cookie is looked at.
  /// `server.allowed_origins`. A browser sends cookies with requests of foreign pages too, so a
  /// cookie counts only if the request has an Origin that stands in this list, and "*" does not.
  std::vector<std::string> origins;

  bool counts_for(std::string_view origin) const;
};

enum class token_place : std::uint8_t { query, authorization, subprotocol, cookie };

/// "query". Static storage.
std::string_view to_string(token_place place) noexcept;

struct presented_token {
  std::string_view token;  ///< Of the request.
  token_place from;
};

/// What a token may look like.
enum class token_form : std::uint8_t {
  signed_token,  ///< Three parts of base64url.
  any,           ///< Whatever Authorization: Bearer can carry: letters, digits and -._~+/=.
};

/// The token of a request; nothing if it brings none. The same token in several places counts once.
/// An empty one (`?token=`) counts as none; so does an Authorization of another scheme, which a
/// proxy may need. Only its characters are checked.
/// Fails with several_tokens if two differ, with too_long above token_size_bytes_max, with
/// malformed if it has not the form that is wanted.
token_result<std::optional<presented_token>>
find_token(const token_places& request, const cookie_rule& cookie,
           token_form wanted = token_form::signed_token);

}  // namespace troupe::access
