#include "tests/property/cluster/node.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "protocol/cluster/placement.hpp"

namespace troupe::simulation {

using namespace std::chrono_literals;

namespace {

constexpr keeper_id keeper_of(cluster::peer_id peer) { return keeper_id{peer} + 1; }
constexpr milliseconds silence_max{5'000};
constexpr milliseconds visit_max{10'000};

std::string as_bytes_of(edit what) {
  return std::to_string(what.what.client) + "," + std::to_string(what.what.clock) + "," +
         std::to_string(what.is_deletion ? 1 : 0);
}

edit edit_of(std::string_view text) {
  const std::size_t first = text.find(',');
  const std::size_t second = text.find(',', first + 1);
  return {{std::stoull(std::string{text.substr(0, first)}),
           std::stoull(std::string{text.substr(first + 1, second - first - 1)})},
          text.substr(second + 1) == "1"};
}

}  // namespace

node::node(world& in, std::size_t index, disk& of, cluster::node_identity self,
           const node_settings& settings)
    : world_(in),
      index_(index),
      disk_(of),
      settings_(settings),
      members_(std::move(self), of.list, of.moved),
      sweep_(settings.sweep) {
  look_at_members();
}

// --- members ---

bool node::is_linked(const cluster::node_uuid& id) const {
  const auto at = numbers_.find(id);
  return at != numbers_.end() && peers_.at(at->second)->epoch.has_value();
}

std::vector<cluster::node_uuid> node::nodes_up() const {
  std::vector<cluster::node_uuid> up{members_.self().id};
  for (const auto& [number, each] : peers_)
    if (each->epoch) up.push_back(each->id);
  return up;
}

node::peer_end* node::find(const cluster::node_uuid& id) {
  const auto at = numbers_.find(id);
  return at == numbers_.end() ? nullptr : peers_.at(at->second).get();
}

void node::look_at_members() {
  const bool is_new_list = members_.list().number() != disk_.list.number();
  const bool has_moved = members_.moved() != disk_.moved;
  disk_.list = members_.list();
  disk_.moved = members_.moved();
  const auto wanted = members_.peers();
  for (auto at = numbers_.begin(); at != numbers_.end();) {
    if (std::ranges::find(wanted, at->first, &cluster::member::id) != wanted.end()) {
      ++at;
      continue;
    }
    peer_end& gone = *peers_.at(at->second);
    if (gone.epoch) lose(gone);
    peers_.erase(at->second);
    at = numbers_.erase(at);
  }
  for (const cluster::member& each : wanted) {
    if (numbers_.contains(each.id)) continue;
    numbers_[each.id] = ++last_number_;
    auto& made = peers_[last_number_] = std::make_unique<peer_end>(settings_.limits);
    made->id = each.id;
    made->index = world_.at(each.address);
  }
  // What documents decide under a list leaves behind the list itself.
  if (is_new_list || has_moved) gossip(nullptr);
  publish();
  if (members_.list().number() > swept_list_) {
    swept_list_ = members_.list().number();
    std::vector<std::string> open;
    for (const auto& [name, each] : documents_) open.push_back(name);
    const auto moved = members_.moved().find(members_.self().id);
    const bool moved_before =
        moved != members_.moved().end() && moved->second >= members_.list().number();
    using enum cluster::sweep::moved_before;
    sweep_.on_list(swept_list_, moved_before ? yes : no, std::move(open), world_.now());
  }
  // Nobody can be served by a node that was removed.
  if (!is_member())
    for (const auto& [name, each] : std::map{documents_}) fail(each);
  if (members_.all_moved()) sweep_.on_all_moved(members_.list().number(), world_.now());
}

void node::publish() {
  const published next{members_.list().number(), members_.lists_to_ask().has_value(),
                       members_.is_widely_known(), sweep_.may_drop(world_.now())};
  if (published_ == next) return;
  published_ = next;
  for (const auto& [name, each] : documents_) push(each, [](open_document&) {});
}

void node::gossip(peer_end* only) {
  const auto moved = members_.moved().find(members_.self().id);
  for (auto& [number, each] : peers_) {
    if (!each->epoch || (only != nullptr && each.get() != only)) continue;
    if (!members_.list().empty())
      send(*each,
           cluster::encode(cluster::node_message{
               cluster::peer_members{shared_bytes::copy_of(members_.list().encode())}}),
           cluster::traffic_class::control, "");
    if (moved != members_.moved().end())
      send(*each, cluster::encode(cluster::node_message{cluster::peer_moved{moved->second}}),
           cluster::traffic_class::control, "");
  }
}

cluster::document_placement node::place(const std::string& document) const {
  cluster::document_placement where;
  const cluster::member_list& list = members_.list();
  const auto& self = members_.self();
  where.list = list.number();
  if (!is_member()) {
    where.keeps_itself = false;
    where.answers_needed = 1;
    return where;
  }
  const cluster::quorum sizes = members_.sizes();
  const auto found = cluster::place_of(list, document, sizes.keepers);
  where.is_available = settings_.is_available;
  where.is_widely_known = members_.is_widely_known();
  where.may_drop = sweep_.may_drop(world_.now());
  where.keeps_itself = found.is_keeper(self.id);
  where.write_acks = sizes.write_acks;
  for (const cluster::node_uuid& each : found.keepers())
    if (each != self.id) where.keepers.push_back(number_of(each));
  std::size_t reads = sizes.reads;
  bool asks_itself = where.keeps_itself;
  where.asked = where.keepers;
  if (const auto wide = members_.lists_to_ask()) {
    where.asked.clear();
    reads = wide->reads;
    asks_itself = false;
    for (const cluster::node_uuid& each : wide->ask) {
      if (each == self.id)
        asks_itself = true;
      else
        where.asked.push_back(number_of(each));
    }
  }
  where.answers_needed = reads - (asks_itself && reads > 0 ? 1 : 0);
  return where;
}

void node::pump_sweep() {
  const time_point now = world_.now();
  while (const auto wanted = sweep_.next_page(now)) {
    std::vector<std::string> names;
    std::string after = wanted->after;
    auto end = cluster::sweep::page_end::last;
    for (auto at = disk_.logs.upper_bound(wanted->after); at != disk_.logs.end(); ++at) {
      if (names.size() == wanted->count) {
        end = cluster::sweep::page_end::more;
        break;
      }
      after = at->first;
      if (!wanted->skips_kept || !place(at->first).keeps_itself) names.push_back(at->first);
    }
    sweep_.on_page(wanted->pass, std::move(names), std::move(after), end, now);
    if (end == cluster::sweep::page_end::last) break;
  }
  while (const auto name = sweep_.next_visit(now)) {
    const document_ptr visited = open(*name);
    visited->visited_until = now + visit_max;
    look_at_visit(*visited, false);
  }
  if (const auto moved = sweep_.take_moved()) {
    world_.trace(index_, "has moved for list " + std::to_string(*moved));
    members_.on_moved(members_.self().id, *moved);
    look_at_members();
  }
}

/// Tells the sweep what a visit has found: all is well, or nothing will come of it now.
void node::look_at_visit(open_document& of, bool is_tick) {
  if (!of.visited_until || !of.has_begun || !of.mailbox.empty()) return;
  const bool is_over = world_.now() >= *of.visited_until;
  if (!of.peers.is_kept_everywhere() && !is_over && !(is_tick && !of.peers.is_being_kept())) return;
  of.visited_until.reset();
  std::vector<cluster::peer_id> lacking = of.peers.lacking();
  if (lacking.empty() && !of.peers.is_kept_everywhere())
    return sweep_.on_visit_failed(of.name, world_.now());
  sweep_.on_visited(of.name, of.peers.placement().list, std::move(lacking), world_.now());
}

void node::tick() {
  for (auto& [number, each] : peers_) {
    if (!each->epoch) continue;
    if (world_.now() - each->heard >= silence_max)
      lose(*each);
    else
      flush(*each);
  }
  publish();
  const auto all = documents_;
  for (const auto& named : all)
    push(named.second, [this, each = named.second](open_document&) { tick(each); });
  pump_sweep();
}

// --- links ---

std::optional<cluster::link_epoch> node::epoch_with(const cluster::node_uuid& id) const {
  const auto at = numbers_.find(id);
  return at == numbers_.end() ? std::nullopt : peers_.at(at->second)->epoch;
}

void node::hear(const cluster::node_uuid& from) {
  if (peer_end* const of = find(from)) of->heard = world_.now();
}

void node::connect(const cluster::node_uuid& to, std::size_t index, cluster::link_epoch epoch) {
  peer_end* const end = find(to);
  if (end == nullptr) return;
  if (end->epoch) lose(*end);
  end->index = index;
  end->epoch = epoch;
  end->heard = world_.now();
  end->link.open(epoch);
  world_.trace(index_, "is linked with " + members_.name_of(to));
  const cluster::peer_id number = number_of(to);
  gossip(end);
  for (const auto& [name, each] : documents_)
    if (each->has_begun)
      push(each,
           [this, number](open_document& of) { of.peers.on_up(number, of.state, world_.now()); });
  sweep_.on_peer_up(number, world_.now());
}

void node::lose(peer_end& of) {
  const cluster::link_epoch epoch = *std::exchange(of.epoch, std::nullopt);
  of.link.close();
  of.openings.clear();
  world_.end_connection(index_, of.index, epoch);
  world_.trace(index_, "has lost the link to " + members_.name_of(of.id));
  const cluster::peer_id number = number_of(of.id);
  for (const auto& [name, each] : documents_)
    if (each->has_begun) push(each, [number](open_document& doc) { doc.peers.on_down(number); });
}

void node::on_connection_ended(const cluster::node_uuid& with, cluster::link_epoch epoch) {
  peer_end* const end = find(with);
  if (end != nullptr && end->epoch == epoch) lose(*end);
}

void node::send(peer_end& to, shared_bytes message, cluster::traffic_class of,
                const std::string& document) {
  if (!to.epoch) return;
  if (to.link.push(std::move(message), of, document) == cluster::pushed::overfull) return lose(to);
  if (std::exchange(to.flushes, true)) return;
  const cluster::node_uuid id = to.id;
  world_.after(soon(1), index_, [this, id] {
    if (peer_end* const end = find(id)) {
      end->flushes = false;
      flush(*end);
    }
  });
}

void node::flush(peer_end& of) {
  if (!of.epoch) return;
  const auto now = world_.now();
  while (auto next = of.link.next_batch(now)) world_.post(index_, of.index, *std::move(next));
  if (auto ack = of.link.take_ack(now)) world_.post(index_, of.index, *std::move(ack));
  const cluster::peer_id number = number_of(of.id);
  for (const cluster::lost_document& each : of.link.take_lost()) {
    const auto at = documents_.find(each.document);
    if (at != documents_.end() && at->second->has_begun)
      push(at->second, [this, number](open_document& doc) {
        doc.peers.on_lost(number, doc.state, world_.now());
      });
  }
}

void node::on_batch(const cluster::node_uuid& from, const cluster::batch& what) {
  peer_end* end = find(from);
  if (end == nullptr || end->epoch != what.epoch) return;
  end->heard = world_.now();
  const auto arrived = end->link.on_batch(what, world_.now());
  if (!arrived) throw std::runtime_error("a batch is refused: " + to_string(arrived.error()));
  for (const shared_slice& each : arrived->messages) {
    end = find(from);
    if (end == nullptr || !end->epoch) return;
    on_message(*end, each);
  }
  end = find(from);
  if (end != nullptr) flush(*end);
}

void node::on_message(peer_end& from, const shared_slice& bytes) {
  auto message = cluster::decode(bytes);
  if (!message) throw std::runtime_error("a message cannot be read");
  if (auto* const block = std::get_if<cluster::document_block>(&*message))
    return on_block(from, std::move(*block));
  const auto& news = std::get<cluster::node_message>(*message);
  if (const auto* const moved = std::get_if<cluster::peer_moved>(&news))
    members_.on_moved(from.id, moved->list_number);
  if (const auto* const members = std::get_if<cluster::peer_members>(&news)) {
    using enum cluster::membership::list_outcome;
    const auto outcome =
        members_.on_members(from.id, *cluster::member_list::decode(members->list.view()));
    if (outcome == older) gossip(&from);
    if (outcome == conflict) throw std::runtime_error("two lists have one number");
  }
  look_at_members();
}

void node::on_block(peer_end& from, cluster::document_block block) {
  const auto at = documents_.find(block.document);
  const cluster::peer_id number = number_of(from.id);
  const bool is_gone = block.life == 0;
  if (at != documents_.end() && at->second->has_begun) {
    if (is_gone)
      return push(at->second, [this, number](open_document& of) {
        of.peers.on_gone(number, of.state, world_.now());
      });
    const auto shared = std::make_shared<cluster::document_block>(std::move(block));
    return push(at->second,
                [this, number, shared](open_document& of) { take(of, number, *shared); });
  }
  if (is_gone) return;
  const bool is_needed = std::ranges::any_of(block.messages, cluster::needs_replica);
  const auto [opening, is_first] = from.openings.try_emplace(block.document);
  if (is_first && !is_needed) {
    from.openings.erase(opening);
    return;
  }
  const std::string name = block.document;
  opening->second.push_back(std::make_shared<cluster::document_block>(std::move(block)));
  if (is_first) open(name);
}

void node::tell_gone(const std::string& document) {
  for (auto& [number, each] : peers_)
    if (each->epoch)
      send(*each, cluster::encode(cluster::document_block{document, 0, {cluster::peer_closed{}}}),
           cluster::traffic_class::data, document);
}

// --- documents ---

node::document_ptr node::open(const std::string& document) {
  document_ptr& of = documents_[document];
  if (of) return of;
  cluster::replica::settings how;
  how.life = world_.below(~std::uint64_t{0}) | 1;
  of = std::make_shared<open_document>(document, cluster::replica{how, place(document)});
  of->idle_since = world_.now();
  world_.after(soon(20), index_, [this, of = of] {
    const auto at = documents_.find(of->name);
    if (at != documents_.end() && at->second == of) begin(of);
  });
  return of;
}

void node::begin(const document_ptr& of) {
  storage::stored_document stored;
  if (const auto at = disk_.logs.find(of->name); at != disk_.logs.end()) {
    for (const byte_buffer& each : at->second) {
      if (of->state.apply(each) == set_document::outcome::gap)
        throw std::runtime_error("a log has a gap");
      stored.updates.push_back(shared_bytes::copy_of(each));
    }
    stored.last = at->second.size();
  }
  of->log.load(stored);
  world_.trace(index_,
               "opens " + of->name + " at " + std::to_string(stored.last) + " " + of->state.text());
  of->has_begun = true;
  of->peers.begin(of->state, stored.last, world_.now());
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
    if (is_open()) look_whether_loaded(*of);
  }
  if (is_open()) end_turn(*of);
}

void node::look_whether_loaded(open_document& of) {
  const time_point now = world_.now();
  if (!of.held.empty() && !of.peers.is_loaded() && !of.is_asking) {
    of.is_asking = true;
    of.acknowledged_before = world_.acknowledged(of.name);
    world_.trace(index_, "asks for " + of.name + " under list " +
                             std::to_string(of.peers.placement().list) + ", needs " +
                             std::to_string(of.peers.placement().answers_needed) + " of " +
                             std::to_string(of.peers.placement().asked.size()));
    of.peers.load(of.state, now);
  }
  if (!of.peers.is_loaded()) return;
  if (std::exchange(of.is_asking, false))
    world_.on_loaded(index_, of.name, of.state, of.acknowledged_before);
  for (auto& each : std::exchange(of.held, {})) each(of);
}

void node::hold(open_document& of, std::function<void(open_document&)> what) {
  if (of.peers.is_loaded()) return what(of);
  of.held.push_back(std::move(what));
}

void node::take(open_document& of, cluster::peer_id from, const cluster::document_block& block) {
  const time_point now = world_.now();
  of.peers.on_life(from, block.life, block.list, of.state, now);
  for (const cluster::document_message& each : block.messages) {
    const shared_slice* const update = cluster::replica::update_of(each);
    if (update == nullptr) {
      if (const auto* const stored = std::get_if<cluster::peer_stored>(&each))
        world_.trace(
            index_, "hears from " + std::to_string(from) + " list " + std::to_string(block.list) +
                        ": stored " + of.name + " up to " + std::to_string(stored->up_to) + "/" +
                        std::to_string(stored->whole) + " of " + std::to_string(of.peers.number()));
      of.peers.on_message(from, each, of.state, now);
      continue;
    }
    bool worked = true;
    if (!update->empty()) {
      const auto outcome = of.state.apply(update->view());
      worked = outcome != set_document::outcome::gap;
      if (outcome == set_document::outcome::changed) write(of, update->view(), true);
    }
    of.peers.on_applied(from, each, worked, of.state, now);
  }
}

void node::write(open_document& of, byte_view update, bool is_of_peer) {
  const shared_bytes copy = shared_bytes::copy_of(update);
  of.log.append(copy);
  of.peers.on_written(of.log.last(), is_of_peer ? shared_slice{} : shared_slice{copy});
}

void node::end_turn(open_document& of) {
  if (auto append = of.log.take_append(); !append.updates.empty()) {
    store_write next{of.name, of.peers.life(), append.first, {}};
    for (const shared_slice& each : append.updates)
      next.updates.emplace_back(each.view().begin(), each.view().end());
    writes_.push_back(std::move(next));
    sync();
  }
  for (const cluster::replica::block& each : of.peers.take_blocks()) {
    const shared_bytes encoded = cluster::encode(cluster::document_block{
        of.name, of.peers.life(), each.messages, of.peers.placement().list});
    for (const cluster::peer_id to : each.to)
      if (const auto at = peers_.find(to); at != peers_.end())
        send(*at->second, encoded, cluster::traffic_class::data, of.name);
  }
  std::vector<keeper_id> counted;
  if (of.peers.placement().keeps_itself) counted.push_back(durability::local_store);
  for (const cluster::peer_id each : of.peers.placement().keepers)
    counted.push_back(keeper_of(each));
  if (counted.empty()) counted.push_back(~keeper_id{0});
  of.log.expect(of.peers.acks_needed(), std::move(counted));
  for (const auto& each : of.peers.confirmations())
    of.log.on_stored(keeper_of(each.keeper), each.stored, each.whole);
  while (of.log.next_to_credit() != nullptr) {
  }
  while (const auto* const one = of.log.next_confirmed()) {
    world_.on_acknowledged(one->from.session(), of.name, edit_of(as_text(one->change.view())));
    of.log.pop_confirmed();
  }
  look_at_visit(of, false);
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
  if (!is_visited && disk_.logs.contains(name)) sweep_.on_document_failed(name, world_.now());
}

void node::quit(const document_ptr& of) {
  std::erase_if(writes_, [&](const store_write& each) { return each.life == of->peers.life(); });
  close_sessions(*of);
  if (of->visited_until) sweep_.on_visit_failed(of->name, world_.now());
  world_.trace(index_, "closes " + of->name + " " + of->state.text());
  documents_.erase(of->name);
  for (auto& [number, each] : peers_) each->openings.erase(of->name);
  if (of->has_begun) tell_gone(of->name);
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
  const document_ptr of = open(document);
  of->sessions.push_back(who);
  push(of, [this, who](open_document& doc) {
    doc.peers.on_used(!doc.sessions.empty());
    hold(doc, [this, who](open_document& loaded) {
      if (std::ranges::find(loaded.sessions, who) != loaded.sessions.end())
        world_.on_joined(who, loaded.state);
    });
  });
  of->idle_since = world_.now();
}

void node::leave(session who, const std::string& document) {
  const auto at = documents_.find(document);
  if (at == documents_.end()) return;
  std::erase(at->second->sessions, who);
  push(at->second, [](open_document& of) { of.peers.on_used(!of.sessions.empty()); });
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
      auto& log = disk_.logs[each.document];
      if (each.first != log.size() + 1) throw std::runtime_error("a log has a hole");
      for (byte_buffer& update : each.updates) log.push_back(std::move(update));
      const std::uint64_t up_to = log.size();
      push(at->second, [up_to](open_document& of) {
        of.log.on_stored(durability::local_store, up_to);
        of.peers.on_durable(up_to);
      });
    }
    sync();
  });
}

void node::sync_all() {
  for (store_write& each : writes_) {
    auto& log = disk_.logs[each.document];
    for (std::size_t i = 0; i < each.updates.size(); ++i)
      if (each.first + i == log.size() + 1) log.push_back(std::move(each.updates[i]));
  }
  writes_.clear();
}

// --- questions ---

const set_document* node::find(const std::string& document) const {
  const auto at = documents_.find(document);
  return at == documents_.end() || !at->second->has_begun ? nullptr : &at->second->state;
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
