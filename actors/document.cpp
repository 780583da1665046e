#include "actors/document.hpp"

#include "net/websocket_frame.hpp"

namespace troupe {

namespace {

/// A log below this is not worth a snapshot.
constexpr std::size_t compaction_bytes_min = 64 * 1024;
/// What a record of the log costs beside its bytes.
constexpr std::size_t record_overhead = 32;

std::chrono::steady_clock::time_point current_time() { return std::chrono::steady_clock::now(); }

}  // namespace

document::document(caf::actor_config& config, document_settings settings, store_actor store,
                   directory_actor directory)
    : document_actor::base(config),
      settings_(std::move(settings)),
      store_(std::move(store)),
      directory_(std::move(directory)),
      hosted_(settings_.options) {}

document::behavior_type document::make_behavior() {
  end_on_exception(this);
  request(store_, caf::infinite, load_document{settings_.name})
      .then([this](const loaded_document& loaded) { on_loaded(loaded); },
            [this](const caf::error& why) { quit(why); });
  return {
      [this](const join_document& join) { on_join(join); },
      [this](const leave_document& leave) { on_leave(leave); },
      [this](const client_message& message) { on_client_message(message); },
      [this](const update_stored& stored) { on_update_stored(stored); },
      [this](const document_tick&) { on_tick(); },
      [this](const unload_document&) { on_unload(); },
      [this](flush_atom) { on_flush(); },
  };
}

void document::on_loaded(const loaded_document& loaded) {
  const auto load = [this](const shared_bytes& update) {
    const auto applied = hosted_.load(update.view());
    if (!applied)
      throw std::runtime_error("stored update of '" + settings_.name +
                               "' cannot be read: " + to_string(applied.error()));
  };
  if (!loaded.stored.snapshot.empty()) load(loaded.stored.snapshot);
  for (const shared_bytes& update : loaded.stored.updates) {
    load(update);
    log_bytes_ += update.size() + record_overhead;
  }
  snapshot_bytes_ = loaded.stored.snapshot.size();
  last_number_ = loaded.stored.last;
  is_loaded_ = true;
  for (const client_message& message : std::exchange(waiting_, {})) handle(message);
  if (is_unloading_) on_unload();
}

void document::on_join(const join_document& join) {
  std::size_t unit = 0;
  while (unit < units_.size() && units_[unit].hub != join.hub) ++unit;
  if (unit == units_.size()) units_.push_back({join.hub, 0, {}});
  units_[unit].batch.document = settings_.id;
  ++units_[unit].sessions;
  ++joins_;
  unit_of_session_.emplace(join.session, unit);
}

void document::on_leave(const leave_document& leave) {
  const auto found = unit_of_session_.find(leave.session);
  if (found == unit_of_session_.end()) return;
  --units_[found->second].sessions;
  unit_of_session_.erase(found);
  std::erase_if(waiting_, [&](const client_message& m) { return m.session == leave.session; });
  hosted_.on_leave(leave.session, current_time(), effects_);
  carry_out();
  if (unit_of_session_.empty()) tell(this, directory_, document_idle{settings_.id, joins_});
}

void document::on_client_message(const client_message& message) {
  if (is_loaded_)
    handle(message);
  else
    waiting_.push_back(message);
}

void document::handle(const client_message& message) {
  hosted_.on_message(message.session, message.kind, message.body(), current_time(), effects_);
  // What has to be stored counts as handled when it is: so storage holds its writers back.
  if (effects_.writes.empty())
    note_handled(message.session, message.frame.size());
  else
    write_size_ = message.frame.size();
  carry_out();
}

void document::note_handled(session_id session, std::size_t bytes) {
  unit_output* const unit = find_unit(session);
  if (unit == nullptr) return;
  auto& progress = unit->batch.progress;
  if (progress.empty() || progress.back().session != session) progress.push_back({session});
  ++progress.back().messages;
  progress.back().bytes += bytes;
  schedule_flush();
}

void document::on_update_stored(const update_stored& stored) {
  while (!unconfirmed_.empty() && unconfirmed_.front().number <= stored.up_to) {
    const unconfirmed_update confirmed = std::move(unconfirmed_.front());
    unconfirmed_.pop_front();
    if (!confirmed.frame.empty()) deliver(receivers::one, confirmed.sender, confirmed.frame);
    note_handled(confirmed.sender, confirmed.message_size);
  }
  if (is_unloading_) on_unload();
}

void document::on_tick() {
  hosted_.on_tick(current_time(), effects_);
  carry_out();
}

/// Ends when nothing is left to do: nobody subscribed, everything stored, the log folded into a
/// snapshot.
void document::on_unload() {
  if (!unit_of_session_.empty()) {
    is_unloading_ = false;
    tell(this, directory_, document_busy{settings_.id});
    return;
  }
  is_unloading_ = true;
  if (!is_loaded_ || !unconfirmed_.empty()) return;  // continues when that has changed
  if (log_bytes_ > 0) compact();
  quit();
}

/// Carries out what the hosted document decided.
void document::carry_out() {
  for (document_effects::delivery& d : effects_.deliveries)
    deliver(d.to, d.session, encode_frame(frame_kind::binary, d.message));
  for (document_effects::storage_write& write : effects_.writes) store(write);
  for (const document_effects::closing& closing : effects_.closings) {
    log_line(log_severity::warning, "session " + std::to_string(closing.session) +
                                        " of document '" + settings_.name +
                                        "' is closed: " + to_string(closing.why));
    if (unit_output* const unit = find_unit(closing.session)) {
      unit->batch.closings.push_back({closing.session, closing.reason});
      schedule_flush();
    }
  }
  effects_.clear();
}

void document::store(document_effects::storage_write& write) {
  const storage::sequence number = ++last_number_;
  shared_bytes frame;
  if (!write.confirmation.empty()) frame = encode_frame(frame_kind::binary, write.confirmation);
  unconfirmed_.push_back({number, write.sender, std::move(frame), write_size_});
  log_bytes_ += write.update.size() + record_overhead;
  tell(this, store_,
       append_update{settings_.name, number, shared_bytes::copy_of(write.update),
                     document_actor{this}});
  if (log_bytes_ > std::max(compaction_bytes_min, snapshot_bytes_)) compact();
}

void document::compact() {
  const shared_bytes snapshot = shared_bytes::copy_of(hosted_.snapshot());
  snapshot_bytes_ = snapshot.size();
  log_bytes_ = 0;
  tell(this, store_, write_snapshot{settings_.name, last_number_, snapshot});
}

document::unit_output* document::find_unit(session_id session) {
  const auto found = unit_of_session_.find(session);
  return found == unit_of_session_.end() ? nullptr : &units_[found->second];
}

void document::deliver(receivers to, session_id session, const shared_bytes& frame) {
  if (to == receivers::one) {
    unit_output* const unit = find_unit(session);
    if (unit == nullptr) return;
    unit->batch.deliveries.push_back({to, session, frame});
  } else {
    for (unit_output& unit : units_)
      if (unit.sessions > 0) unit.batch.deliveries.push_back({to, session, frame});
  }
  schedule_flush();
}

/// The note goes to the end of the mailbox: what is queued up to there is handled first and goes
/// out with it.
void document::schedule_flush() {
  if (std::exchange(flush_scheduled_, true)) return;
  tell(this, document_actor{this}, flush_atom_v);
}

void document::on_flush() {
  flush_scheduled_ = false;
  for (unit_output& unit : units_) {
    deliver_batch& batch = unit.batch;
    if (batch.deliveries.empty() && batch.progress.empty() && batch.closings.empty()) continue;
    deliver_batch full;
    full.document = settings_.id;
    std::swap(full, batch);
    tell(this, unit.hub, std::move(full));
  }
}

}  // namespace troupe
