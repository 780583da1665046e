#include "protocol/cluster/placement.hpp"

#include "base/hash.hpp"
#include "protocol/siphash.hpp"

namespace troupe::cluster {

namespace {

/// What members are ranked by. Two scores that are equal, which nobody will see, leave it to the
/// uuid.
struct member_score {
  std::uint64_t score = 0;
  node_uuid id;

  auto operator<=>(const member_score&) const = default;
};

member_score score_of(const hash128& document, const node_uuid& id) noexcept {
  const std::uint64_t half = splitmix64(document.first ^ id.high);
  return {splitmix64(half ^ document.second ^ id.low), id};
}

}  // namespace

quorum quorum_of(const replication& wanted, std::size_t members) noexcept {
  quorum sizes;
  sizes.keepers = std::max<std::size_t>(std::min(wanted.keepers, members), 1);
  sizes.write_acks = std::max<std::size_t>(std::min(wanted.write_acks, sizes.keepers), 1);
  sizes.reads = sizes.keepers - sizes.write_acks + 1;
  return sizes;
}

wide_read wide_read_of(const member_list& list, const replication& wanted) {
  wide_read wide;
  for (const member& each : list.members()) wide.ask.push_back(each.id);
  for (const former_member& each : list.former())
    if (!each.is_gone) wide.ask.push_back(each.who.id);
  std::ranges::sort(wide.ask);
  // N - W + 1 of all N that may have confirmed an update, with the W of the smallest list.
  const std::size_t all = list.size() + list.former().size();
  const std::size_t write_acks = quorum_of(wanted, list.least_size()).write_acks;
  wide.reads = std::min(all - write_acks + 1, wide.ask.size());
  return wide;
}

document_place place_of(const member_list& list, std::string_view document, std::size_t keepers) {
  const hash128 name = siphash128(as_bytes(document));
  std::vector<member_score> scores;
  scores.reserve(list.size());
  for (const member& each : list.members()) scores.push_back(score_of(name, each.id));
  std::ranges::sort(scores, std::greater{});
  document_place place;
  place.keeper_count = std::min(keepers, scores.size());
  place.ranking.reserve(scores.size());
  for (const member_score& each : scores) place.ranking.push_back(each.id);
  return place;
}

bool is_keeper(const member_list& list, std::string_view document, std::size_t keepers,
               const node_uuid& id) noexcept {
  if (!list.contains(id)) return false;
  const hash128 name = siphash128(as_bytes(document));
  const member_score own = score_of(name, id);
  const auto above = std::ranges::count_if(
      list.members(), [&](const member& each) { return score_of(name, each.id) > own; });
  return static_cast<std::size_t>(above) < keepers;
}

}  // namespace troupe::cluster
