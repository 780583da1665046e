#include "protocol/cluster/membership.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::membership_test {

using namespace troupe::cluster;

namespace {

using verdict = hello_answer::verdict;
using outcome = membership::list_outcome;

constexpr auto careful = insistence::careful;
constexpr auto forced = insistence::forced;

std::string address_of(std::uint64_t id) { return "10.0.0." + std::to_string(id) + ":4101"; }

node_identity identity_of(std::uint64_t id, std::vector<std::string> seeds) {
  node_identity self;
  self.cluster = "x";
  self.id = {id, id};
  self.incarnation = 1;
  self.run = 100 + id;
  self.name = "n" + std::to_string(id);
  self.address = address_of(id);
  self.seeds = std::move(seeds);
  return self;
}

const std::vector<std::string> three_seeds = {address_of(1), address_of(2), address_of(3)};

member_list list_of(std::uint64_t number, const std::vector<std::uint64_t>& ids) {
  std::vector<member> members;
  for (const std::uint64_t id : ids)
    members.push_back({{id, id}, "n" + std::to_string(id), address_of(id)});
  return *member_list::make(number, std::move(members));
}

membership node(std::uint64_t id) { return {identity_of(id, three_seeds), {}, {}}; }

/// A node that has been a member for long.
membership node_with(std::uint64_t id, const member_list& list) {
  return {identity_of(id, three_seeds), list, {}};
}

void all_move(membership& at) {
  for (const node_uuid& id : at.yet_to_move()) at.on_moved(id, at.list().number());
}

/// One dials the other, at its address; both say hello. Returns what the dialed one says.
hello_answer dial(membership& from, membership& to) {
  hello_answer there = to.on_hello(std::nullopt, from.own_hello());
  if (there.what == verdict::refused)
    from.on_refused(to.self().address, to.own_hello(), there.why);
  else
    from.on_hello(to.self().address, to.own_hello());
  return there;
}

std::string reason(const result<void>& done) { return done ? "none" : done.error().detail; }

}  // namespace

TEST_CASE("at the first start, all seeds found the same list", "[membership]") {
  membership one = node(1), two = node(2), three = node(3);
  CHECK(one.why_not() == "waits for the seeds 10.0.0.2:4101, 10.0.0.3:4101");
  CHECK(dial(one, two).what == verdict::met);
  CHECK(one.why_not() == "waits for the seeds 10.0.0.3:4101");
  CHECK(one.addresses_to_dial() ==
        std::vector<dial_target>{{address_of(2), {}}, {address_of(3), {}}});
  CHECK_FALSE(one.is_joined());
  // Two hears of three when that one dials.
  dial(three, two);
  CHECK(two.is_joined());
  CHECK(two.list() == list_of(1, {1, 2, 3}));
  // Three has heard from two, which has a list by now.
  CHECK(three.list() == two.list());
  CHECK_FALSE(one.is_joined());
  dial(one, three);
  CHECK(one.list() == two.list());
  CHECK(one.why_not().empty());
  CHECK(one.peers().size() == 2);
}

TEST_CASE("each founds the list by itself if all hear of all", "[membership]") {
  membership one = node(1), two = node(2), three = node(3);
  const hello first = one.own_hello(), second = two.own_hello(), third = three.own_hello();
  for (membership* each : {&one, &two, &three})
    for (const hello* heard : {&third, &first, &second}) each->on_hello(heard->address, *heard);
  CHECK(one.list() == list_of(1, {1, 2, 3}));
  CHECK(two.list() == one.list());
  CHECK(three.list() == one.list());
}

TEST_CASE("a node that is its only seed founds a cluster of one", "[membership]") {
  const membership alone{identity_of(1, {}), {}, {}};
  CHECK(alone.is_joined());
  CHECK(alone.list() == list_of(1, {1}));
  CHECK(alone.addresses_to_dial().empty());
  CHECK(alone.sizes() == quorum{1, 1, 1});
}

TEST_CASE("a node finds itself behind the name of a seed", "[membership]") {
  membership one{identity_of(1, {"localhost:4101", address_of(2)}), {}, {}};
  membership two{identity_of(2, {"localhost:4101", address_of(2)}), {}, {}};
  CHECK(one.on_hello("localhost:4101", one.own_hello()).what == verdict::met);
  CHECK(one.why_not() == "waits for the seeds 10.0.0.2:4101");
  dial(one, two);
  CHECK(one.list() == list_of(1, {1, 2}));
}

TEST_CASE("a node that is no seed founds nothing", "[membership]") {
  membership four{identity_of(4, three_seeds), {}, {}};
  membership one = node(1), two = node(2), three = node(3);
  for (membership* seed : {&one, &two, &three}) dial(four, *seed);
  CHECK_FALSE(four.is_joined());
  CHECK(four.list().empty());
  CHECK(four.why_not() == "waits for a member list: cluster.advertise is not among the seeds");
  CHECK_FALSE(one.is_joined());
}

TEST_CASE("seeds with one name found nothing, and say so", "[membership]") {
  node_identity same = identity_of(2, {address_of(1), address_of(2)});
  same.name = "n1";
  membership one{identity_of(1, {address_of(1), address_of(2)}), {}, {}};
  membership two{same, {}, {}};
  dial(one, two);
  CHECK_FALSE(one.is_joined());
  CHECK(one.why_not() == "cannot make a list of the seeds: two members have one name");
}

TEST_CASE("a new node takes the list and waits until it is added", "[membership]") {
  membership one = node_with(1, list_of(1, {1, 2, 3}));
  membership four{identity_of(4, three_seeds), {}, {}};
  const hello_answer answer = dial(four, one);
  CHECK(answer.what == verdict::refused);
  CHECK(answer.why == refusal::not_a_member);
  CHECK(answer.text ==
        "the node is not a member of the cluster 'x': run troupe cluster add n4 10.0.0.4:4101");
  CHECK(four.list() == one.list());
  CHECK_FALSE(four.is_joined());
  CHECK(four.why_not() ==
        "is not a member of the cluster 'x': run troupe cluster add n4 10.0.0.4:4101");
  CHECK(four.addresses_to_dial().size() == 3);
  REQUIRE(one.candidates().size() == 1);
  CHECK(one.candidates()[0].name == "n4");

  REQUIRE(one.add("n4", {}, "", std::vector<node_uuid>{{2, 2}}, careful));
  CHECK(one.candidates().empty());
  CHECK(one.list().number() == 2);
  CHECK(one.list().find({4, 4})->address == address_of(4));
  // The one with the smaller uuid dials; the other still hears the news.
  CHECK(dial(four, one).what == verdict::met);
  CHECK(four.is_joined());
  CHECK(dial(one, four).what == verdict::linked);
}

TEST_CASE("of two members the one with the smaller uuid dials", "[membership]") {
  const member_list list = list_of(3, {1, 2, 3});
  membership one = node_with(1, list), two = node_with(2, list);
  CHECK(two.addresses_to_dial() == std::vector<dial_target>{{address_of(3), {3, 3}}});
  CHECK(one.addresses_to_dial().size() == 2);
  CHECK(dial(one, two).what == verdict::linked);
  CHECK(dial(two, one).what == verdict::met);
  CHECK(one.on_hello(address_of(2), two.own_hello()).what == verdict::linked);
}

TEST_CASE("nodes that do not belong together refuse each other by name", "[membership]") {
  membership one = node_with(1, list_of(3, {1, 2, 3}));
  const auto why = [&](auto change) {
    hello from = node_with(2, list_of(3, {1, 2, 3})).own_hello();
    change(from);
    const hello_answer answer = one.on_hello(std::nullopt, from);
    return answer.what == verdict::refused ? std::string{to_string(answer.why)} : "none";
  };
  CHECK(why([](hello& from) { ++from.version; }) == "other_version");
  CHECK(why([](hello& from) { from.cluster = "y"; }) == "other_cluster");
  CHECK(why([](hello& from) { from.replication.write_acks = 1; }) == "other_replication");
  CHECK(why([](hello& from) { from.id = {1, 1}; }) == "own_uuid");
  CHECK(why([](hello& from) { from.list = list_of(3, {1, 2}); }) == "list_conflict");
  CHECK(why([](hello& from) { from.id = {9, 9}; }) == "name_taken");
  CHECK(why([](hello& from) { (from.id = {9, 9}, from.name = "n9"); }) == "not_a_member");
}

TEST_CASE("an older start of a node is refused, and a copy of it", "[membership]") {
  const member_list list = list_of(3, {1, 2, 3});
  membership two = node_with(2, list);
  hello from = node_with(1, list).own_hello();
  from.incarnation = 5;
  CHECK(two.on_hello(std::nullopt, from).what == verdict::linked);
  CHECK(two.on_hello(std::nullopt, from).what == verdict::linked);
  hello copy = from;
  copy.run = 77;
  CHECK(two.on_hello(std::nullopt, copy).why == refusal::other_run);
  hello older = from;
  older.incarnation = 4;
  const hello_answer answer = two.on_hello(std::nullopt, older);
  CHECK(answer.why == refusal::old_incarnation);
  CHECK(answer.text.ends_with(
      "'n1' at 10.0.0.1:4101 has the uuid 00000000000000010000000000000001, incarnation 4"));
  copy.incarnation = 6;
  CHECK(two.on_hello(std::nullopt, copy).what == verdict::linked);
  CHECK(two.on_hello(std::nullopt, from).why == refusal::old_incarnation);
}

TEST_CASE("a node that has lost its data directory is told what to do", "[membership]") {
  membership one = node_with(1, list_of(3, {1, 2, 3}));
  node_identity fresh = identity_of(2, three_seeds);
  fresh.id = {22, 22};
  membership two{fresh, {}, {}};
  const hello_answer answer = dial(two, one);
  CHECK(answer.why == refusal::name_taken);
  CHECK(
      answer.text.find("run troupe cluster remove n2, then troupe cluster add n2 10.0.0.2:4101") !=
      std::string::npos);
  CHECK(two.why_not().starts_with("has the name of a member of the cluster 'x', but not its data"));
  const std::vector<node_uuid> up{{3, 3}};
  CHECK(reason(one.add("n2", {}, "", up, careful)).find("belongs to another node") !=
        std::string::npos);
  REQUIRE(one.remove("n2", up, careful));
  REQUIRE(one.add("n2", {}, "", up, careful));
  CHECK(one.list().number() == 5);
  CHECK(one.list().find_name("n2")->id == node_uuid{22, 22});
  CHECK(one.list().find_former({2, 2})->is_gone);
  dial(two, one);
  CHECK(two.is_joined());
}

TEST_CASE("a higher number wins, and an equal one with other contents is a conflict",
          "[membership]") {
  membership one = node_with(1, list_of(3, {1, 2, 3}));
  CHECK(one.on_members({2, 2}, list_of(3, {1, 2, 3})) == outcome::same);
  CHECK(one.on_members({2, 2}, list_of(2, {1, 2, 3})) == outcome::older);
  CHECK(one.on_members({2, 2}, list_of(4, {1, 2})) == outcome::accepted);
  CHECK(one.list().size() == 2);
  CHECK(one.on_members({2, 2}, list_of(4, {1, 2, 4})) == outcome::conflict);
  REQUIRE(one.conflict());
  CHECK(one.conflict()->with_name == "n2");
  CHECK(one.conflict()->number == 4);
  CHECK(one.list().size() == 2);
  // An operator decides.
  CHECK(one.on_members({2, 2}, list_of(5, {1, 2, 4})) == outcome::accepted);
  CHECK_FALSE(one.conflict());
}

TEST_CASE("documents have moved when all of the list say so", "[membership]") {
  membership one = node_with(1, list_of(3, {1, 2, 3}));
  CHECK_FALSE(one.all_moved());
  REQUIRE(one.lists_to_ask());
  CHECK(one.lists_to_ask()->ask.size() == 3);
  one.on_moved({1, 1}, 3);
  one.on_moved({2, 2}, 2);
  one.on_moved({3, 3}, 3);
  one.on_moved({9, 9}, 3);
  CHECK(one.yet_to_move() == std::vector<node_uuid>{{2, 2}});
  // It says so when it says hello, too.
  membership two = node_with(2, list_of(3, {1, 2, 3}));
  two.on_moved({2, 2}, 3);
  CHECK(two.own_hello().moved == 3);
  dial(one, two);
  CHECK(one.all_moved());
  CHECK_FALSE(one.lists_to_ask());
  CHECK(one.sizes() == quorum{3, 2, 2});
  // What was stored counts after a restart.
  CHECK(membership{identity_of(1, three_seeds), one.list(), one.moved()}.all_moved());
  // Another list begins anew, and no number counts that is not there yet.
  one.on_moved({2, 2}, 4);
  REQUIRE(one.leave("n3", std::vector<node_uuid>{{2, 2}}, careful));
  CHECK(one.yet_to_move().size() == 3);
}

TEST_CASE("a member that leaves hands over first, and is asked until then", "[membership]") {
  membership one = node_with(1, list_of(3, {1, 2, 3}));
  membership three = node_with(3, list_of(3, {1, 2, 3}));
  all_move(one);
  REQUIRE(one.leave("n3", std::vector<node_uuid>{{2, 2}}, careful));
  CHECK(reason(one.leave("n3", std::vector<node_uuid>{{2, 2}}, careful)) ==
        "'n3' is leaving already");
  CHECK(one.lists_to_ask()->ask.size() == 3);
  CHECK(one.peers().size() == 2);
  CHECK(dial(one, three).what == verdict::linked);
  CHECK(three.is_leaving());
  CHECK_FALSE(three.is_joined());
  CHECK(three.why_not() == "leaves the cluster 'x'");
  CHECK(three.peers().size() == 2);
  all_move(one);
  // The next list has forgotten it.
  REQUIRE(one.add("n5", {5, 5}, address_of(5), std::vector<node_uuid>{{2, 2}}, careful));
  CHECK(one.list().former().empty());
  CHECK(dial(one, three).why == refusal::not_a_member);
  three.on_members({1, 1}, one.list());
  CHECK(three.why_not() == "was removed from the cluster 'x'");
}

TEST_CASE("a member that was removed is told so", "[membership]") {
  membership one = node_with(1, list_of(3, {1, 2, 3}));
  membership two = node_with(2, list_of(3, {1, 2, 3}));
  REQUIRE(one.remove("00000000000000020000000000000002", std::vector<node_uuid>{{3, 3}}, careful));
  CHECK(one.peers().size() == 1);
  CHECK(dial(two, one).why == refusal::not_a_member);
  CHECK(two.why_not() == "was removed from the cluster 'x'");
  CHECK_FALSE(two.is_leaving());
  CHECK(reason(two.leave("n3", {}, forced)) ==
        "this node cannot change the list: was removed from the cluster 'x'");
}

TEST_CASE("a change needs more than half of those that stay, or somebody who insists",
          "[membership]") {
  membership one = node_with(1, list_of(3, {1, 2, 3, 4, 5}));
  const std::vector<node_uuid> none, another{{2, 2}}, two_others{{2, 2}, {3, 3}};
  CHECK(reason(one.add("n6", {6, 6}, address_of(6), another, careful))
            .starts_with("this node reaches 2 of 5 members, itself included"));
  CHECK(reason(one.leave("n2", another, careful)).starts_with("this node reaches 1 of 4 members"));
  CHECK(reason(one.remove("n5", another, careful)).starts_with("this node reaches 2 of 4 members"));
  CHECK(one.list().number() == 3);
  REQUIRE(one.remove("n5", two_others, careful));
  REQUIRE(one.remove("n4", none, forced));
  CHECK(one.list().number() == 5);
  CHECK(reason(one.remove("n1", two_others, careful)) == "this node is not lost: use leave");
  CHECK(reason(one.remove("n2", two_others, careful)).starts_with("'n2' is up: use leave"));
  CHECK(reason(one.remove("n9", two_others, careful)) == "there is no member 'n9'");
  // The other one of two is lost: the one that stays decides.
  membership last = node_with(1, list_of(3, {1, 2}));
  CHECK(last.remove("n2", none, careful));
}

TEST_CASE("a member's address is changed by adding it again", "[membership]") {
  membership one = node_with(1, list_of(3, {1, 2, 3}));
  const std::vector<node_uuid> up{{3, 3}};
  CHECK(reason(one.add("n2", {2, 2}, "", up, careful)) == "'n2' is a member already");
  hello moved_away = node_with(2, list_of(3, {1, 2, 3})).own_hello();
  moved_away.address = "10.0.9.2:4101";
  const hello_answer answer = one.on_hello(address_of(2), moved_away);
  CHECK(answer.what == verdict::linked);
  CHECK(answer.text.ends_with("run troupe cluster add n2 10.0.9.2:4101"));
  REQUIRE(one.add("n2", {}, "10.0.9.2:4101", up, careful));
  CHECK(one.list().find({2, 2})->address == "10.0.9.2:4101");
  CHECK(one.on_hello("10.0.9.2:4101", moved_away).text.empty());
  CHECK(reason(one.add("n9", {}, "", up, careful)).starts_with("no node 'n9' has asked"));
}

TEST_CASE("what a seed says against a node is shown while it waits", "[membership]") {
  membership one = node(1);
  node_identity other = identity_of(2, {});
  other.cluster = "y";
  membership two{other, {}, {}};
  dial(one, two);
  CHECK(
      one.why_not() ==
      "waits for the seeds 10.0.0.2:4101, 10.0.0.3:4101; the seed 10.0.0.2:4101: the node belongs "
      "to another cluster: cluster.name differs");
  one.on_hello(address_of(2), node(2).own_hello());
  CHECK(one.why_not() == "waits for the seeds 10.0.0.3:4101");
}

TEST_CASE("a member knows which peers refuse it", "[membership]") {
  const member_list list = list_of(3, {1, 2, 3});
  membership one = node_with(1, list), two = node_with(2, list);
  hello later = one.own_hello();
  later.incarnation = 9;
  two.on_hello(std::nullopt, later);
  dial(one, two);
  CHECK(one.refused_by().at({2, 2}) == refusal::old_incarnation);
  one.on_hello(address_of(2), two.own_hello());
  CHECK(one.refused_by().empty());
}

TEST_CASE("so many candidates are remembered and no more", "[membership]") {
  membership one = node_with(1, list_of(3, {1, 2, 3}));
  for (std::uint64_t id = 10; id < 10 + 2 * candidates_max; ++id) {
    membership asks{identity_of(id, three_seeds), {}, {}};
    one.on_hello(std::nullopt, asks.own_hello());
  }
  CHECK(one.candidates().size() == candidates_max);
}

// --- who knows a list ---

TEST_CASE("the first list is known to all, as all have made it", "[cluster][membership]") {
  CHECK_FALSE(node(1).is_widely_known());
  CHECK(node_with(1, list_of(1, {1, 2, 3})).is_widely_known());
}

TEST_CASE("a new list is widely known once so many have it that no earlier one can be read by",
          "[cluster][membership]") {
  membership one = node_with(1, list_of(1, {1, 2, 3}));
  all_move(one);
  REQUIRE(one.add("n4", {4, 4}, address_of(4), std::vector<node_uuid>{{2, 2}, {3, 3}}, careful));
  CHECK_FALSE(one.is_widely_known());
  // Of lists with three keepers two are asked, so that one may not know it.
  one.on_members({2, 2}, list_of(1, {1, 2, 3}));
  CHECK_FALSE(one.is_widely_known());
  one.on_members({2, 2}, one.list());
  CHECK_FALSE(one.is_widely_known());
  one.on_moved({4, 4}, one.list().number());
  CHECK(one.is_widely_known());
}

TEST_CASE("a list for which all have moved is widely known, also after a start",
          "[cluster][membership]") {
  membership one = node_with(1, list_of(7, {1, 2, 3}));
  CHECK_FALSE(one.is_widely_known());
  all_move(one);
  CHECK(one.is_widely_known());
  CHECK(membership{identity_of(1, three_seeds), one.list(), one.moved()}.is_widely_known());
}

TEST_CASE("what a node has said in its hello about its list counts", "[cluster][membership]") {
  membership one = node_with(1, list_of(7, {1, 2, 3}));
  membership two = node_with(2, list_of(7, {1, 2, 3}));
  membership three = node_with(3, list_of(7, {1, 2, 3}));
  dial(one, two);
  CHECK_FALSE(one.is_widely_known());  // each may have been alone before: all must know it
  dial(one, three);
  CHECK(one.is_widely_known());
}

TEST_CASE("a node that nobody connects to asks those that should", "[cluster][membership]") {
  const membership two = node_with(2, list_of(7, {1, 2, 3}));
  CHECK(two.addresses_to_dial() == std::vector<dial_target>{{address_of(3), {3, 3}}});
  CHECK(two.addresses_to_ask() == std::vector<dial_target>{{address_of(1), {1, 1}}});
}

TEST_CASE("a node that has left while it was down hears so when it asks", "[cluster][membership]") {
  membership one = node_with(1, list_of(1, {1, 2, 3}));
  membership three = node_with(3, list_of(1, {1, 2, 3}));
  all_move(one);
  REQUIRE(one.leave("n3", std::vector<node_uuid>{{2, 2}}, careful));
  all_move(one);
  REQUIRE(one.add("n4", {4, 4}, address_of(4), std::vector<node_uuid>{{2, 2}}, careful));
  CHECK(three.addresses_to_dial().empty());
  CHECK(three.is_joined());
  dial(three, one);
  CHECK(three.list() == one.list());
  CHECK_FALSE(three.is_joined());
}

}  // namespace troupe::membership_test
