#include "actors/access_changes.hpp"

#include <algorithm>

namespace troupe {

namespace {

bool is_same_subject(const access_change& one, const access_change& other) {
  return one.user == other.user && one.token_id == other.token_id && one.document == other.document;
}

std::chrono::seconds seconds_until(access_changes::time_point until,
                                   access_changes::time_point now) {
  return std::chrono::ceil<std::chrono::seconds>(until - now);
}

}  // namespace

access_changes::entries& access_changes::shelf_for(const access_change& subject) noexcept {
  if (!subject.user.empty()) return by_user_;
  return subject.token_id.empty() ? by_document_ : by_token_;
}

const std::string& access_changes::name_of(const access_change& subject) noexcept {
  if (!subject.user.empty()) return subject.user;
  return subject.token_id.empty() ? subject.document : subject.token_id;
}

template <class Visit>
void access_changes::for_each_shelf(Visit&& visit) const {
  for (const entries* const shelf : {&by_user_, &by_token_, &by_document_}) visit(*shelf);
}

access_changes::entry* access_changes::find(const access_change& subject) {
  entries& shelf = shelf_for(subject);
  const auto of = shelf.find(name_of(subject));
  if (of == shelf.end()) return nullptr;
  const auto one = std::ranges::find_if(
      of->second, [&](const entry& each) { return is_same_subject(each.what, subject); });
  return one == of->second.end() ? nullptr : &*one;
}

rights access_changes::left(std::string_view user, std::string_view token_id,
                            std::string_view document, rights may, time_point now) const {
  rights granted;
  rights cap = rights::all();
  const auto look = [&](const entries& shelf, std::string_view name) {
    const auto of = shelf.find(name);
    if (of == shelf.end()) return;
    for (const entry& each : of->second) {
      if (each.is_lifted || each.until <= now || !each.what.concerns(user, token_id, document))
        continue;
      if (each.what.is_grant)
        granted = granted | each.what.may.value_or(rights{});
      else
        cap = cap & each.what.may.value_or(rights{});
    }
  };
  look(by_user_, user);
  look(by_token_, token_id);
  look(by_document_, document);
  return (may | granted) & cap;
}

bool access_changes::put(const access_change& change, time_point now, time_point until,
                         bool is_lifted) {
  last_made_ = std::max(last_made_, change.made_at);
  if (now >= next_end_) forget_outdated(now);
  std::vector<entry>& of = shelf_for(change)[name_of(change)];
  size_ -= std::erase_if(of, [&](const entry& each) { return is_same_subject(each.what, change); });
  if (size_ >= changes_max) {
    if (of.empty()) shelf_for(change).erase(name_of(change));
    return false;
  }
  of.push_back({change, until, is_lifted, ++last_number_});
  ++size_;
  next_end_ = std::min(next_end_, until);
  return true;
}

bool access_changes::add(const access_change& change, time_point now, time_point until) {
  // What does not say when it was made comes from a node of an earlier version.
  if (const entry* const known = find(change);
      known != nullptr && change.made_at != 0 && known->what.made_at > change.made_at)
    return true;
  return put(change, now, until, false);
}

std::optional<std::chrono::seconds> access_changes::lift(const access_change& subject,
                                                         time_point now) {
  entry* const known = find(subject);
  if (known == nullptr || known->is_lifted || known->until <= now) return std::nullopt;
  known->is_lifted = true;
  known->what.made_at = subject.made_at;
  return seconds_until(known->until, now);
}

void access_changes::note_lift(const access_change& subject, time_point now, time_point until) {
  if (const entry* const known = find(subject);
      known != nullptr && known->what.made_at > subject.made_at)
    return;
  put(subject, now, until, true);
}

std::uint64_t access_changes::next_time(std::uint64_t wall_ms) noexcept {
  return last_made_ = std::max(last_made_ + 1, wall_ms);
}

bool access_changes::forget_outdated(time_point now) {
  bool has_counted = false;
  next_end_ = time_point::max();
  for (entries* const shelf : {&by_user_, &by_token_, &by_document_}) {
    for (auto& [name, list] : *shelf) {
      size_ -= std::erase_if(list, [&](const entry& each) {
        const bool is_outdated = each.until <= now;
        has_counted = has_counted || (is_outdated && !each.is_lifted);
        return is_outdated;
      });
      for (const entry& each : list) next_end_ = std::min(next_end_, each.until);
    }
    std::erase_if(*shelf, [](const auto& each) { return each.second.empty(); });
  }
  return has_counted;
}

std::vector<access_changes::counting> access_changes::all(time_point now) const {
  std::vector<counting> found;
  for_each_shelf([&](const entries& shelf) {
    for (const auto& [name, list] : shelf)
      for (const entry& each : list)
        if (each.until > now)
          found.push_back({each.what, seconds_until(each.until, now), each.is_lifted, each.number});
  });
  std::ranges::sort(found, {}, &counting::number);
  return found;
}

}  // namespace troupe
