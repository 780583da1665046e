// What a directory does for the cluster: copies that the sweeper visits and drops, and what becomes
// of documents at other nodes. Functions of the class directory.
#include <algorithm>

#include "actors/directory.hpp"
#include "actors/failure_codes.hpp"
#include "actors/gather.hpp"
#include "protocol/cluster/peer_codec.hpp"

namespace troupe {

/// Their sessions may use the document, though none of this node does. `only`: null: all of them.
void directory::notify_peers(const std::string& name, cluster::document_message what,
                             const std::vector<cluster::peer_id>* only) {
  const shared_bytes message = cluster::encode(cluster::document_block{name, 0, {std::move(what)}});
  const auto document = std::make_shared<const std::string>(name);
  for (const cluster_links::entry& each : settings_.links->peers)
    if (only == nullptr || std::ranges::find(*only, each.peer) != only->end())
      tell(this, each.link, send_to_peer{message, cluster::traffic_class::data, document});
}

caf::result<visited_document> directory::on_visit(const visit_document& which) {
  if (find_waiting(which.document) != nullptr) return to_caf_error(close_reason::document_failed);
  const caf::expected<opened_document> opened = open({which.document, std::nullopt, true});
  if (!opened) return opened.error();
  auto promise = make_response_promise<visited_document>();
  pass_on(this, opened->document, which, promise);
  return promise;
}

/// Whoever opens the document meanwhile waits, and finds it empty here: the keepers are asked.
caf::result<dropped_copy> directory::on_drop(const drop_copy& which) {
  const auto found = documents_.find(which.document);
  if (is_draining_ || removals_.contains(which.document)) return dropped_copy{};
  if (found != documents_.end() && (found->second.is_unloading || !found->second.is_idle))
    return dropped_copy{};
  auto promise = make_response_promise<dropped_copy>();
  removals_[which.document].dropped = promise;
  if (found == documents_.end()) {
    end_drop(which.document, true);
    return promise;
  }
  found->second.is_unloading = true;
  tell(this, found->second.document, unload_document{.is_dropped = true});
  return promise;
}

void directory::end_drop(const std::string& name, bool is_unused) {
  const auto finish = [this, name](bool is_dropped) {
    removal ended = std::move(removals_.at(name));
    removals_.erase(name);
    ended.dropped.deliver(dropped_copy{is_dropped});
    for (const auto& resume : ended.waiting) resume();
  };
  if (!is_unused) return finish(false);
  request(store_, caf::infinite, drop_copy{name})
      .then([finish](const dropped_copy& outcome) { finish(outcome.is_dropped); },
            [finish](const caf::error&) { finish(false); });
}

void directory::on_cluster_changed(const cluster_changed& change) {
  settings_.links = change.links;
  for (const auto& [name, opened] : documents_) tell(this, opened.document, change);
}

/// A removal at another node is one here; only the tombstone comes from there.
caf::result<removed_document> directory::on_adopt(const adopt_generation& which) {
  if (is_draining_) return to_caf_error(close_reason::server_stopping);
  auto promise = make_response_promise<removed_document>();
  if (is_put_off(which, promise)) return promise;
  if (which.generation == 0) {
    pass_on(this, store_, which, promise);
    return promise;
  }
  // Nothing ends because of what is known here already.
  request(store_, caf::infinite, adopt_generation{which.document, 0})
      .then(
          [this, which, promise](const removed_document& stored) mutable {
            if (stored.why || std::max<std::uint64_t>(stored.generation, 2) >= which.generation) {
              look_again(which.document);
              return promise.deliver(stored);
            }
            if (is_put_off(which, promise)) return;
            removal& begun = removals_[which.document];
            begun.generation = which.generation;
            begun.promises.push_back(promise);
            begin_removal(which.document);
          },
          [promise](const caf::error& why) mutable { promise.deliver(why); });
  return promise;
}

/// Where all nodes share the store it knows of what becomes of a document, and the open one looks.
void directory::look_again(const std::string& name) {
  const auto found = documents_.find(name);
  const bool is_shared = settings_.links && settings_.links->settings.is_shared;
  if (is_shared && found != documents_.end() && !found->second.is_unloading)
    tell(this, found->second.document, log_changed{});
}

/// Whether something else becomes of the document first; nobody waits for the answer.
bool directory::is_put_off(const adopt_generation& which,
                           caf::typed_response_promise<removed_document> promise) {
  const auto known = removals_.find(which.document);
  if (known == removals_.end()) return false;
  known->second.waiting.push_back(
      [this, which] { tell_anonymously(directory_actor{this}, which); });
  promise.deliver(removed_document{});
  return true;
}

/// To all nodes: those that are away learn it when they ask for the document, or by the sweep.
void directory::send_generation(const std::string& name, std::uint64_t generation) {
  if (settings_.links && generation > 0) notify_peers(name, cluster::peer_generation{generation});
}

void directory::on_announce(const announce_generation& which) {
  if (!settings_.links) return;
  request(store_, caf::infinite, adopt_generation{which.document, 0})
      .then(
          [this, name = which.document](const removed_document& known) {
            if (known.generation == 0) return;
            send_generation(name, known.generation);
            begin_spread(name, known.generation);
          },
          [](const caf::error&) {});
}

/// A removal counts as an edit does: once as many keepers as are needed have it on disk.
void directory::await_keepers(const std::string& name, removal& ended,
                              const removed_document& outcome) {
  spreading_removal& waiting = unconfirmed_[name];
  waiting.outcome = outcome;
  for (auto& promise : ended.promises) waiting.promises.push_back(std::move(promise));
  begin_spread(name, outcome.generation);
}

/// What a removal or an admission has made of a document, for its keepers, which have been
/// notified.
void directory::begin_spread(const std::string& name, std::uint64_t generation) {
  const cluster_links& links = *settings_.links;
  const cluster::document_placement where = links.place(name);
  // Nobody must be able to read by an earlier list, as for an edit.
  std::size_t needed = where.is_widely_known ? where.write_acks : where.keepers.size() + 2;
  if (where.is_available) needed = std::min(needed, links.count_up(where));
  if (where.keeps_itself && needed > 0) --needed;
  const auto now = std::chrono::steady_clock::now();
  if (const auto visit = spread_visits_.find(name); visit != spread_visits_.end()) {
    visit->second.promise.deliver(to_caf_error(close_reason::document_failed));
    spread_visits_.erase(visit);
  }
  spread_.begin(name, generation, where.keepers, needed, now, now + links.settings.load_timeout);
  look_at_spread();
}

void directory::on_noted(const note_generation& news) {
  spread_.on_stored(news.by, news.document, news.generation);
  look_at_spread();
}

caf::result<visited_document> directory::on_spread(const spread_generation& which) {
  if (!settings_.links || is_draining_ || removals_.contains(which.document) ||
      spread_.contains(which.document))
    return to_caf_error(close_reason::document_failed);  // the sweep comes again
  auto promise = make_response_promise<visited_document>();
  request(store_, caf::infinite, adopt_generation{which.document, 0})
      .then([this, name = which.document,
             promise](const removed_document& known) { spread(name, known.generation, promise); },
            [promise](const caf::error& why) mutable { promise.deliver(why); });
  return promise;
}

void directory::spread(const std::string& name, std::uint64_t generation,
                       caf::typed_response_promise<visited_document> promise) {
  if (spread_.contains(name)) return promise.deliver(to_caf_error(close_reason::document_failed));
  const cluster::document_placement where = settings_.links->place(name);
  const auto now = std::chrono::steady_clock::now();
  notify_peers(name, cluster::peer_generation{generation}, &where.keepers);
  spread_.begin(name, generation, where.keepers, where.keepers.size(), now,
                now + settings_.links->settings.load_timeout);
  spread_visits_[name] = {where.list, std::move(promise)};
  look_at_spread();
}

void directory::look_at_spread() {
  const auto now = std::chrono::steady_clock::now();
  for (const auto& each : spread_.take_ended(now)) {
    if (const auto visit = spread_visits_.find(each.document); visit != spread_visits_.end()) {
      visit->second.promise.deliver(visited_document{visit->second.list, each.missing, false});
      spread_visits_.erase(visit);
    } else if (!each.is_stored) {
      leave_behind(each.document, each.missing);
    }
    const auto found = unconfirmed_.find(each.document);
    if (found == unconfirmed_.end()) continue;
    spreading_removal ended = std::move(found->second);
    unconfirmed_.erase(found);
    ended.outcome.is_unconfirmed = !each.is_stored;
    for (auto& promise : ended.promises) promise.deliver(ended.outcome);
  }
  for (const auto& each : spread_.take_due(now))
    notify_peers(each.document, cluster::peer_generation{each.generation}, &each.to);
  for (auto& each : spread_.take_left_behind(now))
    leave_behind(each.document, std::move(each.missing));
}

/// The sweep brings it to these keepers once they can be reached.
void directory::leave_behind(const std::string& name, std::vector<cluster::peer_id> missing) {
  if (settings_.links->sweeper)
    tell(this, settings_.links->sweeper, document_left_behind{name, std::move(missing)});
}

}  // namespace troupe
