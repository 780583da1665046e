// What keepers have confirmed to a replica, what it confirms to peers, and what follows for its
// document. Functions of the class replica.
#include <algorithm>
#include <utility>

#include "protocol/cluster/replica.hpp"

namespace troupe::cluster {

void replica::note_taken(peer& from, taken_state what) {
  from.unconfirmed.push_back(what);
  confirm(from);
}

void replica::on_durable(state_number up_to) {
  durable_ = std::max(durable_, up_to);
  for (peer& each : peers_) confirm(each);
}

void replica::confirm(peer& to) {
  bool has_news = false;
  for (; !to.unconfirmed.empty() && to.unconfirmed.front().here <= durable_; has_news = true) {
    const taken_state& next = to.unconfirmed.front();
    to.confirmed.up_to = std::max(to.confirmed.up_to, next.theirs);
    if (next.is_whole) to.confirmed.whole = std::max(to.confirmed.whole, next.theirs);
    to.unconfirmed.pop_front();
  }
  if (!has_news || to.confirmed.up_to == 0 || where_.is_shared) return;
  to.confirmed.life = to.life;
  push(to, to.confirmed);
}

// --- questions ---

std::vector<peer_id> replica::take_new_users() { return std::exchange(new_users_, {}); }

bool replica::has_users() const noexcept {
  return std::ranges::any_of(peers_, [](const peer& each) { return each.is_up && each.is_user; });
}

std::vector<replica::confirmation> replica::confirmations() const {
  std::vector<confirmation> all;
  for (const peer& each : peers_)
    if (each.is_keeper) all.push_back({each.id, each.stored, each.whole});
  return all;
}

std::size_t replica::acks_needed() const noexcept {
  if (!where_.is_available)
    return where_.is_widely_known ? where_.write_acks : where_.keepers.size() + 2;
  const auto reachable =
      std::ranges::count_if(peers_, [](const peer& each) { return each.is_keeper && each.is_up; });
  const std::size_t kept = static_cast<std::size_t>(reachable) + (where_.keeps_itself ? 1 : 0);
  return std::clamp<std::size_t>(kept, 1, where_.write_acks);
}

std::vector<peer_id> replica::lacking(state_number up_to) const {
  std::vector<peer_id> all;
  for (const peer& each : peers_)
    if (each.is_keeper && (each.kept < up_to || !has_begun_)) all.push_back(each.id);
  return all;
}

bool replica::is_being_kept(state_number up_to) const noexcept {
  return std::ranges::any_of(peers_, [up_to](const peer& each) {
    return each.is_keeper && each.is_up && each.kept < up_to;
  });
}

bool replica::is_kept_everywhere(state_number up_to) const noexcept {
  if (!has_begun_ || (where_.keeps_itself && durable_ < up_to)) return false;
  if (!where_.keeps_itself && where_.keepers.empty()) return false;  // nobody is known to keep it
  return std::ranges::all_of(
      peers_, [up_to](const peer& each) { return !each.is_keeper || each.kept >= up_to; });
}

bool replica::may_be_dropped() const noexcept {
  if (!where_.may_drop || where_.keeps_itself || where_.keepers.empty()) return false;
  return !is_used_ && is_kept_everywhere();
}

}  // namespace troupe::cluster
