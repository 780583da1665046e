#include "protocol/access/verifier.hpp"

#include <utility>

#include "base/check.hpp"

namespace troupe::access {

verifier::verifier(access_policy_ptr policy, token_settings settings, key_set_ptr keys,
                   std::size_t cached_max)
    : policy_(std::move(policy)), settings_(std::move(settings)), cache_(cached_max) {
  TROUPE_CHECK(policy_ != nullptr);
  use(std::move(keys));
}

token_result<grant_ptr> verifier::grant_for(std::string_view token, token_time now) {
  if (token.size() > token_size_bytes_max) return tl::unexpected(token_fault::too_long);
  const token_digest digest = digest_of(token);
  if (auto known = cache_.find(digest, keys_, now)) return known;
  TROUPE_ASSIGN(claims_ptr who, verify(token, *keys_, settings_, now));
  TROUPE_ASSIGN(grant_ptr made, make_grant(policy_, std::move(who)));
  cache_.put(digest, keys_, made);
  return made;
}

void verifier::use(key_set_ptr keys) {
  TROUPE_CHECK(keys != nullptr);
  keys_ = std::move(keys);
}

}  // namespace troupe::access
