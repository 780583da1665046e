// From a token to what it allows: the cache, the keys, the settings and the policy in one place.
// Pure: the caller passes the time. Owner: whoever admits clients, one for each I/O thread or one
// that is guarded; keys that are replaced reach each of them with use(). Thread: the owner's.
#pragma once

#include <cstddef>
#include <string_view>

#include "protocol/access/access_policy.hpp"
#include "protocol/access/key_set.hpp"
#include "protocol/access/token.hpp"
#include "protocol/access/token_cache.hpp"

namespace troupe::access {

class verifier {
 public:
  /// Requires: a policy and keys, which may be an empty set.
  verifier(access_policy_ptr policy, token_settings settings, key_set_ptr keys,
           std::size_t cached_max = cached_tokens_max);

  /// What the token allows. Fails as verify() and make_grant() do.
  token_result<grant_ptr> grant_for(std::string_view token, token_time now);

  /// From now on these keys count; what others have verified is forgotten. Requires: not null.
  void use(key_set_ptr keys);

  const access_policy& policy() const noexcept { return *policy_; }

 private:
  access_policy_ptr policy_;
  token_settings settings_;
  key_set_ptr keys_;
  token_cache cache_;
};

}  // namespace troupe::access
