// Nodes that gossip their member list over a network that loses and reorders, while operators
// change it: in the end all have one list, or all name the conflict; never do they differ in
// silence.
#include <algorithm>
#include <random>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "protocol/cluster/membership.hpp"

namespace troupe::membership_gossip_test {

using namespace troupe::cluster;

namespace {

constexpr std::size_t node_count = 6;

std::string address_of(std::size_t which) { return "h:" + std::to_string(4101 + which); }

node_uuid uuid_of(std::size_t which) { return {which + 1, which + 1}; }

/// The first four are seeds.
node_identity identity_of(std::size_t which) {
  node_identity self;
  self.cluster = "x";
  self.id = uuid_of(which);
  self.incarnation = 1;
  self.run = which + 1;
  self.name = "n" + std::to_string(which);
  self.address = address_of(which);
  for (std::size_t seed = 0; seed < 4; ++seed) self.seeds.push_back(address_of(seed));
  return self;
}

class gossip {
 public:
  explicit gossip(std::uint32_t seed) : random_(seed) {
    for (std::size_t i = 0; i < node_count; ++i)
      nodes_.emplace_back(identity_of(i), member_list{}, moved_lists{});
  }

  /// Some things happen, in any order; half of the connections fail somewhere.
  void run(int steps, insistence how) {
    for (int i = 0; i < steps; ++i) {
      membership& one = nodes_[pick(node_count)];
      switch (pick(8)) {
        case 0: order(one, how); break;
        case 1: one.on_moved(one.self().id, one.list().number()); break;
        case 2: deliver_late(); break;
        case 3: restart(static_cast<std::size_t>(&one - nodes_.data())); break;
        default: connect(one, pick(2) == 0);
      }
    }
  }

  /// Everybody dials whom they are to dial, again and again.
  void heal() {
    late_.clear();
    for (int round = 0; round < 4; ++round)
      for (membership& each : nodes_)
        for (std::size_t target = 0; target < node_count; ++target)
          dial(each, nodes_[target], false);
  }

  const std::vector<membership>& nodes() const { return nodes_; }
  int changes() const { return changes_; }

 private:
  struct late_hello {
    std::size_t to;
    hello what;
  };

  std::size_t pick(std::size_t below) { return random_() % below; }

  void connect(membership& from, bool is_lost) {
    const auto targets = from.addresses_to_dial();
    if (targets.empty()) return;
    const std::string& address = targets[pick(targets.size())].address;
    const auto to = std::ranges::find_if(
        nodes_, [&](const membership& each) { return each.self().address == address; });
    if (to != nodes_.end()) dial(from, *to, is_lost);
  }

  void dial(membership& from, membership& to, bool is_lost) {
    const hello question = from.own_hello();
    if (pick(8) == 0) late_.push_back({static_cast<std::size_t>(&to - nodes_.data()), question});
    const hello_answer answer = to.on_hello(std::nullopt, question);
    if (is_lost) return;
    if (answer.what == hello_answer::verdict::refused)
      from.on_refused(to.self().address, to.own_hello(), answer.why);
    else
      from.on_hello(to.self().address, to.own_hello());
  }

  /// A list that has been on its way for long.
  void deliver_late() {
    if (late_.empty()) return;
    const late_hello each = late_[pick(late_.size())];
    if (!each.what.list.empty()) nodes_[each.to].on_members(each.what.id, each.what.list);
  }

  void restart(std::size_t which) {
    node_identity self = nodes_[which].self();
    ++self.incarnation;
    self.run += 1000;
    nodes_[which] = membership{self, nodes_[which].list(), nodes_[which].moved()};
  }

  void order(membership& at, insistence how) {
    std::vector<node_uuid> up;
    for (std::size_t i = 0; i < node_count; ++i)
      if (pick(2) == 0) up.push_back(uuid_of(i));
    const std::string name = "n" + std::to_string(pick(node_count));
    const std::uint64_t before = at.list().number();
    result<void> done;
    switch (pick(3)) {
      case 0: done = at.add(name, {}, "", up, how); break;
      case 1: done = at.leave(name, up, how); break;
      default: done = at.remove(name, up, how);
    }
    REQUIRE(at.list().number() == before + (done ? 1 : 0));
    changes_ += done ? 1 : 0;
  }

  std::mt19937 random_;
  std::vector<membership> nodes_;
  std::vector<late_hello> late_;
  int changes_ = 0;
};

/// Whether nodes with the highest number differ, each of them knowing that it does.
bool is_conflict_named(const gossip& among) {
  std::uint64_t newest = 0;
  std::set<std::pair<std::uint64_t, std::uint64_t>> digests;
  for (const membership& each : among.nodes()) newest = std::max(newest, each.list().number());
  bool all_know = true;
  for (const membership& each : among.nodes()) {
    if (each.list().number() != newest) continue;
    const hash128 digest = each.list().digest();
    digests.insert({digest.first, digest.second});
    all_know = all_know && each.conflict().has_value();
  }
  return digests.size() > 1 && all_know;
}

bool have_one_list(const gossip& among) {
  const member_list& first = among.nodes().front().list();
  return !first.empty() && std::ranges::all_of(among.nodes(), [&](const membership& each) {
    return each.list() == first;
  });
}

}  // namespace

TEST_CASE("a first start ends with one list, whatever is lost on the way", "[membership]") {
  for (std::uint32_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    gossip among{seed};
    among.heal();
    REQUIRE(have_one_list(among));
    REQUIRE(among.nodes().front().list().number() == 1);
    REQUIRE(among.nodes().front().list().size() == 4);
    REQUIRE(among.nodes()[5].why_not().starts_with("is not a member"));
  }
}

TEST_CASE("after any changes all nodes have one list, or all name the conflict", "[membership]") {
  int conflicts = 0;
  int changes = 0;
  for (std::uint32_t seed = 0; seed < 1'000; ++seed) {
    CAPTURE(seed);
    gossip among{seed};
    if (seed % 2 == 0) among.heal();
    among.run(200, seed % 4 < 2 ? insistence::careful : insistence::forced);
    among.heal();
    const bool is_named = is_conflict_named(among);
    REQUIRE((have_one_list(among) || is_named));
    conflicts += is_named ? 1 : 0;
    changes += among.changes();
  }
  // Both ends of the test are reached.
  CHECK(conflicts > 10);
  CHECK(conflicts < 900);
  CHECK(changes > 3'000);
}

}  // namespace troupe::membership_gossip_test
