#include "protocol/access/token_cache.hpp"

#include <utility>

namespace troupe::access {

void token_cache::clear() noexcept {
  by_digest_.clear();
  recent_.clear();
}

void token_cache::follow(const key_set_ptr& keys) {
  if (keys_ == keys) return;
  clear();
  keys_ = keys;
}

grant_ptr token_cache::find(const token_digest& token, const key_set_ptr& keys, token_time now) {
  follow(keys);
  const auto found = by_digest_.find(token);
  if (found == by_digest_.end()) return nullptr;
  const auto at = found->second;
  if (now >= at->allowed->who->expires) {
    by_digest_.erase(found);
    recent_.erase(at);
    return nullptr;
  }
  recent_.splice(recent_.begin(), recent_, at);
  return at->allowed;
}

void token_cache::put(const token_digest& token, const key_set_ptr& keys, grant_ptr allowed) {
  follow(keys);
  if (tokens_max_ == 0 || by_digest_.contains(token)) return;
  if (by_digest_.size() >= tokens_max_) {
    by_digest_.erase(recent_.back().token);
    recent_.pop_back();
  }
  recent_.push_front({token, std::move(allowed)});
  by_digest_.emplace(token, recent_.begin());
}

}  // namespace troupe::access
