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
  key_set_ptr keys;
  token_header_ptr header;
  {
    const std::lock_guard lock{mutex_};
    if (auto known = cache_.find(digest, keys_, now)) return known;
    keys = keys_;
    header = header_;
  }
  TROUPE_ASSIGN(claims_ptr who, verify(token, *keys, settings_, now, &header));
  TROUPE_ASSIGN(grant_ptr made, make_grant(policy_, std::move(who)));
  const std::lock_guard lock{mutex_};
  header_ = std::move(header);
  // Others may count by now.
  if (keys == keys_) cache_.put(digest, keys, made);
  return made;
}

void verifier::use(key_set_ptr keys) {
  TROUPE_CHECK(keys != nullptr);
  const std::lock_guard lock{mutex_};
  keys_ = std::move(keys);
}

}  // namespace troupe::access
