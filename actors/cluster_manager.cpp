#include "actors/cluster_manager.hpp"

#include <algorithm>
#include <set>
#include <utility>

#include <caf/io/middleman_actor.hpp>

#include "actors/gather.hpp"
#include "actors/peer_link.hpp"
#include "base/hash.hpp"
#include "base/steady_time.hpp"
#include "protocol/cluster/node_address.hpp"
#include "protocol/cluster/peer_codec.hpp"

namespace troupe {

namespace {

/// CAF connects without a limit of its own.
constexpr std::chrono::seconds connect_max{15};
constexpr std::chrono::seconds hello_max{5};
/// Between two attempts at one address; doubled up to the second.
constexpr std::chrono::milliseconds pause_min{500};
constexpr std::chrono::milliseconds pause_max{8'000};
/// Two nodes that connect to each other at once get in each other's way in CAF's network layer. So
/// of two nodes that do not know each other the one with the lesser address connects, and the other
/// only if that one has not for so long.
constexpr std::chrono::seconds courtesy{4};
/// For the store to note that this node ends.
constexpr std::chrono::seconds farewell_max{2};
/// Without any link for so long, a node asks those that would connect to it.
constexpr std::chrono::seconds patience_alone{20};

std::string as_string(const byte_buffer& bytes) { return std::string{as_text(bytes)}; }

}  // namespace

cluster_manager::cluster_manager(caf::actor_config& config, cluster_manager_settings settings,
                                 directory_actor directory)
    : cluster_actor::base(config),
      settings_(std::move(settings)),
      members_(settings_.self, settings_.list, settings_.moved),
      directory_(std::move(directory)),
      kept_list_(settings_.list.number()),
      kept_moved_(settings_.moved),
      started_(current_time()),
      alone_since_(started_),
      random_(settings_.seed) {}

cluster_manager::behavior_type cluster_manager::make_behavior() {
  end_on_exception(this);
  set_down_handler([this](const caf::down_msg& down) {
    if (!is_draining_) quit(down.reason ? down.reason : caf::make_error(caf::sec::runtime_error));
  });
  look_at_members();
  if (settings_.make_watch) {
    watch_ = settings_.make_watch(system(), cluster_actor{this});
    watch(this, watch_);
  }
  tell(this, cluster_actor{this}, second_passed{});
  return {
      [this](const peer_hello& from) { return on_hello(from); },
      [this](const peer_said& what) { on_said(what); },
      [this](const link_changed& change) { on_link_changed(change); },
      [this](const documents_moved& news) { on_moved(news); },
      [this](const announce_access& news) { return on_announce(news); },
      [this](const nodes_present& news) { on_present(news); },
      [this](const second_passed&) { on_second(); },
      [this](const drain_node&) { return on_drain(); },
      [this](const describe_cluster&) { return on_describe(); },
      [this](const change_members& order) { return on_change(order); },
  };
}

void cluster_manager::on_exit() {
  for (const auto& [id, each] : peers_) send_exit(each.link, caf::exit_reason::user_shutdown);
  peers_.clear();
  announcers_.clear();
  if (watch_) send_exit(watch_, caf::exit_reason::user_shutdown);
  watch_ = nullptr;
  settings_.make_watch = nullptr;
  directory_ = nullptr;
  settings_.connector = nullptr;
  settings_.sweeper = nullptr;
  if (settings_.newest) settings_.newest->set(nullptr);  // they hold each other
}

// --- other nodes connect ---

peer_welcome cluster_manager::on_hello(const peer_hello& from) {
  const auto refused = [this](cluster::refusal why, std::string text) {
    log_line(log_severity::warning, "a node that connects is refused: " + text);
    return peer_welcome{as_string(cluster::encode(members_.own_hello())),
                        static_cast<std::uint64_t>(why), std::move(text), nullptr};
  };
  if (!from.is_well_formed())
    return refused(cluster::refusal::other_version, "its greeting is too long");
  const auto hello = cluster::decode_hello(as_bytes(from.hello));
  if (!hello)
    return refused(cluster::refusal::other_version,
                   "its greeting cannot be read: " + to_string(hello.error()));
  const cluster::hello_answer answer = members_.on_hello(std::nullopt, *hello);
  look_at_members();
  if (answer.what == cluster::hello_answer::verdict::refused)
    return refused(answer.why, answer.text);
  log_if_due(log_severity::warning, answer.text);
  peer_welcome welcome{
      as_string(cluster::encode(members_.own_hello())), peer_welcome::not_refused, {}, nullptr};
  peer* const of = peer_of(hello->id);
  if (answer.what != cluster::hello_answer::verdict::linked || of == nullptr || !from.link)
    return welcome;
  tell(this, of->link, connect_link{from.link, from.epoch, false});
  welcome.link = caf::actor_cast<caf::strong_actor_ptr>(of->link);
  return welcome;
}

// --- this node connects ---

void cluster_manager::on_second() {
  if (is_draining_) return;
  tell_later(this, cluster_actor{this}, std::chrono::seconds{1}, second_passed{});
  for (const auto& [id, each] : peers_) tell(this, each.link, second_passed{});
  look_at_announced();
  const auto now = current_time();
  std::vector<cluster::dial_target> targets = members_.addresses_to_dial();
  const bool is_alone = std::ranges::none_of(peers_, [](auto& each) { return each.second.is_up; });
  if (!is_alone) alone_since_ = now;
  if (now - alone_since_ >= patience_alone) {
    // Perhaps the others have a list that this node is not in.
    alone_since_ = now;
    for (cluster::dial_target& each : members_.addresses_to_ask())
      targets.push_back(std::move(each));
  }
  for (const cluster::dial_target& target : targets) {
    const peer* const known = peer_of(target.id);
    if (known != nullptr && known->is_up) continue;
    dialing& at = dialed_[target.address];
    if (at.is_under_way || now < at.next || !is_my_turn(target)) continue;
    dial(target);
  }
}

bool cluster_manager::is_my_turn(const cluster::dial_target& target) const {
  return !target.id.is_nil() || target.address > settings_.self.address ||
         current_time() - started_ >= courtesy;
}

void cluster_manager::dial(const cluster::dial_target& target) {
  dialing& at = dialed_[target.address];
  const auto where = cluster::parse_node_address(target.address);
  if (!where) return on_dial_failed(target, to_string(where.error()));
  at.is_under_way = true;
  request(settings_.connector, connect_max, caf::connect_atom_v, where->host, where->port)
      .then([this, target](const caf::node_id&, const caf::strong_actor_ptr& gate,
                           const std::set<std::string>&) { on_connected(target, gate); },
            [this, target](const caf::error& why) { on_dial_failed(target, caf::to_string(why)); });
}

void cluster_manager::on_connected(const cluster::dial_target& target,
                                   const caf::strong_actor_ptr& gate) {
  if (!gate) return on_dial_failed(target, "there is no node of troupe");
  const peer* const to = peer_of(target.id);
  peer_hello hello{as_string(cluster::encode(members_.own_hello())), ++random_, nullptr};
  hello.epoch = splitmix64(random_);
  if (to != nullptr) {
    tell(this, to->link, expect_link{hello.epoch});
    hello.link = caf::actor_cast<caf::strong_actor_ptr>(to->link);
  }
  const cluster::link_epoch epoch = hello.epoch;
  request(caf::actor_cast<peer_gate_actor>(gate), hello_max, std::move(hello))
      .then([this, target,
             epoch](const peer_welcome& welcome) { on_welcome(target, welcome, epoch); },
            [this, target](const caf::error& why) {
              on_dial_failed(target, "it does not answer: " + caf::to_string(why));
            });
}

void cluster_manager::on_welcome(const cluster::dial_target& target, const peer_welcome& welcome,
                                 cluster::link_epoch epoch) {
  if (!welcome.is_well_formed()) return on_dial_failed(target, "its answer is too long");
  const auto hello = cluster::decode_hello(as_bytes(welcome.hello));
  if (!hello)
    return on_dial_failed(target, "its answer cannot be read: " + to_string(hello.error()));
  if (welcome.refusal != peer_welcome::not_refused) {
    const auto why = cluster::read_refusal(welcome.refusal);
    if (why) members_.on_refused(target.address, *hello, *why);
    look_at_members();
    return on_dial_failed(target, "it refuses this node: " + welcome.text);
  }
  const cluster::hello_answer answer = members_.on_hello(target.address, *hello);
  look_at_members();
  if (answer.what == cluster::hello_answer::verdict::refused)
    return on_dial_failed(target, "it is refused: " + answer.text);
  log_if_due(log_severity::warning, answer.text);
  dialing& at = dialed_[target.address];
  at = {.is_under_way = false, .next = current_time() + pause_min, .pause = {}, .last_problem = {}};
  const peer* const to = peer_of(hello->id);
  const bool is_whom_expected = hello->id == target.id;
  if (to != nullptr && is_whom_expected && welcome.link)
    tell(this, to->link, connect_link{welcome.link, epoch, true});
}

/// Said once for each problem, not for each attempt.
void cluster_manager::on_dial_failed(const cluster::dial_target& target, const std::string& why) {
  dialing& at = dialed_[target.address];
  at.is_under_way = false;
  at.pause = std::clamp(at.pause * 2, pause_min, pause_max);
  at.next = current_time() + scattered(at.pause);
  if (std::exchange(at.last_problem, why) == why) return;
  log_line(log_severity::warning, "no link to the node at " + target.address + ": " + why);
}

/// By up to a half, so that nodes which failed together do not try together.
std::chrono::milliseconds cluster_manager::scattered(std::chrono::milliseconds pause) {
  const auto part = static_cast<std::int64_t>(splitmix64(++random_) % 1024);
  return pause / 2 + pause * part / 1024;
}

// --- links ---

cluster_manager::peer_map::iterator cluster_manager::find(cluster::peer_id number) {
  return std::ranges::find_if(peers_,
                              [number](const auto& each) { return each.second.number == number; });
}

cluster_manager::peer* cluster_manager::peer_of(const cluster::node_uuid& id) {
  const auto found = peers_.find(id);
  return found == peers_.end() ? nullptr : &found->second;
}

std::vector<cluster::node_uuid> cluster_manager::nodes_up() const {
  std::vector<cluster::node_uuid> up{settings_.self.id};
  for (const auto& [id, each] : peers_)
    if (each.is_up) up.push_back(id);
  return up;
}

void cluster_manager::on_link_changed(const link_changed& change) {
  const auto of = find(change.peer);
  if (of == peers_.end()) return;
  const std::string name = members_.name_of(of->first);
  const bool was_up = std::exchange(of->second.is_up, change.is_up);
  if (settings_.newest) settings_.newest->note_link(of->first, change.is_up, current_time());
  if (change.is_up) {
    log_line(log_severity::info, "node " + name + " is linked");
    gossip(change.peer);
    for (const std::string& each : settings_.kept_changes())
      notify_peer(of->second, cluster::peer_access_change{shared_bytes::copy_of(as_bytes(each))});
  } else {
    announced_.on_lost(change.peer);
    look_at_announced();
    if (was_up && !is_draining_)
      log_line(log_severity::warning, "the link to node " + name + " is lost: " + change.why);
  }
  settings_.state->note(members_.why_not());
  if (!is_shared()) tell(this, settings_.sweeper, change);
}

void cluster_manager::notify_peer(const peer& to, const cluster::node_message& what) {
  if (to.is_up)
    tell(this, to.link,
         send_to_peer{cluster::encode(what), cluster::traffic_class::control, nullptr});
}

/// The member list, and up to which one the documents of this node have moved.
void cluster_manager::gossip(std::optional<cluster::peer_id> only) {
  if (is_shared()) return;
  const auto moved = members_.moved().find(settings_.self.id);
  const cluster::peer_members list{shared_bytes::copy_of(members_.list().encode())};
  for (const auto& [id, each] : peers_) {
    if (only && each.number != *only) continue;
    notify_peer(each, list);
    if (moved != members_.moved().end()) notify_peer(each, cluster::peer_moved{moved->second});
  }
}

void cluster_manager::on_said(const peer_said& what) {
  const auto from = find(what.peer);
  if (from == peers_.end()) return;
  const cluster::node_uuid id = from->first;
  if (const auto* const moved = std::get_if<cluster::peer_moved>(&what.what)) {
    members_.on_moved(id, moved->list_number);
    return look_at_members();
  }
  if (const auto* const change = std::get_if<cluster::peer_access_change>(&what.what))
    return take_access(*from, *change);
  const auto* const members = std::get_if<cluster::peer_members>(&what.what);
  if (members == nullptr) return;
  auto list = cluster::member_list::decode(members->list.view());
  if (!list) {
    log_line(log_severity::error, "the member list of node " + members_.name_of(id) +
                                      " cannot be read: " + to_string(list.error()));
    return;
  }
  using enum cluster::membership::list_outcome;
  const auto outcome = members_.on_members(id, *std::move(list));
  if (outcome == older) gossip(what.peer);
  if (outcome == conflict) {
    log_line(log_severity::error, "node " + members_.name_of(id) +
                                      " has another member list with the same number, " +
                                      std::to_string(members_.list().number()));
    tell(this, from->second.link, end_link{});
  }
  look_at_members();
}

void cluster_manager::on_moved(const documents_moved& news) {
  if (news.may_drop) {
    droppable_list_ = news.list_number;
    return publish();
  }
  members_.on_moved(settings_.self.id, news.list_number);
  look_at_members();
  gossip();
}

// --- changes of access ---

caf::result<announced_access> cluster_manager::on_announce(const announce_access& news) {
  std::vector<cluster::peer_id> asked;
  std::vector<cluster::peer_id> away;
  for (const auto& [id, each] : peers_) {
    notify_peer(each, cluster::peer_access_change{shared_bytes::copy_of(as_bytes(news.change))});
    (each.is_up ? asked : away).push_back(each.number);
  }
  if (news.number == 0) return announced_access{};
  auto promise = make_response_promise<announced_access>();
  announcers_[news.number] = promise;
  announced_.begin(news.number, std::move(asked), std::move(away), current_time());
  look_at_announced();
  return promise;
}

void cluster_manager::take_access(const peer_map::value_type& from,
                                  const cluster::peer_access_change& change) {
  const auto answer = [to = from.second.link](const std::string& text) {
    tell_anonymously(
        to, send_to_peer{cluster::encode(cluster::node_message{
                             cluster::peer_access_change{shared_bytes::copy_of(as_bytes(text))}}),
                         cluster::traffic_class::control, nullptr});
  };
  const auto heard = settings_.change_access(as_text(change.change.view()), answer);
  if (!heard) return;
  announced_.on_done(from.second.number, *heard);
  look_at_announced();
}

void cluster_manager::look_at_announced() {
  for (const auto& each : announced_.take_ended(current_time())) {
    announced_access answer{each.sessions, each.unfinished, {}};
    for (const cluster::peer_id silent : each.silent)
      if (const auto at = find(silent); at != peers_.end())
        answer.silent.push_back(members_.name_of(at->first));
    const auto known = announcers_.extract(each.number);
    if (!known.empty()) known.mapped().deliver(std::move(answer));
  }
}

/// One whose link is up is there, whatever the store says.
void cluster_manager::on_present(const nodes_present& news) {
  if (is_draining_) return;
  std::vector<cluster::member> present = news.nodes;
  for (const auto& [id, each] : peers_)
    if (const cluster::member* const known = members_.list().find(id); each.is_up && known)
      present.push_back(*known);
  members_.on_present(std::move(present));
  look_at_members();
}

// --- the member list ---

/// Whatever may have changed it ends with this: what changed is on disk before it is sent to
/// anybody.
void cluster_manager::look_at_members() {
  settings_.state->note(members_.why_not());
  const bool is_new_list = members_.list().number() != kept_list_;
  const bool is_same =
      members_.moved() == kept_moved_ && members_.is_widely_known() == was_widely_known_;
  if (!is_new_list && is_same && was_published_) return;
  if (!keep()) return;
  std::vector<cluster::member> wanted = members_.peers();
  for (auto at = peers_.begin(); at != peers_.end();) {
    if (std::ranges::find(wanted, at->first, &cluster::member::id) != wanted.end()) {
      ++at;
      continue;
    }
    demonitor(at->second.link);
    tell(this, at->second.link, end_link{});
    send_exit(at->second.link, caf::exit_reason::user_shutdown);
    if (settings_.newest) settings_.newest->note_link(at->first, false, current_time());
    announced_.on_lost(at->second.number);
    at = peers_.erase(at);
  }
  for (const cluster::member& each : wanted) {
    if (peers_.contains(each.id)) continue;
    peer& added = peers_[each.id];
    added.number = ++last_number_;
    added.link = system().spawn<peer_link>(peer_link_settings{added.number, "node " + each.name,
                                                              settings_.limits, settings_.metrics,
                                                              each.name, !is_shared()},
                                           directory_, cluster_actor{this});
    watch(this, added.link);
  }
  // Documents obey a list from the moment at which peers can receive it.
  const cluster_links_ptr links = make_links();
  if (settings_.newest) settings_.newest->set(links);
  if (is_new_list) {
    const std::string count = std::to_string(members_.members().size());
    log_line(log_severity::info,
             is_shared() ? "the cluster has " + count + (count == "1" ? " node" : " nodes")
                         : "member list " + std::to_string(members_.list().number()) + " has " +
                               count + " members");
    gossip();
  }
  make_known(links);
}

/// Returns whether it is stored. One that is not is of no use: the node would forget it.
bool cluster_manager::keep() {
  const auto kept = settings_.store(members_.list(), members_.moved());
  if (!kept) {
    log_line(log_severity::error,
             "the member list cannot be stored, so the node stops: " + to_string(kept.error()));
    quit(caf::make_error(caf::sec::runtime_error, "the member list cannot be stored"));
    return false;
  }
  kept_list_ = members_.list().number();
  kept_moved_ = members_.moved();
  return true;
}

std::shared_ptr<const cluster_links> cluster_manager::make_links() {
  auto links = std::make_shared<cluster_links>();
  for (const auto& [id, each] : peers_) links->peers.push_back({each.number, id, each.link});
  links->settings = settings_.documents;
  links->self = settings_.self.id;
  links->list = members_.list();
  links->replication = settings_.self.replication;
  links->wide = members_.lists_to_ask();
  links->is_member = members_.is_joined() || members_.is_leaving();
  const auto moved = members_.moved().find(settings_.self.id);
  links->has_moved = moved != members_.moved().end() && moved->second == links->list.number();
  links->all_moved = members_.all_moved();
  if (is_shared()) links->has_moved = true;
  links->is_widely_known = was_widely_known_ = members_.is_widely_known();
  links->may_drop = droppable_list_ == links->list.number();
  if (!is_shared()) links->sweeper = settings_.sweeper;
  links->newest = settings_.newest;
  return links;
}

void cluster_manager::publish() {
  const cluster_links_ptr links = make_links();
  if (settings_.newest) settings_.newest->set(links);
  make_known(links);
}

void cluster_manager::make_known(const cluster_links_ptr& links) {
  was_published_ = true;
  // The documents obey the list before the sweep over them begins.
  request(directory_, caf::infinite, cluster_changed{links})
      .then(
          [this, links] {
            if (!is_shared()) tell(this, settings_.sweeper, cluster_changed{links});
          },
          [](const caf::error&) {});
}

// --- for operators ---

/// Each link reports its own figures; the answer goes out when the last has answered.
caf::result<described_cluster> cluster_manager::on_describe() {
  std::vector<peer_link_actor> links;
  for (const auto& [id, each] : peers_) links.push_back(each.link);
  return gather(this, links, describe_link{}, describe(),
                [this](described_cluster& all, const described_link& part) {
                  const auto of = find(part.peer);
                  if (of == peers_.end()) return;
                  const std::string uuid = cluster::to_string(of->first);
                  const auto row =
                      std::ranges::find(all.nodes, uuid, &described_cluster::node_view::uuid);
                  if (row == all.nodes.end()) return;
                  row->queued_bytes = part.figures.queued_bytes;
                  row->in_flight_bytes = part.figures.unacknowledged_bytes;
                  row->lag = part.figures.lag;
                });
}

described_cluster cluster_manager::describe() const {
  using role = described_cluster::role;
  described_cluster all;
  all.cluster = settings_.self.cluster;
  all.node = settings_.self.name;
  all.uuid = cluster::to_string(settings_.self.id);
  all.incarnation = settings_.self.incarnation;
  all.why_not_joined = members_.why_not();
  if (const auto& conflict = members_.conflict())
    all.conflict = "node '" + conflict->with_name + "' has another member list " +
                   std::to_string(conflict->number);
  all.list_number = members_.list().number();
  all.has_moved = members_.all_moved();
  all.keepers = settings_.self.replication.keepers;
  all.write_acks = settings_.self.replication.write_acks;
  all.is_strict = !settings_.documents.is_available;
  all.is_shared = is_shared();
  const auto add = [&](const cluster::node_uuid& id, const std::string& name,
                       const std::string& address, role is) {
    described_cluster::node_view row{
        .uuid = cluster::to_string(id), .name = name, .address = address, .is = is};
    row.is_self = id == settings_.self.id;
    row.incarnation = row.is_self ? settings_.self.incarnation : members_.incarnation_of(id);
    const auto known = peers_.find(id);
    row.is_up = row.is_self || (known != peers_.end() && known->second.is_up);
    if (const auto dialed = dialed_.find(address); !row.is_up && dialed != dialed_.end())
      row.why_down = dialed->second.last_problem;
    if (const auto moved = members_.moved().find(id); moved != members_.moved().end())
      row.moved_list = moved->second;
    all.nodes.push_back(std::move(row));
  };
  for (const cluster::member& each : members_.members())
    add(each.id, each.name, each.address, role::member);
  for (const cluster::former_member& each : members_.list().former())
    add(each.who.id, each.who.name, each.who.address, each.is_gone ? role::gone : role::leaving);
  for (const cluster::candidate& each : members_.candidates())
    add(each.id, each.name, each.address, role::candidate);
  return all;
}

changed_members cluster_manager::on_change(const change_members& order) {
  using what = change_members::order;
  const auto how = order.is_forced ? cluster::insistence::forced : cluster::insistence::careful;
  const std::vector<cluster::node_uuid> up = nodes_up();
  result<void> outcome;
  cluster::node_uuid id;
  if (!order.uuid.empty()) {
    const auto parsed = cluster::parse_node_uuid(order.uuid);
    if (!parsed) return {to_string(parsed.error()), members_.list().number()};
    id = *parsed;
  }
  switch (order.what) {
    case what::add: outcome = members_.add(order.which, id, order.address, up, how); break;
    case what::leave: outcome = members_.leave(order.which, up, how); break;
    case what::remove: outcome = members_.remove(order.which, up, how); break;
  }
  look_at_members();
  return {outcome ? std::string{} : outcome.error().detail, members_.list().number()};
}

// --- the end ---

caf::result<node_drained> cluster_manager::on_drain() {
  is_draining_ = true;
  const auto end_links = [this] {
    for (const auto& [id, each] : peers_) tell(this, each.link, end_link{true});
  };
  if (!watch_) {
    end_links();
    return node_drained{};
  }
  // Whoever looks finds it gone before its links are.
  auto promise = make_response_promise<node_drained>();
  auto finish = [end_links, promise]() mutable {
    end_links();
    promise.deliver(node_drained{});
  };
  request(watch_, farewell_max, drain_node{})
      .then([finish](const node_drained&) mutable { finish(); },
            [finish](const caf::error&) mutable { finish(); });
  return promise;
}

}  // namespace troupe
