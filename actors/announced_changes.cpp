#include "actors/announced_changes.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace troupe {

void announced_changes::begin(std::uint64_t number, std::vector<cluster::peer_id> asked,
                              std::vector<cluster::peer_id> away, time_point now) {
  changes_[number] = {std::move(asked),
                      {.number = number, .sessions = 0, .unfinished = 0, .silent = std::move(away)},
                      now + patience};
}

void announced_changes::on_done(cluster::peer_id by, const done_access& done) {
  const auto found = changes_.find(done.number);
  if (found == changes_.end() || std::erase(found->second.asked, by) == 0) return;
  outcome& so_far = found->second.so_far;
  so_far.sessions += done.sessions;
  so_far.unfinished += done.unfinished;
  if (done.has_failed) so_far.silent.push_back(by);
}

void announced_changes::on_lost(cluster::peer_id peer) {
  for (auto& [number, each] : changes_)
    if (std::erase(each.asked, peer) > 0) each.so_far.silent.push_back(peer);
}

std::vector<announced_changes::outcome> announced_changes::take_ended(time_point now) {
  std::vector<outcome> ended;
  for (auto next = changes_.begin(); next != changes_.end();) {
    const auto at = next++;
    change& each = at->second;
    if (!each.asked.empty() && now < each.deadline) continue;
    std::ranges::copy(each.asked, std::back_inserter(each.so_far.silent));
    ended.push_back(std::move(each.so_far));
    changes_.erase(at);
  }
  return ended;
}

}  // namespace troupe
