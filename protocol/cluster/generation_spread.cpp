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
    if (now - each.told_at < tell_interval) continue;
    each.told_at = now;
    due.push_back({document, each.generation, each.missing});
  }
  return due;
}

std::vector<generation_spread::outcome> generation_spread::take_ended(time_point now) {
  std::vector<outcome> ended;
  std::erase_if(spreading_, [&](auto& entry) {
    const bool is_stored = entry.second.needed == 0;
    if (is_stored || now >= entry.second.deadline)
      ended.push_back(
          {entry.first, entry.second.generation, is_stored, std::move(entry.second.missing)});
    return is_stored || now >= entry.second.deadline;
  });
  return ended;
}

}  // namespace troupe::cluster
