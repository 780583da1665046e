// What a verified token says: who, until when, and everything else, for rules and for presence.
// Pure; never changes, so sessions and threads share it.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/access/token_fault.hpp"
#include "protocol/json/tree.hpp"

namespace troupe::access {

/// A time as tokens write it.
using token_time = std::chrono::system_clock::time_point;

inline constexpr std::size_t claim_path_size_bytes_max = 256;

struct claims {
  std::string user;      ///< Of the claim that names users; empty: the token names none.
  std::string token_id;  ///< `jti`; empty: none.
  token_time expires;    ///< `exp`, or earlier where tokens may be used for a limited time.
  json::tree all;        ///< An object.
};

using claims_ptr = std::shared_ptr<const claims>;

/// The claim of this name. A name with dots that is no member as a whole is a path through objects:
/// "realm_access.roles", "https://app.example/claims.role". Longer names of members go before
/// shorter ones.
std::optional<json::tree::node> find_claim(const json::tree::node& object, std::string_view path);

/// Calls `take` with each value of a claim that can be compared: a text, a whole number in decimal,
/// "true" or "false"; of a list with each of its elements. Others are left out.
void for_each_value(const json::tree::node& claim,
                    const std::function<void(std::string_view)>& take);

/// The value of a claim that must name something, such as a user: a text that could name a document
/// (check_document_name), or a whole number; empty if the claim is not there. Fails with
/// malformed_claim.
token_result<std::string> name_in_claim(const json::tree::node& object, std::string_view path);

/// What the server writes into the presence of the user: a JSON object with `id`, the user, and
/// those of `names` that are claims, each under the last part of its path. Claims that are lists or
/// objects are left out.
std::string presence_of(const claims& who, const std::vector<std::string>& names);

}  // namespace troupe::access
