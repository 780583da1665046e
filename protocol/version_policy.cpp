#include "protocol/version_policy.hpp"

#include <algorithm>
#include <optional>

namespace troupe {

namespace {

constexpr std::uint64_t hour_ms = 60ull * 60 * 1000;
constexpr std::uint64_t day_ms = 24 * hour_ms;
constexpr std::size_t newest_kept = 2;

std::uint64_t count_of(std::chrono::milliseconds span) {
  return static_cast<std::uint64_t>(std::max<std::chrono::milliseconds::rep>(span.count(), 0));
}

/// Whether a version stays that was made so long ago, and after which the next one was made then.
bool stays(const version_age& one, std::optional<std::uint64_t> next_at, std::uint64_t now,
           const version_rules& rules) {
  const std::uint64_t age = now > one.created_at ? now - one.created_at : 0;
  const auto is_last_of = [&](std::uint64_t span) {
    return !next_at || *next_at / span != one.created_at / span;
  };
  if (age <= count_of(rules.keep_all)) return true;
  if (age <= count_of(rules.keep_hourly)) return is_last_of(hour_ms);
  return age <= count_of(rules.keep_daily) && is_last_of(day_ms);
}

}  // namespace

std::vector<std::uint64_t> find_outdated(std::span<const version_age> all, std::uint64_t now,
                                         const version_rules& rules) {
  std::vector<std::uint64_t> outdated;
  std::vector<std::uint64_t> may_go;  // if there are too many; from the newest to the oldest
  std::optional<std::uint64_t> next_at;
  std::size_t newer = 0;
  for (std::size_t i = all.size(); i-- > 0;) {
    const version_age& one = all[i];
    if (!one.is_automatic) continue;
    if (newer < newest_kept || stays(one, next_at, now, rules))
      may_go.push_back(one.number);
    else
      outdated.push_back(one.number);
    next_at = one.created_at;
    ++newer;
  }
  for (std::size_t left = all.size() - outdated.size();
       left > rules.max_per_document && !may_go.empty(); --left) {
    outdated.push_back(may_go.back());
    may_go.pop_back();
  }
  std::ranges::sort(outdated);
  return outdated;
}

void version_schedule::note_change(const name& document, time_point now) {
  if (noted_.size() >= documents_max && !noted_.contains(document)) return;
  if (noted_.insert(document).second) waiting_.push_back({now + interval_, document});
}

version_schedule::name version_schedule::take_due(time_point now) {
  if (waiting_.empty() || waiting_.front().due > now) return nullptr;
  name document = std::move(waiting_.front().document);
  waiting_.pop_front();
  noted_.erase(document);
  return document;
}

}  // namespace troupe
