#include "protocol/cluster/sweep.hpp"

#include <algorithm>

namespace troupe::cluster {

// --- facts ---

void sweep::on_list(std::uint64_t number, moved_before state, std::vector<std::string> open,
                    time_point now) {
  if (number <= list_) return;
  list_ = number;
  has_moved_ = state == moved_before::yes;
  moved_.reset();
  drop_at_.reset();
  has_dropped_ = false;
  next_visit_at_ = std::max(next_visit_at_, now);
  begin_pass(reach::everything, std::move(open));
}

void sweep::on_all_moved(std::uint64_t number, time_point now) {
  if (number != list_ || drop_at_) return;
  drop_at_ = now + settings_.drop_delay;
}

void sweep::on_peer_up(peer_id peer, time_point now) {
  for (auto& [name, each] : unfinished_)
    if (std::ranges::find(each.lacking, peer) != each.lacking.end()) make_due(name, each, now);
  if (has_overflown_ && next_pass_at_) next_pass_at_ = now;
}

void sweep::on_left_behind(std::string name, std::vector<peer_id> lacking, time_point now) {
  if (lacking.empty()) return;
  keep_unfinished(std::move(name), std::move(lacking), false, now + settings_.retry_interval);
}

void sweep::on_document_failed(std::string name, time_point now) {
  keep_unfinished(std::move(name), {}, false, now + settings_.retry_interval);
}

// --- the pass ---

void sweep::begin_pass(reach what, std::vector<std::string> names) {
  ++pass_;
  reach_ = what;
  is_under_way_ = true;
  is_listed_ = is_page_asked_ = has_overflown_ = false;
  after_.clear();
  visited_ = 0;
  if (what == reach::everything) next_pass_at_.reset();
  names_ = {};
  for (std::string& each : names) names_.push_back(std::move(each));
  // All of them are visited again; under another list, other peers lack them.
  for (auto& [name, each] : visits_) each.is_of_pass = false;
  if (what != reach::everything) return;
  unfinished_.clear();
  due_.clear();
  unfinished_of_pass_ = 0;
}

std::optional<sweep::page_request> sweep::next_page(time_point now) {
  check_done(now);
  if (!is_under_way_ || is_listed_ || is_page_asked_ || !names_.empty()) return std::nullopt;
  is_page_asked_ = true;
  return page_request{pass_, after_, settings_.page_size, reach_ == reach::not_kept};
}

void sweep::on_page(std::uint64_t pass, std::vector<std::string> names, std::string after,
                    page_end end, time_point now) {
  if (pass != pass_ || !is_page_asked_) return;
  is_page_asked_ = false;
  for (std::string& each : names) names_.push_back(std::move(each));
  after_ = std::move(after);
  is_listed_ = end == page_end::last;
  check_done(now);
}

std::optional<std::string> sweep::next_visit(time_point now) {
  check_done(now);
  if (visits_.size() >= settings_.visits_max || now < next_visit_at_) return std::nullopt;
  const auto begin = [&](std::string name, bool of_pass) {
    next_visit_at_ = std::max(next_visit_at_ + settings_.visit_interval, now);
    visits_[name] = {of_pass, false};
    return name;
  };
  while (!due_.empty() && due_.begin()->first <= now) {
    std::string name = due_.begin()->second;
    const bool of_pass = unfinished_.at(name).is_of_pass;
    forget_unfinished(name);
    const auto at = visits_.find(name);
    if (at == visits_.end()) return begin(std::move(name), of_pass);
    at->second = {at->second.is_of_pass || of_pass, true};
  }
  while (!names_.empty()) {
    std::string name = std::move(names_.front());
    names_.pop_front();
    const auto at = visits_.find(name);
    if (at != visits_.end()) {
      at->second.is_of_pass = true;
      continue;
    }
    if (unfinished_.contains(name)) {  // it was visited just now, or is remembered anyway
      unfinished& known = unfinished_.at(name);
      unfinished_of_pass_ += known.is_of_pass ? 0 : 1;
      known.is_of_pass = true;
      continue;
    }
    return begin(std::move(name), true);
  }
  return std::nullopt;
}

void sweep::on_visited(const std::string& name, std::uint64_t list, std::vector<peer_id> lacking,
                       time_point now) {
  const auto at = visits_.find(name);
  if (at == visits_.end()) return;
  const auto [of_pass, is_again] = at->second;
  visits_.erase(at);
  visited_ += of_pass ? 1 : 0;
  const bool is_judged = list == list_;
  // One that has judged under an earlier list is visited again at once, as is one that somebody has
  // left behind since it began.
  if (is_again || (!is_judged && of_pass))
    keep_unfinished(name, {}, of_pass, now);
  else if (!lacking.empty())
    keep_unfinished(name, std::move(lacking), of_pass, now + settings_.retry_interval);
  check_done(now);
}

void sweep::on_visit_failed(const std::string& name, time_point now) {
  const auto at = visits_.find(name);
  if (at == visits_.end()) return;
  const bool of_pass = at->second.is_of_pass;
  visits_.erase(at);
  keep_unfinished(name, {}, of_pass, now + settings_.retry_interval);
}

/// A pass that is done has found all keepers equal; or it could not remember what it has not
/// finished, and begins anew after a while.
void sweep::check_done(time_point now) {
  find_due(now);
  const bool visits_one =
      std::ranges::any_of(visits_, [](const auto& each) { return each.second.is_of_pass; });
  if (!is_under_way_ || !is_listed_ || !names_.empty() || visits_one) return;
  if (has_overflown_) {
    const time_point soon = now + settings_.retry_interval;
    next_pass_at_ = std::min(next_pass_at_.value_or(soon), soon);
    return;
  }
  if (unfinished_of_pass_ > 0) return;
  is_under_way_ = false;
  if (reach_ != reach::everything) return;
  if (!next_pass_at_) next_pass_at_ = now + settings_.repeat_interval;
  if (!std::exchange(has_moved_, true)) moved_ = list_;
}

void sweep::find_due(time_point now) {
  if (next_pass_at_ && now >= *next_pass_at_) return begin_pass(reach::everything, {});
  if (is_under_way_ || has_dropped_ || !may_drop(now)) return;
  has_dropped_ = true;
  begin_pass(reach::not_kept, {});
}

// --- what is unfinished ---

void sweep::keep_unfinished(std::string name, std::vector<peer_id> lacking, bool is_of_pass,
                            time_point due) {
  const bool was_of_pass = unfinished_.contains(name) && unfinished_.at(name).is_of_pass;
  forget_unfinished(name);
  if (unfinished_.size() >= settings_.unfinished_max) {
    if (is_under_way_)
      has_overflown_ = true;
    else
      begin_pass(reach::everything, {});
    return;
  }
  is_of_pass = is_of_pass || was_of_pass;
  unfinished_of_pass_ += is_of_pass ? 1 : 0;
  due_.emplace(due, name);
  unfinished_.emplace(std::move(name), unfinished{std::move(lacking), due, is_of_pass});
}

void sweep::forget_unfinished(const std::string& name) {
  const auto at = unfinished_.find(name);
  if (at == unfinished_.end()) return;
  unfinished_of_pass_ -= at->second.is_of_pass ? 1 : 0;
  due_.erase({at->second.due, name});
  unfinished_.erase(at);
}

void sweep::make_due(const std::string& name, unfinished& which, time_point due) {
  due_.erase({which.due, name});
  which.due = due;
  due_.emplace(due, name);
}

sweep::figures sweep::describe() const {
  return {list_, is_under_way_, visited_, visits_.size(), unfinished_.size()};
}

}  // namespace troupe::cluster
