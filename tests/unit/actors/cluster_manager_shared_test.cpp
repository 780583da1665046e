// The cluster actor where all nodes share a store: whoever is there is a member.
#include <catch2/catch_test_macros.hpp>

#include "actors/cluster_manager.hpp"
#include "tests/support/manager_bed.hpp"

namespace troupe::cluster_manager_shared_test {

using namespace troupe::test;

namespace {

class shared_bed : public manager_bed {
 public:
  shared_bed() : manager_bed{9, {}, {}, {}, sharing::store} {}

  /// The store says that these are there.
  void note_present(const std::vector<std::uint64_t>& nodes) {
    nodes_present news;
    for (const std::uint64_t each : nodes) news.nodes.push_back(member_of(each));
    tell(std::move(news));
  }
};

hello shared_hello_of(std::uint64_t number) {
  hello what = hello_of(number);
  what.flags = shares_log;
  return what;
}

}  // namespace

TEST_CASE("a node that shares a store is a member at once", "[cluster][shared]") {
  shared_bed bed;
  const cluster_links_ptr links = bed.next_published();
  CHECK(links->is_member);
  CHECK(links->has_moved);
  CHECK(links->is_widely_known);
  CHECK(links->list.size() == 1);
  CHECK(links->sweeper == nullptr);
  CHECK(links->place("d").is_shared);
  CHECK_FALSE(bed.state->why_not().has_value());
  CHECK(bed.describe().is_shared);
}

TEST_CASE("nodes are members while the store says that they are there", "[cluster][shared]") {
  shared_bed bed;
  bed.next_published();
  bed.note_present({1, 2, 9});
  CHECK(uuids_of(*bed.next_published()) == names{to_string(uuid(1)), to_string(uuid(2))});
  bed.note_present({1, 2, 9});
  CHECK_FALSE(bed.has_published());
  bed.note_present({9, 2});
  CHECK(uuids_of(*bed.next_published()) == names{to_string(uuid(2))});
}

TEST_CASE("a node whose link is up is there, whatever the store says", "[cluster][shared]") {
  shared_bed bed;
  bed.next_published();
  const auto remote = bed.open_link_from(shared_hello_of(1));
  CHECK(uuids_of(*bed.next_published()) == names{to_string(uuid(1))});
  while (!bed.row(1).is_up) continue;
  bed.note_present({9});
  CHECK_FALSE(bed.has_published());
}

TEST_CASE("a node that counts keepers is refused by one that shares a store", "[cluster][shared]") {
  shared_bed bed;
  bed.next_published();
  CHECK(bed.say_hello(hello_of(1)).refusal ==
        static_cast<std::uint64_t>(refusal::other_replication));
  CHECK_FALSE(bed.has_published());
}

TEST_CASE("a node that runs in the place of another one takes it", "[cluster][shared]") {
  shared_bed bed;
  bed.next_published();
  nodes_present news;
  news.nodes = {member_of(1), {uuid(5), name_of(1), address_of_node(1)}};
  bed.tell(news);
  CHECK(uuids_of(*bed.next_published()) == names{to_string(uuid(5))});
  // Two of one name are not in each other's way.
  news.nodes.push_back({uuid(6), name_of(1), address_of_node(6)});
  bed.tell(news);
  CHECK(bed.next_published()->peers.size() == 2);
}

TEST_CASE("operators change no members where a store is shared", "[cluster][shared]") {
  shared_bed bed;
  bed.next_published();
  CHECK_FALSE(bed.change({change_members::order::leave, name_of(9)}).refusal.empty());
}

}  // namespace troupe::cluster_manager_shared_test
