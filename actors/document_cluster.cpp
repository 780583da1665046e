// A document among its replicas on other nodes: what they say goes to the state and to the replica
// core, what the core decides goes to the links. Until the keepers have said what they have, nobody
// sees the document. Functions of the class document.
#include "actors/document.hpp"
#include "actors/failure_codes.hpp"

namespace troupe {

namespace {

/// How long a visit waits for keepers that are up.
constexpr std::chrono::seconds visit_max{10};

}  // namespace

// --- opening ---

/// What this node has stored is loaded. The keepers are asked once anybody wants to see it.
void document::begin_with_peers() {
  peers_->core().begin(hosted_state{*work_.state()}, durability_.last(), current_time(),
                       generation_);
  note_keepers();
  peers_->attach(this);
  if (shared_log() != nullptr) look_at_shared_log();
  schedule_flush();
}

void document::hold(document_work::input what) {
  held_.push_back(std::move(what));
  if (!work_.has_begun() || !work_.state()) return;
  open_for_held();
  schedule_flush();
}

/// Somebody wants to see the document: the keepers are asked, unless they have been.
void document::open_for_held() {
  if (held_.empty()) return;
  if (peers_) peers_->core().load(hosted_state{*work_.state()}, current_time());
  release_held();
}

void document::release_held() {
  if (peers_ && !peers_->is_loaded()) return;
  if (needs_upstream()) return look_upstream();
  if (!put_off_.empty()) answer_put_off();
  for (document_work::input& each : std::exchange(held_, {})) work_.push(std::move(each));
  handle_waiting();
}

/// Operators who wait are answered so; sessions are notified when the document ends.
void document::refuse_held(const caf::error& why) {
  for (document_work::input& each : std::exchange(held_, {})) document_work::refuse(each, why);
}

/// Sessions are asked to come again, rather than shown a document that may lack what was
/// acknowledged.
void document::look_at_opening() {
  if (!work_.state()) return;
  const auto now = current_time();
  const hosted_state own{*work_.state()};
  const bool is_wanted = !held_.empty() || !put_off_.empty();
  if (is_wanted && !peers_->is_loaded()) peers_->core().load(own, now);
  if (peers_->core().is_late(now)) {
    if (peers_->core().has_failed(now)) {
      log_line(log_severity::warning, "document '" + *name_ +
                                          "' cannot be opened: too few of the nodes that keep it "
                                          "have answered in time");
      refuse_held(to_caf_error(close_reason::cluster_unavailable));
      return quit(to_caf_error(close_reason::cluster_unavailable));
    }
    log_line(log_severity::warning, "document '" + *name_ +
                                        "' is opened though too few of the nodes that keep it have "
                                        "answered: it may lack acknowledged edits until they do");
  }
  peers_->core().on_tick(own, now);
  if (awaits_home_since_ != hosted_document::time_point{}) peers_->core().load_again(own);
  release_held();
  give_up_imports(now);
  if (peers_->core().take_unsendable()) note_unsendable(now);
  report_keeping();
}

// --- what peers say ---

bool document::handle(document_work::news_rest& rest) {
  const peer_news& news = rest.news;
  if (peers_->look_for_newer()) {
    peers_->attach(this);
    on_link({.peer = 0, .what = peer_news::kind::placed});
  }
  if (news.what != peer_news::kind::block) {
    on_link(news);
    release_held();
    return true;
  }
  check_store();
  const auto& messages = news.block->messages;
  if (rest.next == 0) reporter_.expect_peer_edits(nullptr);
  if (rest.next == 0)
    peers_->core().on_life(news.peer, news.block->life, news.block->list,
                           hosted_state{*work_.state()}, current_time());
  if (rest.next == 0 && shared_log() != nullptr) shared_log()->on_life(news.peer, news.block->life);
  while (rest.next < messages.size()) {
    take_from_peer(news.peer, news.block, rest.next++);
    if (!work_.state()) return rest.next == messages.size();
  }
  schedule_flush();
  release_held();
  return true;
}

void document::on_link(const peer_news& news) {
  using kind = peer_news::kind;
  const auto now = current_time();
  const hosted_state own{*work_.state()};
  peers_->note_heard(news.peer);
  switch (news.what) {
    case kind::up: peers_->core().on_up(news.peer, own, now); break;
    case kind::down:
      peers_->core().on_down(news.peer);
      work_.state()->on_peer_gone(news.peer, now);
      break;
    case kind::lost: peers_->core().on_lost(news.peer, own, now); [[fallthrough]];
    case kind::presence_lost: peers_->show_presence(news.peer, *work_.state()); break;
    case kind::gone:
      peers_->core().on_gone(news.peer, own, now);
      work_.state()->on_peer_gone(news.peer, now);
      break;
    case kind::placed:
      // Nobody keeps what is written here any longer.
      if (peers_->is_loaded() && !peers_->links().is_member)
        return quit(to_caf_error(close_reason::cluster_unavailable));
      peers_->core().on_placement(peers_->links().place(*name_), own, now);
      break;
    case kind::block: break;
  }
  if (shared_log() != nullptr) {
    if (news.what == kind::down || news.what == kind::gone) shared_log()->on_lost(news.peer);
    if (news.what == kind::lost) peers_->core().send_to(news.peer, said_logged_);
  }
  note_keepers();
  confirm();
  schedule_flush();
}

void document::take_from_peer(cluster::peer_id from,
                              const std::shared_ptr<const cluster::document_block>& in,
                              std::size_t at) {
  const cluster::document_message& message = in->messages[at];
  if (std::holds_alternative<cluster::peer_generation>(message)) {
    peers_->core().on_message(from, message, hosted_state{*work_.state()}, current_time());
    return look_at_generation();
  }
  // Of another life of the document. What it says first, if anything, is which.
  if (!peers_->core().fits(from)) {
    if (cluster::replica::update_of(message) == nullptr) return;
    return peers_->core().on_applied(from, message, false, hosted_state{*work_.state()},
                                     current_time());
  }
  if (const shared_slice* const update = cluster::replica::update_of(message))
    return apply_from_peer(from, in, at, *update);
  if (const auto* const presence = std::get_if<cluster::peer_presence>(&message)) {
    work_.state()->on_peer_presence(from, presence->update.view(), presence->is_all, current_time(),
                                    work_.effects());
    return carry_out_effects({}, 0);
  }
  if (const auto* const authors = std::get_if<cluster::peer_authors>(&message))
    return reporter_.expect_peer_edits(authors);
  if (const auto* const event = std::get_if<cluster::peer_event>(&message)) {
    work_.state()->on_peer_event(as_text(event->payload.view()), event->user, event->message_id,
                                 current_time(), work_.effects());
    return carry_out_effects({}, 0);
  }
  const bool asks = std::holds_alternative<cluster::peer_ask>(message) ||
                    std::holds_alternative<cluster::peer_load>(message);
  if (!asks || durability_.state_size() < heavy_state_bytes) return answer_peer(from, message);
  const auto* const wish = std::get_if<cluster::peer_ask>(&message);
  const shared_slice vector =
      wish != nullptr ? wish->state_vector : std::get<cluster::peer_load>(message).state_vector;
  const auto difference = std::make_shared<result<std::vector<byte_buffer>>>();
  work_.run(
      weight::heavy,
      [vector, difference](hosted_document& of, document_effects&) {
        *difference = hosted_state::difference_of(of, vector.view());
      },
      [this, from, in, at, difference] {
        peers_->core().on_message(from, in->messages[at],
                                  hosted_state{*work_.state(), difference.get()}, current_time());
        schedule_flush();
      });
}

/// Another node has removed the document, or has begun its next life: the directory ends this one.
void document::look_at_generation() {
  const std::uint64_t generation = peers_->core().outdated_by();
  if (generation == 0 || std::exchange(is_outdated_, true)) return;
  tell_anonymously(directory_, adopt_generation{*name_, generation});
}

void document::answer_peer(cluster::peer_id from, const cluster::document_message& message) {
  if (is_put_off(from, message)) return;
  peers_->core().on_message(from, message, hosted_state{*work_.state()}, current_time());
  if (std::holds_alternative<cluster::peer_closed>(message))
    work_.state()->on_peer_gone(from, current_time());
  const auto* const stored = std::get_if<cluster::peer_stored>(&message);
  if (stored == nullptr) return;
  if (shared_log() != nullptr) {
    shared_log()->on_stored(from, *stored);
    return look_what_is_settled();
  }
  note_confirmations();
  on_confirmed();
}

/// As an edit of a session: what is light is done at once, and whether it is shows when it is
/// looked at.
void document::apply_from_peer(cluster::peer_id from,
                               const std::shared_ptr<const cluster::document_block>& in,
                               std::size_t at, const shared_slice& update) {
  using taking = hosted_document::peer_taking;
  const auto after = [this, from, in, at, update](bool worked) {
    note_answer(in->messages[at]);
    if (worked && is_mark(in->messages[at])) store_mark(origin::of_peer(from));
    const storage::sequence before = durability_.last();
    carry_out_effects(update.bytes, 0);
    if (shared_log() != nullptr && worked) {
      std::optional<cluster::state_number> here;
      if (durability_.last() > before) here = durability_.last();
      shared_log()->on_taken(from, in->messages[at], here, current_time());
      look_what_is_settled();
      if (!work_.state()) return;
    }
    const bool is_fill = std::holds_alternative<cluster::peer_fill>(in->messages[at]);
    if (is_fill && worked && settings_.metrics) settings_.metrics->documents().repairs->inc();
    peers_->core().on_applied(from, in->messages[at], worked, hosted_state{*work_.state()},
                              current_time());
    if (durability_.is_long()) checkpoint();
  };
  if (update.empty()) return after(true);
  if (weight_here(update) == weight::light || !work_.can_lend()) {
    const std::uint64_t steps = work_.can_lend() ? light_steps_max : crdt::unlimited_steps;
    const taking outcome =
        work_.state()->on_peer_update(from, update.view(), work_.effects(), steps);
    if (outcome != taking::deferred) return after(outcome == taking::taken);
  }
  const auto outcome = std::make_shared<taking>(taking::taken);
  work_.run(
      weight::heavy,
      [from, update, outcome](hosted_document& on, document_effects& out) {
        *outcome = on.on_peer_update(from, update.view(), out);
      },
      [after, outcome] { after(*outcome == taking::taken); });
}

/// The weight of a peer's update on the state as it is.
weight document::weight_here(const shared_slice& update) const {
  const bool unfolds = work_.state()->is_folded();
  const std::size_t size = unfolds ? durability_.state_size() : 0;
  return weight_of(std::max(size, update.size), heavy_update_bytes);
}

// --- keepers ---

/// Who counts for an acknowledgement: changes with the placement, and in available mode with links.
void document::note_keepers() {
  const cluster::replica& core = peers_->core();
  std::vector<keeper_id> counted;
  if (core.placement().keeps_itself) counted.push_back(durability::local_store);
  for (const cluster::peer_id each : core.placement().keepers) counted.push_back(keeper_of(each));
  if (counted.empty()) counted.push_back(keeper_of(cluster::peer_id(-1)));  // nobody: none counts
  durability_.expect(core.acks_needed(), std::move(counted));
  note_confirmations();
}

void document::note_confirmations() {
  for (const auto& each : peers_->core().confirmations())
    durability_.on_stored(keeper_of(each.keeper), each.stored, each.whole);
}

void document::on_cluster_changed(const cluster_changed& change) {
  if (!peers_) return;
  peers_->use(change.links);
  peers_->attach(this);
  queue(document_work::news_rest{{.peer = 0, .what = peer_news::kind::placed}});
}

// --- visits by the sweeper ---

bool document::may_be_dropped() const {
  return peers_ && work_.has_begun() && work_.state() && !audience_.has_sessions() &&
         held_.empty() && !durability_.is_storing() && !durability_.is_awaited() &&
         peers_->core().may_be_dropped();
}

caf::result<visited_document> document::on_visit() {
  if (!peers_) return visited_document{};
  auto promise = make_response_promise<visited_document>();
  if (visits_.empty()) {
    visited_at_ = current_time();
    peers_->core().on_visit();
  }
  visits_.push_back(promise);
  if (work_.has_begun()) answer_visits(false);
  return promise;
}

/// Waits for keepers that are up, but not for ever.
void document::answer_visits(bool is_late) {
  if (visits_.empty()) return;
  const cluster::replica& core = peers_->core();
  const cluster::state_number up_to = core.visited_up_to();
  const bool is_done = core.is_kept_everywhere(up_to);
  if (!is_done && !is_late && (core.is_being_kept(up_to) || peers_->awaits_links())) return;
  for (auto& each : std::exchange(visits_, {}))
    each.deliver(visited_document{core.placement().list, core.lacking(up_to), may_be_dropped()});
}

/// It stays with the nodes that have it, and they are still asked.
void document::note_unsendable(hosted_document::time_point now) {
  if (settings_.metrics) settings_.metrics->unsendable_differences().inc();
  const std::uint64_t count = unsendable_logged_.note("", now);
  if (count == 0) return;
  log_line(log_severity::error, "cannot send missing updates of document '" + *name_ +
                                    "' to another node: one value is larger than " +
                                    std::to_string(cluster::peer_update_size_bytes_max) + " bytes" +
                                    since_last_line(count));
}

// --- what is reported to the application ---

/// The update that was appended last is of a session, the server or a peer.
void document::note_written(const origin& from) {
  if (from.kind == origin_kind::peer)
    reporter_.on_peer_edit();
  else if (auto authors = reporter_.take_unreported())
    peers_->core().on_authors(*std::move(authors));
  peers_->on_written(from, durability_, *work_.state(), current_time());
}

/// A document is open for the application while somebody uses it, at whatever node; its home says
/// so. A replica that was opened to bring it to its keepers is none of that.
void document::report_use() {
  if (!reporter_.may_open()) return;
  if (!audience_.has_sessions() && !peers_->core().has_users()) return;
  if (peers_->is_home(current_time())) reporter_.on_opened();
}

/// The home announces what it has stored, so that this node need not.
void document::report_keeping() {
  if (!settings_.webhooks || !work_.has_begun() || durability_.is_storing()) return;
  if (const auto home = peers_->home_with_all(current_time())) reporter_.on_stored_elsewhere(*home);
}

void document::notify_peers() {
  report_use();
  if (work_.state() && (durability_.is_whole_awaited() || !visits_.empty()))
    peers_->core().on_whole_awaited(hosted_state{*work_.state()}, current_time());
  answer_visits(current_time() - visited_at_ >= visit_max);
  if (shared_log() != nullptr) notify_logged();
  if (work_.state())
    for (const cluster::peer_id each : peers_->core().take_new_users()) {
      if (shared_log() != nullptr) peers_->core().send_to(each, said_logged_);
      peers_->show_presence(each, *work_.state());
    }
  const repair_counts sent = peers_->send(this);
  if (settings_.metrics) sent.show(settings_.metrics->documents());
}

}  // namespace troupe
