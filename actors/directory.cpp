#include "actors/directory.hpp"

#include <algorithm>

#include <caf/sec.hpp>

#include "actors/document.hpp"
#include "actors/failure_codes.hpp"
#include "actors/gather.hpp"
#include "actors/unit_choice.hpp"
#include "protocol/cluster/peer_codec.hpp"

namespace troupe {

namespace {

/// Presence is checked this often, as clients do themselves.
constexpr unsigned presence_check_seconds = 3;

/// At a drain, work that was lent has this long to be done.
constexpr std::chrono::milliseconds worker_patience{750};

/// Documents that were unloaded and whose message ids are kept.
constexpr std::size_t windows_max = 10'000;

/// Documents that failed and that are opened behind what the store still has of them. One beyond
/// these might contradict that, fail again, and be whole the next time.
constexpr std::size_t failed_documents_max = 10'000;

}  // namespace

directory::directory(caf::actor_config& config, directory_settings settings, store_actor store,
                     store_reader_actor reader, std::vector<hub_actor> hubs)
    : directory_actor::base(config),
      settings_(settings),
      store_(std::move(store)),
      reader_(std::move(reader)),
      hubs_(std::move(hubs)),
      quota_(std::make_shared<document_quota>(settings.quota)),
      pending_quota_(settings.pending),
      pending_(std::make_shared<budget>(settings.pending_total_max)) {}

directory::behavior_type directory::make_behavior() {
  end_on_exception(this);
  set_down_handler([this](const caf::down_msg& down) { on_document_down(down); });
  return {
      [this](const open_document& request) { return on_open(request); },
      [this](const document_idle& idle) { on_idle(idle); },
      [this](const document_busy& busy) { on_busy(busy.id); },
      [this](const second_passed&) { on_second(); },
      [this](const list_documents& which) { return on_list(which); },
      [this](const survey_documents& which) { return on_survey(which); },
      [this](const list_presence& which) { return on_list_presence(which); },
      [this](const settle_documents& which) { return on_settle(which); },
      [this](const list_clients& which) { return on_list_clients(which); },
      [this](const notify_document& news) { return on_notify(news); },
      [this](const find_open& which) { return on_find_open(which); },
      [this](const import_update& order) { return on_import(order); },
      [this](const export_state& which) { return on_export(which); },
      [this](const remove_document& which) { return on_remove(which); },
      [this](const adopt_generation& which) { return on_adopt(which); },
      [this](const announce_generation& which) { on_announce(which); },
      [this](const note_generation& news) { on_noted(news); },
      [this](const spread_generation& which) { return on_spread(which); },
      [this](const cluster_changed& change) { on_cluster_changed(change); },
      [this](const visit_document& which) { return on_visit(which); },
      [this](const drop_copy& which) { return on_drop(which); },
      [this](const close_documents&) { return on_close_documents(); },
      [this](drain_atom) { on_workers_late(); },
  };
}

void directory::on_exit() {
  documents_.clear();
  removals_.clear();
  unconfirmed_.clear();
  spread_visits_.clear();
  hubs_.clear();
  settings_.workers = nullptr;
  settings_.links = nullptr;
  settings_.upstream = nullptr;
  settings_.log_reader = nullptr;
  store_ = nullptr;
  reader_ = nullptr;
}

caf::result<opened_document> directory::on_open(open_document request) {
  if (request.join) {
    joining_session& who = request.join->who;
    const std::string& user = user_of(who.who);
    const std::string& address = address_of(who.who);
    auto place = quota_->acquire(user, address, request.name);
    if (place.is_refused) return to_caf_error(close_reason::quota_exceeded);
    who.ticket = std::move(place.ticket);
    who.payer = pending_quota_.payer_for(user, address);
  }
  auto promise = make_response_promise<opened_document>();
  open_for(request, promise);
  return promise;
}

/// Where an opening has to wait; null: it has not.
directory::waiting_list* directory::find_waiting(const std::string& name) {
  if (const auto removed = removals_.find(name); removed != removals_.end())
    return &removed->second.waiting;
  const auto found = documents_.find(name);
  const bool is_unloading = found != documents_.end() && found->second.is_unloading;
  return is_unloading ? &found->second.waiting : nullptr;
}

void directory::open_for(const open_document& request,
                         caf::typed_response_promise<opened_document> promise) {
  if (waiting_list* const waiting = find_waiting(request.name))
    return waiting->push_back([this, request, promise] { open_for(request, promise); });
  caf::expected<opened_document> opened = open(request);
  if (opened)
    promise.deliver(std::move(*opened));
  else
    promise.deliver(opened.error());
}

caf::expected<opened_document> directory::open(const open_document& request) {
  if (is_draining_) return to_caf_error(close_reason::server_stopping);
  const auto found = documents_.find(request.name);
  if (found != documents_.end()) return hand_out(found->second, request);
  const bool is_limited = !request.is_for_peer;
  if (is_limited && documents_.size() >= settings_.documents_max && !make_room())
    return to_caf_error(close_reason::too_many_documents);
  entry opened;
  opened.id = ++last_id_;
  log_line(log_severity::debug, "document '" + request.name + "' opens");
  opened.window = window_of(request.name);
  opened.document = spawn_document(request.name, opened.id, opened.window);
  names_.emplace(opened.id, request.name);
  ids_by_actor_.emplace(opened.document.id(), opened.id);
  return hand_out(documents_.emplace(request.name, std::move(opened)).first->second, request);
}

/// On the unit that the name chooses, which is also where its connections are sent to.
document_actor directory::spawn_document(const std::string& name, document_id id,
                                         std::shared_ptr<message_id_window> window) {
  const auto& units = settings_.units;
  io_unit* const unit = units.empty() ? nullptr : units[unit_index(name, units.size())];
  document_settings settings{
      id, name, settings_for(name, settings_.rules, settings_.doc),
      // Differs at each opening: in what a failed document has sent, and
      // not stored, there may be client ids that it chose.
      splitmix64(settings_.seed + id) + fnv1a(name), std::move(window), pending_, settings_.metrics,
      settings_.workers, release_, settings_.health, settings_.fold_after, settings_.webhooks,
      settings_.names_authors, settings_.links, splitmix64(~(settings_.seed + id)),
      may_be_upstream(name) ? settings_.upstream : upstream_actor{}, settings_.log_reader,
      settings_.presence_size_max};
  caf::actor_config config{unit};
  // What a failed one sent last may be in the store's queue.
  const store_reader_actor reader = failed_.erase(name) > 0 ? store_reader_actor{store_} : reader_;
  const auto opened = home_system().spawn_class<document, caf::no_spawn_options>(
      config, unit, std::move(settings), store_, reader, directory_actor{this});
  watch(this, opened);
  return opened;
}

std::shared_ptr<message_id_window> directory::window_of(const std::string& name) {
  const auto kept = windows_.find(name);
  if (kept == windows_.end()) return std::make_shared<message_id_window>();
  const auto window = std::move(kept->second.window);
  windows_.erase(kept);
  window->expire(std::chrono::steady_clock::now());
  return window;
}

void directory::keep_window(const std::string& name, std::shared_ptr<message_id_window> window) {
  const auto now = std::chrono::steady_clock::now();
  window->expire(now);
  if (window->user_count() == 0 || windows_.size() >= windows_max) return;
  windows_[name] = {std::move(window), now + message_id_window::id_age_max};
}

/// The join comes from here and not from the session, so that it always precedes an unload. A
/// document that is opened without a join stays open for the idle grace.
opened_document directory::hand_out(entry& of, const open_document& request) {
  if (request.join) {
    of.is_idle = false;
    ++of.joins;
    tell(this, of.document, *request.join);
  } else if (of.joins == 0 || of.is_idle) {
    note_idle(of);
  }
  return opened_document{of.id, of.document};
}

directory::entry* directory::find(document_id id) {
  const auto name = names_.find(id);
  return name == names_.end() ? nullptr : &documents_.at(name->second);
}

void directory::on_idle(const document_idle& message) {
  entry* const idle = find(message.id);
  if (idle == nullptr || idle->joins != message.joins) return;  // someone has joined since
  if (is_draining_) return unload(*idle);
  note_idle(*idle);
}

void directory::note_idle(entry& of) {
  of.is_idle = true;
  of.is_told_to_fold = false;
  of.idle_since = std::chrono::steady_clock::now();
}

/// A session had joined before the document was to unload.
void directory::on_busy(document_id id) {
  entry* const busy = find(id);
  if (busy == nullptr) return;
  if (const auto removed = removals_.find(names_.at(id)); removed != removals_.end()) {
    if (!removed->second.dropped.pending()) return;
    busy->is_unloading = false;
    return end_drop(names_.at(id), false);
  }
  busy->is_idle = false;
  busy->is_unloading = false;
  for (const auto& resume : std::exchange(busy->waiting, {})) resume();
}

void directory::unload(entry& of) {
  log_line(log_severity::debug, "document '" + names_.at(of.id) + "' unloads");
  of.is_unloading = true;
  tell(this, of.document, unload_document{.is_final = is_draining_});
}

/// Evicts the document that has been idle longest. Its memory is freed a little later than the
/// newcomer's is allocated.
bool directory::make_room() {
  entry* oldest = nullptr;
  std::size_t unloading = 0;
  for (auto& [name, candidate] : documents_) {
    unloading += candidate.is_unloading;
    if (!candidate.is_idle || candidate.is_unloading) continue;
    if (oldest == nullptr || candidate.idle_since < oldest->idle_since) oldest = &candidate;
  }
  if (documents_.size() - unloading < settings_.documents_max) return true;
  if (oldest == nullptr) return false;
  if (settings_.metrics) settings_.metrics->documents().evicted->inc();
  unload(*oldest);
  return true;
}

void directory::on_second() {
  const auto now = std::chrono::steady_clock::now();
  const bool check_presence = ++seconds_ % presence_check_seconds == 0;
  if (release_->is_due() && settings_.workers)
    settings_.workers->submit([] { memory_release::give_back(); }, [] {});
  show_waiting();
  std::erase_if(windows_, [now](const auto& kept) { return kept.second.until <= now; });
  look_at_spread();
  for (auto& [name, opened] : documents_) {
    if (opened.is_unloading) continue;
    if (opened.is_idle && now - opened.idle_since >= settings_.idle_grace)
      unload(opened);
    else if (opened.is_idle && !settings_.links ? is_to_fold(opened, now) : check_presence)
      tell(this, opened.document, document_tick{});
  }
}

/// What waits in all documents, and for the store.
void directory::show_waiting() const {
  if (!settings_.metrics) return;
  const std::size_t unstored = settings_.health ? settings_.health->waiting() : 0;
  settings_.metrics->documents().pending_bytes->value(static_cast<std::int64_t>(pending_->used()));
  settings_.metrics->storage().waiting_bytes->value(static_cast<std::int64_t>(unstored));
}

/// Whether an idle document has to be notified, once, that it has been quiet for long enough.
bool directory::is_to_fold(entry& idle, time_point now) const {
  if (idle.is_told_to_fold || now - idle.idle_since < settings_.fold_after) return false;
  return idle.is_told_to_fold = true;
}

caf::result<listed_clients> directory::on_list_clients(const list_clients& which) {
  const auto found = documents_.find(which.document);
  if (found == documents_.end() || found->second.is_unloading) return listed_clients{};
  auto promise = make_response_promise<listed_clients>();
  pass_on(this, found->second.document, which, promise, listed_clients{});
  return promise;
}

notified_document directory::on_notify(const notify_document& news) {
  const auto found = documents_.find(news.document);
  if (found == documents_.end() || found->second.is_unloading) {
    if (settings_.links)
      notify_peers(news.document,
                   cluster::peer_event{shared_bytes::copy_of(as_bytes(news.payload)), {}, {}});
    return {false};
  }
  tell(this, found->second.document, document_event{news.payload});
  return {true};
}

void directory::on_document_down(const caf::down_msg& down) {
  const auto actor = ids_by_actor_.find(down.source.id());
  if (actor == ids_by_actor_.end()) return;
  const document_id id = actor->second;
  const auto found = documents_.find(names_.at(id));
  const std::string name = found->first;
  waiting_list waiting = std::move(found->second.waiting);
  const bool has_failed = is_failure(down.reason);
  if (has_failed) {
    const close_reason why = to_close_reason(down.reason);
    // What the last is about was reported before.
    if (why != close_reason::document_removed && why != close_reason::upstream_unavailable)
      log_line(log_severity::error,
               "document '" + name + "' failed: " + caf::to_string(down.reason));
    for (const hub_actor& hub : hubs_) tell(this, hub, close_subscribers{id, why});
    // It may have been admitted at another node while this one was away.
    if (why == close_reason::document_removed) on_announce({name});
  }
  // A failed document may have noted ids of events that nobody has received; they must count as
  // fresh.
  if (!has_failed) keep_window(name, std::move(found->second.window));
  if (has_failed && failed_.size() < failed_documents_max) failed_.insert(name);
  documents_.erase(found);
  names_.erase(id);
  ids_by_actor_.erase(actor);
  for (const auto& resume : waiting) resume();  // a removal makes them wait again
  if (const auto removed = removals_.find(name); removed != removals_.end()) {
    if (removed->second.dropped.pending())
      end_drop(name, !has_failed);
    else
      remove_stored(name);
  }
  finish_drain_if_empty();
}

// --- for operators ---

found_open directory::on_find_open(const find_open& which) const {
  found_open open;
  for (const std::string& name : which.names)
    if (documents_.contains(name)) open.names.push_back(name);
  return open;
}

caf::result<imported_update> directory::on_import(const import_update& order) {
  auto promise = make_response_promise<imported_update>();
  pass_on_opened(order, promise);
  return promise;
}

/// What a document is asked comes from here, so that it precedes any unload, which then waits for
/// it.
template <class Order, class Answer>
void directory::pass_on_opened(const Order& order, caf::typed_response_promise<Answer> promise) {
  if (waiting_list* const waiting = find_waiting(order.document))
    return waiting->push_back([this, order, promise] { pass_on_opened(order, promise); });
  const caf::expected<opened_document> opened = open({order.document, std::nullopt});
  if (!opened) return promise.deliver(opened.error());
  request(opened->document, caf::infinite, order)
      .then([promise](const Answer& answer) mutable { promise.deliver(answer); },
            [this, order, promise, id = opened->id](const caf::error& why) mutable {
              if (why != caf::sec::request_receiver_down) return promise.deliver(why);
              // It had ended before, as one that cannot be loaded does, so nothing of it was done.
              after_end_of(order.document, id,
                           [this, order, promise] { pass_on_opened(order, promise); });
            });
}

/// Of a document that has ended, the word of which is on its way here.
void directory::after_end_of(const std::string& name, document_id id, std::function<void()> then) {
  const auto found = documents_.find(name);
  if (found == documents_.end() || found->second.id != id) return then();
  found->second.is_unloading = true;
  found->second.waiting.push_back(std::move(then));
}

/// Of a document that is ending, all that was acknowledged is stored. In a cluster other nodes may
/// have more than is stored here, and so may the server that is replaced.
caf::result<exported_state> directory::on_export(const export_state& which) {
  auto promise = make_response_promise<exported_state>();
  if ((settings_.links || which.is_opened) && !which.is_local) {
    pass_on_opened(which, promise);
    return promise;
  }
  const auto found = documents_.find(which.document);
  if (found == documents_.end() || found->second.is_unloading) {
    promise.deliver(exported_state{.is_open = false, .state = {}});
    return promise;
  }
  pass_on(this, found->second.document, which, promise,
          exported_state{.is_open = false, .state = {}});
  return promise;
}

caf::result<removed_document> directory::on_remove(const remove_document& which) {
  if (is_draining_) return to_caf_error(close_reason::server_stopping);
  auto promise = make_response_promise<removed_document>();
  if (const auto known = removals_.find(which.name);
      known != removals_.end() && (known->second.dropped.pending() || known->second.generation)) {
    // Something else becomes of it first.
    known->second.waiting.push_back(
        [this, which, promise] { pass_on(this, directory_actor{this}, which, promise); });
    return promise;
  }
  const auto [at, is_first] = removals_.try_emplace(which.name);
  at->second.promises.push_back(promise);
  if (is_first) begin_removal(which.name);
  return promise;
}

void directory::begin_removal(const std::string& name) {
  const auto found = documents_.find(name);
  if (found == documents_.end()) return remove_stored(name);
  entry& open = found->second;
  for (const hub_actor& hub : hubs_)
    tell(this, hub, close_subscribers{open.id, close_reason::document_removed});
  open.is_unloading = true;
  tell(this, open.document, unload_document{.is_removed = true});
}

void directory::remove_stored(const std::string& name) {
  const auto answer = [this, name](const removed_document& outcome) { on_removed(name, outcome); };
  const auto fail_with = [this, name](const caf::error& why) {
    on_removed(name, {false, failure{errc::storage_failed, caf::to_string(why)}});
  };
  if (const auto& generation = removals_.at(name).generation)
    request(store_, caf::infinite, adopt_generation{name, *generation}).then(answer, fail_with);
  else
    request(store_, caf::infinite, remove_document{name}).then(answer, fail_with);
}

/// Whoever waits opens the document now: if it is removed, the storage says so, with the reason for
/// which sessions are closed; if it is not, nothing has happened to it.
void directory::on_removed(const std::string& name, const removed_document& outcome) {
  removal ended = std::move(removals_.at(name));
  removals_.erase(name);
  if (!outcome.why) windows_.erase(name);
  if (!ended.generation) send_generation(name, outcome.generation);
  if (settings_.links && !ended.generation && !outcome.why && outcome.generation > 0)
    await_keepers(name, ended, outcome);
  else
    for (auto& promise : ended.promises) promise.deliver(outcome);
  for (const auto& resume : ended.waiting) resume();
}

// --- the end ---

caf::result<node_drained> directory::on_close_documents() {
  is_draining_ = true;
  drained_ = make_response_promise<node_drained>();
  auto promise = drained_;
  for (auto& [name, opened] : documents_)
    if (!opened.is_unloading) unload(opened);
  finish_drain_if_empty();
  tell_later(this, directory_actor{this}, worker_patience, drain_atom_v);
  return promise;
}

/// A drain waits for what workers do, but not for a worker that may never be ready.
void directory::on_workers_late() {
  for (auto& [name, opened] : documents_)
    tell(this, opened.document, unload_document{.waits_for_worker = false, .is_final = true});
}

void directory::finish_drain_if_empty() {
  if (is_draining_ && documents_.empty() && drained_.pending()) drained_.deliver(node_drained{});
}

}  // namespace troupe
