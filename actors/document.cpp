#include "actors/document.hpp"

#include "net/websocket_frame.hpp"

namespace troupe {

namespace {

/// From this size on an update, or what is loaded, would stall the other documents of the thread
/// for a millisecond or more.
constexpr std::size_t heavy_update_bytes = 64 * 1024;
/// The same for a state that has to be encoded.
constexpr std::size_t heavy_state_bytes = 512 * 1024;

std::chrono::steady_clock::time_point current_time() { return std::chrono::steady_clock::now(); }

}  // namespace

document::document(caf::actor_config& config, io_unit* unit, document_settings settings,
                   store_actor store, directory_actor directory)
    : io_actor(config, unit),
      settings_(std::move(settings)),
      name_(std::make_shared<const std::string>(settings_.name)),
      store_(std::move(store)),
      directory_(std::move(directory)),
      hosted_(std::make_unique<hosted_document>(settings_.options, settings_.name, settings_.seed,
                                                settings_.window)) {}

document::behavior_type document::make_behavior() {
  end_on_exception(this);
  request(store_, caf::infinite, load_document{settings_.name})
      .then([this](const loaded_document& loaded) { on_loaded(loaded); },
            [this](const caf::error& why) { quit(why); });
  return {
      [this](const join_document& join) { on_join(join); },
      [this](const leave_document& leave) { on_leave(leave); },
      [this](const client_batch& batch) { take(batch_rest{batch}); },
      [this](const client_request& request) { take(request); },
      [this](const presence_missed& missed) { take(missed); },
      [this](const document_event& news) { take(news); },
      [this](const list_presence&) { return on_list_presence(); },
      [this](const update_stored& stored) { on_update_stored(stored); },
      [this](const document_tick& tick) { take(tick); },
      [this](const unload_document&) { on_unload(); },
      [this](flush_atom) { on_flush(); },
  };
}

void document::on_exit() {
  hosted_.reset();
  units_.clear();
  store_ = nullptr;
  directory_ = nullptr;
}

void document::on_loaded(const loaded_document& loaded) {
  log_.load(loaded.stored);
  const auto load_all = [stored = loaded.stored, name = name_](hosted_document& into,
                                                               document_effects&) {
    const auto load = [&](byte_view update) {
      const auto applied = into.load(update);
      if (!applied)
        throw std::runtime_error("stored update of '" + *name +
                                 "' cannot be read: " + to_string(applied.error()));
    };
    if (!stored.checkpoint.empty()) load(stored.checkpoint.view());
    for (const shared_slice& update : stored.updates) load(update.view());
  };
  const auto loaded_all = [this] {
    is_loaded_ = true;
    handle_waiting();
  };
  if (log_.state_size() >= heavy_update_bytes) return do_elsewhere(load_all, loaded_all);
  load_all(*hosted_, effects_);
  loaded_all();
}

void document::on_join(const join_document& join) {
  std::size_t unit = 0;
  while (unit < units_.size() && units_[unit].hub != join.hub) ++unit;
  if (unit == units_.size()) units_.push_back({join.hub, 0, {}, {}});
  ++units_[unit].sessions;
  ++joins_;
  unit_of_session_.emplace(join.session, unit);
}

void document::on_leave(const leave_document& leave) {
  const auto found = unit_of_session_.find(leave.session);
  if (found == unit_of_session_.end()) return;
  --units_[found->second].sessions;
  unit_of_session_.erase(found);
  take(leave);
  if (unit_of_session_.empty()) on_nobody_left();
}

/// An idle document is kept for a while, as small as it can be: most of them go next.
void document::on_nobody_left() {
  if (hosted_ && is_loaded_ && log_.is_worth_folding()) compact();
  whole_state_frame_ = {};
  schedule_flush();
  tell(this, directory_, document_idle{settings_.id, joins_});
}

void document::release_memory() {
  output_.release_memory();
  waiting_.release_memory();
  log_.release_memory();
  effects_ = {};
  if (hosted_) hosted_->shrink();
}

/// While its state is lent there is nothing to tell; an operator asks again.
listed_presence document::on_list_presence() const {
  listed_presence listed;
  if (!hosted_) return listed;
  for (const auto& [owner, state] : hosted_->presence().states_by_owner())
    listed.states.push_back({owner, std::string{state}});
  return listed;
}

// --- events ---

/// Events are handled in the order in which they came, one at a time.
void document::take(input next) {
  waiting_.push_back(std::move(next));
  handle_waiting();
}

void document::handle_waiting() {
  if (std::exchange(is_handling_, true)) return;
  while (is_loaded_ && hosted_ && !waiting_.empty()) {
    input& next = waiting_.front();
    if (std::visit([this](auto& one) { return handle(one); }, next)) waiting_.pop_front();
  }
  is_handling_ = false;
  if (is_unloading_) on_unload();
}

/// Returns whether all of it is handled; if not, the rest waits for the state to come back.
bool document::handle(batch_rest& rest) {
  const client_batch& batch = rest.batch;
  const auto now = current_time();
  while (rest.next < batch.messages.size()) {
    const client_batch::message& message = batch.messages[rest.next];
    if (message.kind == sync::message_kind::sync_step1 && is_whole_state_heavy()) {
      encode_whole_state_elsewhere();
      return false;
    }
    ++rest.next;
    const shared_slice body = batch.body_of(message);
    const auto apply = [kind = message.kind, session = batch.session, body,
                        now](hosted_document& on, document_effects& out) {
      on.on_message(session, kind, body.view(), now, out);
    };
    const auto applied = [this, session = batch.session, kind = message.kind, body] {
      if (effects_.writes.empty()) note_handled(session, credit_weight(kind), body.size);
      carry_out(body.bytes, body.size);
    };
    if (body.size >= heavy_update_bytes) {
      do_elsewhere(apply, applied);
    } else {
      apply(*hosted_, effects_);
      applied();
    }
    if (!hosted_) return rest.next == batch.messages.size();
  }
  return true;
}

bool document::handle(client_request& wanted) {
  const auto apply = [wanted, now = current_time()](hosted_document& on, document_effects& out) {
    on.on_request(wanted.session, wanted.user, *wanted.request, now, out);
  };
  const auto applied = [this, wanted] {
    if (effects_.writes.empty())
      note_handled(wanted.session, credit_weight(wanted.request->kind), wanted.size);
    carry_out({}, wanted.size);
  };
  const bool is_heavy = wanted.size >= heavy_update_bytes ||
                        (wanted.request->kind == json::request_kind::sync && is_state_large());
  if (is_heavy) {
    do_elsewhere(apply, applied);
  } else {
    apply(*hosted_, effects_);
    applied();
  }
  return true;
}

bool document::handle(leave_document& leave) {
  hosted_->on_leave(leave.session, current_time());
  schedule_flush();
  return true;
}

bool document::handle(document_tick&) {
  hosted_->on_tick(current_time());
  if (!std::exchange(whole_state_used_, false)) whole_state_frame_ = {};
  schedule_flush();
  return true;
}

bool document::handle(document_event& news) {
  hosted_->on_event(news.payload, effects_);
  carry_out({}, 0);
  return true;
}

bool document::handle(presence_missed& missed) {
  hosted_->on_presence_missed(missed.session, effects_);
  carry_out({}, 0);
  return true;
}

// --- work that takes long ---

void document::do_elsewhere(document_work work, std::function<void()> after) {
  if (!has_unit()) {  // nobody else waits for this thread
    work(*hosted_, effects_);
    return after();
  }
  const auto lent = std::make_shared<lent_document>();
  lent->state = std::move(hosted_);
  lent->work = std::move(work);
  const auto helper = home_system().spawn<document_worker>();
  request(helper, caf::infinite, work_on_document{lent})
      .then(
          [this, lent, after = std::move(after)](const worked_on_document&) {
            hosted_ = std::move(lent->state);
            effects_ = std::move(lent->effects);
            after();
            handle_waiting();
          },
          [this](const caf::error& why) { quit(why); });
}

bool document::is_state_large() const { return log_.state_size() >= heavy_state_bytes; }

bool document::has_whole_state_frame() const {
  return !whole_state_frame_.empty() && whole_state_version_ == hosted_->version();
}

bool document::is_whole_state_heavy() const {
  return has_unit() && is_state_large() && !has_whole_state_frame();
}

namespace {

shared_bytes encode_whole_state(const hosted_document& of) {
  const byte_buffer state = of.whole_state();
  const auto head = sync::encode_message_head(sync::message_kind::sync_step2, state.size());
  return encode_frame(frame_kind::binary, head.view(), state);
}

}  // namespace

void document::encode_whole_state_elsewhere() {
  const auto frame = std::make_shared<shared_bytes>();
  do_elsewhere([frame](hosted_document& of, document_effects&) { *frame = encode_whole_state(of); },
               [this, frame] {
                 whole_state_frame_ = *frame;
                 whole_state_version_ = hosted_->version();
               });
}

/// All who join between two changes share one frame.
void document::send_whole_state(session_id to) {
  if (!has_whole_state_frame()) {
    whole_state_frame_ = encode_whole_state(*hosted_);
    whole_state_version_ = hosted_->version();
  }
  whole_state_used_ = true;
  output_.add_frame(audience::one, to, whole_state_frame_);
}

// --- effects ---

/// Carries out what the hosted document decided about an event that had these bytes.
void document::carry_out(const shared_bytes& event_bytes, std::size_t credit_bytes) {
  using sync::message_kind;
  for (const document_effects::delivery& d : effects_.deliveries) {
    if (d.is_whole_state)
      send_whole_state(d.session);
    else if (d.kind == message_kind::update)
      output_.add_update(d.to, d.session, d.body.view());
    else
      output_.add(d.to, d.session, d.kind, d.body.view());
  }
  for (const document_effects::text& t : effects_.texts) {
    if (t.error && settings_.metrics) settings_.metrics->refused(*t.error).inc();
    output_.add_text(t.to, t.session, t.json, t.is_presence ? traffic::presence : traffic::content);
  }
  for (document_effects::storage_write& write : effects_.writes)
    store(write, event_bytes, credit_bytes);
  for (const document_effects::closing& closing : effects_.closings) close_session(closing);
  effects_.clear();
  schedule_flush();
  if (log_.is_long()) compact();
}

void document::close_session(const document_effects::closing& closing) {
  log_line(log_severity::warning, "session " + std::to_string(closing.session) + " of document '" +
                                      *name_ + "' is closed: " + to_string(closing.why));
  if (unit_output* const unit = find_unit(closing.session))
    unit->closings.push_back({closing.session, closing.reason});
}

namespace {

/// The bytes of an effect, shared with the event they came with where they are a part of it.
shared_slice share(const effect_bytes& bytes, const shared_bytes& event_bytes) {
  const byte_view part = bytes.view();
  const byte_view whole = event_bytes.view();
  const bool is_part = !part.empty() && !whole.empty() && part.data() >= whole.data() &&
                       part.data() + part.size() <= whole.data() + whole.size();
  if (is_part)
    return {event_bytes, static_cast<std::size_t>(part.data() - whole.data()), part.size()};
  return shared_bytes::copy_of(part);
}

}  // namespace

void document::store(document_effects::storage_write& write, const shared_bytes& event_bytes,
                     std::size_t credit_bytes) {
  if (!write.update.empty()) log_.append(share(write.update, event_bytes));
  log_.await({0, write.sender, share(write.confirmation, event_bytes), std::move(write.ack),
              credit_bytes});
  confirm();  // where there is nothing to be stored
}

void document::on_update_stored(const update_stored& stored) {
  log_.on_stored(stored.up_to);
  confirm();
  if (is_unloading_) on_unload();
}

/// Tells those whose updates are stored by now.
void document::confirm() {
  while (const durability::unconfirmed* const one = log_.next_confirmed()) {
    if (!one->update.empty()) output_.add_update(audience::one, one->sender, one->update.view());
    if (!one->ack.empty()) output_.add_text(audience::one, one->sender, one->ack, traffic::content);
    note_handled(one->sender, 1, one->credit_bytes);
    log_.pop_confirmed();
  }
}

void document::append_stored() {
  append_updates append = log_.take_append();
  if (append.updates.empty()) return;
  append.document = name_;
  append.confirm_to = document_actor{this};
  tell(this, store_, std::move(append));
}

void document::compact() {
  if (is_compacting_ || !hosted_) return;
  log_.begin_checkpoint();
  const auto write = [this](shared_bytes checkpoint) {
    is_compacting_ = false;
    log_.end_checkpoint(checkpoint.size());
    append_stored();
    tell(this, store_, write_checkpoint{*name_, log_.last(), std::move(checkpoint)});
  };
  if (!has_unit() || log_.checkpoint_size() < heavy_state_bytes)
    return write(shared_bytes::copy_of(hosted_->whole_state()));
  is_compacting_ = true;
  const auto checkpoint = std::make_shared<shared_bytes>();
  do_elsewhere(
      [checkpoint](hosted_document& of, document_effects&) {
        *checkpoint = shared_bytes::copy_of(of.whole_state());
      },
      [write, checkpoint] { write(*checkpoint); });
}

/// Ends when nothing is left to do: nobody subscribed, everything stored, the log folded into a
/// checkpoint.
void document::on_unload() {
  if (!unit_of_session_.empty()) {
    is_unloading_ = false;
    tell(this, directory_, document_busy{settings_.id});
    return;
  }
  is_unloading_ = true;
  // Each of these ends by calling this again.
  if (!is_loaded_ || !hosted_ || !waiting_.empty() || log_.is_awaited()) return;
  if (!log_.is_folded()) compact();
  if (hosted_) quit();
}

// --- the end of a turn ---

void document::note_handled(session_id session, std::uint32_t messages, std::size_t bytes) {
  unit_output* const unit = find_unit(session);
  if (unit == nullptr) return;
  auto& progress = unit->progress;
  if (progress.empty() || progress.back().session != session) progress.push_back({session});
  progress.back().messages += messages;
  progress.back().bytes += bytes;
  schedule_flush();
}

document::unit_output* document::find_unit(session_id session) {
  const auto found = unit_of_session_.find(session);
  return found == unit_of_session_.end() ? nullptr : &units_[found->second];
}

/// The note goes to the end of the mailbox: what is queued up to there is handled first and goes
/// out with it.
void document::schedule_flush() {
  if (std::exchange(flush_scheduled_, true)) return;
  tell(this, document_actor{this}, flush_atom_v);
}

void document::on_flush() {
  flush_scheduled_ = false;
  if (hosted_ && hosted_->has_gathered()) {
    hosted_->end_turn(effects_);
    carry_out({}, 0);
    flush_scheduled_ = false;
  }
  append_stored();
  const auto binary = output_.take(dialect::binary);
  const auto json = output_.take(dialect::json);
  const bool is_quiet = binary.empty() && json.empty();
  for (unit_output& unit : units_) {
    if (is_quiet && unit.progress.empty() && unit.closings.empty()) continue;
    if (unit.sessions == 0 && unit.closings.empty()) continue;
    tell(this, unit.hub,
         deliver_batch{settings_.id, binary, json, std::exchange(unit.progress, {}),
                       std::exchange(unit.closings, {})});
  }
  if (unit_of_session_.empty()) release_memory();
}

}  // namespace troupe
