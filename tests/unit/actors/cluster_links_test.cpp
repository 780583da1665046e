// Where a document belongs, as the nodes of a cluster see it from their member list.
#include "actors/cluster_links.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::cluster_links_test {

using cluster::node_uuid;
using peer_ids = std::vector<cluster::peer_id>;

namespace {

constexpr node_uuid uuid(std::uint64_t number) { return {7, number}; }

/// Nodes 1 to `count`, seen from node 1; node n is the peer 10 n.
cluster_links links_of(std::size_t count, cluster::replication how = {}) {
  cluster_links links;
  std::vector<cluster::member> members;
  for (std::uint64_t i = 1; i <= count; ++i) {
    members.push_back({uuid(i), "n" + std::to_string(i), "127.0.0.1:" + std::to_string(4000 + i)});
    if (i > 1) links.peers.push_back({static_cast<cluster::peer_id>(10 * i), uuid(i), {}});
  }
  links.self = uuid(1);
  links.list = *cluster::member_list::make(4, std::move(members));
  links.replication = how;
  links.is_member = true;
  links.is_widely_known = true;
  return links;
}

/// A document that node 1 keeps, or does not.
std::string name_of(const cluster_links& links, bool is_kept) {
  for (int i = 0;; ++i) {
    std::string name = "d" + std::to_string(i);
    if (links.place(name).keeps_itself == is_kept) return name;
  }
}

peer_ids sorted(peer_ids all) {
  std::ranges::sort(all);
  return all;
}

}  // namespace

TEST_CASE("where as many nodes as keepers are, all keep each document", "[cluster]") {
  const auto where = links_of(3).place("d");
  CHECK(where.list == 4);
  CHECK(where.keeps_itself);
  CHECK(sorted(where.keepers) == peer_ids{20, 30});
  CHECK(where.write_acks == 2);
  CHECK(sorted(where.asked) == peer_ids{20, 30});
  CHECK(where.answers_needed == 1);  // R = 3 - 2 + 1, of which it is one
  CHECK(where.is_widely_known);
  CHECK_FALSE(where.is_available);
  CHECK_FALSE(where.may_drop);
}

TEST_CASE("a node that does not keep a document asks as many keepers as a read takes",
          "[cluster]") {
  const cluster_links links = links_of(5);
  const auto elsewhere = links.place(name_of(links, false));
  CHECK(elsewhere.keepers.size() == 3);
  CHECK(elsewhere.asked == elsewhere.keepers);
  CHECK(elsewhere.answers_needed == 2);
  const auto here = links.place(name_of(links, true));
  CHECK(here.keepers.size() == 2);
  CHECK(here.answers_needed == 1);
}

TEST_CASE("a cluster of one asks nobody", "[cluster]") {
  const auto where = links_of(1).place("d");
  CHECK(where.keeps_itself);
  CHECK(where.keepers.empty());
  CHECK(where.asked.empty());
  CHECK(where.answers_needed == 0);
  CHECK(where.write_acks == 1);
}

TEST_CASE("while documents move all are asked that may have kept them", "[cluster]") {
  cluster_links links = links_of(4, {.keepers = 2, .write_acks = 2});
  links.wide = cluster::wide_read{{uuid(1), uuid(2), uuid(3), uuid(4)}, 3};
  const auto where = links.place("d");
  CHECK(where.keepers.size() + (where.keeps_itself ? 1 : 0) == 2);
  CHECK(sorted(where.asked) == peer_ids{20, 30, 40});
  CHECK(where.answers_needed == 2);  // it asks itself
  links.wide = cluster::wide_read{{uuid(2), uuid(3)}, 2};
  const auto without = links.place("d");
  CHECK(sorted(without.asked) == peer_ids{20, 30});
  CHECK(without.answers_needed == 2);
}

TEST_CASE("a keeper to which there is no link yet is not named but counts", "[cluster]") {
  cluster_links links = links_of(3);
  links.peers.pop_back();
  const auto where = links.place("d");
  CHECK(where.keepers == peer_ids{20});
  CHECK(where.write_acks == 2);
}

TEST_CASE("a node that is no member keeps nothing and waits for others for ever", "[cluster]") {
  cluster_links links = links_of(3);
  links.is_member = false;
  links.settings.is_available = true;
  const auto where = links.place("d");
  CHECK_FALSE(where.keeps_itself);
  CHECK(where.asked.empty());
  CHECK(where.answers_needed == 1);
  CHECK_FALSE(where.is_available);
}

TEST_CASE("a placement says what the settings and the state of moves allow", "[cluster]") {
  cluster_links links = links_of(3);
  links.settings.is_available = true;
  links.is_widely_known = false;
  links.may_drop = true;
  const auto where = links.place("d");
  CHECK(where.is_available);
  CHECK_FALSE(where.is_widely_known);
  CHECK(where.may_drop);
}

// --- who is home ---

namespace {

constexpr newest_links::time_point start{std::chrono::hours{1}};
constexpr auto long_after = start + std::chrono::hours{1};

/// What the node `self` of five thinks, which has been up since `start`.
struct homes_bed {
  explicit homes_bed(std::uint64_t self) {
    auto links = std::make_shared<cluster_links>(links_of(5));
    links->self = uuid(self);
    newest.set(std::move(links));
  }
  void link(std::uint64_t to, bool is_up, newest_links::time_point when) {
    newest.note_link(uuid(to), is_up, when);
  }
  void link_all(newest_links::time_point when) {
    for (std::uint64_t i = 1; i <= 5; ++i) link(i, true, when);
  }

  newest_links newest{start};
};

/// The nodes that keep a document, the first first.
std::vector<std::uint64_t> keepers_of(const std::string& name) {
  std::vector<std::uint64_t> all;
  const cluster_links links = links_of(5);
  const cluster::document_place place = cluster::place_of(links.list, name, 3);
  for (const node_uuid& each : place.keepers()) all.push_back(each.low);
  return all;
}

}  // namespace

TEST_CASE("all nodes name the same home of a document, which keeps it", "[cluster]") {
  for (int i = 0; i < 20; ++i) {
    const std::string name = "d" + std::to_string(i);
    std::size_t homes = 0;
    for (std::uint64_t self = 1; self <= 5; ++self) {
      homes_bed bed{self};
      bed.link_all(start);
      const auto home = bed.newest.home_of(name, long_after);
      REQUIRE(home.has_value());
      CHECK(home->id == uuid(keepers_of(name).front()));
      CHECK(home->is_here == (home->id == uuid(self)));
      CHECK(home->since == start);
      homes += bed.newest.is_home(name, long_after) ? 1 : 0;
    }
    CHECK(homes == 1);
  }
}

TEST_CASE("the next keeper is home once the first has been away for a while, until it is back",
          "[cluster]") {
  const std::string name = "d";
  const auto keepers = keepers_of(name);
  homes_bed bed{keepers[1]};
  bed.link_all(start);
  bed.link(keepers[0], false, long_after);
  CHECK_FALSE(bed.newest.is_home(name, long_after));
  CHECK_FALSE(bed.newest.is_home(name, long_after + newest_links::takeover_delay / 2));
  const auto taken_over = long_after + newest_links::takeover_delay;
  CHECK(bed.newest.is_home(name, taken_over));
  bed.link(keepers[0], true, taken_over);
  const auto home = bed.newest.home_of(name, taken_over);
  REQUIRE(home.has_value());
  CHECK(home->id == uuid(keepers[0]));
  CHECK(home->since == taken_over);
}

TEST_CASE("a node that has just started expects the others to be there", "[cluster]") {
  const std::string name = "d";
  const auto keepers = keepers_of(name);
  homes_bed last{keepers[2]};
  CHECK_FALSE(last.newest.is_home(name, start));
  CHECK(last.newest.is_home(name, start + newest_links::takeover_delay));
}

TEST_CASE("operators are told where a document belongs, by names", "[cluster]") {
  const std::string name = "d";
  const auto keepers = keepers_of(name);
  std::vector<std::string> names;
  for (const std::uint64_t each : keepers) names.push_back("n" + std::to_string(each));
  homes_bed second{keepers[1]};
  second.link_all(start);
  placed_document shown = second.newest.describe(name, start);
  CHECK(shown.home == names[0]);
  CHECK(shown.keepers == names);
  CHECK(shown.role == "keeper");
  CHECK(shown.list_number == 4);
  second.link(keepers[0], false, start);
  shown = second.newest.describe(name, long_after);
  CHECK(shown.home == names[1]);
  CHECK(shown.role == "home");
  second.newest.set(nullptr);
  shown = second.newest.describe(name, start);
  CHECK(shown.home.empty());
  CHECK(shown.role == "none");
}

TEST_CASE("keepers that are up are counted, with this node", "[cluster]") {
  cluster_links links = links_of(3);
  links.newest = std::make_shared<newest_links>(start);
  const auto where = links.place("d");
  CHECK(links.count_up(where) == 1);
  links.newest->note_link(uuid(2), true, start);
  CHECK(links.count_up(where) == 2);
  CHECK(links.newest->is_up(uuid(2)));
  links.newest->note_link(uuid(2), false, start);
  CHECK_FALSE(links.newest->is_up(uuid(2)));
  CHECK(links.count_up(where) == 1);
}

TEST_CASE("where no keeper is up, and where nobody knows them, there is no home", "[cluster]") {
  const std::string name = "d";
  const auto keepers = keepers_of(name);
  std::uint64_t stranger = 1;
  while (std::ranges::find(keepers, stranger) != keepers.end()) ++stranger;
  homes_bed bed{stranger};
  CHECK(bed.newest.home_of(name, start).has_value());
  CHECK_FALSE(bed.newest.home_of(name, long_after).has_value());
  auto nobody = std::make_shared<cluster_links>(links_of(5));
  nobody->is_member = false;
  bed.newest.set(nobody);
  CHECK_FALSE(bed.newest.home_of(name, start).has_value());
  bed.newest.set(nullptr);
  CHECK_FALSE(bed.newest.home_of(name, start).has_value());
}

TEST_CASE("a peer is found by its uuid", "[cluster]") {
  const cluster_links links = links_of(3);
  REQUIRE(links.find(uuid(3)) != nullptr);
  CHECK(links.find(uuid(3))->peer == 30);
  CHECK(links.find(uuid(1)) == nullptr);
}

}  // namespace troupe::cluster_links_test
