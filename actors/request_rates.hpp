// How often each user may ask on the public port: a token bucket for each, of a bounded number.
// Pure; time is passed in. Thread: guarded by its owner.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "protocol/session/token_bucket.hpp"

namespace troupe {

class request_rates {
 public:
  using time_point = token_bucket::time_point;

  /// While there are as many whose bucket is not full, others have to wait.
  static constexpr std::size_t users_max = 10'000;

  explicit request_rates(token_rate rate) noexcept : rate_(rate) {}

  /// Whether the user may ask once more now. Who asks in vain owes nothing.
  bool take(const std::string& user, time_point now) {
    if (rate_.interval() == token_rate::duration::zero()) return true;
    auto found = buckets_.find(user);
    if (found == buckets_.end()) {
      if (buckets_.size() >= users_max) drop_full(now);
      if (buckets_.size() >= users_max) return false;
      found = buckets_.emplace(user, token_bucket{}).first;
    }
    return found->second.has_token(rate_, now) && found->second.spend(rate_, now);
  }

  std::size_t size() const noexcept { return buckets_.size(); }

 private:
  /// A full bucket is as good as none. Once a second at most, since it looks at all.
  void drop_full(time_point now) {
    if (now < next_look_) return;
    next_look_ = now + std::chrono::seconds{1};
    std::erase_if(buckets_, [&](const auto& each) { return each.second.is_full(now); });
  }

  token_rate rate_;
  std::map<std::string, token_bucket> buckets_;
  time_point next_look_{};
};

}  // namespace troupe
