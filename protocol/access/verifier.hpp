// From a token to what it allows: the cache, the keys, the settings and the policy in one place.
// The caller passes the time. Shared by all who admit clients; signatures are verified side by
// side, and only what is remembered is guarded. Thread: any.
#pragma once

#include <cstddef>
#include <mutex>
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
  const access_policy_ptr policy_;
  const token_settings settings_;
  std::mutex mutex_;  // guards what follows
  key_set_ptr keys_;
  token_cache cache_;
  token_header_ptr header_;  // of the last token that was verified
};

}  // namespace troupe::access
