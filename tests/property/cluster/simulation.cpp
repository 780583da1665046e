#include "tests/property/cluster/simulation.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/hash.hpp"
#include "protocol/cluster/placement.hpp"

namespace troupe::simulation {

using namespace std::chrono_literals;

namespace {

cluster::node_uuid uuid_of(std::uint64_t number) {
  return {splitmix64(number), splitmix64(number + 77)};
}
std::string address_of(std::size_t place) { return "10.0.0." + std::to_string(place + 1) + ":7"; }

}  // namespace

simulation::simulation(const plan& how) : plan_(how), random_(how.seed) {
  first_nodes_ = below(4) == 0 ? 1 + below(5) : 3 + below(3);
  const std::size_t shape = below(6);
  if (shape == 0) settings_.replication = {1, 1};
  if (shape == 1) settings_.replication = {2, 2};
  if (shape == 2) settings_.replication = {5, 3};
  settings_.is_available = below(8) == 0 && !how.is_shared;
  restless_ = 3 + below(below(2) == 0 ? 30 : 6);
  if (below(4) == 0) {
    settings_.limits.payload_bytes_max = 300;
    settings_.limits.chunk_bytes_min = 16;
    settings_.limits.queue_bytes_max = 1500;
    settings_.limits.credit_bytes = 1'200;
    settings_.limits.ack_bytes = 200;
  }
  settings_.idle_grace = milliseconds{1'000 + below(6'000)};
  settings_.sweep.page_size = 2;
  settings_.sweep.visits_max = 1 + below(4);
  settings_.sweep.retry_interval = 5s;
  if (below(4) == 0) settings_.sweep.unfinished_max = 1;
  if (below(3) == 0) settings_.difference_part = 1 + below(8);
  const std::size_t count = 1 + below(4);
  for (std::size_t i = 0; i < count; ++i) {
    documents_.push_back("d" + std::to_string(i));
    acknowledged_[documents_.back()];
    confirmed_[documents_.back()] = 0;
  }
  std::vector<cluster::member> members;
  for (std::size_t i = 0; i < first_nodes_; ++i)
    members.push_back({uuid_of(how.seed * 100 + i), "n" + std::to_string(i), address_of(i)});
  const auto list = cluster::member_list::make(1, members);
  for (std::size_t i = 0; i < first_nodes_; ++i) {
    machines_[i].id = members[i].id;
    install(i, {address_of(i)}, plan_.is_shared ? cluster::member_list{} : *list);
  }
  const std::size_t writers = 2 + below(4);
  for (std::size_t i = 0; i < writers; ++i) {
    client& made = clients_.emplace_back();
    made.id = ++last_client_;
    made.document = documents_[below(documents_.size())];
    document_of_[made.id] = made.document;
    after(milliseconds{below(3'000)}, everywhere, [this, i] { act(i); });
  }
}

// --- events ---

void simulation::after(milliseconds delay, std::size_t place, std::function<void()> what) {
  std::uint64_t generation = 0;
  if (place != everywhere) {
    generation = machines_[place].generation;
    if (machines_[place].is_slow) delay += milliseconds{20 + below(300)};
  }
  events_.push({now_ + delay, ++order_, place, generation,
                std::make_shared<std::function<void()>>(std::move(what))});
}

void simulation::run_until(time_point end) {
  while (!events_.empty() && events_.top().due <= end) {
    event next = events_.top();
    events_.pop();
    now_ = std::max(now_, next.due);
    if (next.node != everywhere) {
      const machine& of = machines_[next.node];
      if (of.generation != next.generation || !of.runs) continue;
      if (is_frozen(next.node)) {
        next.due = of.frozen_until;
        events_.push(std::move(next));
        continue;
      }
    }
    ++counts_.events;
    (*next.what)();
  }
  now_ = end;
}

void simulation::trace(std::size_t place, const std::string& what) {
  if (what.starts_with("drops")) ++counts_.drops;
  if (what.starts_with("writes for others")) ++counts_.takeovers;
  if (!plan_.traces) return;
  const auto since = std::chrono::duration_cast<milliseconds>(now_ - time_point{1h});
  trace_ << since.count() << "ms ";
  if (place != everywhere) trace_ << machines_[place].name << ' ';
  trace_ << what << '\n';
}

void simulation::every_second(std::size_t place) {
  after(1s, place, [this, place] { every_second(place); });
  machine& of = machines_[place];
  for (std::size_t other = 0; other < places_max; ++other) {
    if (other == place || !runs(other) || is_frozen(other) || wires_[other][place].is_cut) continue;
    const auto mine = of.runs->epoch_with(machines_[other].id);
    if (mine && machines_[other].runs->epoch_with(of.id) == mine)
      of.runs->hear(machines_[other].id);
  }
  of.runs->tick();
  dial(place);
}

// --- connections ---

bool simulation::reach(std::size_t from, std::size_t to) const {
  return !wires_[from][to].is_cut && !wires_[to][from].is_cut;
}

void simulation::dial(std::size_t from) {
  auto targets = machines_[from].runs->members().addresses_to_dial();
  if (machines_[from].runs->nodes_up().size() == 1 && below(5) == 0)
    for (auto& each : machines_[from].runs->members().addresses_to_ask())
      targets.push_back(std::move(each));
  for (const cluster::dial_target& target : targets) {
    const std::size_t to = at(target.address);
    if (to == from || to == everywhere || !runs(to) || is_frozen(to) || !reach(from, to)) continue;
    if (!target.id.is_nil() && machines_[from].runs->is_linked(target.id)) continue;
    after(milliseconds{below(800)}, from, [this, from, to] { connect(from, to); });
  }
}

void simulation::connect(std::size_t from, std::size_t to) {
  if (!runs(to) || is_frozen(to) || !reach(from, to)) return;
  node& dials = *machines_[from].runs;
  node& answers = *machines_[to].runs;
  if (dials.is_linked(machines_[to].id)) return;
  using enum cluster::hello_answer::verdict;
  const auto first = dials.members().own_hello();
  const auto theirs = answers.members().on_hello(std::nullopt, first);
  answers.look_at_members();
  const auto second = answers.members().own_hello();
  if (theirs.what == refused) {
    trace(to, "refuses " + machines_[from].name + ": " + theirs.text);
    dials.members().on_refused(address_of(to), second, theirs.why);
    return dials.look_at_members();
  }
  const auto ours = dials.members().on_hello(address_of(to), second);
  dials.look_at_members();
  if (ours.what == refused) trace(from, "refuses " + machines_[to].name + ": " + ours.text);
  if (ours.what != linked || theirs.what != linked) return;
  const cluster::link_epoch epoch = below(1u << 30) + 1;
  answers.connect(machines_[from].id, from, epoch);
  dials.connect(machines_[to].id, to, epoch);
}

void simulation::post(std::size_t from, std::size_t to, cluster::batch what) {
  if (to == everywhere) return;
  wire& over = wires_[from][to];
  auto due = now_ + milliseconds{1 + below(below(20) == 0 ? 300 : 4)};
  if (!over.waits.empty()) due = std::max(due, over.waits.back().due);
  over.waits.push_back({due, std::move(what), false});
  deliver(from, to);
}

void simulation::end_connection(std::size_t from, std::size_t to, cluster::link_epoch epoch) {
  if (to == everywhere) return;
  wire& over = wires_[from][to];
  const auto due = over.waits.empty() ? now_ + 1ms : over.waits.back().due;
  over.waits.push_back({due, {epoch, 0, 0, {}}, true});
  deliver(from, to);
}

void simulation::deliver(std::size_t from, std::size_t to) {
  wire& over = wires_[from][to];
  if (over.waits.empty() || over.is_cut || std::exchange(over.is_delivering, true)) return;
  after(std::chrono::duration_cast<milliseconds>(
            std::max(over.waits.front().due - now_, time_point::duration{})),
        everywhere, [this, from, to] {
          wire& on = wires_[from][to];
          on.is_delivering = false;
          if (on.waits.empty() || on.is_cut) return;
          if (is_frozen(to)) {
            after(100ms, everywhere, [this, from, to] { deliver(from, to); });
            return;
          }
          const in_flight next = std::move(on.waits.front());
          on.waits.pop_front();
          if (runs(to)) {
            const cluster::node_uuid sender = machines_[from].id;
            if (next.ends)
              machines_[to].runs->on_connection_ended(sender, next.what.epoch);
            else
              machines_[to].runs->on_batch(sender, next.what);
          }
          deliver(from, to);
        });
}

std::size_t simulation::at(const std::string& address) const {
  for (std::size_t i = 0; i < places_max; ++i)
    if (address_of(i) == address) return i;
  return everywhere;
}

// --- nodes ---

void simulation::install(std::size_t place, std::vector<std::string>, cluster::member_list list) {
  machine& of = machines_[place];
  of.name = "n" + std::to_string(place);
  of.is_used = true;
  of.is_stopped = false;
  of.stored = {};
  of.stored.list = std::move(list);
  start(place);
}

void simulation::start(std::size_t place) {
  machine& of = machines_[place];
  if (of.runs || of.is_stopped || !of.is_used) return;
  ++of.generation;
  of.frozen_until = {};
  of.is_slow = false;
  of.stored.is_full = of.stored.is_slow = of.is_cut_from_database = false;
  if (plan_.is_shared) {  // nothing is left of the run before
    of.stored = {};
    of.id = cluster::node_uuid{splitmix64(below(1u << 30) + plan_.seed), below(1u << 30) + 1};
  }
  cluster::node_identity self;
  self.cluster = "c";
  self.id = of.id;
  self.incarnation = ++of.stored.incarnation;
  self.run = below(~std::uint64_t{0});
  self.name = of.name;
  self.address = address_of(place);
  for (std::size_t i = 0; i < places_max; ++i)
    if (machines_[i].is_used && i != place) self.seeds.push_back(address_of(i));
  if (self.seeds.empty()) self.seeds.push_back(self.address);
  self.replication = settings_.replication;
  self.shares_log = plan_.is_shared;
  trace(place, "starts");
  of.runs = std::make_unique<node>(*this, place, of.stored, std::move(self), settings_);
  after(milliseconds{below(1'000)}, place, [this, place] { every_second(place); });
}

/// `is_heard`: the others hear at once that its connections are gone.
void simulation::stop(std::size_t place, bool is_graceful, bool is_heard) {
  machine& of = machines_[place];
  if (!of.runs) return;
  trace(place, is_graceful ? "stops" : "is killed");
  ++counts_.crashes;
  if (is_graceful && !plan_.is_shared) of.runs->sync_all();
  if (is_graceful && plan_.is_shared) of.runs->leave_database();
  for (client& each : clients_)
    if (each.who != 0 && each.node == place) on_closed(each.who);
  for (std::size_t other = 0; other < places_max; ++other) {
    wires_[place][other].waits.clear();
    wires_[other][place].waits.clear();
    if (other == place || !is_heard) continue;
    if (const auto epoch = of.runs->epoch_with(machines_[other].id))
      end_connection(place, other, *epoch);
  }
  ++of.generation;
  of.runs.reset();
}

// --- clients ---

simulation::client* simulation::find(session who) {
  const auto at = std::ranges::find(clients_, who, &client::who);
  return at == clients_.end() || who == 0 ? nullptr : &*at;
}

void simulation::act(std::size_t which) {
  client& who = clients_[which];
  after(milliseconds{20 + below(below(5) == 0 ? 4'000 : 400)}, everywhere,
        [this, which] { act(which); });
  if (who.who == 0) return join(who);
  if (!who.has_joined || has_healed_) return;
  const std::uint64_t chance = below(100);
  if (chance < restless_) return leave(who);
  if (chance < restless_ + 2) {  // it never comes back, another one does
    trace(everywhere, "client " + std::to_string(who.id) + " vanishes");
    leave(who);
    return become_another(who, documents_[below(documents_.size())]);
  }
  edit next;
  if (chance < restless_ + 20 && !who.seen.empty()) {
    next = {who.seen[below(who.seen.size())], true};
    deleted_.insert(next.what);
  } else {
    next = {{who.id, who.clock++}, false};
    issued_[who.id] = who.clock;
    who.seen.push_back(next.what);
  }
  ++counts_.edits;
  who.own.push_back(next);
  who.unacknowledged.push_back(next);
  submit(who, next);
}

void simulation::become_another(client& who, std::string document) {
  const client before = who;
  who = {};
  who.id = ++last_client_;
  who.document = document;
  document_of_[who.id] = document;
  if (before.document != document) return;
  who.node = before.node;
  who.who = before.who;
}

void simulation::submit(client& who, const edit& what) {
  if (!runs(who.node)) return;
  byte_buffer update =
      what.is_deletion ? set_document::deletion(what.what) : set_document::insertion(what.what);
  machines_[who.node].runs->submit(who.who, who.document, std::move(update), what);
}

void simulation::join(client& who) {
  who.node = any_node();
  if (who.node == everywhere || !machines_[who.node].runs->is_member()) return;
  who.who = ++last_session_;
  who.has_joined = false;
  machines_[who.node].runs->join(who.who, who.document);
}

void simulation::leave(client& who) {
  if (who.who != 0 && runs(who.node)) machines_[who.node].runs->leave(who.who, who.document);
  who.who = 0;
  who.has_joined = false;
}

/// What it sees it may delete; what it has made it sends again, as the server may lack some. But a
/// document that was removed meanwhile gets nothing of its former life from this one.
void simulation::on_joined(session which, const set_document& state, std::uint64_t generation) {
  client* const who = find(which);
  if (who == nullptr) return;
  if (who->generation != 0 && who->generation != generation) become_another(*who, who->document);
  who->generation = generation_of_[who->id] = generation;
  who->has_joined = true;
  for (const auto& [id, end] : state.clocks())
    for (std::uint64_t clock = 0; clock < end; clock += 1 + below(3))
      who->seen.push_back({id, clock});
  for (const edit& each : who->own) submit(*who, each);
}

void simulation::on_gap(session which, edit what) {
  client* const who = find(which);
  if (who == nullptr) return;
  if (!what.is_deletion) throw std::runtime_error("a client's own edits have a gap");
  const auto is_it = [&](const edit& each) { return each.is_deletion && each.what == what.what; };
  std::erase_if(who->own, is_it);
  std::erase_if(who->unacknowledged, is_it);
}

void simulation::on_closed(session which) {
  if (client* const who = find(which)) {
    who->who = 0;
    who->has_joined = false;
  }
}

void simulation::on_acknowledged(session which, const std::string& document, edit what) {
  client* const who = find(which);
  if (who == nullptr) return;  // it does not hear of it
  const auto is_it = [&](const edit& each) {
    return each.what == what.what && each.is_deletion == what.is_deletion;
  };
  if (std::erase_if(who->unacknowledged, is_it) == 0) return;
  ++counts_.acknowledged;
  if (plan_.traces)
    trace(who->node, "acknowledges " + std::string{what.is_deletion ? "-" : "+"} +
                         std::to_string(what.what.client) + ":" + std::to_string(what.what.clock) +
                         " of " + document);
  acknowledged_[document][who->generation].push_back(what);
}

void simulation::on_generation(const std::string& document, std::uint64_t generation) {
  if (plan_.traces)
    trace(everywhere, "generation " + std::to_string(generation) + " of " + document + " is sure");
  confirmed_[document] = std::max(confirmed_[document], generation);
}

// --- safety ---

world::facts simulation::known(const std::string& document) const {
  facts all;
  all.generation = confirmed_.at(document);
  for (const auto& [generation, edits] : acknowledged_.at(document))
    all.acknowledged[generation] = edits.size();
  return all;
}

void simulation::on_loaded(std::size_t place, const std::string& document,
                           const set_document& state, std::uint64_t generation,
                           const facts& before) {
  ++counts_.loads;
  if (plan_.traces)
    trace(place, "has loaded " + document + ", generation " + std::to_string(generation));
  check_state(place, document, state, generation, before);
}

void simulation::check_state(std::size_t place, const std::string& document,
                             const set_document& state, std::uint64_t generation,
                             const facts& before) const {
  const std::string where = document + " on " + machines_[place].name;
  for (const auto& [id, end] : state.clocks()) {
    const auto known = issued_.find(id);
    if (known == issued_.end() || end > known->second || document_of_.at(id) != document)
      throw std::runtime_error(where + " has an item that nobody has made");
    if (generation_of_.at(id) != generation)
      throw std::runtime_error(where + " has an item of another life");
  }
  for (const item& each : state.deleted())
    if (!deleted_.contains(each))
      throw std::runtime_error(where + " lacks what nobody has deleted");
  if (settings_.is_available) return;
  if (generation < before.generation)
    throw std::runtime_error(where + " is shown though it was removed");
  const auto count = before.acknowledged.find(generation);
  if (count == before.acknowledged.end()) return;
  const std::vector<edit>& all = acknowledged_.at(document).at(generation);
  for (std::size_t i = 0; i < count->second; ++i) {
    const edit& each = all[i];
    if (each.is_deletion ? state.has_deleted(each.what) : state.has(each.what)) continue;
    throw std::runtime_error(
        where + " lacks the acknowledged " + (each.is_deletion ? "deletion of " : "item ") +
        std::to_string(each.what.client) + ":" + std::to_string(each.what.clock));
  }
}

}  // namespace troupe::simulation
