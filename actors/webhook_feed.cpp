#include "actors/webhook_feed.hpp"

#include <algorithm>
#include <random>
#include <utility>

namespace troupe {

namespace {

using webhook::event_kind;

constexpr std::size_t document_size_max = 65'535;  // of an announcement

template <class Unit>
std::uint64_t since_1970() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<Unit>(since).count());
}

webhook::delivery_id random_id() {
  std::random_device random;
  webhook::delivery_id id;
  for (std::size_t i = 0; i < id.size(); i += 4) {
    const std::uint32_t part = random();
    for (std::size_t k = 0; k < 4; ++k) id[i + k] = static_cast<std::uint8_t>(part >> 8 * k);
  }
  return id;
}

}  // namespace

storage::announcement to_announcement(const webhook::delivery& of, bool is_dead) {
  return {of.number,
          of.what.id,
          of.what.happened_at,
          of.since,
          is_dead,
          std::string{name_of(of.what.what)},
          of.what.document,
          details_of(of.what)};
}

std::optional<webhook::delivery> to_delivery(const storage::announcement& of) {
  const auto kind = webhook::find_event(of.topic);
  if (!kind) return std::nullopt;
  webhook::delivery read;
  read.number = of.number;
  read.since = of.since;
  read.what.what = *kind;
  read.what.id = of.id;
  read.what.happened_at = of.created_at;
  read.what.document = of.document;
  read_details(of.details, read.what);
  return read;
}

webhook_feed::webhook_feed(settings with, std::shared_ptr<storage::outbox> outbox,
                           storage::announcement_number last,
                           std::shared_ptr<const newest_links> homes)
    : settings_(with),
      outbox_(std::move(outbox)),
      homes_(std::move(homes)),
      changes_(with.changes),
      last_(last) {}

void webhook_feed::adopt(std::vector<storage::announcement>& left) {
  if (!homes_ || !wants(event_kind::document_changed)) return;
  const std::lock_guard lock{mutex_};
  const auto now = clock::now();
  std::erase_if(left, [&](const storage::announcement& each) {
    if (each.is_dead || webhook::find_event(each.topic) != event_kind::document_changed)
      return false;
    adopt_change(each, now);
    return true;
  });
}

/// Of several of one document, of which some were on their way, one is enough.
void webhook_feed::adopt_change(const storage::announcement& of, clock::time_point now) {
  auto read = to_delivery(of);
  if (!read) return;
  if (!changes_.contains(of.document))
    return changes_.begin({read->number, std::move(read->what), read->since}, now);
  changes_.note(of.document, read->what.by, now);
  noted_.void_numbers.push_back(of.number);
}

/// Requires the mutex.
webhook::delivery webhook_feed::make(event_kind what, std::string document) {
  webhook::delivery made;
  // Greater than all before, also those of earlier processes, if the clock has not gone back.
  last_ = std::max(last_ + 1, since_1970<std::chrono::microseconds>());
  made.number = last_;
  made.since = since_1970<std::chrono::milliseconds>();
  made.what.what = what;
  made.what.id = random_id();
  made.what.happened_at = made.since;
  made.what.document = std::move(document);
  return made;
}

// --- changes ---

std::vector<storage::announcement> webhook_feed::begin_write(const storage::batch& what) {
  std::vector<storage::announcement> announced;
  if (!wants(event_kind::document_changed)) return announced;
  const std::lock_guard lock{mutex_};
  for (const storage::log_append& append : what.appends) {
    const std::string& name = *append.document;
    if (append.updates.empty()) continue;
    // What is tracked must not be taken before this write has ended: its announcement is this
    // one's.
    if (changes_.contains(name)) {
      changes_.hold(name);
      continue;
    }
    const auto is_here = [&](const storage::announcement& each) { return each.document == name; };
    if (std::ranges::any_of(announced, is_here) || name.size() > document_size_max) continue;
    if (const auto unsure = unsure_.find(name); unsure != unsure_.end()) {
      announced.push_back(std::move(unsure->second));
      unsure_.erase(unsure);
    } else if (changes_.is_full()) {
      ++noted_.left_out;
    } else {
      announced.push_back(to_announcement(make(event_kind::document_changed, name)));
    }
  }
  return announced;
}

void webhook_feed::end_write(const storage::batch& what,
                             std::vector<storage::announcement> announced, bool is_written) {
  if (!wants(event_kind::document_changed)) return;
  const std::lock_guard lock{mutex_};
  const auto now = clock::now();
  for (storage::announcement& each : announced) {
    if (!is_written)
      unsure_.insert_or_assign(each.document, std::move(each));
    else if (const auto read = to_delivery(each))
      changes_.begin({read->number, read->what, read->since}, now);
  }
  static const storage::append_credits nobody;
  for (const storage::log_append& append : what.appends) {
    if (append.updates.empty()) continue;
    const storage::append_credits& by = append.by ? *append.by : nobody;
    webhook::authors who;
    who.add(by.users, by.origins);
    if (is_written) changes_.note(*append.document, who, now);
    changes_.release(*append.document);
  }
}

// --- others ---

storage::announcement_number webhook_feed::begin_removal(const std::string& document) {
  if (!wants(event_kind::document_deleted) || document.size() > document_size_max) return 0;
  webhook::delivery made;
  {
    const std::lock_guard lock{mutex_};
    made = make(event_kind::document_deleted, document);
    removals_.emplace(made.number, made);
  }
  // Where it cannot be written, the removal fails for the same cause.
  storage::announcement announced = to_announcement(made);
  announced.details = std::string{unconfirmed_removal};
  static_cast<void>(outbox_->change({{std::move(announced)}, {}}));
  return made.number;
}

void webhook_feed::end_removal(storage::announcement_number number, bool is_removed) {
  if (number == 0) return;
  const std::lock_guard lock{mutex_};
  const auto found = removals_.find(number);
  if (found == removals_.end()) return;
  if (is_removed)
    noted_.unstored.push_back(std::move(found->second));
  else
    noted_.void_numbers.push_back(number);
  removals_.erase(found);
}

void webhook_feed::on_gone(const std::string& document) {
  const std::lock_guard lock{mutex_};
  if (const auto number = changes_.forget(document)) noted_.void_numbers.push_back(*number);
}

void webhook_feed::note(webhook::event what) {
  if (what.document.size() > document_size_max) return;
  const std::lock_guard lock{mutex_};
  if (noted_.unstored.size() >= settings_.noted_max) {
    ++noted_.left_out;
    return;
  }
  webhook::delivery made = make(what.what, {});
  what.id = made.what.id;
  what.happened_at = made.what.happened_at;
  made.what = std::move(what);
  noted_.unstored.push_back(std::move(made));
}

void webhook_feed::note_stored_elsewhere(const std::string& document,
                                         const cluster::node_uuid& by) {
  const std::lock_guard lock{mutex_};
  changes_.note_stored_elsewhere(document, by, clock::now());
}

// --- taking ---

webhook_feed::taken webhook_feed::take_noted() { return std::exchange(noted_, {}); }

namespace {

webhook::delivery to_delivery(webhook::tracked_change of) {
  const std::uint64_t since = of.since != 0 ? of.since : of.what.happened_at;
  return {of.number, std::move(of.what), since};
}

}  // namespace

/// A home that goes down before it has had its time is followed by another, which then finds the
/// change here. Requires the mutex.
webhook::duty webhook_feed::duty_for(const std::string& document,
                                     const webhook::stored_elsewhere* elsewhere,
                                     clock::time_point now) const {
  using enum webhook::duty;
  if (!homes_) return announce;
  const auto home = homes_->home_of(document, now);
  if (home && home->is_here) return announce;
  if (!home || elsewhere == nullptr || elsewhere->by != home->id) return wait;
  return now - std::max(elsewhere->since, home->since) >= settings_.standby ? leave : wait;
}

webhook_feed::taken webhook_feed::take() {
  const std::lock_guard lock{mutex_};
  taken all = take_noted();
  const auto now = clock::now();
  const auto decide = [&](const std::string& document, const webhook::stored_elsewhere* elsewhere) {
    return duty_for(document, elsewhere, now);
  };
  while (auto due = changes_.take_due(now, decide)) {
    if (due->is_left)
      all.void_numbers.push_back(due->what.number);
    else
      all.stored.push_back(to_delivery(std::move(due->what)));
  }
  return all;
}

webhook_feed::taken webhook_feed::take_all() {
  const std::lock_guard lock{mutex_};
  taken all = take_noted();
  while (auto next = changes_.take_any()) all.stored.push_back(to_delivery(*std::move(next)));
  return all;
}

result<void> announcing_backend::write(const storage::batch& what) {
  std::vector<storage::announcement> announced = feed_->begin_write(what);
  if (announced.empty()) {
    auto written = below_->write(what);
    feed_->end_write(what, {}, written.has_value());
    return written;
  }
  storage::batch with = what;  // shares the bytes of the updates
  with.announcements.insert(with.announcements.end(), announced.begin(), announced.end());
  auto written = below_->write(with);
  feed_->end_write(what, std::move(announced), written.has_value());
  return written;
}

}  // namespace troupe
