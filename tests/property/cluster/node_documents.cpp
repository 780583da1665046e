// The documents of a simulated node, its sessions and its store. Functions of the class node.
#include <algorithm>
#include <stdexcept>
#include <utility>

#include "protocol/cluster/placement.hpp"
#include "tests/property/cluster/node.hpp"

namespace troupe::simulation {

using namespace std::chrono_literals;

namespace {

constexpr keeper_id keeper_of(cluster::peer_id peer) { return keeper_id{peer} + 1; }

std::string as_bytes_of(edit what) {
  return std::to_string(what.what.client) + "," + std::to_string(what.what.clock) + "," +
         std::to_string(what.is_deletion ? 1 : 0);
}

/// With more a checkpoint replaces them.
constexpr std::size_t checkpoint_updates = 12;

edit edit_of(std::string_view text) {
  const std::size_t first = text.find(',');
  const std::size_t second = text.find(',', first + 1);
  return {{std::stoull(std::string{text.substr(0, first)}),
           std::stoull(std::string{text.substr(first + 1, second - first - 1)})},
          text.substr(second + 1) == "1"};
}

}  // namespace

set_document stored_log::state() const {
  set_document all;
  if (!checkpoint.empty()) all.apply(checkpoint);
  for (const byte_buffer& each : updates) all.apply(each);
  return all;
}

// --- documents ---

node::document_ptr node::open(const std::string& document) {
  document_ptr& of = documents_[document];
  if (of) return of;
  cluster::replica::settings how;
  how.life = world_.below(~std::uint64_t{0}) | 1;
  of = std::make_shared<open_document>(document, cluster::replica{how, place(document)});
  of->state.cut_differences(settings_.difference_part);
  of->idle_since = world_.now();
  world_.after(soon(20), index_, [this, of = of] {
    const auto at = documents_.find(of->name);
    if (at != documents_.end() && at->second == of) begin(of);
  });
  return of;
}

void node::begin(const document_ptr& of) {
  storage::stored_document stored;
  of->generation = generation(of->name);
  if (is_removed(of->generation)) return fail(of);  // since it was opened
  if (shared_ != nullptr && !load_shared(*of)) return fail(of);
  if (of->shared) stored.last = of->shared->known();
  if (const auto at = disk_.logs.find(of->name); at != disk_.logs.end()) {
    if (!at->second.checkpoint.empty()) {
      of->state.apply(at->second.checkpoint);
      stored.checkpoint = shared_bytes::copy_of(at->second.checkpoint);
    }
    for (const byte_buffer& each : at->second.updates) {
      if (of->state.apply(each) == set_document::outcome::gap)
        throw std::runtime_error("a log has a gap");
      stored.updates.push_back(shared_bytes::copy_of(each));
    }
    stored.last = at->second.last();
  }
  if (!of->shared) of->log.load(stored);
  world_.trace(index_,
               "opens " + of->name + " at " + std::to_string(stored.last) + " " + of->state.text());
  of->has_begun = true;
  of->peers.begin(of->state, stored.last, world_.now(), of->generation);
  of->generation = std::max(of->generation, first_life);
  std::vector<std::function<void(open_document&)>> first;
  for (auto& [number, each] : peers_) {
    if (!each->epoch) continue;
    first.push_back(
        [this, n = number](open_document& doc) { doc.peers.on_up(n, doc.state, world_.now()); });
    const auto waiting = each->openings.find(of->name);
    if (waiting == each->openings.end()) continue;
    for (const auto& block : waiting->second)
      first.push_back([this, n = number, block](open_document& doc) { take(doc, n, *block); });
    each->openings.erase(waiting);
  }
  of->mailbox.insert(of->mailbox.begin(), first.begin(), first.end());
  of->has_turn = false;
  push(of, [](open_document&) {});
}

void node::push(const document_ptr& to, std::function<void(open_document&)> news) {
  to->mailbox.push_back(std::move(news));
  if (!to->has_begun || std::exchange(to->has_turn, true)) return;
  world_.after(soon(2), index_, [this, to] { run_turn(to); });
}

void node::run_turn(const document_ptr& of) {
  of->has_turn = false;
  const auto is_open = [&] {
    const auto at = documents_.find(of->name);
    return at != documents_.end() && at->second == of;
  };
  // A document never obeys an older list than its node has told others that it has.
  if (is_open()) of->peers.on_placement(place(of->name), of->state, world_.now());
  while (is_open() && !of->mailbox.empty()) {
    const auto next = std::move(of->mailbox.front());
    of->mailbox.pop_front();
    next(*of);
    if (is_open()) check_loaded(*of);
  }
  if (is_open()) end_turn(*of);
}

void node::check_loaded(open_document& of) {
  const time_point now = world_.now();
  if (!of.held.empty() && !of.peers.is_loaded() && !of.is_asking) {
    of.is_asking = true;
    if (!of.shared) of.known_before = world_.known(of.name);
    world_.trace(index_, "asks for " + of.name + " under list " +
                             std::to_string(of.peers.placement().list) + ", needs " +
                             std::to_string(of.peers.placement().answers_needed) + " of " +
                             std::to_string(of.peers.placement().asked.size()));
    of.peers.load(of.state, now);
  }
  if (!is_shown(of)) return;
  if (std::exchange(of.is_asking, false))
    world_.on_loaded(index_, of.name, of.state, of.generation, of.known_before);
  for (auto& each : std::exchange(of.held, {})) each(of);
}

void node::hold(open_document& of, std::function<void(open_document&)> what) {
  if (is_shown(of)) return what(of);
  of.held.push_back(std::move(what));
}

void node::take(open_document& of, cluster::peer_id from, const cluster::document_block& block) {
  const time_point now = world_.now();
  of.peers.on_life(from, block.life, block.list, of.state, now);
  if (of.shared) of.shared->on_life(from, block.life);
  for (const cluster::document_message& each : block.messages) {
    const shared_slice* const update = cluster::replica::update_of(each);
    const bool is_generation = std::holds_alternative<cluster::peer_generation>(each);
    if (!is_generation && !of.peers.fits(from)) {
      if (update != nullptr) of.peers.on_applied(from, each, false, of.state, now);
      continue;
    }
    if (const auto* const presence = std::get_if<cluster::peer_presence>(&each)) {
      of.presence.apply_of_peer(presence->update.view(), peer_session(from), presence->is_all, now);
      continue;
    }
    if (std::holds_alternative<cluster::peer_closed>(each)) hide_peer(of, from);
    if (update == nullptr) {
      if (const auto* const stored = std::get_if<cluster::peer_stored>(&each))
        world_.trace(
            index_, "hears from " + std::to_string(from) + " list " + std::to_string(block.list) +
                        ": stored " + of.name + " up to " + std::to_string(stored->up_to) + "/" +
                        std::to_string(stored->whole) + " of " + std::to_string(of.peers.number()));
      of.peers.on_message(from, each, of.state, now);
      if (const auto* const said = std::get_if<cluster::peer_stored>(&each); said && of.shared)
        of.shared->on_stored(from, *said);
      const std::uint64_t newer = of.peers.outdated_by();
      if (newer != 0 && !std::exchange(of.is_outdated, true))
        world_.after(soon(3), index_, [this, name = of.name, newer] { adopt(name, newer); });
      continue;
    }
    bool worked = true;
    std::optional<cluster::state_number> here;
    if (!update->empty()) {
      const auto outcome = of.state.apply(update->view());
      worked = outcome != set_document::outcome::gap;
      if (outcome == set_document::outcome::changed) {
        write(of, update->view(), true);
        here = of.log.last();
      }
    }
    if (of.shared && worked) of.shared->on_taken(from, each, here, now);
    of.peers.on_applied(from, each, worked, of.state, now);
  }
}

void node::write(open_document& of, byte_view update, bool is_of_peer) {
  const shared_bytes copy = shared_bytes::copy_of(update);
  if (of.shared) return note_written(of, copy, is_of_peer);
  of.log.append(copy);
  of.peers.on_written(of.log.last(), is_of_peer ? shared_slice{} : shared_slice{copy});
}

void node::end_turn(open_document& of) {
  if (of.shared) settle(of);
  if (auto append = of.log.take_append(); !append.updates.empty()) {
    store_write next{of.name, of.peers.life(), append.first, {}};
    if (of.shared) next.first = of.log.last();
    next.generation = of.generation;
    for (const shared_slice& each : append.updates)
      next.updates.emplace_back(each.view().begin(), each.view().end());
    writes_.push_back(std::move(next));
    sync();
  }
  for (const cluster::peer_id each : of.peers.take_new_users()) show_all(of, each);
  for (const cluster::replica::block& each : of.peers.take_blocks()) {
    const shared_bytes encoded = cluster::encode(cluster::document_block{
        of.name, of.peers.life(), each.messages, of.peers.placement().list});
    for (const cluster::peer_id to : each.to)
      if (const auto at = peers_.find(to); at != peers_.end())
        send(*at->second, encoded, cluster::traffic_class::data, of.name);
  }
  std::vector<keeper_id> counted;
  if (of.shared) return acknowledge(of);
  if (of.peers.placement().keeps_itself) counted.push_back(durability::local_store);
  for (const cluster::peer_id each : of.peers.placement().keepers)
    counted.push_back(keeper_of(each));
  if (counted.empty()) counted.push_back(~keeper_id{0});
  of.log.expect(of.peers.acks_needed(), std::move(counted));
  for (const auto& each : of.peers.confirmations())
    of.log.on_stored(keeper_of(each.keeper), each.stored, each.whole);
  acknowledge(of);
  look_at_visit(of, false);
  if (disk_.logs.contains(of.name) && disk_.logs.at(of.name).updates.size() > checkpoint_updates)
    checkpoint(of);
}

void node::acknowledge(open_document& of) {
  while (of.log.next_to_credit() != nullptr) {
  }
  while (const auto* const one = of.log.next_confirmed()) {
    world_.on_acknowledged(one->from.session(), of.name, edit_of(as_text(one->change.view())));
    of.log.pop_confirmed();
  }
}

/// Of this moment, behind all that was appended before.
void node::checkpoint(open_document& of) {
  if (std::exchange(of.is_checkpointing, true)) return;
  writes_.push_back({of.name, of.peers.life(), of.log.last(), {}, of.state.whole_difference({})});
  sync();
}

void node::tick(const document_ptr& of) {
  const time_point now = world_.now();
  open_document& doc = *of;
  if (doc.peers.is_late(now) && doc.peers.has_failed(now)) {
    world_.trace(index_, "cannot open " + doc.name);
    return fail(of);
  }
  doc.peers.on_tick(doc.state, now);
  if (doc.log.is_whole_awaited()) doc.peers.on_whole_awaited(doc.state, now);
  if (doc.shared && doc.shared->is_look_due(now)) look_at_log(doc);
  look_at_visit(doc, true);
  const bool is_idle = doc.sessions.empty() && !doc.visited_until;
  if (!is_idle) doc.idle_since = now;
  if (is_idle && now - doc.idle_since >= settings_.idle_grace) unload(of);
}

void node::unload(const document_ptr& of) {
  if (of->peers.is_kept_in_use()) {
    of->idle_since = world_.now();
    return;
  }
  end_turn(*of);
  if (of->log.is_storing() || of->log.is_awaited() || !of->mailbox.empty()) return;
  if (of->shared) return quit(of);
  const bool may_go = of->peers.may_be_dropped();
  const auto lacking = of->peers.lacking();
  if (may_go && disk_.logs.erase(of->name) > 0) world_.trace(index_, "drops " + of->name);
  if (!may_go) sweep_.on_left_behind(of->name, lacking, world_.now());
  quit(of);
}

/// Without the care of unload().
void node::fail(const document_ptr& of) {
  const std::string name = of->name;
  const bool is_visited = of->visited_until.has_value();
  quit(of);
  if (shared_ == nullptr && !is_visited && disk_.logs.contains(name))
    sweep_.on_document_failed(name, world_.now());
}

void node::quit(const document_ptr& of) {
  if (shared_ == nullptr)
    std::erase_if(writes_, [&](const store_write& each) { return each.life == of->peers.life(); });
  close_sessions(*of);
  if (of->visited_until) sweep_.on_visit_failed(of->name, world_.now());
  world_.trace(index_, "closes " + of->name + " " + of->state.text());
  documents_.erase(of->name);
  for (auto& [number, each] : peers_) each->openings.erase(of->name);
  if (of->has_begun) report_gone(of->name);
}

void node::close_sessions(open_document& of) {
  for (const session each : std::exchange(of.sessions, {})) world_.on_closed(each);
}

void node::fail_document(const std::string& document) {
  const auto at = documents_.find(document);
  if (at == documents_.end()) return;
  world_.trace(index_, "fails " + document);
  fail(document_ptr{at->second});
}

// --- sessions ---

void node::join(session who, const std::string& document) {
  if (is_removed(generation(document))) {
    send_alone(document, cluster::peer_generation{generation(document)});
    return world_.after(soon(20), index_, [this, who] { world_.on_closed(who); });
  }
  const document_ptr of = open(document);
  of->sessions.push_back(who);
  push(of, [this, who](open_document& doc) {
    if (doc.shared && !doc.is_used && doc.peers.is_loaded()) {
      doc.shared->want_look();
      if (doc.shared->is_look_due(world_.now())) look_at_log(doc);
    }
    doc.is_used = !doc.sessions.empty();
    doc.peers.on_used(!doc.sessions.empty());
    hold(doc, [this, who](open_document& loaded) {
      if (std::ranges::find(loaded.sessions, who) == loaded.sessions.end()) return;
      show(loaded, who);
      world_.on_joined(who, loaded.state, loaded.generation);
    });
  });
  of->idle_since = world_.now();
}

void node::leave(session who, const std::string& document) {
  const auto at = documents_.find(document);
  if (at == documents_.end()) return;
  std::erase(at->second->sessions, who);
  push(at->second, [this, who](open_document& of) {
    hide(of, who);
    of.is_used = !of.sessions.empty();
    of.peers.on_used(!of.sessions.empty());
  });
}

void node::submit(session who, const std::string& document, byte_buffer update, edit what) {
  const auto at = documents_.find(document);
  if (at == documents_.end()) return;
  push(at->second, [this, who, what, update = std::move(update)](open_document& of) {
    if (std::ranges::find(of.sessions, who) == of.sessions.end()) return;
    hold(of, [this, who, what, update](open_document& doc) {
      const auto outcome = doc.state.apply(update);
      if (outcome == set_document::outcome::gap) return world_.on_gap(who, what);
      if (outcome == set_document::outcome::changed) write(doc, update, false);
      durability::unconfirmed one;
      one.from = origin::of_session(who);
      one.has_confirmation = true;
      one.needs_whole = outcome == set_document::outcome::nothing_new;
      one.change = shared_bytes::copy_of(as_bytes(as_bytes_of(what)));
      doc.log.await(std::move(one));
      if (doc.log.is_whole_awaited()) doc.peers.on_whole_awaited(doc.state, world_.now());
    });
  });
}

// --- store ---

/// Writes that wait are synced together.
void node::sync() {
  if (shared_ != nullptr) return commit();
  if (writes_.empty() || std::exchange(is_syncing_, true)) return;
  const milliseconds takes = disk_.is_slow ? 500ms + soon(1'500) : 1ms + soon(8);
  const std::size_t count = writes_.size();
  world_.after(takes, index_, [this, count] {
    is_syncing_ = false;
    std::vector<store_write> batch;
    const std::size_t some = std::min(count, writes_.size());
    for (std::size_t i = 0; i < some; ++i) batch.push_back(std::move(writes_[i]));
    writes_.erase(writes_.begin(), writes_.begin() + static_cast<std::ptrdiff_t>(some));
    for (store_write& each : batch) {
      const auto at = documents_.find(each.document);
      const bool is_same = at != documents_.end() && at->second->peers.life() == each.life;
      if (!is_same) continue;  // it has failed meanwhile
      if (disk_.is_full) {
        fail_document(each.document);
        continue;
      }
      write_to_disk(each);
      if (each.checkpoint) {
        push(at->second, [](open_document& of) { of.is_checkpointing = false; });
        continue;
      }
      const std::uint64_t up_to = disk_.logs.at(each.document).last();
      push(at->second, [up_to](open_document& of) {
        of.log.on_stored(durability::local_store, up_to);
        of.peers.on_durable(up_to);
      });
    }
    sync();
  });
}

void node::sync_all() {
  for (store_write& each : writes_) write_to_disk(each);
  writes_.clear();
}

void node::write_to_disk(store_write& what) {
  stored_log& log = disk_.logs[what.document];
  auto& stored = disk_.generations[what.document];
  stored = std::max(stored, first_life);
  if (what.checkpoint) {
    if (what.first < log.covers || what.first > log.last())
      throw std::runtime_error("a checkpoint covers what is not there");
    log.checkpoint = *std::move(what.checkpoint);
    log.updates.erase(log.updates.begin(),
                      log.updates.begin() + static_cast<std::ptrdiff_t>(what.first - log.covers));
    log.covers = what.first;
    return;
  }
  if (what.first != log.last() + 1) throw std::runtime_error("a log has a hole");
  for (byte_buffer& update : what.updates) log.updates.push_back(std::move(update));
}

// --- presence ---

void node::show(open_document& of, session who) {
  if (!of.presence.set_own(who, "{}", who, world_.now())) return;
  const std::vector<session> shown{who};
  of.peers.send_to_users(
      cluster::peer_presence{shared_bytes::copy_of(of.presence.encode(shown)), false});
}

void node::hide(open_document& of, session who) {
  const auto gone = of.presence.remove_session(who, world_.now());
  if (gone.empty()) return;
  of.peers.send_to_users(
      cluster::peer_presence{shared_bytes::copy_of(of.presence.encode(gone)), false});
}

void node::hide_peer(open_document& of, cluster::peer_id who) {
  of.presence.remove_session(peer_session(who), world_.now());
}

void node::show_all(open_document& of, cluster::peer_id to) {
  of.peers.send_to(to,
                   cluster::peer_presence{
                       shared_bytes::copy_of(of.presence.encode(of.presence.shown_here())), true});
}

std::optional<std::set<session>> node::shown(const std::string& document) const {
  const auto at = documents_.find(document);
  if (at == documents_.end() || at->second->sessions.empty()) return std::nullopt;
  const auto all = at->second->presence.shown();
  return std::set<session>{all.begin(), all.end()};
}

// --- questions ---

const set_document* node::find(const std::string& document) const {
  const auto at = documents_.find(document);
  return at == documents_.end() || !at->second->has_begun ? nullptr : &at->second->state;
}

bool node::is_loaded(const std::string& document) const {
  const auto at = documents_.find(document);
  return at != documents_.end() && at->second->peers.is_loaded();
}

bool node::has_work() const {
  for (const auto& [number, each] : peers_) {
    const auto figures = each->link.figures(world_.now());
    if (figures.queued_bytes + figures.lost_documents > 0) return true;
  }
  return !writes_.empty();
}

std::string node::describe() const {
  std::string text = "list " + std::to_string(members_.list().number());
  text += members_.all_moved() ? " moved" : " moving";
  for (const auto& id : members_.yet_to_move()) text += " wait:" + members_.name_of(id);
  const auto figures = sweep_.describe();
  text += " sweep " + std::string{figures.is_under_way ? "on" : "off"} + " unfinished " +
          std::to_string(figures.unfinished) + " visiting " + std::to_string(figures.visiting);
  for (const auto& [name, each] : documents_)
    text += " " + name + (each->has_begun ? "" : "(loading)") + "[" +
            std::to_string(each->sessions.size()) + " sessions" +
            (each->peers.is_loaded() ? "" : ", not loaded") +
            (each->log.is_awaited() ? ", awaited" : "") + "]";
  return text;
}

}  // namespace troupe::simulation
