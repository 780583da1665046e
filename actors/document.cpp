#include "actors/document.hpp"

#include <algorithm>

#include "actors/failure_codes.hpp"

namespace troupe {

document::document(caf::actor_config& config, io_unit* unit, document_settings settings,
                   store_actor store, const store_reader_actor& reader, directory_actor directory)
    : io_actor(config, unit),
      settings_(std::move(settings)),
      name_(std::make_shared<const std::string>(settings_.name)),
      store_(std::move(store)),
      reader_(reader),
      directory_(std::move(directory)),
      work_(std::make_unique<hosted_document>(settings_.doc, settings_.seed, settings_.window,
                                              settings_.pending, settings_.presence_size_max),
            make_lender()),
      output_(name_),
      reporter_(settings_.webhooks, settings_.name, settings_.names_authors) {
  if (!settings_.links) return;
  peers_ = std::make_unique<document_peers>(name_, settings_.links, settings_.life);
  if (shared_log() != nullptr) durability_.share_log();
  work_.state()->expect_peers();
}

document::behavior_type document::make_behavior() {
  end_on_exception(this);
  opened_at_ = current_time();
  if (settings_.metrics) settings_.metrics->documents().open->inc();
  request(std::exchange(reader_, nullptr), caf::infinite, load_document{settings_.name})
      .then([this](const loaded_document& loaded) { on_loaded(loaded); },
            [this](const caf::error& why) { quit(why); });
  // CAF compares a message with one handler after the other: what each edit brings comes first.
  return {
      [this](const client_batch& batch) { queue(document_work::batch_rest{batch}); },
      [this](flush_atom) { on_flush(); },
      [this](const update_stored& stored) { on_update_stored(stored); },
      [this](const peer_news& news) { queue(document_work::news_rest{news}); },
      [this](const document_event& event) { queue(event); },
      [this](const join_document& join) { on_join(join); },
      [this](const leave_document& leave) { on_leave(leave); },
      [this](const presence_missed& missed) { queue(missed); },
      [this](const session_silent& silent) { queue(silent); },
      [this](const change_rights& change) { queue(change); },
      [this](const settle_documents&) { return on_settle(); },
      [this](const storing_failed& failed) {
        quit(to_caf_error(close_reason_for(failed.why.code)));
      },
      [this](const document_tick& tick) { queue(tick); },
      [this](const document_returned& returned) { on_returned(returned); },
      [this](const unload_document& order) {
        waits_for_worker_ = order.waits_for_worker;
        is_removed_ = is_removed_ || order.is_removed;
        is_final_ = is_final_ || order.is_final;
        if (order.is_removed) refuse_held(to_caf_error(close_reason::document_removed));
        if (order.is_dropped && !may_be_dropped()) {
          tell(this, directory_, document_busy{settings_.id});
          return tell(this, directory_, document_idle{settings_.id, audience_.joins()});
        }
        on_unload();
      },
      [this](const import_update& order) { return on_import(order); },
      [this](const export_state& which) { return on_export(which); },
      [this](const list_presence& which) { return on_list_presence(which); },
      [this](const list_clients& which) { return on_list_clients(which); },
      [this](const describe_document&) { return on_describe(); },
      [this](const cluster_changed& change) { on_cluster_changed(change); },
      [this](const visit_document&) { return on_visit(); },
      [this](const log_changed&) {
        if (shared_log() == nullptr) return;
        shared_log()->want_look();
        look_at_shared_log();
      },
  };
}

void document::on_exit() {
  if (settings_.metrics) {
    settings_.metrics->documents().open->dec();
    settings_.metrics->documents().unloaded->inc();
  }
  if (is_nearly_full_ && settings_.metrics) settings_.metrics->nearly_full_documents().dec();
  if (is_folded_ && settings_.metrics) settings_.metrics->folded_documents().dec();
  if (const hosted_document* const of = work_.state(); of != nullptr && !of->is_folded())
    note_freed(of->describe().size_in_memory + of->describe().pending_size);
  if (peers_) report_keeping();
  // Of a document that ended well an order is given again, to the next of its name.
  const caf::error why =
      is_failure(fail_state()) ? fail_state() : caf::make_error(caf::sec::request_receiver_down);
  work_.stop(why);
  reporter_.on_closed();
  settings_.webhooks = nullptr;
  audience_.clear();
  if (peers_) peers_->end(this);
  visits_.clear();
  peers_.reset();
  refuse_held(why);
  settings_.workers = nullptr;
  settings_.upstream = nullptr;
  settings_.log_reader = nullptr;
  put_off_.clear();
  store_ = nullptr;
  directory_ = nullptr;
}

// --- loading ---

void document::on_loaded(const loaded_document& loaded) {
  durability_.load(loaded.stored);
  generation_ = loaded.stored.generation;
  if (shared_log() != nullptr)
    shared_log()->begin(loaded.stored.last, loaded.stored.checkpoint_number, current_time());
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
  work_.run(weight_of(durability_.state_size(), heavy_update_bytes), load_all, [this] {
    log_repairs();
    if (!work_.state()->repaired().empty()) durability_.want_checkpoint();
    edited_at_ = current_time();
    note_loaded();
    work_.begin();
    if (peers_)
      begin_with_peers();
    else if (!needs_upstream())
      reporter_.on_opened();
    open_for_held();
    handle_waiting();
  });
}

/// Names what stored contents no client could have used. The next checkpoint stores the repaired
/// ones.
void document::log_repairs() const {
  constexpr std::size_t named_max = 10;
  const auto& repaired = work_.state()->repaired();
  for (std::size_t i = 0; i < std::min(repaired.size(), named_max); ++i)
    log_line(log_severity::warning,
             "document '" + *name_ + "' had contents in storage that Yjs clients cannot use: in " +
                 std::to_string(repaired[i].client) + ":" + std::to_string(repaired[i].clock) +
                 " (client:clock) " + to_string(repaired[i].how));
  if (repaired.size() > named_max)
    log_line(log_severity::warning, "document '" + *name_ + "' had " +
                                        std::to_string(repaired.size() - named_max) +
                                        " more such contents");
}

/// Warns once an operator should act, and again if it comes to that a second time.
void document::check_fullness() {
  const foldable_state::figures state = work_.state()->describe();
  const bool is_full = state.is_nearly_full;
  if (is_full == std::exchange(is_nearly_full_, is_full)) return;
  if (settings_.metrics) settings_.metrics->nearly_full_documents().inc(is_full ? 1 : -1);
  if (!is_full) return;
  log_line(log_severity::warning,
           "document '" + *name_ + "' is nearly full: " + std::to_string(state.client_count) +
               " client ids of limits.max_client_ids " +
               std::to_string(settings_.doc.limit.clients_max) + ", " +
               std::to_string(state.size_in_memory) + " bytes of limits.max_document_size " +
               std::to_string(settings_.doc.limit.document_size_max));
}

// --- subscribers ---

void document::on_join(const join_document& join) {
  look_if_unused();
  audience_.join(join.who.session, join.hub);
  if (peers_) peers_->core().on_used(true);
  queue(join.who);
}

void document::on_leave(const leave_document& leave) {
  if (!audience_.leave(leave.session)) return;
  queue(leave);
  if (!audience_.has_sessions()) on_nobody_left();
}

/// An idle document is kept for a while, as small as it can be: most of them go next. One that is
/// not small folds later, since its last session may come back at once.
void document::on_nobody_left() {
  if (work_.state() && work_.has_begun()) {
    if (durability_.is_worth_checkpoint()) checkpoint();
    if (work_.state() && is_small()) fold();
  }
  newcomers_.clear();
  if (peers_) peers_->core().on_used(false);
  schedule_flush();
  tell(this, directory_, document_idle{settings_.id, audience_.joins()});
}

void document::release_memory() {
  output_.release_memory();
  durability_.release_memory();
  ages_.release_memory();
  work_.release_memory();
}

void document::note_freed(std::size_t bytes) const {
  if (settings_.release) settings_.release->note(bytes);
}

// --- events ---

void document::handle_waiting() {
  work_.handle_waiting([this](document_work::input& next) {
    return std::visit([this](auto& one) { return handle(one); }, next);
  });
  if (is_unloading_) on_unload();
}

/// Whether edits can be stored now is asked before any is handled.
void document::check_store() {
  if (settings_.health) work_.state()->refuse_edits(settings_.health->refusal());
}

/// Returns whether all of it is handled; if not, the rest waits for the state to come back.
bool document::handle_requests(document_work::batch_rest& rest, hosted_document::time_point now) {
  const request_batch& requests = rest.batch.requests;
  check_store();
  while (rest.next < requests.entries.size()) {
    if (is_refused(rest.batch.session)) return true;  // so is all that it sent behind it
    const client_request what = requests.at(rest.next);
    if (needs_encoding(what)) {
      encode_whole_state_elsewhere(what.in);
      return false;
    }
    ++rest.next;
    // The bytes are those of the request, and must last as long as the work on it.
    const auto after = [this, kind = what.kind, size = what.body.size(),
                        session = rest.batch.session, bytes = requests.bytes] {
      if (work_.effects().writes.empty())
        audience_.note_handled(session, {credit_weight(kind), size});
      carry_out(bytes, size);
    };
    if (is_handled_here(rest.batch.session, what, now)) {
      after();
    } else {
      work_.run(
          weight::heavy,
          [what, session = rest.batch.session, bytes = requests.bytes, now](hosted_document& on,
                                                                            document_effects& out) {
            on.on_request(session, what, now, out);
          },
          after);
    }
    // Lent for the request, or for a checkpoint that it made due.
    if (!work_.state()) return rest.next == requests.entries.size();
  }
  return true;
}

/// Handles a request at once if it is light. Whether an update is shows when it is looked at.
bool document::is_handled_here(session_id from, const client_request& what,
                               hosted_document::time_point now) {
  if (!work_.can_lend()) return work_.state()->on_request(from, what, now, work_.effects());
  return weight_here(what) == weight::light &&
         work_.state()->on_request(from, what, now, work_.effects(), light_steps_max);
}

/// The weight of a request on the state as it is.
weight document::weight_here(const client_request& what) const {
  const std::size_t size = durability_.state_size();
  const hosted_document& state = *work_.state();
  if (state.is_folded() && (is_difference(what) || state.would_unfold(what)))
    return weight_of(std::max(size, what.body.size()), heavy_update_bytes);
  return weight_of(what, size);
}

bool document::handle(joining_session& who) {
  if (is_fetched_ && durability_.last() == 0) store_mark(origin::of_server());
  work_.state()->on_join(who);
  reporter_.on_join(who);
  return true;
}

bool document::handle(leave_document& leave) {
  work_.state()->on_leave(leave.session, current_time());
  reporter_.on_leave(leave.session);
  std::erase(refused_, leave.session);
  schedule_flush();
  return true;
}

bool document::handle(document_tick&) {
  work_.state()->on_tick(current_time());
  check_fullness();
  work_.state()->ask_again(current_time(), work_.effects());
  if (const std::size_t dropped = work_.state()->drop_abandoned(current_time()); dropped > 0) {
    note_freed(dropped);
    log_line(log_severity::warning, std::to_string(dropped) + " bytes of updates in document '" +
                                        *name_ +
                                        "' were dropped: they waited for missing updates, "
                                        "and their senders have been gone for an hour");
  }
  newcomers_.on_tick();
  carry_out({}, 0);
  if (peers_) look_at_opening();
  if (shared_log() != nullptr && work_.state()) {
    look_at_shared_log();
    write_for_others();
  }
  schedule_flush();
  if (work_.state() && is_quiet()) fold();
  return true;
}

bool document::handle(document_event& event) {
  work_.state()->on_event(event.payload, work_.effects());
  if (peers_ && !event.is_of_peer)
    peers_->core().send_to_users(
        cluster::peer_event{shared_bytes::copy_of(as_bytes(event.payload)), {}, {}});
  carry_out({}, 0);
  return true;
}

bool document::handle(presence_missed& missed) {
  work_.state()->on_presence_missed(missed.session, work_.effects());
  carry_out({}, 0);
  return true;
}

bool document::handle(session_silent& silent) {
  work_.state()->on_silent(silent.session, current_time());
  schedule_flush();
  return true;
}

bool document::handle(change_rights& change) {
  work_.state()->on_rights(change.session, change.may, current_time());
  schedule_flush();
  return true;
}

// --- work that takes long ---

void document::on_returned(const document_returned& returned) {
  lent_document& lent = *returned.lent;
  if (!lent.failure.empty()) {
    log_line(log_severity::error, std::string{name()} + ": " + lent.failure);
    return quit(caf::make_error(caf::sec::runtime_error, lent.failure));
  }
  work_.on_returned(lent);
  handle_waiting();
}

/// Whether the whole state must be encoded by a worker before this can be answered.
bool document::needs_encoding(const client_request& what) {
  return is_newcomer(what) && work_.can_lend() && durability_.state_size() >= heavy_state_bytes &&
         newcomers_.find(what.in, work_.state()->version()) == nullptr;
}

void document::encode_whole_state_elsewhere(dialect in) {
  const auto frames = std::make_shared<std::vector<shared_slice>>();
  work_.run(
      weight::heavy,
      [frames, in, name = name_](hosted_document& of, document_effects&) {
        *frames = newcomer_state::encode(of, in, *name);
      },
      [this, frames, in] { newcomers_.keep(in, work_.state()->version(), std::move(*frames)); });
}

// --- effects ---

/// Carries out what the hosted document decided about an event that had these bytes.
void document::carry_out(const shared_bytes& event_bytes, std::size_t credit_bytes) {
  carry_out_effects(event_bytes, credit_bytes);
  if (durability_.is_long()) checkpoint();
}

void document::carry_out_effects(const shared_bytes& event_bytes, std::size_t credit_bytes) {
  document_effects& effects = work_.effects();
  for (const document_effects::delivery& each : effects.deliveries) {
    if (each.what.kind == notice_kind::whole_state)
      each.in.for_each([&](dialect in) { send_whole_state(each.session, in); });
    else
      output_.add(each);
  }
  for (const document_effects::storage_write& write : effects.writes) {
    // Without an update it is an acknowledgement of what is known, which a reader may ask for, too.
    const bool is_edit = !write.update.empty();
    if (is_edit) reporter_.on_edit(write.from.session());
    durability_.add(write, event_bytes, credit_bytes);
    if (peers_ && is_edit) note_written(write.from);
  }
  if (peers_) peers_->send_to_users(effects.for_peers);
  confirm();  // where there is nothing to be stored
  for (const document_effects::refusal& each : effects.refusals) refuse(each);
  for (const auto& each : effects.left_out) note_left_out(each);
  for (const session_id each : effects.to_probe) audience_.note_probe(each);
  effects.clear();
  if (is_folded_) note_folding();
  schedule_flush();
}

/// All that join between two changes share the frames.
void document::send_whole_state(session_id to, dialect in) {
  const std::uint64_t version = work_.state()->version();
  const auto* frames = newcomers_.find(in, version);
  if (frames == nullptr)
    frames = &newcomers_.keep(in, version, newcomer_state::encode(*work_.state(), in, *name_));
  output_.add_frames(to, in, *frames);
}

// --- storage ---

void document::on_update_stored(const update_stored& stored) {
  if (shared_log() != nullptr) {
    shared_log()->on_stored(stored.up_to);
    return look_what_is_settled();
  }
  durability_.on_stored(durability::local_store, stored.up_to);
  if (peers_) {
    peers_->core().on_durable(stored.up_to);
    if (peers_->core().has_blocks()) schedule_flush();
  }
  on_confirmed();
}

/// More may be confirmed than before.
void document::on_confirmed() {
  confirm();
  answer_stored_imports();
  if (is_unloading_) on_unload();
}

/// Acknowledges what is stored by now.
void document::confirm() {
  while (const durability::unconfirmed* const one = durability_.next_to_credit())
    if (const session_id session = one->from.session(); session != no_session) {
      audience_.note_handled(session, {1, one->credit_bytes});
      schedule_flush();
    }
  while (const durability::unconfirmed* const one = durability_.next_confirmed()) {
    const session_id session = one->from.session();
    if (one->has_confirmation)
      output_.add(audience::one, session, one->in,
                  {.kind = notice_kind::ack,
                   .body = one->change.view(),
                   .extra = one->message_id.view(),
                   .count = one->acknowledged});
    if (session != no_session && !one->is_credited)
      audience_.note_handled(session, {1, one->credit_bytes});
    durability_.pop_confirmed();
    schedule_flush();
  }
  note_ages();
}

void document::append_stored() {
  storage::log_append append = durability_.take_append();
  ages_.on_turn_end(durability_.last(), !append.updates.empty());
  if (append.updates.empty()) return;
  append.document = name_;
  append.by = reporter_.take_credits();
  std::size_t bytes = 0;
  for (const shared_slice& update : append.updates) bytes += update.size;
  if (settings_.health) settings_.health->note_sent(bytes);
  storage::sequence up_to = 0;
  if (shared_log() != nullptr) {
    append.first = storage::next_number;
    append.origin = log_origin();
    append.generation = generation_of_writes();
    up_to = durability_.last();
  }
  tell(this, store_, append_updates{std::move(append), bytes, document_actor{this}, up_to});
}

void document::checkpoint() {
  if (is_checkpointing_ || !work_.state() || !is_checkpoint_of_use()) return;
  // The state has all that was read of a shared log, and perhaps more.
  const storage::sequence read = shared_log() != nullptr ? shared_log()->known() : 0;
  const auto state = std::make_shared<result<shared_bytes>>();
  const bool folds = !audience_.has_sessions() && is_small() && !is_unloading_;
  const weight how = weight_of(durability_.state_size(), heavy_update_bytes);
  is_checkpointing_ = true;
  durability_.begin_checkpoint();
  work_.run(
      how,
      [state, folds](hosted_document& of, document_effects&) {
        *state = of.checked_state();
        if (folds && *state) of.fold(**state);
      },
      [this, state, read] {
        is_checkpointing_ = false;
        note_folding();
        append_stored();
        if (!*state) return log_failed_checkpoint(state->error());
        durability_.end_checkpoint((*state)->size());
        if (shared_log() == nullptr)
          return tell(this, store_,
                      write_checkpoint{{*name_, durability_.last(), *std::move(*state)}});
        sent_covers_ = read;
        tell(this, store_,
             write_checkpoint{{*name_, read, *std::move(*state), generation_of_writes()}});
      });
}

/// What is stored stays, so nothing is lost.
void document::log_failed_checkpoint(const failure& why) const {
  if (settings_.metrics) settings_.metrics->failed_checkpoints().inc();
  log_line(log_severity::error, "the checkpoint of document '" + *name_ +
                                    "' is not written, its log stays: " + to_string(why));
}

/// Ends when nothing is left to do: nobody subscribed, everything stored, the log folded into a
/// checkpoint.
void document::on_unload() {
  if (audience_.has_sessions() && !is_removed_) {
    is_unloading_ = false;
    tell(this, directory_, document_busy{settings_.id});
    return;
  }
  // It would be opened again, or fetched anew. So it counts as idle from now on.
  const bool is_kept = is_fetching_ || (peers_ && peers_->core().is_kept_in_use());
  if (is_kept && !is_removed_ && !is_final_) {
    is_unloading_ = false;
    tell(this, directory_, document_busy{settings_.id});
    return tell(this, directory_, document_idle{settings_.id, audience_.joins()});
  }
  is_unloading_ = true;
  if (may_lose_unstored()) return quit();
  if (is_held() && work_.has_begun() && !durability_.is_storing()) return quit();
  // Each of these ends by calling this again.
  if (durability_.is_storing()) return hurry_shared_log();
  // Other keepers may be out of reach for long.
  const bool waits_for_keepers = !is_final_ || waits_for_worker_;
  if (durability_.is_awaited() && !is_removed_ && (waits_for_keepers || !peers_)) return;
  // What is acknowledged is stored; the checkpoint is not made, so the log remains.
  if (!work_.state() && !waits_for_worker_) return quit();
  if (!work_.has_begun() || !work_.state() || work_.has_waiting()) return;
  if (!durability_.is_checkpointed() && !is_removed_) checkpoint();
  if (work_.state()) quit();
}

/// Whether the node ends while nothing can be stored. What waits for that was not acknowledged; the
/// store logs it.
bool document::may_lose_unstored() const {
  return !waits_for_worker_ && settings_.health && settings_.health->problem().has_value();
}

// --- the end of a turn ---

/// The note goes to the end of the mailbox: what is queued up to there is handled first and goes
/// out with it.
void document::schedule_flush() {
  if (std::exchange(flush_scheduled_, true)) return;
  tell(this, document_actor{this}, flush_atom_v);
}

void document::on_flush() {
  flush_scheduled_ = false;
  if (work_.state() && work_.state()->has_gathered()) {
    work_.state()->end_turn(work_.effects());
    carry_out({}, 0);
    flush_scheduled_ = false;
  }
  append_stored();
  if (peers_) notify_peers();
  const deliveries_by_dialect output = output_.take();
  if (const std::size_t count = output_.take_coalesced(); count > 0 && settings_.metrics)
    settings_.metrics->documents().coalesced_updates->inc(static_cast<std::int64_t>(count));
  audience_.end_turn(settings_.id, output, [this](const hub_actor& hub, deliver_batch batch) {
    tell(this, hub, std::move(batch));
  });
  if (std::exchange(releases_memory_, false) || !audience_.has_sessions()) release_memory();
}

}  // namespace troupe
