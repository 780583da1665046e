#include "protocol/access/token_cache.hpp"

#include <utility>

namespace troupe::access {

void token_cache::clear() noexcept {
  entries_.clear();
  newest_ = oldest_ = nullptr;
}

void token_cache::follow(const key_set_ptr& keys) {
  if (keys_ == keys) return;
  clear();
  keys_ = keys;
}

void token_cache::link(table::value_type& newest) noexcept {
  newest.second.newer = nullptr;
  newest.second.older = newest_;
  (newest_ ? newest_->second.newer : oldest_) = &newest;
  newest_ = &newest;
}

void token_cache::unlink(const entry& of) noexcept {
  (of.newer ? of.newer->second.older : newest_) = of.older;
  (of.older ? of.older->second.newer : oldest_) = of.newer;
}

grant_ptr token_cache::find(const token_digest& token, const key_set_ptr& keys, token_time now) {
  follow(keys);
  const auto found = entries_.find(token);
  if (found == entries_.end()) return nullptr;
  unlink(found->second);
  if (now >= found->second.allowed->who->expires) {
    entries_.erase(found);
    return nullptr;
  }
  link(*found);
  return found->second.allowed;
}

void token_cache::put(const token_digest& token, const key_set_ptr& keys, grant_ptr allowed) {
  follow(keys);
  if (tokens_max_ == 0 || entries_.contains(token)) return;
  if (entries_.size() < tokens_max_) {
    link(*entries_.try_emplace(token, entry{std::move(allowed)}).first);
    return;
  }
  // The memory of the one that goes serves the one that comes.
  table::value_type* const last_used = oldest_;
  unlink(last_used->second);
  auto node = entries_.extract(last_used->first);
  node.key() = token;
  node.mapped().allowed = std::move(allowed);
  link(*entries_.insert(std::move(node)).position);
}

}  // namespace troupe::access
