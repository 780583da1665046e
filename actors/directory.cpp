#include "actors/directory.hpp"

#include <algorithm>

#include <caf/sec.hpp>

#include "actors/document.hpp"
#include "actors/failure_codes.hpp"
#include "actors/gather.hpp"
#include "actors/unit_choice.hpp"

namespace troupe {

namespace {

/// Presence is checked this often, as clients do themselves.
constexpr unsigned presence_check_seconds = 3;

/// At a drain, work that was lent has this long to be done.
constexpr std::chrono::milliseconds worker_patience{750};

/// Documents that were unloaded and whose message ids are kept.
constexpr std::size_t windows_max = 10'000;

}  // namespace

directory::directory(caf::actor_config& config, directory_settings settings, store_actor store,
                     std::vector<hub_actor> hubs)
    : directory_actor::base(config),
      settings_(settings),
      store_(std::move(store)),
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
      [this](const list_presence& which) { return on_list_presence(which); },
      [this](const notify_document& news) { return on_notify(news); },
      [this](const close_documents&) { return on_close_documents(); },
      [this](drain_atom) { on_workers_late(); },
  };
}

void directory::on_exit() {
  documents_.clear();
  hubs_.clear();
  settings_.workers = nullptr;
  store_ = nullptr;
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
  const auto found = documents_.find(request.name);
  if (found != documents_.end() && found->second.is_unloading) {
    auto promise = make_response_promise<opened_document>();
    found->second.waiting.push_back({request, promise});
    return promise;
  }
  return open(request);
}

caf::expected<opened_document> directory::open(const open_document& request) {
  if (is_draining_) return to_caf_error(close_reason::server_stopping);
  const auto found = documents_.find(request.name);
  if (found != documents_.end()) return hand_out(found->second, request);
  if (documents_.size() >= settings_.documents_max && !make_room())
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
  document_settings settings{id,
                             name,
                             settings_for(name, settings_.rules, settings_.doc),
                             settings_.seed + fnv1a(name),
                             std::move(window),
                             pending_,
                             settings_.metrics,
                             settings_.workers,
                             release_};
  caf::actor_config config{unit};
  const auto opened = home_system().spawn_class<document, caf::no_spawn_options>(
      config, unit, std::move(settings), store_, directory_actor{this});
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
    of.is_idle = true;
    of.idle_since = std::chrono::steady_clock::now();
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
  idle->is_idle = true;
  idle->idle_since = std::chrono::steady_clock::now();
}

/// A session had joined before the document was to unload.
void directory::on_busy(document_id id) {
  entry* const busy = find(id);
  if (busy == nullptr) return;
  busy->is_idle = false;
  busy->is_unloading = false;
  for (waiting_open& waiting : std::exchange(busy->waiting, {})) {
    waiting.promise.deliver(hand_out(*busy, waiting.request));
  }
}

void directory::unload(entry& of) {
  log_line(log_severity::debug, "document '" + names_.at(of.id) + "' unloads");
  of.is_unloading = true;
  tell(this, of.document, unload_document{});
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
  unload(*oldest);
  return true;
}

void directory::on_second() {
  const auto now = std::chrono::steady_clock::now();
  const bool check_presence = ++seconds_ % presence_check_seconds == 0;
  if (release_->is_due() && settings_.workers)
    settings_.workers->submit([] { memory_release::give_back(); }, [] {});
  std::erase_if(windows_, [now](const auto& kept) { return kept.second.until <= now; });
  for (auto& [name, opened] : documents_) {
    if (opened.is_unloading) continue;
    if (opened.is_idle && now - opened.idle_since >= settings_.idle_grace)
      unload(opened);
    else if (check_presence && !opened.is_idle)
      tell(this, opened.document, document_tick{});
  }
}

/// Each document of the page reports its own figures; one that is ending has none.
caf::result<listed_documents> directory::on_list(const list_documents& which) {
  std::vector<std::string> names;
  for (const auto& [name, opened] : documents_)
    if (name > which.after) names.push_back(name);
  const std::size_t on_page = std::min(names.size(), which.limit);
  std::ranges::partial_sort(names, names.begin() + static_cast<std::ptrdiff_t>(on_page));
  listed_documents page{
      .documents = {}, .count = documents_.size(), .has_more = on_page < names.size()};
  names.resize(on_page);
  std::vector<document_actor> asked;
  for (std::string& name : names) {
    const entry& of = documents_.at(name);
    asked.push_back(of.document);
    page.documents.push_back({.name = std::move(name), .is_unloading = of.is_unloading});
  }
  return gather(this, asked, describe_document{}, std::move(page),
                [](listed_documents& all, const document_info& part) {
                  const auto row =
                      std::ranges::lower_bound(all.documents, part.name, {}, &document_info::name);
                  const bool is_unloading = row->is_unloading;
                  *row = part;
                  row->is_unloading = is_unloading;
                });
}

/// The documents named report what the sessions show; the answer goes out when the last has
/// answered.
caf::result<listed_presence> directory::on_list_presence(const list_presence& which) {
  std::vector<document_actor> asked;
  for (const std::string& name : which.documents)
    if (const auto found = documents_.find(name); found != documents_.end())
      asked.push_back(found->second.document);
  return gather(this, asked, which, listed_presence{},
                [](listed_presence& all, const listed_presence& part) {
                  all.states.insert(all.states.end(), part.states.begin(), part.states.end());
                });
}

notified_document directory::on_notify(const notify_document& news) {
  const auto found = documents_.find(news.document);
  if (found == documents_.end() || found->second.is_unloading) return {false};
  tell(this, found->second.document, document_event{news.payload});
  return {true};
}

void directory::on_document_down(const caf::down_msg& down) {
  const auto actor = ids_by_actor_.find(down.source.id());
  if (actor == ids_by_actor_.end()) return;
  const document_id id = actor->second;
  const auto found = documents_.find(names_.at(id));
  std::vector<waiting_open> waiting = std::move(found->second.waiting);
  const bool has_failed = down.reason && down.reason != caf::exit_reason::user_shutdown;
  if (has_failed) {
    log_line(log_severity::error,
             "document '" + found->first + "' failed: " + caf::to_string(down.reason));
    for (const hub_actor& hub : hubs_)
      tell(this, hub, close_subscribers{id, close_reason::document_failed});
  }
  // A failed document may have noted ids of events that nobody has heard; they must count as fresh.
  if (!has_failed) keep_window(found->first, std::move(found->second.window));
  documents_.erase(found);
  names_.erase(id);
  ids_by_actor_.erase(actor);
  for (waiting_open& next : waiting) {
    caf::expected<opened_document> opened = open(next.request);
    if (opened)
      next.promise.deliver(std::move(*opened));
    else
      next.promise.deliver(opened.error());
  }
  finish_drain_if_empty();
}

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
  for (auto& [name, opened] : documents_) tell(this, opened.document, unload_document{false});
}

void directory::finish_drain_if_empty() {
  if (is_draining_ && documents_.empty() && drained_.pending()) drained_.deliver(node_drained{});
}

}  // namespace troupe
