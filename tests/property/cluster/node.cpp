#include "tests/property/cluster/node.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "protocol/cluster/placement.hpp"

namespace troupe::simulation {

using namespace std::chrono_literals;

namespace {

constexpr milliseconds silence_max{5'000};
constexpr milliseconds visit_max{10'000};

}  // namespace

node::node(world& in, std::size_t index, disk& of, cluster::node_identity self,
           const node_settings& settings)
    : world_(in),
      index_(index),
      disk_(of),
      settings_(settings),
      members_(std::move(self), of.list, of.moved),
      sweep_(settings.sweep),
      shared_(in.shared()) {
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
  if (shared_ != nullptr) return;
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
  if (shared_ != nullptr) return;
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
  if (shared_ != nullptr) {
    where.list = 1;
    where.is_shared = true;
    return where;
  }
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
    std::set<std::string> stored;
    for (const auto& [name, log] : disk_.logs) stored.insert(name);
    for (const auto& [name, number] : disk_.generations) stored.insert(name);
    for (auto at = stored.upper_bound(wanted->after); at != stored.end(); ++at) {
      if (names.size() == wanted->count) {
        end = cluster::sweep::page_end::more;
        break;
      }
      after = *at;
      if (!wanted->skips_kept || !place(*at).keeps_itself) names.push_back(*at);
    }
    sweep_.on_page(wanted->pass, std::move(names), std::move(after), end, now);
    if (end == cluster::sweep::page_end::last) break;
  }
  while (const auto name = sweep_.next_visit(now)) {
    if (!disk_.logs.contains(*name) && !documents_.contains(*name) && generation(*name) > 2) {
      visit_generation(*name);
      continue;
    }
    const document_ptr visited = open(*name);
    visited->visited_until = now + visit_max;
    visited->peers.on_visit();
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
  const cluster::state_number up_to = of.peers.visited_up_to();
  const bool is_done = of.peers.is_kept_everywhere(up_to);
  if (!is_done && !is_over && !(is_tick && !of.peers.is_being_kept(up_to))) return;
  of.visited_until.reset();
  std::vector<cluster::peer_id> lacking = of.peers.lacking(up_to);
  if (lacking.empty() && !is_done) return sweep_.on_visit_failed(of.name, world_.now());
  sweep_.on_visited(of.name, of.peers.placement().list, std::move(lacking), world_.now());
}

void node::tick() {
  if (shared_ != nullptr) look_who_is_there();
  for (auto& [number, each] : peers_) {
    if (!each->epoch) continue;
    if (world_.now() - each->heard >= silence_max)
      lose(*each);
    else
      flush(*each);
  }
  publish();
  look_at_spread();
  const auto all = documents_;
  for (const auto& named : all)
    // Not the pointer itself: it would stand in the mailbox of the document that it keeps.
    push(named.second, [this, each = std::weak_ptr{named.second}](open_document&) {
      if (const document_ptr open = each.lock()) tick(open);
    });
  if (shared_ == nullptr) pump_sweep();
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
    if (each->has_begun)
      push(each, [this, number](open_document& doc) {
        doc.peers.on_down(number);
        if (doc.shared) doc.shared->on_lost(number);
        hide_peer(doc, number);
      });
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
    if (at == documents_.end()) {
      if (each.what == cluster::loss::data) tell_gone(of, each.document);
      continue;
    }
    if (at->second->has_begun)
      push(at->second, [this, number](open_document& doc) {
        doc.peers.on_lost(number, doc.state, world_.now());
        if (doc.shared) doc.peers.send_to(number, doc.said);
        show_all(doc, number);
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
  if (take_generation(from, block)) return;
  const auto at = documents_.find(block.document);
  const cluster::peer_id number = number_of(from.id);
  const bool is_gone = block.life == 0;
  if (at != documents_.end() && at->second->has_begun) {
    if (is_gone)
      return push(at->second, [this, number](open_document& of) {
        of.peers.on_gone(number, of.state, world_.now());
        if (of.shared) of.shared->on_lost(number);
        hide_peer(of, number);
      });
    const auto shared = std::make_shared<cluster::document_block>(std::move(block));
    return push(at->second,
                [this, number, shared](open_document& of) { take(of, number, *shared); });
  }
  if (is_gone) return;
  const bool is_needed = std::ranges::any_of(block.messages, cluster::needs_replica);
  if (shared_ != nullptr && at == documents_.end()) {  // nobody opens it for others
    if (!is_needed) return;
    return send(
        from, cluster::encode(cluster::document_block{block.document, 0, {cluster::peer_closed{}}}),
        cluster::traffic_class::data, block.document);
  }
  const auto [opening, is_first] = from.openings.try_emplace(block.document);
  if (is_first && !is_needed) {
    from.openings.erase(opening);
    return;
  }
  const std::string name = block.document;
  if (generation(name) % 2 == 1) {  // it cannot be opened
    from.openings.erase(opening);
    const std::vector<cluster::peer_id> only{number};
    return send_alone(name, cluster::peer_generation{generation(name)}, &only);
  }
  opening->second.push_back(std::make_shared<cluster::document_block>(std::move(block)));
  if (is_first) open(name);
}

void node::report_gone(const std::string& document) {
  for (auto& [number, each] : peers_)
    if (each->epoch) tell_gone(*each, document);
}

void node::tell_gone(peer_end& to, const std::string& document) {
  send(to, cluster::encode(cluster::document_block{document, 0, {cluster::peer_closed{}}}),
       cluster::traffic_class::data, document);
}

// --- generations ---

std::uint64_t node::generation(const std::string& document) const {
  if (shared_ != nullptr) {
    const auto known = shared_->documents.find(document);
    const bool is_read = world_.reaches_database(index_) && known != shared_->documents.end();
    return is_read ? known->second.generation : 0;
  }
  const auto at = disk_.generations.find(document);
  return at == disk_.generations.end() ? 0 : at->second;
}

/// `only`: null: all peers.
void node::send_alone(const std::string& document, cluster::document_message what,
                      const std::vector<cluster::peer_id>* only) {
  const shared_bytes message =
      cluster::encode(cluster::document_block{document, 0, {std::move(what)}});
  for (auto& [number, each] : peers_)
    if (each->epoch && (only == nullptr || std::ranges::find(*only, number) != only->end()))
      send(*each, message, cluster::traffic_class::data, document);
}

void node::change_generation(const std::string& document) {
  if (shared_ != nullptr) return change_shared_generation(document);
  const std::uint64_t next = std::max<std::uint64_t>(generation(document), 2) + 1;
  world_.trace(index_, "makes " + std::to_string(next) + " the generation of " + document);
  adopt(document, next);
  send_alone(document, cluster::peer_generation{next});
  const auto where = place(document);
  std::size_t needed = where.is_widely_known ? where.write_acks : where.keepers.size() + 2;
  if (where.keeps_itself && needed > 0) --needed;
  const time_point now = world_.now();
  if (spread_visits_.erase(document) > 0) sweep_.on_visit_failed(document, now);
  spread_.begin(document, next, where.keepers, needed, now, now + 10s);
  look_at_spread();
}

/// Whatever is stored of an earlier one goes.
void node::adopt(const std::string& document, std::uint64_t newer) {
  if (shared_ != nullptr) {
    if (const auto at = documents_.find(document); at != documents_.end())
      push(at->second, [](open_document& of) { of.shared->want_look(); });
    return;
  }
  if (std::max<std::uint64_t>(generation(document), 2) >= newer) return;
  if (const auto at = documents_.find(document); at != documents_.end())
    fail(document_ptr{at->second});
  disk_.logs.erase(document);
  disk_.generations[document] = newer;
}

/// As the links do: what becomes of a document, whether or not it is open.
bool node::take_generation(peer_end& from, const cluster::document_block& block) {
  if (shared_ != nullptr) return take_shared_generation(block);
  const std::vector<cluster::peer_id> only{number_of(from.id)};
  const cluster::document_message* const first =
      block.messages.empty() ? nullptr : &block.messages.front();
  if (first == nullptr) return false;
  if (block.life != 0 || block.messages.size() != 1) {
    const auto at = documents_.find(block.document);
    const auto* const news = std::get_if<cluster::peer_generation>(first);
    if (at == documents_.end() && news != nullptr && news->generation > 2) {
      adopt(block.document, news->generation);
      if (generation(block.document) > news->generation)
        send_alone(block.document, cluster::peer_generation{generation(block.document)}, &only);
    }
    return false;
  }
  if (const auto* const stored = std::get_if<cluster::peer_generation_stored>(first)) {
    spread_.on_stored(only.front(), block.document, stored->generation);
    look_at_spread();
    return true;
  }
  const auto* const news = std::get_if<cluster::peer_generation>(first);
  if (news == nullptr) return false;
  adopt(block.document, news->generation);
  const std::uint64_t own = generation(block.document);
  if (own > news->generation) send_alone(block.document, cluster::peer_generation{own}, &only);
  if (own >= news->generation)
    send_alone(block.document, cluster::peer_generation_stored{own}, &only);
  return true;
}

void node::look_at_spread() {
  const time_point now = world_.now();
  for (const auto& each : spread_.take_ended(now)) {
    if (const auto visit = spread_visits_.find(each.document); visit != spread_visits_.end()) {
      const std::uint64_t list = visit->second;
      spread_visits_.erase(visit);
      sweep_.on_visited(each.document, list, each.missing, now);
    } else if (each.is_stored) {
      world_.on_generation(each.document, each.generation);
    } else {
      sweep_.on_left_behind(each.document, each.missing, now);
    }
  }
  for (const auto& each : spread_.take_left_behind(now))
    sweep_.on_left_behind(each.document, each.missing, now);
  for (const auto& each : spread_.take_due(now))
    send_alone(each.document, cluster::peer_generation{each.generation}, &each.to);
}

/// A sweep brings to all keepers what has become of a document of which nothing else is left.
void node::visit_generation(const std::string& document) {
  const time_point now = world_.now();
  if (spread_.contains(document)) return sweep_.on_visit_failed(document, now);
  const auto where = place(document);
  send_alone(document, cluster::peer_generation{generation(document)}, &where.keepers);
  spread_.begin(document, generation(document), where.keepers, where.keepers.size(), now,
                now + 10s);
  spread_visits_[document] = where.list;
  look_at_spread();
}

}  // namespace troupe::simulation
