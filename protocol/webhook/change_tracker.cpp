#include "protocol/webhook/change_tracker.hpp"

#include <algorithm>
#include <utility>

namespace troupe::webhook {

change_tracker::time_point change_tracker::due_of(const entry& of) const noexcept {
  return std::min(of.last + settings_.debounce, of.first + settings_.max_delay);
}

void change_tracker::begin(tracked_change first, time_point now) {
  std::string document = first.what.document;
  const auto [at, is_new] = changes_.try_emplace(document, entry{std::move(first), now, now});
  if (is_new) looks_.emplace(due_of(at->second), std::move(document));
}

void change_tracker::note(const std::string& document, const authors& by, time_point now) {
  const auto found = changes_.find(document);
  if (found == changes_.end()) return;
  found->second.last = now;
  found->second.what.what.by.add(by);
}

void change_tracker::hold(const std::string& document) {
  if (const auto found = changes_.find(document); found != changes_.end()) ++found->second.holds;
}

void change_tracker::release(const std::string& document) {
  const auto found = changes_.find(document);
  if (found != changes_.end() && found->second.holds > 0) --found->second.holds;
}

std::optional<tracked_change> change_tracker::take(entries::iterator at) {
  tracked_change taken = std::move(at->second.what);
  changes_.erase(at);
  return taken;
}

/// Looks at each document no later than it is due; one that was edited meanwhile is looked at again
/// later.
std::optional<tracked_change> change_tracker::take_due(time_point now) {
  constexpr std::chrono::milliseconds hold_look{50};
  while (!looks_.empty() && looks_.begin()->first <= now) {
    auto look = looks_.extract(looks_.begin());
    const auto found = changes_.find(look.mapped());
    if (found == changes_.end()) continue;
    const time_point due = due_of(found->second);
    if (due <= now && found->second.holds == 0) return take(found);
    look.key() = due <= now ? now + hold_look : due;
    looks_.insert(std::move(look));
  }
  return std::nullopt;
}

std::optional<tracked_change> change_tracker::take_any() {
  if (changes_.empty()) return std::nullopt;
  return take(changes_.begin());
}

}  // namespace troupe::webhook
