#include "protocol/cluster/shared_log.hpp"

#include <algorithm>

namespace troupe::cluster {

// --- what comes from peers ---

void shared_log::on_life(peer_id from, replica_life life) {
  if (life == 0) return;
  sender& of = senders_[from];
  if (of.life == life) return;
  if (of.life != 0) on_lost(from);
  senders_[from].life = life;
  for (foreign& each : unlogged_)  // only the link was lost
    if (each.from == from && each.life == life) each.is_orphan = each.was_looked_for = false;
}

void shared_log::on_taken(peer_id from, const document_message& message,
                          std::optional<state_number> here, time_point now) {
  const auto* const streamed = std::get_if<peer_update>(&message);
  const auto* const fill = std::get_if<peer_fill>(&message);
  state_number theirs = no_number;
  if (streamed != nullptr) theirs = streamed->number;
  if (fill != nullptr) {
    theirs = fill->number;
    for (foreign& each : unlogged_)
      if (each.from == from && !each.is_orphan && each.theirs == no_number) each.theirs = theirs;
  }
  if (here) {
    changed_at_ = now;
    foreign taken;
    taken.from = from;
    taken.life = senders_[from].life;
    taken.theirs = theirs;
    taken.is_whole = streamed == nullptr;
    taken.here = *here;
    taken.update = *replica::update_of(message);
    taken.since = now;
    unlogged_.push_back(std::move(taken));
  }
  forget_logged(from);
}

void shared_log::on_stored(peer_id from, const peer_stored& what) {
  const auto of = senders_.find(from);
  if (of == senders_.end() || of->second.life != what.life) return;
  peer_stored& known = of->second.logged;
  known.up_to = std::max(known.up_to, what.up_to);
  known.whole = std::max(known.whole, what.whole);
  forget_logged(from);
}

void shared_log::forget_logged(peer_id from) {
  const auto of = senders_.find(from);
  if (of == senders_.end()) return;
  const peer_stored& logged = of->second.logged;
  std::erase_if(unlogged_, [&](const foreign& each) {
    return each.from == from && each.life == of->second.life &&
           each.theirs <= (each.is_whole ? logged.whole : logged.up_to);
  });
}

void shared_log::on_lost(peer_id from) {
  senders_.erase(from);
  for (foreign& each : unlogged_)
    if (each.from == from) each.is_orphan = true;
}

// --- looks ---

bool shared_log::is_look_due(time_point now) const noexcept {
  if (is_looking_) return false;
  if (has_failed_ && now - looked_at_ < how_.retry_interval) return false;
  if (is_look_awaited_ || has_more_) return true;
  const auto is_lost = [](const foreign& each) { return each.is_orphan && each.written_as == 0; };
  if (std::ranges::any_of(unlogged_, is_lost)) return true;
  const bool is_quiet = now - changed_at_ >= how_.quiet_after;
  return now - looked_at_ >= (is_quiet ? how_.quiet_look_interval : how_.look_interval);
}

void shared_log::begin_look(time_point now) {
  is_looking_ = true;
  awaits_next_look_ = false;
  looked_at_ = now;
  for (foreign& each : unlogged_) each.was_looked_for = each.is_orphan;
}

void shared_log::on_read(byte_view update) {
  std::erase_if(unlogged_, [&](const foreign& each) {
    return std::ranges::equal(each.update.view(), update);
  });
}

void shared_log::on_looked(log_number known, std::uint64_t checkpoint, bool is_all,
                           time_point now) {
  is_looking_ = has_failed_ = false;
  has_more_ = !is_all;
  if (is_all && !awaits_next_look_) is_look_awaited_ = false;
  if (known > known_) changed_at_ = now;
  known_ = std::max(known_, known);
  checkpoint_ = checkpoint;
  // What is behind was not read.
  if (!is_all)
    for (foreign& each : unlogged_) each.was_looked_for = false;
}

void shared_log::on_look_failed() noexcept {
  is_looking_ = false;
  has_failed_ = true;
  if (!awaits_next_look_) is_look_awaited_ = false;
  for (foreign& each : unlogged_) each.was_looked_for = false;
}

// --- questions ---

std::vector<shared_slice> shared_log::to_take_over(time_point now, bool may_hurry) const {
  std::vector<shared_slice> all;
  for (const foreign& each : unlogged_)
    if (is_to_be_taken_over(each, now, may_hurry)) all.push_back(each.update);
  return all;
}

void shared_log::on_taken_over(state_number first, time_point now, bool may_hurry) {
  for (foreign& each : unlogged_)
    if (is_to_be_taken_over(each, now, may_hurry)) each.written_as = first++;
}

peer_stored shared_log::logged(replica_life life, state_number last) const {
  return {life, own_.empty() ? last : own_.front() - 1, settled(last)};
}

state_number shared_log::settled(state_number last) const {
  state_number first_missing = last + 1;
  if (!own_.empty()) first_missing = std::min(first_missing, own_.front());
  if (!unlogged_.empty()) first_missing = std::min(first_missing, unlogged_.front().here);
  return first_missing - 1;
}

}  // namespace troupe::cluster
