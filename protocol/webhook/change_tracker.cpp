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
  found->second.elsewhere.reset();
  found->second.what.what.by.add(by);
}

void change_tracker::note_stored_elsewhere(const std::string& document,
                                           const cluster::node_uuid& by, time_point now) {
  const auto found = changes_.find(document);
  if (found == changes_.end() || found->second.holds > 0) return;
  auto& elsewhere = found->second.elsewhere;
  if (!elsewhere || elsewhere->by != by) elsewhere = stored_elsewhere{by, now};
}

std::optional<std::uint64_t> change_tracker::forget(const std::string& document) {
  const auto found = changes_.find(document);
  if (found == changes_.end()) return std::nullopt;
  return take(found).number;
}

void change_tracker::hold(const std::string& document) {
  if (const auto found = changes_.find(document); found != changes_.end()) ++found->second.holds;
}

void change_tracker::release(const std::string& document) {
  const auto found = changes_.find(document);
  if (found != changes_.end() && found->second.holds > 0) --found->second.holds;
}

tracked_change change_tracker::take(entries::iterator at) {
  tracked_change taken = std::move(at->second.what);
  changes_.erase(at);
  return taken;
}

/// Looks at each document no later than it is due; one that was edited meanwhile is looked at again
/// later.
std::optional<change_tracker::due_change> change_tracker::take_due(time_point now,
                                                                   const decision& decide) {
  constexpr std::chrono::milliseconds hold_look{50};
  while (!looks_.empty() && looks_.begin()->first <= now) {
    auto look = looks_.extract(looks_.begin());
    const auto found = changes_.find(look.mapped());
    if (found == changes_.end()) continue;
    const entry& of = found->second;
    const time_point due = due_of(of);
    if (due <= now && of.holds == 0) {
      const duty what = decide(found->first, of.elsewhere ? &*of.elsewhere : nullptr);
      if (what != duty::wait) return due_change{take(found), what == duty::leave};
      look.key() = now + wait_interval;
    } else {
      look.key() = due <= now ? now + hold_look : due;
    }
    looks_.insert(std::move(look));
  }
  return std::nullopt;
}

std::optional<tracked_change> change_tracker::take_any() {
  if (changes_.empty()) return std::nullopt;
  return take(changes_.begin());
}

}  // namespace troupe::webhook
