#include "actors/store.hpp"

#include "actors/failure_codes.hpp"

namespace troupe {

store::store(caf::actor_config& config, std::shared_ptr<storage::backend> backend,
             std::shared_ptr<storage::archive> archive)
    : store_actor::base(config), backend_(std::move(backend)), archive_(std::move(archive)) {}

store::behavior_type store::make_behavior() {
  end_on_exception(this);
  return {
      [this](const load_document& which) { return on_load(which); },
      [this](const append_updates& append) { on_append(append); },
      [this](const write_checkpoint& checkpoint) { on_checkpoint(checkpoint); },
      [this](const remove_document& which) { return on_remove(which); },
      [this](flush_atom) { flush(); },
  };
}

caf::result<loaded_document> store::on_load(const load_document& which) {
  // What is queued may belong to this document.
  if (!queued_.empty() && !flush()) return to_caf_error(close_reason::document_failed);
  auto stored = backend_->load(which.name);
  if (!stored) {
    const bool is_removed = stored.error().code == errc::document_removed;
    log_line(is_removed ? log_severity::debug : log_severity::error,
             "loading '" + which.name + "' failed: " + to_string(stored.error()));
    return to_caf_error(close_reason_for(stored.error().code));
  }
  if (!stored->damage.empty())
    log_line(log_severity::warning, "'" + which.name + "' is whole, but " + stored->damage);
  return loaded_document{std::move(*stored)};
}

void store::on_append(const append_updates& append) {
  const storage::log_append& log = append.append;
  queued_.appends.push_back(log);
  to_confirm_[append.confirm_to.id()] = {append.confirm_to, log.first + log.updates.size() - 1};
  schedule_flush();
}

void store::on_checkpoint(const write_checkpoint& write) {
  queued_.checkpoints.push_back(write.checkpoint);
  schedule_flush();
}

/// What is queued may belong to this document, and would fail behind its removal.
removed_document store::on_remove(const remove_document& which) {
  if (!queued_.empty() && !flush())
    return {false, failure{errc::storage_failed, "writing to storage failed"}};
  if (!archive_) return {false, failure{errc::storage_failed, "this storage removes nothing"}};
  const auto removed = archive_->remove(which.name);
  if (!removed) return {false, removed.error()};
  log_line(log_severity::info, "document '" + which.name + "' was removed by an operator");
  return {*removed, std::nullopt};
}

/// The note goes to the end of the mailbox: all that is queued there by now joins the batch.
void store::schedule_flush() {
  if (std::exchange(flush_scheduled_, true)) return;
  tell(this, store_actor{this}, flush_atom_v);
}

/// Returns false if the batch could not be written; the actor then ends.
bool store::flush() {
  flush_scheduled_ = false;
  if (queued_.empty()) return true;
  const auto written = backend_->write(queued_);
  queued_.clear();
  if (!written) {
    log_line(log_severity::error, "writing to storage failed: " + to_string(written.error()));
    to_confirm_.clear();
    quit(to_caf_error(close_reason::document_failed));
    return false;
  }
  for (auto& [id, confirmation] : std::exchange(to_confirm_, {}))
    tell(this, confirmation.first, update_stored{confirmation.second});
  return true;
}

}  // namespace troupe
