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
  CHECK_FALSE(links.is_home("d"));
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

TEST_CASE("each document has one home", "[cluster]") {
  for (int i = 0; i < 20; ++i) {
    const std::string name = "d" + std::to_string(i);
    std::size_t homes = 0;
    for (std::uint64_t self = 1; self <= 5; ++self) {
      cluster_links links = links_of(5);
      links.self = uuid(self);
      homes += links.is_home(name) ? 1 : 0;
      if (links.is_home(name)) CHECK(links.place(name).keeps_itself);
    }
    CHECK(homes == 1);
  }
}

TEST_CASE("a peer is found by its uuid", "[cluster]") {
  const cluster_links links = links_of(3);
  REQUIRE(links.find(uuid(3)) != nullptr);
  CHECK(links.find(uuid(3))->peer == 30);
  CHECK(links.find(uuid(1)) == nullptr);
}

}  // namespace troupe::cluster_links_test
