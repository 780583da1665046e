#include "net/watch/debouncer.hpp"

#include <algorithm>

namespace troupe {

void debouncer::note(std::string_view name, clock::time_point now) {
  const auto [at, is_new] = waiting_.try_emplace(std::string{name}, span{now, now});
  at->second.last = now;
  if (is_new) looks_.push({due(at->second), &at->first});
}

std::optional<std::string> debouncer::take_due(clock::time_point now) {
  while (!looks_.empty() && looks_.top().at <= now) {
    const std::string* name = looks_.top().name;
    looks_.pop();
    const auto at = waiting_.find(*name);
    if (const clock::time_point later = due(at->second); later > now) {
      looks_.push({later, name});
      continue;
    }
    return std::move(waiting_.extract(at).key());
  }
  return std::nullopt;
}

std::optional<debouncer::clock::time_point> debouncer::next_look() const {
  if (looks_.empty()) return std::nullopt;
  return looks_.top().at;
}

debouncer::clock::time_point debouncer::due(const span& changes) const {
  return std::min(changes.last + quiet_, changes.first + quiet_multiple_max * quiet_);
}

}  // namespace troupe
