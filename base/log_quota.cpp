#include "base/log_quota.hpp"

#include <utility>

namespace troupe {

std::uint64_t log_quota::note(std::string_view key, time_point now) {
  auto found = entries_.find(key);
  if (found == entries_.end()) {
    if (entries_.size() >= keys_max_)
      std::erase_if(entries_, [&](const auto& one) { return is_due(one.second, now); });
    const bool has_room = entries_.size() < keys_max_;
    const auto [at, is_new] =
        entries_.try_emplace(std::string{has_room ? key : std::string_view{}});
    if (is_new) at->second.logged_at = now - interval_;
    found = at;
  }
  entry& of = found->second;
  ++of.since;
  if (!is_due(of, now)) return 0;
  of.logged_at = now;
  return std::exchange(of.since, 0);
}

}  // namespace troupe
