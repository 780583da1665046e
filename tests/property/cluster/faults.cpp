// What goes wrong in a simulation, how it heals, and what must be true then.
#include <algorithm>
#include <stdexcept>

#include "base/hash.hpp"
#include "protocol/cluster/placement.hpp"
#include "tests/property/cluster/simulation.hpp"

namespace troupe::simulation {

using namespace std::chrono_literals;

void simulation::run() {
  const time_point end = now_ + plan_.faults;
  next_change_ = now_ + milliseconds{2'000 + below(20'000)};
  run_until(now_ + 3s);
  while (now_ < end) {
    do_something_bad();
    if (plan_.is_shared && below(5) == 0) fail_database();
    if (plan_.with_member_changes && now_ >= next_change_) {
      if (plan_.is_shared)
        change_nodes();
      else
        change_members();
    }
    if (below(3) == 0) order_by_mistake();
    run_until(now_ + milliseconds{100 + below(2'500)});
  }
  heal();
  wait_for_rest();
  check_end();
}

std::size_t simulation::any_node() {
  std::vector<std::size_t> up;
  for (std::size_t i = 0; i < places_max; ++i)
    if (runs(i)) up.push_back(i);
  return up.empty() ? everywhere : up[below(up.size())];
}

/// The one with the newest list.
std::size_t simulation::operator_node() const {
  std::size_t best = everywhere;
  for (std::size_t i = 0; i < places_max; ++i) {
    if (!runs(i) || is_frozen(i) || !machines_[i].runs->members().is_joined()) continue;
    if (best == everywhere ||
        machines_[i].stored.list.number() > machines_[best].stored.list.number())
      best = i;
  }
  return best;
}

void simulation::cut(std::size_t from, std::size_t to, milliseconds lasts) {
  if (from == to || wires_[from][to].is_cut) return;
  ++counts_.cuts;
  wires_[from][to].is_cut = true;
  after(lasts, everywhere, [this, from, to] {
    wires_[from][to].is_cut = false;
    deliver(from, to);
  });
}

void simulation::do_something_bad() {
  const std::size_t place = any_node();
  if (place == everywhere) {
    for (std::size_t i = 0; i < places_max; ++i) start(i);
    return;
  }
  const std::size_t other = any_node();
  const milliseconds lasts{100 + below(below(3) == 0 ? 15'000 : 3'000)};
  machine& of = machines_[place];
  switch (below(15)) {
    case 0:
    case 1: {
      stop(place, below(3) == 0, below(3) != 0);
      after(lasts, everywhere, [this, place] { start(place); });
      break;
    }
    case 2: {  // all at once
      if (below(4) != 0) break;
      for (std::size_t i = 0; i < places_max; ++i) {
        stop(i, false, false);
        after(milliseconds{100 + below(8'000)}, everywhere, [this, i] { start(i); });
      }
      break;
    }
    case 3:
      trace(place, "is frozen");
      of.frozen_until = std::max(of.frozen_until, now_ + lasts);
      break;
    case 4:
    case 5:
      trace(place, "is cut from " + machines_[other].name);
      cut(place, other, lasts);
      cut(other, place, lasts);
      break;
    case 6:
      trace(place, "does not reach " + machines_[other].name);
      cut(place, other, lasts);
      break;
    case 7: {
      trace(place, "is cut from all");
      for (std::size_t i = 0; i < places_max; ++i) {
        cut(place, i, lasts);
        cut(i, place, lasts);
      }
      break;
    }
    case 8: {  // two halves
      const std::uint64_t side = below(1u << places_max);
      trace(everywhere, "partition " + std::to_string(side));
      for (std::size_t i = 0; i < places_max; ++i)
        for (std::size_t k = 0; k < places_max; ++k)
          if ((side >> i & 1) != (side >> k & 1)) cut(i, k, lasts);
      break;
    }
    case 9:
      trace(place, "is slow");
      of.is_slow = true;
      after(lasts, everywhere, [this, place] { machines_[place].is_slow = false; });
      break;
    case 10:
      trace(place, "has a slow disk");
      of.stored.is_slow = true;
      after(lasts, everywhere, [this, place] { machines_[place].stored.is_slow = false; });
      break;
    case 11:
      trace(place, "has a full disk");
      of.stored.is_full = true;
      after(lasts / 3, everywhere, [this, place] { machines_[place].stored.is_full = false; });
      break;
    case 12: of.runs->fail_document(documents_[below(documents_.size())]); break;
    case 14: change_generation(); break;
    case 13: {  // a connection breaks
      if (const auto epoch = of.runs->epoch_with(machines_[other].id)) {
        trace(place, "breaks with " + machines_[other].name);
        of.runs->on_connection_ended(machines_[other].id, *epoch);
      }
      break;
    }
    default: break;
  }
}

/// The database that all share is killed, or a node does not reach it.
void simulation::fail_database() {
  ++counts_.database_faults;
  const milliseconds lasts{100 + below(below(3) == 0 ? 12'000 : 2'500)};
  const std::size_t place = any_node();
  if (below(2) == 0 || place == everywhere) {
    if (!database_.is_up) return;
    trace(everywhere, "the database is killed");
    database_.is_up = false;
    ++database_.starts;
    after(lasts, everywhere, [this] { database_.is_up = true; });
    return;
  }
  trace(place, "does not reach the database");
  machines_[place].is_cut_from_database = true;
  after(lasts, everywhere, [this, place] { machines_[place].is_cut_from_database = false; });
}

/// Nodes come and go without anybody saying so to the others.
void simulation::change_nodes() {
  next_change_ = now_ + milliseconds{1'000 + below(8'000)};
  ++counts_.lists;
  const std::size_t place = below(places_max);
  machine& of = machines_[place];
  if (!of.runs) {
    of.name = "n" + std::to_string(place);
    of.is_used = true;
    of.is_stopped = false;
    return start(place);
  }
  std::size_t running = 0;
  for (std::size_t i = 0; i < places_max; ++i) running += runs(i) ? 1 : 0;
  if (running < 2) return;
  stop(place, below(2) == 0, below(3) != 0);
  of.is_stopped = below(2) == 0;  // or it comes back when all heals
}

/// One order at a time, by an operator who looks where the newest list is.
void simulation::change_members() {
  next_change_ = now_ + milliseconds{3'000 + below(25'000)};
  const std::size_t by = operator_node();
  if (by == everywhere) return;
  for (const machine& each : machines_)  // it is not the newest list
    if (each.stored.list.number() > machines_[by].stored.list.number()) return;
  node& at = *machines_[by].runs;
  const cluster::member_list& list = at.members().list();
  const auto how = cluster::insistence::careful;
  const std::uint64_t before = list.number();
  // Whoever waits to be added.
  const auto candidates = at.members().candidates();
  const std::uint64_t chance = below(10);
  // A node whose disk is lost is removed, and comes again as another.
  for (std::size_t i = 0; i < places_max; ++i) {
    if (!machines_[i].is_stopped) continue;
    if (list.find(machines_[i].id) == nullptr) continue;
    if (at.members().remove(machines_[i].name, at.nodes_up(), how))
      trace(by, "removes " + machines_[i].name);
    if (at.members().list().number() != before) ++counts_.lists;
    return at.look_at_members();
  }
  if (!candidates.empty() && chance < 8) {
    if (at.members().add(candidates[0].name, candidates[0].id, "", at.nodes_up(), how))
      trace(by, "adds " + candidates[0].name);
  } else if (chance < 4) {
    for (std::size_t i = 0; i < places_max; ++i) {
      if (machines_[i].is_used &&
          !(machines_[i].is_stopped && list.find_former(machines_[i].id) == nullptr &&
            list.find(machines_[i].id) == nullptr))
        continue;
      machines_[i].id =
          cluster::node_uuid{splitmix64(below(1u << 30) + plan_.seed), below(1u << 30) + 1};
      install(i, {}, {});
      break;
    }
  } else if (chance < 7 && list.size() > 2) {
    const std::string leaving = list.members()[below(list.size())].name;
    if (at.members().leave(leaving, at.nodes_up(), how)) trace(by, "lets go " + leaving);
  } else if (chance < 9 && !has_destroyed_ && list.size() > 2 &&
             at.members().sizes().write_acks > 1) {
    const std::size_t lost = this->at(list.members()[below(list.size())].address);
    if (at.members().all_moved() && lost != by) {
      has_destroyed_ = true;
      trace(lost, "loses its disk");
      stop(lost, false, below(2) == 0);
      machines_[lost].is_stopped = true;
      machines_[lost].stored.logs.clear();
    }
  }
  if (at.members().list().number() != before) ++counts_.lists;
  at.look_at_members();
}

/// What an operator orders by mistake at any node: each would lose copies, or make two lists of one
/// number, so each must be refused.
void simulation::order_by_mistake() {
  if (plan_.is_shared) return;
  const std::size_t by = any_node();
  if (by == everywhere || is_frozen(by) || !machines_[by].runs->members().is_joined()) return;
  cluster::membership& at = machines_[by].runs->members();
  const cluster::member_list& list = at.list();
  const std::vector<cluster::node_uuid> up = machines_[by].runs->nodes_up();
  const auto is_up = [&](const cluster::member& who) {
    return std::ranges::find(up, who.id) != up.end();
  };
  const cluster::member other = list.members()[below(list.size())];
  const cluster::node_uuid stranger{splitmix64(below(1u << 30)), 77};
  const auto how = cluster::insistence::careful;
  const auto must_be_refused = [&](const result<void>& outcome, const char* deed) {
    ++counts_.mistakes;
    if (outcome) throw std::runtime_error(machines_[by].name + deed + other.name);
  };
  switch (below(5)) {
    case 0:
      if (is_up(other)) must_be_refused(at.remove(other.name, up, how), " removes what is up: ");
      break;
    case 1: must_be_refused(at.remove(at.self().name, up, how), " removes itself, not "); break;
    case 2:
      must_be_refused(at.add(other.name, stranger, "10.9.9.9:7", up, how),
                      " gives another node the name of ");
      break;
    case 3:
      must_be_refused(at.add("stranger", stranger, other.address, up, how),
                      " gives another node the address of ");
      break;
    default: {
      const auto reached = std::ranges::count_if(list.members(), is_up);
      if (2 * static_cast<std::size_t>(reached) > list.size()) break;
      must_be_refused(at.add("stranger", stranger, "10.9.9.9:7", up, how),
                      " changes the list in a minority: adds beside ");
      must_be_refused(at.add(other.name, other.id, "10.9.9.9:7", up, how),
                      " changes the list in a minority: moves ");
    }
  }
}

/// An operator removes a document, or admits one that was removed, at a node that knows of it.
void simulation::change_generation() {
  const std::size_t by = any_node();
  if (by == everywhere || is_frozen(by) || !machines_[by].runs->is_member()) return;
  const std::string& document = documents_[below(documents_.size())];
  node& at = *machines_[by].runs;
  if (at.generation(document) == 0) return;
  ++counts_.removals;
  at.change_generation(document);
}

/// What was removed last may be used again.
void simulation::admit_all() {
  for (const std::string& document : documents_) {
    std::size_t best = everywhere;
    for (std::size_t i = 0; i < places_max; ++i)
      if (runs(i) && machines_[i].runs->is_member() &&
          (best == everywhere ||
           machines_[i].runs->generation(document) > machines_[best].runs->generation(document)))
        best = i;
    if (best != everywhere && machines_[best].runs->generation(document) % 2 == 1)
      machines_[best].runs->change_generation(document);
  }
}

void simulation::heal() {
  trace(everywhere, "all heals");
  has_healed_ = true;
  database_.is_up = true;
  for (auto& row : wires_)
    for (wire& each : row) each.is_cut = false;
  for (std::size_t i = 0; i < places_max; ++i) {
    machine& of = machines_[i];
    of.is_slow = false;
    of.stored.is_full = of.stored.is_slow = of.is_cut_from_database = false;
    start(i);
    for (std::size_t k = 0; k < places_max; ++k) deliver(i, k);
  }
}

std::string simulation::describe() const {
  std::string text;
  for (std::size_t i = 0; i < places_max; ++i)
    if (runs(i)) text += "\n  " + machines_[i].name + ": " + machines_[i].runs->describe();
  for (const client& each : clients_)
    text += "\n  client " + std::to_string(each.id) + " at " +
            machines_[std::min(each.node, places_max - 1)].name + " " + each.document +
            (each.has_joined ? " joined" : " away") + ", waits for " +
            std::to_string(each.unacknowledged.size());
  return text;
}

std::string simulation::why_not_at_rest(bool with_members) const {
  for (const client& each : clients_)
    if (!each.unacknowledged.empty() || !each.has_joined)
      return "client " + std::to_string(each.id) + " waits";
  if (plan_.is_shared) return why_not_shared();
  const std::size_t by = operator_node();
  if (by == everywhere) return "all nodes are frozen";
  const cluster::member_list& list = machines_[by].stored.list;
  for (std::size_t i = 0; i < places_max; ++i) {
    if (!runs(i)) continue;
    const node& of = *machines_[i].runs;
    if (of.has_work()) return machines_[i].name + " has work";
    if (!list.is_linked(machines_[i].id)) continue;
    if (!(of.members().list() == list)) return machines_[i].name + " has an old list";
    if (with_members && !of.members().all_moved()) return "documents move";
    for (const std::string& document : documents_)
      if (auto why = why_not_at_rest(i, document, with_members); !why.empty()) return why;
  }
  for (const std::string& document : documents_)
    if (auto why = who_sees_others(document); !why.empty()) return why;
  return {};
}

/// Every node knows all that run, and has of each open document what the database has.
std::string simulation::why_not_shared() const {
  std::size_t running = 0;
  for (std::size_t i = 0; i < places_max; ++i) running += runs(i) ? 1 : 0;
  for (std::size_t i = 0; i < places_max; ++i) {
    if (!runs(i)) continue;
    const node& of = *machines_[i].runs;
    if (of.has_work()) return machines_[i].name + " has work";
    if (of.members().list().size() != running || of.nodes_up().size() != running)
      return machines_[i].name + " is not linked with all that run";
    for (const std::string& document : documents_) {
      const set_document* const open = of.find(document);
      const auto stored = database_.documents.find(document);
      if (open == nullptr || stored == database_.documents.end()) continue;
      if (open->digest() != state_of(stored->second).digest())
        return document + " on " + machines_[i].name +
               " is not what the database has: " + open->text() + " / " +
               state_of(stored->second).text();
    }
  }
  for (const std::string& document : documents_)
    if (auto why = who_sees_others(document); !why.empty()) return why;
  return {};
}

/// What a node has of a document.
std::string simulation::why_not_at_rest(std::size_t i, const std::string& document,
                                        bool with_members) const {
  const cluster::member_list& list = machines_[operator_node()].stored.list;
  const node& of = *machines_[i].runs;
  const auto place = cluster::place_of(
      list, document, cluster::quorum_of(settings_.replication, list.size()).keepers);
  const auto log = machines_[i].stored.logs.find(document);
  const bool has_log = log != machines_[i].stored.logs.end();
  for (const cluster::node_uuid& keeper : place.keepers()) {
    const machine& other = machines_[at(list.find(keeper)->address)];
    if (!other.runs) continue;
    const std::uint64_t theirs = other.runs->generation(document);
    if (has_log && theirs > of.generation(document))
      return machines_[i].name + " has a removed life of " + document;
    if (theirs < of.generation(document) && of.generation(document) > 2)
      return other.name + " has not heard of the removal of " + document;
  }
  if (!has_log) return {};
  const set_document stored = log->second.state();
  const set_document* const open = of.find(document);
  if (open != nullptr && open->digest() != stored.digest()) return document + " is not stored";
  for (const cluster::node_uuid& keeper : place.keepers()) {
    const machine& other = machines_[at(list.find(keeper)->address)];
    const auto copy = other.stored.logs.find(document);
    set_document theirs;
    if (copy != other.stored.logs.end()) theirs = copy->second.state();
    const bool is_equal =
        place.is_keeper(machines_[i].id)
            ? theirs.digest() == stored.digest()
            : theirs.apply(stored.whole_difference({})) == set_document::outcome::nothing_new;
    if (!is_equal) return document + " differs on " + machines_[i].name + " and " + other.name;
  }
  if (with_members && !place.is_keeper(machines_[i].id) && open == nullptr)
    return machines_[i].name + " keeps " + document + " that belongs elsewhere";
  return {};
}

/// Every session of a document sees all of them, and nobody else.
std::string simulation::who_sees_others(const std::string& document) const {
  std::set<session> present;
  for (const client& each : clients_)
    if (each.has_joined && each.document == document) present.insert(each.who);
  for (std::size_t i = 0; i < places_max; ++i) {
    if (!runs(i)) continue;
    const auto shown = machines_[i].runs->shown(document);
    if (shown && *shown != present)
      return machines_[i].name + " shows " + std::to_string(shown->size()) + " of " +
             std::to_string(present.size()) + " sessions in " + document;
  }
  return {};
}

void simulation::wait_for_rest() {
  const auto wait = [this](milliseconds most, bool with_members) {
    const time_point end = now_ + most;
    std::string why = "?";
    while (now_ < end) {
      run_until(now_ + 1s);
      // A lost member must be declared so, or its list never comes to rest.
      const std::size_t by = plan_.is_shared ? everywhere : operator_node();
      if (by != everywhere) {
        node& of = *machines_[by].runs;
        for (std::size_t i = 0; i < places_max; ++i)
          if (machines_[i].is_stopped && of.members().list().is_linked(machines_[i].id)) {
            if (of.members().remove(to_string(machines_[i].id), of.nodes_up(),
                                    cluster::insistence::careful))
              of.look_at_members();
          }
      }
      admit_all();
      why = why_not_at_rest(with_members);
      if (why.empty()) return;
    }
    throw std::runtime_error("no rest: " + why + describe());
  };
  wait(60s, false);
  wait(120s, true);
}

/// Everybody who asks now is shown everything.
void simulation::check_end() {
  for (client& each : clients_) leave(each);
  clients_.clear();
  run_until(now_ + 15s);
  // Whoever has missed that a document was admitted hears of it with the first attempt.
  for (int tries = 0; tries < 2; ++tries) {
    for (std::size_t i = 0; i < places_max; ++i) {
      if (!runs(i) || !machines_[i].runs->members().is_joined()) continue;
      for (const std::string& document : documents_)
        machines_[i].runs->join(++last_session_, document);
    }
    run_until(now_ + 3s);
  }
  run_until(now_ + 30s);  // in many parts it takes longer
  for (std::size_t i = 0; i < places_max; ++i) {
    if (!runs(i) || !machines_[i].runs->members().is_joined()) continue;
    for (const std::string& document : documents_) {
      const set_document* const state = machines_[i].runs->find(document);
      if (state == nullptr || !machines_[i].runs->is_loaded(document))
        throw std::runtime_error(document + " does not open at the end");
      check_state(i, document, *state,
                  std::max<std::uint64_t>(machines_[i].runs->generation(document), 2),
                  known(document));
    }
  }
}

}  // namespace troupe::simulation
