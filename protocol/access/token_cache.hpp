// Tokens that were verified a moment ago, so that a client which comes back, or has many
// connections, costs a hash instead of a signature. Bounded; the one that was not used for the
// longest time goes first. It is emptied when the keys change, and a token never outlives its `exp`
// here. Pure. Thread: one, or guarded by its owner.
#pragma once

#include <cstddef>
#include <list>
#include <map>
#include <string_view>

#include "protocol/access/access_policy.hpp"
#include "protocol/access/key_set.hpp"

namespace troupe::access {

inline constexpr std::size_t cached_tokens_max = 2'000;

class token_cache {
 public:
  explicit token_cache(std::size_t tokens_max = cached_tokens_max) : tokens_max_(tokens_max) {}

  /// What the token allows, if it was put in under these keys and has not expired; else null.
  grant_ptr find(const token_digest& token, const key_set_ptr& keys, token_time now);

  /// Requires: the token was verified by these keys.
  void put(const token_digest& token, const key_set_ptr& keys, grant_ptr allowed);

  void clear() noexcept;
  std::size_t size() const noexcept { return by_digest_.size(); }

 private:
  struct entry {
    token_digest token;
    grant_ptr allowed;
  };

  void follow(const key_set_ptr& keys);

  std::size_t tokens_max_;
  key_set_ptr keys_;         // by which all of them were verified
  std::list<entry> recent_;  // the last used first
  std::map<token_digest, std::list<entry>::iterator> by_digest_;
};

}  // namespace troupe::access
