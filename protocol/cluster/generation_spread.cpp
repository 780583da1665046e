#include "protocol/cluster/generation_spread.hpp"

#include <utility>

namespace troupe::cluster {

void generation_spread::begin(const std::string& document, std::uint64_t generation,
                              std::vector<peer_id> keepers, std::size_t needed, time_point now,
                              time_point deadline) {
  spreading_[document] = {generation, std::move(keepers), needed, now, deadline};
}

void generation_spread::on_stored(peer_id by, const std::string& document,
                                  std::uint64_t generation) {
  const auto found = spreading_.find(document);
  if (found == spreading_.end() || generation < found->second.generation) return;
  if (std::erase(found->second.missing, by) > 0 && found->second.needed > 0) --found->second.needed;
}

std::vector<generation_spread::notice> generation_spread::take_due(time_point now) {
  std::vector<notice> due;
  for (auto& [document, each] : spreading_) {
    if (each.is_reported || now - each.told_at < tell_interval) continue;
    each.told_at = now;
    due.push_back({document, each.generation, each.missing});
  }
  return due;
}

std::vector<generation_spread::outcome> generation_spread::take_ended(time_point now) {
  std::vector<outcome> ended;
  for (auto next = spreading_.begin(); next != spreading_.end();) {
    const auto at = next++;
    auto& [document, each] = *at;
    const bool is_stored = each.needed == 0;
    if (!is_stored && now < each.deadline) continue;
    if (!std::exchange(each.is_reported, true))
      ended.push_back({document, each.generation, is_stored, each.missing});
    if (!is_stored || each.missing.empty()) spreading_.erase(at);
  }
  return ended;
}

std::vector<generation_spread::remainder> generation_spread::take_left_behind(time_point now) {
  std::vector<remainder> left;
  for (auto next = spreading_.begin(); next != spreading_.end();) {
    const auto at = next++;
    auto& [document, each] = *at;
    if (!each.is_reported || now < each.deadline) continue;
    left.push_back({document, std::move(each.missing)});
    spreading_.erase(at);
  }
  return left;
}

}  // namespace troupe::cluster
