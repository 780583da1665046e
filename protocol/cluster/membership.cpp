#include "protocol/cluster/membership.hpp"

#include <algorithm>
#include <utility>

#include "protocol/cluster/node_address.hpp"

namespace troupe::cluster {

namespace {

tl::unexpected<failure> refuse_order(std::string why) {
  return fail(errc::invalid_config, std::move(why));
}

std::string quoted(std::string_view name) { return std::string{"'"}.append(name).append("'"); }

std::string add_command(const std::string& name, const std::string& address) {
  return "troupe cluster add " + name + " " + address;
}

}  // namespace

membership::membership(node_identity self, member_list list, moved_lists moved)
    : self_(std::move(self)), list_(std::move(list)), moved_(std::move(moved)) {
  if (self_.shares_log) on_present({});
  was_member_ = is_joined();
  if (self_.seeds.empty()) self_.seeds.push_back(self_.address);
  for (const std::string& seed : self_.seeds) {
    if (seed == self_.address)
      is_seed_ = true;
    else
      seeds_.emplace(seed, seed_state{});
  }
  found_if_first_start();
}

hello membership::own_hello() const {
  hello own;
  own.cluster = self_.cluster;
  own.id = self_.id;
  own.incarnation = self_.incarnation;
  own.run = self_.run;
  own.name = self_.name;
  own.address = self_.address;
  own.replication = self_.replication;
  const auto moved = moved_.find(self_.id);
  own.moved = moved == moved_.end() ? 0 : moved->second;
  if (self_.shares_log)
    own.flags |= shares_log;
  else
    own.list = list_;
  return own;
}

// --- what others say ---

bool membership::is_myself(const hello& from) const noexcept {
  return from.id == self_.id && from.run == self_.run;
}

/// What can be said before lists are compared. A seed that turns out to be this node is none of it.
std::optional<refusal> membership::check_identity(const hello& from) const {
  if (from.version != protocol_version) return refusal::other_version;
  if (from.cluster != self_.cluster) return refusal::other_cluster;
  if (from.id == self_.id) return refusal::own_uuid;
  if (from.replication != self_.replication) return refusal::other_replication;
  if (((from.flags & shares_log) != 0) != self_.shares_log) return refusal::other_replication;
  const auto known = runs_.find(from.id);
  if (known == runs_.end()) return std::nullopt;
  if (from.incarnation < known->second.incarnation) return refusal::old_incarnation;
  if (from.incarnation == known->second.incarnation && from.run != known->second.run)
    return refusal::other_run;
  return std::nullopt;
}

hello_answer membership::on_hello(const std::optional<std::string>& dialed, const hello& from) {
  using enum hello_answer::verdict;
  if (is_myself(from)) {
    if (dialed && seeds_.erase(*dialed) > 0) is_seed_ = true;
    found_if_first_start();
    return {met};
  }
  hello_answer answer = answer_to(dialed, from);
  if (const auto seed = dialed ? seeds_.find(*dialed) : seeds_.end(); seed != seeds_.end())
    seed->second.refused = answer.what == refused ? answer.text : std::string{};
  return answer;
}

hello_answer membership::answer_to(const std::optional<std::string>& dialed, const hello& from) {
  if (const auto why = check_identity(from)) return refuse(from, *why);
  remember_run(from);
  if (!from.list.empty() && on_members(from.id, from.list) == list_outcome::conflict)
    return refuse(from, refusal::list_conflict);
  note_seed(dialed, from);
  if (from.moved > 0) on_moved(from.id, from.moved);
  return meet(dialed, from);
}

/// Requires: the node is who it says, and its list has been looked at.
hello_answer membership::meet(const std::optional<std::string>& dialed, const hello& from) {
  using enum hello_answer::verdict;
  if (list_.empty() || !list_.is_linked(self_.id)) return {met};
  if (self_.shares_log && !list_.is_linked(from.id)) meet_present(from);
  if (!list_.is_linked(from.id)) {
    remember_candidate(from);
    const member* const namesake = list_.find_name(from.name);
    return refuse(from, namesake == nullptr ? refusal::not_a_member : refusal::name_taken);
  }
  // Of two nodes, the one with the smaller uuid dials.
  if (dialed ? self_.id > from.id : from.id > self_.id) return {met};
  hello_answer answer{linked};
  refused_by_.erase(from.id);
  const member* const known = list_.find(from.id);
  if (known != nullptr && (known->name != from.name || known->address != from.address))
    answer.text = "it calls itself " + quoted(from.name) + " at " + from.address +
                  ", and the member list " + quoted(known->name) + " at " + known->address +
                  ": run " + add_command(from.name, from.address);
  return answer;
}

void membership::on_refused(const std::string& dialed, const hello& from, refusal why) {
  if (is_myself(from)) return;
  if (const auto seed = seeds_.find(dialed); seed != seeds_.end())
    seed->second.refused = std::string{describe(why)};
  // Whoever refuses a node because it is no member has a list to show for it.
  if (check_identity(from)) return;
  remember_run(from);
  if (!from.list.empty()) on_members(from.id, from.list);
  if (list_.is_linked(from.id)) refused_by_[from.id] = why;
}

void membership::note_list(const node_uuid& of, std::uint64_t number) {
  if (!list_.is_linked(of)) return;
  std::uint64_t& known = known_lists_[of];
  known = std::max(known, number);
}

membership::list_outcome membership::on_members(const node_uuid& from, member_list list) {
  const std::uint64_t number = list.number();
  const list_outcome outcome = compare_lists(from, std::move(list));
  if (outcome != list_outcome::conflict) note_list(from, number);
  return outcome;
}

membership::list_outcome membership::compare_lists(const node_uuid& from, member_list list) {
  if (list.number() < list_.number()) return list_outcome::older;
  if (list.number() > list_.number()) {
    take(std::move(list));
    return list_outcome::accepted;
  }
  if (list == list_) return list_outcome::same;
  conflict_ = list_conflict{from, name_of(from), list_.number()};
  return list_outcome::conflict;
}

void membership::on_moved(const node_uuid& who, std::uint64_t number) {
  const bool is_known = who == self_.id || list_.is_linked(who);
  if (!is_known || number > list_.number()) return;
  std::uint64_t& known = moved_[who];
  known = std::max(known, number);
}

hello_answer membership::refuse(const hello& from, refusal why) {
  return {hello_answer::verdict::refused, why, text_for(from, why)};
}

std::string membership::text_for(const hello& from, refusal why) const {
  std::string text{describe(why)};
  switch (why) {
    case refusal::other_version:
      return text + ": " + std::to_string(from.version) + " there, " +
             std::to_string(protocol_version) + " here";
    case refusal::other_cluster:
      return text + ": " + quoted(from.cluster) + " there, " + quoted(self_.cluster) + " here";
    case refusal::other_replication: {
      const auto shown = [](const replication& each) {
        return std::to_string(each.keepers) + " keepers and " + std::to_string(each.write_acks) +
               " write_acks";
      };
      return text + ": " + shown(from.replication) + " there, " + shown(self_.replication) +
             " here";
    }
    case refusal::own_uuid:
    case refusal::other_run:
    case refusal::old_incarnation:
      return text + ": " + quoted(from.name) + " at " + from.address + " has the uuid " +
             to_string(from.id) + ", incarnation " + std::to_string(from.incarnation);
    case refusal::name_taken:
      return text + ": if that one is lost, run troupe cluster remove " + from.name + ", then " +
             add_command(from.name, from.address);
    case refusal::not_a_member:
      return text + " " + quoted(self_.cluster) + ": run " + add_command(from.name, from.address);
    case refusal::list_conflict:
      return text + ", " + std::to_string(list_.number()) + ": look at troupe cluster members on " +
             quoted(from.name) + " and " + quoted(self_.name) +
             ", and run add, leave or remove on the one that is right";
  }
  return text;
}

void membership::remember_run(const hello& from) {
  if (!runs_.contains(from.id) && !list_.is_linked(from.id) && runs_.size() >= known_runs_max)
    return;
  runs_[from.id] = {from.incarnation, from.run};
}

void membership::remember_candidate(const hello& from) {
  if (candidates_.contains(from.id) || candidates_.size() < candidates_max)
    candidates_[from.id] = {from.id, from.name, from.address};
}

// --- the first start ---

void membership::note_seed(const std::optional<std::string>& dialed, const hello& from) {
  if (!list_.empty() || !from.list.empty()) return;
  const member who{from.id, from.name, from.address};
  for (const std::string& address : {dialed.value_or(std::string{}), from.address})
    if (const auto seed = seeds_.find(address); seed != seeds_.end())
      seed->second.answered_by = who;
  found_if_first_start();
}

/// A node that is no seed of itself takes no part: it would found a cluster that it is not in.
void membership::found_if_first_start() {
  if (!list_.empty() || !is_seed_) return;
  std::map<node_uuid, member> all{{self_.id, {self_.id, self_.name, self_.address}}};
  for (const auto& [address, seed] : seeds_) {
    if (!seed.answered_by) return;
    all[seed.answered_by->id] = *seed.answered_by;
  }
  std::vector<member> members;
  for (auto& [id, each] : all) members.push_back(std::move(each));
  auto made = member_list::make(1, std::move(members));
  if (!made) {
    not_founded_ = made.error().detail;
    return;
  }
  take(*std::move(made));
}

void membership::take(member_list list) {
  list_ = std::move(list);
  conflict_.reset();
  was_member_ = was_member_ || is_joined();
  std::erase_if(candidates_, [&](const auto& each) { return list_.contains(each.first); });
  const auto is_stranger = [&](const auto& each) {
    return each.first != self_.id && !list_.is_linked(each.first);
  };
  std::erase_if(moved_, is_stranger);
  std::erase_if(refused_by_, is_stranger);
  std::erase_if(known_lists_, is_stranger);
}

// --- where the log is shared ---

void membership::on_present(std::vector<member> present) {
  std::vector<member> next{{self_.id, self_.name, self_.address}};
  for (auto at = present.rbegin(); at != present.rend() && next.size() < members_max; ++at) {
    const bool is_new = std::ranges::none_of(
        next, [&](const member& each) { return each.id == at->id || each.address == at->address; });
    if (!is_new) continue;
    // Nobody gives names to machines that come and go, so two may have one.
    const bool is_namesake = std::ranges::find(next, at->name, &member::name) != next.end();
    if (is_namesake) at->name = to_string(at->id);
    next.push_back(std::move(*at));
  }
  std::ranges::sort(next, {}, &member::id);
  if (std::ranges::equal(next, list_.members())) return;
  auto made = member_list::make(list_.number() + 1, std::move(next));
  if (made) take(*std::move(made));
}

/// It is there before anybody has said so.
void membership::meet_present(const hello& from) {
  std::vector<member> present{list_.members().begin(), list_.members().end()};
  present.push_back({from.id, from.name, from.address});
  on_present(std::move(present));
}

// --- what operators say ---

result<node_uuid> membership::find(const std::string& which) const {
  if (const member* const named = list_.find_name(which)) return named->id;
  for (const former_member& each : list_.former())
    if (!each.is_gone && each.who.name == which) return each.who.id;
  const auto id = parse_node_uuid(which);
  if (id && list_.is_linked(*id)) return *id;
  return refuse_order("there is no member " + quoted(which));
}

/// `without`: a member that the change takes away; nil: none.
result<void> membership::check_order(const node_uuid& without, std::span<const node_uuid> up,
                                     insistence how) const {
  if (self_.shares_log)
    return refuse_order("nodes come and go by themselves: cluster.durability is shared");
  if (!is_joined()) return refuse_order("this node cannot change the list: " + why_not());
  if (how == insistence::forced) return {};
  std::size_t staying = 0;
  std::size_t reached = 0;
  for (const member& each : list_.members()) {
    if (each.id == without) continue;
    ++staying;
    const bool is_up = each.id == self_.id || std::ranges::find(up, each.id) != up.end();
    reached += is_up ? 1 : 0;
  }
  if (reached * 2 > staying || staying == 0) return {};
  return refuse_order("this node reaches " + std::to_string(reached) + " of " +
                      std::to_string(staying) +
                      " members, itself included; others may have changed the list without it. Use "
                      "--force (over HTTP: force) to change it anyway");
}

result<void> membership::carry_out(result<member_list> next) {
  TROUPE_ASSIGN(member_list list, std::move(next));
  take(std::move(list));
  return {};
}

result<void> membership::add(const std::string& name, const node_uuid& id,
                             const std::string& address, std::span<const node_uuid> up,
                             insistence how) {
  TROUPE_TRY(check_order({}, up, how));
  member joining{id, name, address};
  const auto asks = std::ranges::find_if(candidates_, [&](const auto& each) {
    return id.is_nil() ? each.second.name == name : each.first == id;
  });
  if (joining.id.is_nil()) {
    const member* const named = list_.find_name(name);
    if (asks != candidates_.end())
      joining.id = asks->first;
    else if (named != nullptr)
      joining.id = named->id;
    else
      return refuse_order(
          "no node " + quoted(name) +
          " has asked to be added: start it, with a member among its cluster.seeds");
  }
  if (joining.address.empty() && asks != candidates_.end()) joining.address = asks->second.address;
  if (const member* const known = list_.find(joining.id)) {
    if (joining.address.empty()) joining.address = known->address;
    if (joining == *known) return refuse_order(quoted(name) + " is a member already");
    return carry_out(list_.replace(std::move(joining), state_of_moves()));
  }
  if (list_.find_name(name) != nullptr)
    return refuse_order("the name " + quoted(name) +
                        " belongs to another node; if that one is lost, remove it first");
  return carry_out(list_.with(std::move(joining), state_of_moves()));
}

result<void> membership::leave(const std::string& which, std::span<const node_uuid> up,
                               insistence how) {
  TROUPE_ASSIGN(const node_uuid id, find(which));
  TROUPE_TRY(check_order(id, up, how));
  if (!list_.contains(id)) return refuse_order(quoted(which) + " is leaving already");
  return carry_out(list_.without(id, state_of_moves()));
}

result<void> membership::remove(const std::string& which, std::span<const node_uuid> up,
                                insistence how) {
  TROUPE_ASSIGN(const node_uuid id, find(which));
  TROUPE_TRY(check_order(id, up, how));
  if (id == self_.id) return refuse_order("this node is not lost: use leave");
  if (how == insistence::careful && std::ranges::find(up, id) != up.end())
    return refuse_order(quoted(which) + " is up: use leave, so that it hands over what it has");
  return carry_out(list_.without_lost(id, state_of_moves()));
}

// --- questions ---

std::string membership::why_not() const {
  if (is_joined()) return {};
  const std::string cluster = quoted(self_.cluster);
  if (is_leaving()) return "leaves the cluster " + cluster;
  if (!list_.empty()) {
    if (was_member_ || list_.find_former(self_.id) != nullptr)
      return "was removed from the cluster " + cluster;
    if (list_.find_name(self_.name) != nullptr)
      return "has the name of a member of the cluster " + cluster +
             ", but not its data directory: if that is lost, run troupe cluster remove " +
             self_.name + ", then " + add_command(self_.name, self_.address);
    return "is not a member of the cluster " + cluster + ": run " +
           add_command(self_.name, self_.address);
  }
  std::string waits;
  std::string refused;
  for (const auto& [address, seed] : seeds_) {
    if (!seed.refused.empty())
      refused.append("; the seed ").append(address).append(": ").append(seed.refused);
    if (!seed.answered_by) waits.append(waits.empty() ? "" : ", ").append(address);
  }
  if (!not_founded_.empty() && waits.empty())
    return "cannot make a list of the seeds: " + not_founded_;
  if (waits.empty()) return "waits for a member list: cluster.advertise is not among the seeds";
  return "waits for the seeds " + waits + refused;
}

std::vector<member> membership::peers() const {
  std::vector<member> all;
  if (!list_.is_linked(self_.id)) return all;
  for (const member& each : list_.members())
    if (each.id != self_.id) all.push_back(each);
  for (const former_member& each : list_.former())
    if (!each.is_gone && each.who.id != self_.id) all.push_back(each.who);
  return all;
}

std::vector<dial_target> membership::addresses_to_dial() const {
  std::vector<dial_target> targets;
  if (list_.is_linked(self_.id)) {
    for (const member& each : peers())
      if (self_.id < each.id) targets.push_back({each.address, each.id});
    return targets;
  }
  for (const auto& [address, seed] : seeds_) targets.push_back({address, {}});
  for (const member& each : list_.members())
    if (!seeds_.contains(each.address)) targets.push_back({each.address, each.id});
  return targets;
}

std::vector<dial_target> membership::addresses_to_ask() const {
  std::vector<dial_target> targets;
  for (const member& each : peers())
    if (each.id < self_.id) targets.push_back({each.address, each.id});
  return targets;
}

std::vector<node_uuid> membership::yet_to_move() const {
  std::vector<node_uuid> waiting;
  for (const node_uuid& id : wide_read_of(list_, self_.replication).ask) {
    const auto at = moved_.find(id);
    if (at == moved_.end() || at->second < list_.number()) waiting.push_back(id);
  }
  return waiting;
}

bool membership::is_widely_known() const {
  if (self_.shares_log) return true;
  // Nobody has had a list before the first one.
  if (list_.number() <= 1 || all_moved()) return !list_.empty();
  const quorum least = quorum_of(self_.replication, list_.least_size());
  const std::vector<node_uuid> all = wide_read_of(list_, self_.replication).ask;
  const auto unaware = std::ranges::count_if(all, [this](const node_uuid& id) {
    if (id == self_.id) return false;
    const auto knows = known_lists_.find(id);
    const auto moved = moved_.find(id);
    return (knows == known_lists_.end() || knows->second < list_.number()) &&
           (moved == moved_.end() || moved->second < list_.number());
  });
  return static_cast<std::size_t>(unaware) < least.reads;
}

bool membership::all_moved() const {
  return self_.shares_log || (!list_.empty() && yet_to_move().empty());
}

std::optional<wide_read> membership::lists_to_ask() const {
  if (list_.empty() || all_moved()) return std::nullopt;
  return wide_read_of(list_, self_.replication);
}

std::string membership::name_of(const node_uuid& id) const {
  if (id == self_.id) return self_.name;
  if (const member* const each = list_.find(id)) return each->name;
  if (const former_member* const each = list_.find_former(id)) return each->who.name;
  const auto asks = candidates_.find(id);
  return asks == candidates_.end() ? std::string{} : asks->second.name;
}

std::vector<candidate> membership::candidates() const {
  std::vector<candidate> all;
  for (const auto& [id, each] : candidates_) all.push_back(each);
  return all;
}

}  // namespace troupe::cluster
