// Tokens that were verified a moment ago, so that a client which comes back, or has many
// connections, costs a hash instead of a signature. Bounded; the one that was not used for the
// longest time goes first. It is emptied when the keys change, and a token never outlives its `exp`
// here. Pure. Thread: one, or guarded by its owner.
#pragma once

#include <cstddef>
#include <cstring>
#include <unordered_map>

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
  std::size_t size() const noexcept { return entries_.size(); }

 private:
  /// A digest is as good as random.
  struct first_bytes {
    std::size_t operator()(const token_digest& of) const noexcept {
      std::size_t bytes = 0;
      std::memcpy(&bytes, of.data(), sizeof bytes);
      return bytes;
    }
  };
  struct entry;
  using table = std::unordered_map<token_digest, entry, first_bytes>;
  /// A link of the list of all entries in the order of their last use.
  struct entry {
    grant_ptr allowed;
    table::value_type* newer = nullptr;
    table::value_type* older = nullptr;
  };

  void follow(const key_set_ptr& keys);
  void link(table::value_type& newest) noexcept;
  void unlink(const entry& of) noexcept;

  std::size_t tokens_max_;
  key_set_ptr keys_;  // by which all of them were verified
  table entries_;
  table::value_type* newest_ = nullptr;
  table::value_type* oldest_ = nullptr;
};

}  // namespace troupe::access
