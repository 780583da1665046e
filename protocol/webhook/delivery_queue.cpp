#include "protocol/webhook/delivery_queue.hpp"

#include <algorithm>
#include <utility>

#include "base/hash.hpp"

namespace troupe::webhook {

namespace {

/// So many failures without a success count as a receiver that is down, and not as one that refuses
/// some deliveries.
constexpr unsigned failures_of_outage = 10;
/// When it is back, what waits goes within this time.
constexpr std::chrono::milliseconds hurry_span{10'000};

/// What an entry takes beside its texts, roughly.
constexpr std::size_t entry_overhead = 256;

std::size_t size_of(const event& of) {
  std::size_t size = entry_overhead + of.document.size() + of.user.size();
  for (const std::string& each : of.by.users) size += each.size();
  for (const std::string& each : of.by.origins) size += each.size();
  return size;
}

}  // namespace

std::uint64_t delivery_queue::next_random() noexcept { return random_ = splitmix64(random_); }

// --- adding ---

delivery_queue::added delivery_queue::add(delivery one, moment at) {
  added outcome;
  if (entries_.contains(one.number)) return outcome;
  const std::optional<entry> old = one.what.what == event_kind::document_changed
                                       ? take_waiting_change(one.what.document, at)
                                       : std::nullopt;
  if (old) {
    outcome.replaced = old->what.number;
    inherit(old->what, one);
  }
  const std::size_t size = size_of(one.what);
  if (entries_.size() >= limits_.count_max || bytes_ + size > limits_.bytes_max)
    return {false, outcome.replaced};
  const delivery_number number = one.number;
  const std::string document = one.what.document;
  entry& made = entries_.try_emplace(number, entry{std::move(one)}).first->second;
  if (old) made.attempts = old->attempts;
  bytes_ += size;
  by_document_[document].push_back(number);
  begin_head(document, at);
  if (old && old->due && made.due) set_due(made, *old->due);
  return outcome;
}

/// A newer change is also by the authors of the one that it replaces, and waits since then.
void delivery_queue::inherit(const delivery& from, delivery& to) {
  authors both = from.what.by;
  both.add(to.what.by);
  to.what.by = std::move(both);
  to.since = std::min(to.since, from.since);
}

/// Takes a change of a document out that is not under way.
std::optional<delivery_queue::entry>
delivery_queue::take_waiting_change(const std::string& document, moment at) {
  const auto queue = by_document_.find(document);
  if (queue == by_document_.end()) return std::nullopt;
  const auto found = std::ranges::find_if(queue->second, [&](delivery_number each) {
    const entry& of = entries_.at(each);
    return of.what.what.what == event_kind::document_changed && !of.is_under_way;
  });
  if (found == queue->second.end()) return std::nullopt;
  const auto taken = entries_.find(*found);
  entry old = taken->second;
  remove(taken, at);
  return old;
}

void delivery_queue::add_dead(dead_delivery one) {
  const delivery_number number = one.what.number;
  dead_.insert_or_assign(number, std::move(one));
}

void delivery_queue::set_due(entry& of, std::chrono::steady_clock::time_point due) {
  if (of.due) due_.erase({*of.due, of.what.number});
  of.due = due;
  due_.emplace(due, of.what.number);
}

/// The first of a document may go, unless it waits already or is under way.
void delivery_queue::begin_head(const std::string& document, moment at) {
  const auto queue = by_document_.find(document);
  if (queue == by_document_.end()) return;
  entry& head = entries_.at(queue->second.front());
  if (!head.is_under_way && !head.due) set_due(head, at.now);
}

// --- delivering ---

const delivery* delivery_queue::take_due(moment at) {
  const std::size_t most = failures_in_row_ > 0 ? 1 : limits_.in_flight_max;
  if (in_flight_ >= most || due_.empty() || due_.begin()->first > at.now) return nullptr;
  entry& next = entries_.at(due_.begin()->second);
  due_.erase(due_.begin());
  next.due.reset();
  next.is_under_way = true;
  ++in_flight_;
  return &next.what;
}

bool delivery_queue::on_delivered(delivery_number number, moment at) {
  const auto found = entries_.find(number);
  if (found == entries_.end() || !found->second.is_under_way) return false;
  --in_flight_;
  remove(found, at);
  if (std::exchange(failures_in_row_, 0) >= failures_of_outage) hurry(at);
  return true;
}

void delivery_queue::forget(delivery_number number, moment at) {
  const auto found = entries_.find(number);
  if (found == entries_.end()) return;
  if (found->second.is_under_way) --in_flight_;
  remove(found, at);
}

/// What waits for another attempt need not wait for long.
void delivery_queue::hurry(moment at) {
  const auto waiting = due_;
  for (const auto& [due, number] : waiting) {
    const std::chrono::milliseconds wait{next_random() %
                                         static_cast<std::uint64_t>(hurry_span.count())};
    if (at.now + wait < due) set_due(entries_.at(number), at.now + wait);
  }
}

delivery_queue::failed delivery_queue::on_failed(delivery_number number, const std::string& why,
                                                 moment at) {
  const auto found = entries_.find(number);
  if (found == entries_.end() || !found->second.is_under_way) return {};
  entry& of = found->second;
  --in_flight_;
  ++failures_in_row_;
  ++of.attempts;
  of.is_under_way = false;
  if (const auto newer = find_newer_change(of)) {
    entry& next = entries_.at(*newer);
    bytes_ -= size_of(next.what.what);
    inherit(of.what, next.what);
    bytes_ += size_of(next.what.what);
    next.attempts = of.attempts;
    const bool is_first = of.attempts == 1;
    const auto due = at.now + retry_delay(rules_, of.attempts, next_random());
    remove(found, at);
    if (next.due) set_due(next, due);
    return {verdict::replaced, is_first, {}, newer, {}};
  }
  const auto limit = static_cast<std::uint64_t>(rules_.give_up_after.count());
  if (at.wall_ms >= of.what.since + limit) return give_up(found, why, at);
  set_due(of, at.now + retry_delay(rules_, of.attempts, next_random()));
  return {verdict::retried, of.attempts == 1, {}, {}, {}};
}

/// A change of the same document that says the same and more.
std::optional<delivery_number> delivery_queue::find_newer_change(const entry& than) const {
  if (than.what.what.what != event_kind::document_changed) return std::nullopt;
  const std::deque<delivery_number>& queue = by_document_.at(than.what.what.document);
  const auto newer = std::ranges::find_if(queue, [&](delivery_number each) {
    return each != than.what.number &&
           entries_.at(each).what.what.what == event_kind::document_changed;
  });
  if (newer == queue.end()) return std::nullopt;
  return *newer;
}

delivery_queue::failed delivery_queue::give_up(entries::iterator at, const std::string& why,
                                               moment when) {
  failed outcome{verdict::given_up, false, {}, {}, {}};
  outcome.dead = dead_delivery{at->second.what, at->second.attempts, why};
  if (dead_.size() >= limits_.dead_max && !dead_.empty()) {
    outcome.forgotten = dead_.begin()->first;
    dead_.erase(dead_.begin());
  }
  add_dead(*outcome.dead);
  remove(at, when);
  return outcome;
}

/// The next of its document may go.
void delivery_queue::remove(entries::iterator at, moment when) {
  const entry& of = at->second;
  const delivery_number number = at->first;
  const std::string document = of.what.what.document;
  bytes_ -= size_of(of.what.what);
  if (of.due) due_.erase({*of.due, number});
  entries_.erase(at);
  const auto queue = by_document_.find(document);
  std::erase(queue->second, number);
  if (queue->second.empty())
    by_document_.erase(queue);
  else
    begin_head(document, when);
}

// --- dead ones ---

std::vector<delivery_queue::replayed> delivery_queue::replay(std::optional<delivery_number> which,
                                                             moment at) {
  std::vector<replayed> again;
  for (auto next = dead_.begin(); next != dead_.end();) {
    if (which && next->first != *which) {
      ++next;
      continue;
    }
    delivery one = next->second.what;
    one.since = at.wall_ms;
    const added outcome = add(one, at);
    if (!outcome.is_taken) break;
    again.push_back({*find(one.number), outcome.replaced});
    next = dead_.erase(next);
  }
  return again;
}

const delivery* delivery_queue::find(delivery_number number) const {
  const auto found = entries_.find(number);
  return found == entries_.end() ? nullptr : &found->second.what;
}

std::uint64_t delivery_queue::oldest_since() const {
  return entries_.empty() ? 0 : entries_.begin()->second.what.since;
}

}  // namespace troupe::webhook
