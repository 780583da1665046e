#include "actors/store.hpp"

#include <algorithm>
#include <map>
#include <thread>

#include "actors/failure_codes.hpp"
#include "actors/store_reader.hpp"

namespace troupe {

namespace {

/// While it refuses, the log says so this often.
constexpr std::chrono::minutes log_interval{1};

/// Whether a failure concerns one document of a batch; the others can be written without it.
bool is_of_one_document(errc code) noexcept {
  return code == errc::corrupt_document || code == errc::newer_format ||
         code == errc::storage_conflict || code == errc::document_removed;
}

std::size_t count_updates(const storage::batch& in) noexcept {
  std::size_t updates = 0;
  for (const storage::log_append& each : in.appends) updates += each.updates.size();
  return updates;
}

/// Whether writing may work again by itself, or once there is space.
bool may_pass(errc code) noexcept {
  return code == errc::disk_full || code == errc::storage_failed;
}

}  // namespace

store::store(caf::actor_config& config, store_settings settings)
    : store_actor::base(config), settings_(std::move(settings)) {}

store::behavior_type store::make_behavior() {
  end_on_exception(this);
  // CAF compares a message with one handler after the other: what each edit brings comes first.
  return {
      [this](const append_updates& append) { on_append(append); },
      [this](flush_atom) { on_flush_due(); },
      [this](const load_document& which) { return on_load(which); },
      [this](const write_checkpoint& checkpoint) { on_checkpoint(checkpoint); },
      [this](const remove_document& which) { return on_remove(which); },
      [this](const adopt_generation& which) { return on_adopt(which); },
      [this](const drop_copy& which) { return on_drop(which); },
      [this](recover_atom) { on_recovery_due(); },
  };
}

void store::on_exit() {
  const std::size_t updates = count_updates(queued_);
  if (updates > 0)
    log_line(log_severity::error, std::to_string(updates) + " updates of " +
                                      std::to_string(to_confirm_.size()) +
                                      " documents are not stored; they were not acknowledged, so "
                                      "their clients still have them");
  to_confirm_.clear();
}

/// For a document that failed: updates that it sent before may be in the queue.
caf::result<loaded_document> store::on_load(const load_document& which) {
  if (!queued_.empty() && !flush()) {
    const bool has_queued = std::ranges::any_of(
        queued_.appends, [&](const auto& each) { return *each.document == which.name; });
    if (has_queued) return to_caf_error(close_reason::storage_unavailable);
  }
  return load(*settings_.backend, which.name);
}

void store::on_append(const append_updates& append) {
  const storage::log_append& log = append.append;
  queued_.appends.push_back(log);
  queued_bytes_ += append.bytes;
  listener& hears = to_confirm_[append.confirm_to.id()];
  hears.document = append.confirm_to;
  hears.name = log.document;
  hears.up_to = append.up_to != 0 ? append.up_to : log.first + log.updates.size() - 1;
  hears.bytes += append.bytes;
  schedule_flush();
}

void store::on_checkpoint(const write_checkpoint& write) {
  queued_.checkpoints.push_back(write.checkpoint);
  queued_bytes_ += write.checkpoint.state.size();
  schedule_flush();
}

/// What is queued may belong to this document, and would fail behind its removal.
removed_document store::on_remove(const remove_document& which) {
  if (!queued_.empty() && !flush())
    return {false, failure{errc::storage_failed, "writing to storage failed"}};
  if (!settings_.archive)
    return {false, failure{errc::storage_failed, "this storage removes nothing"}};
  webhook_feed* const feed = settings_.webhooks.get();
  const auto announced = feed != nullptr ? feed->begin_removal(which.name) : 0;
  const auto removed = remove_stored(which.name);
  if (feed != nullptr) feed->end_removal(announced, removed.value_or(false));
  if (!removed) return {false, removed.error()};
  if (feed != nullptr) feed->on_gone(which.name);
  log_line(log_severity::info, "document '" + which.name + "' was removed by an operator");
  return {*removed, std::nullopt, settings_.archive->adopt(which.name, 0).value_or(0)};
}

/// One that was never stored gets a tombstone all the same if another server may have it, so that
/// it is not fetched from there later.
result<bool> store::remove_stored(const std::string& name) {
  constexpr std::uint64_t removed_in_first_life = 3;
  TROUPE_ASSIGN(const bool was_there, settings_.archive->remove(name));
  if (was_there || !settings_.upstream_documents.contains(name)) return was_there;
  TROUPE_ASSIGN(const auto known, settings_.archive->info(name));
  if (known) return false;
  TROUPE_TRY(settings_.archive->adopt(name, removed_in_first_life));
  return true;
}

dropped_copy store::on_drop(const drop_copy& which) {
  if ((!queued_.empty() && !flush()) || !settings_.archive) return {};
  const auto dropped = settings_.archive->forget(which.document);
  if (!dropped)
    log_line(log_severity::error, "the copy of document '" + which.document +
                                      "' cannot be dropped: " + to_string(dropped.error()));
  if (dropped.value_or(false) && settings_.webhooks) settings_.webhooks->on_gone(which.document);
  return {dropped.value_or(false)};
}

/// What is queued may belong to an earlier life of the document.
removed_document store::on_adopt(const adopt_generation& which) {
  if (!queued_.empty() && !flush())
    return {false, failure{errc::storage_failed, "writing to storage failed"}};
  if (!settings_.archive) return {};
  const auto known = settings_.archive->adopt(which.document, which.generation);
  if (!known) return {false, known.error()};
  const bool is_taken = which.generation > 2 && *known == which.generation;
  if (is_taken) {
    if (settings_.webhooks) settings_.webhooks->on_gone(which.document);
    log_line(log_severity::info,
             "document '" + which.document + "' was removed by an operator at another node");
  }
  return {is_taken, std::nullopt, *known};
}

/// The note goes to the end of the mailbox: all that is queued there by now joins the batch.
void store::schedule_flush() {
  if (is_refusing_ || std::exchange(flush_scheduled_, true)) return;
  tell(this, store_actor{this}, flush_atom_v);
}

/// Sleeps on the thread that the store has for itself: nothing that it does would be of use
/// sooner. What has come meanwhile is in the mailbox before the next note.
void store::on_flush_due() {
  const auto pause = pace_.wait(std::chrono::steady_clock::now());
  flush_scheduled_ = false;
  if (pause <= commit_pace::duration{}) {
    flush();
    return;
  }
  std::this_thread::sleep_for(pause);
  schedule_flush();
}

/// Returns whether nothing is queued any more.
bool store::flush() {
  if (queued_.empty()) return true;
  return !is_refusing_ && write_queued();
}

/// A commit is the unit of what storage does, so both clock calls and all counting are per commit.
result<void> store::write_batch() {
  const auto began = std::chrono::steady_clock::now();
  auto written = settings_.backend->write(queued_);
  const std::size_t updates = count_updates(queued_);
  pace_.on_commit(updates, began);
  if (!written || !settings_.metrics) return written;
  const storage_metrics& to = settings_.metrics->storage();
  to.commit_time->observe(
      std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count());
  to.commit_size->observe(static_cast<std::int64_t>(queued_bytes_));
  to.committed_updates->inc(static_cast<std::int64_t>(updates));
  return written;
}

bool store::write_queued() {
  const auto written = write_batch();
  if (written) {
    confirm_all();
    return true;
  }
  if (is_of_one_document(written.error().code)) return write_apart();
  if (may_pass(written.error().code)) {
    begin_refusing(written.error(), {written.error().code, "a write has failed"});
    return false;
  }
  log_line(log_severity::error, "writing to storage failed: " + to_string(written.error()) +
                                    "; once the node has ended, `troupe storage repair` saves what "
                                    "can be read");
  quit(to_caf_error(close_reason::document_failed));
  return false;
}

void store::confirm_all() {
  queued_.clear();
  queued_bytes_ = 0;
  for (auto& [id, each] : std::exchange(to_confirm_, {})) {
    settings_.health->note_stored(each.bytes);
    tell(this, each.document, update_stored{each.up_to});
  }
}

/// Writes the queue document by document, because it has something that one of them may not write.
/// Returns whether nothing is queued any more.
bool store::write_apart() {
  std::map<std::string, storage::batch> parts;
  for (storage::log_append& append : queued_.appends)
    parts[*append.document].appends.push_back(std::move(append));
  for (storage::checkpoint_write& checkpoint : queued_.checkpoints)
    parts[checkpoint.document].checkpoints.push_back(std::move(checkpoint));
  queued_.clear();
  queued_bytes_ = 0;
  std::optional<failure> refusal;
  for (auto& [name, part] : parts) {
    auto written = refusal ? result<void>{tl::unexpected(*refusal)}  // what is left waits
                           : settings_.backend->write(part);
    if (!written && !is_of_one_document(written.error().code)) {
      refusal = written.error();
      std::ranges::move(part.appends, std::back_inserter(queued_.appends));
      std::ranges::move(part.checkpoints, std::back_inserter(queued_.checkpoints));
      continue;
    }
    if (!written) {
      end_documents(name, written.error());
      continue;
    }
    for (const listener& each : take_listeners(name))
      tell(this, each.document, update_stored{each.up_to});
  }
  if (!refusal) return true;
  if (!may_pass(refusal->code)) quit(to_caf_error(close_reason::document_failed));
  begin_refusing(*refusal, {refusal->code, "a write has failed"});
  return false;
}

/// Those who are notified of a document, of which nothing is queued any more.
std::vector<store::listener> store::take_listeners(const std::string& name) {
  std::vector<listener> taken;
  for (auto at = to_confirm_.begin(); at != to_confirm_.end();) {
    if (*at->second.name != name) {
      ++at;
      continue;
    }
    settings_.health->note_stored(at->second.bytes);
    taken.push_back(std::move(at->second));
    at = to_confirm_.erase(at);
  }
  return taken;
}

/// The document cannot be stored: it ends, and its clients keep what was not acknowledged.
void store::end_documents(const std::string& name, const failure& why) {
  log_line(log_severity::error,
           "document '" + name + "' cannot be stored, so it ends: " + to_string(why));
  for (const listener& each : take_listeners(name)) tell(this, each.document, storing_failed{why});
}

// --- serving and refusing ---

/// Whether edits are still accepted. A disk that is full does not become empty by itself.
bool store::is_patient(const failure& why) const {
  return why.code != errc::disk_full &&
         std::chrono::steady_clock::now() - refusing_since_ < settings_.patience;
}

/// `shown`: to clients, who need not know where the store lies.
void store::begin_refusing(const failure& why, failure shown) {
  const auto now = std::chrono::steady_clock::now();
  if (!std::exchange(is_refusing_, true)) {
    refusing_since_ = now;
    logged_at_ = now - log_interval;
    if (settings_.metrics) settings_.metrics->storage_failures(why.code).inc();
  }
  if (!settings_.place.empty()) shown.detail.insert(0, settings_.place + ": ");
  const bool is_delaying = is_patient(why);
  if (is_delaying) {
    settings_.health->note_delayed(shown);
  } else {
    if (std::exchange(is_delaying_, false)) logged_at_ = now - log_interval;
    settings_.health->note_unwritable(shown);
    if (settings_.metrics) settings_.metrics->storage_refusing().value(1);
  }
  is_delaying_ = is_delaying;
  log_refusal(why);
  tell_later(this, store_actor{this}, settings_.recovery_interval, recover_atom_v);
}

void store::log_refusal(const failure& why) {
  const auto now = std::chrono::steady_clock::now();
  if (now - logged_at_ < log_interval) return;
  logged_at_ = now;
  log_line(log_severity::error,
           std::string{is_delaying_ ? "storage cannot be written, so edits wait until it can: "
                                    : "storage cannot be written, so edits are refused until it "
                                      "can: "}
                   .append(to_string(why)) +
               "; " + std::to_string(settings_.health->waiting()) +
               " bytes of updates, which are not acknowledged, wait to be stored");
}

void store::on_recovery_due() {
  if (!is_refusing_) return;
  const auto recovered = settings_.backend->recover();
  if (!recovered) {
    const failure& why = recovered.error();
    const bool says_space = why.code == errc::disk_full;
    return begin_refusing(why, says_space ? why : failure{why.code, "it does not work yet"});
  }
  // All that waits is stored before anything new is accepted.
  if (queued_.empty() || write_queued()) begin_serving();
}

void store::begin_serving() {
  const auto lasted = std::chrono::duration_cast<std::chrono::seconds>(
      std::chrono::steady_clock::now() - refusing_since_);
  is_refusing_ = false;
  if (settings_.metrics) settings_.metrics->storage_refusing().value(0);
  settings_.health->note_writable();
  log_line(log_severity::warning, "storage can be written again after " +
                                      std::to_string(lasted.count()) +
                                      " s; all that waited is stored and acknowledged");
}

}  // namespace troupe
