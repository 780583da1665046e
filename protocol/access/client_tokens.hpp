// Tokens that the server itself issues, on the word of an application that has shown its server
// token: for one document, with the right to write or only to read, for a while. They are tokens
// like all others (token.hpp), signed with a key that only they have: it is made from the server
// token, so nodes with the same server token take each other's. Pure; immutable. Thread: any.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "base/secret.hpp"
#include "protocol/access/access_policy.hpp"
#include "protocol/access/token.hpp"

namespace troupe::access {

class client_tokens {
 public:
  static constexpr std::chrono::seconds valid_for_default{60 * 60};
  static constexpr std::chrono::seconds valid_for_max{24 * 60 * 60};

  enum class authorization : std::uint8_t {
    full,       ///< To read, write and be seen.
    read_only,  ///< To read and be seen.
  };

  struct order {
    std::string document;
    authorization allows = authorization::full;
    std::string user = {};  ///< Empty: nobody in particular.
    std::chrono::seconds valid_for = valid_for_default;
    std::string id;  ///< `jti`, by which the token can be taken back.
  };

  /// Requires: a secret that is not empty.
  explicit client_tokens(const secret& server_token);

  const secret& server_token() const noexcept { return server_token_; }

  /// The token; it lasts for valid_for_max at most. Requires: names that check_document_name takes,
  /// and a positive time.
  std::string issue(const order& what, token_time now) const;

  /// Whether a token says that it was issued here, which nothing but verify() proves.
  static bool claims_to_be(std::string_view token) noexcept;

  /// With which they are verified.
  const key_set_ptr& keys() const noexcept { return keys_; }
  token_settings settings(std::chrono::seconds clock_skew) const;
  /// They allow what they say and nothing else: the rules of the node do not concern them.
  /// `of_node`: how presence is stamped.
  access_policy_ptr policy(const access_policy& of_node) const;

 private:
  secret server_token_;
  std::string key_;
  key_set_ptr keys_;
};

}  // namespace troupe::access
