#include "actors/store.hpp"

#include "actors/failure_codes.hpp"

namespace troupe {

store::store(caf::actor_config& config, std::shared_ptr<storage::backend> backend)
    : store_actor::base(config), backend_(std::move(backend)) {}

store::behavior_type store::make_behavior() {
  end_on_exception(this);
  return {
      [this](const load_document& which) { return on_load(which); },
      [this](const append_updates& append) { on_append(append); },
      [this](const write_checkpoint& checkpoint) { on_checkpoint(checkpoint); },
      [this](flush_atom) { flush(); },
  };
}

caf::result<loaded_document> store::on_load(const load_document& which) {
  // What is queued may belong to this document.
  if (!queued_.empty() && !flush()) return to_caf_error(close_reason::document_failed);
  auto stored = backend_->load(which.name);
  if (!stored) {
    log_line(log_severity::error,
             "loading '" + which.name + "' failed: " + to_string(stored.error()));
    return to_caf_error(close_reason::document_failed);
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
