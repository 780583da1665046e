#include "protocol/cluster/placement.hpp"

#include <map>
#include <random>
#include <set>

#include <catch2/catch_test_macros.hpp>

namespace troupe::placement_test {

using namespace troupe::cluster;

namespace {

constexpr int documents = 10'000;

std::string document_named(int number) { return "docs/" + std::to_string(number); }

member_list list_of(std::size_t count, std::uint32_t seed = 1) {
  std::mt19937_64 random{seed};
  std::vector<member> members;
  for (std::size_t i = 0; i < count; ++i)
    members.push_back(
        {{random(), random()}, "n" + std::to_string(i), "h:" + std::to_string(i + 1)});
  return *member_list::make(1, std::move(members));
}

std::set<node_uuid> keepers_of(const member_list& list, const std::string& document) {
  const document_place place = place_of(list, document, 3);
  return {place.keepers().begin(), place.keepers().end()};
}

}  // namespace

TEST_CASE("the place of a document is the same for ever", "[placement]") {
  const member_list list = *member_list::make(
      1, {{{1, 1}, "a", "h:1"}, {{2, 2}, "b", "h:2"}, {{3, 3}, "c", "h:3"}, {{4, 4}, "d", "h:4"}});
  std::string seen;
  for (const char* name : {"", "a", "notes", "docs/1", "docs/2", "a longer name \xe2\x82\xac"}) {
    for (const node_uuid& id : place_of(list, name, 3).ranking) seen += std::to_string(id.low);
    seen += ' ';
  }
  CHECK(seen == "4132 4231 4123 4231 1342 2413 ");
}

TEST_CASE("documents are spread evenly, as keepers and as homes", "[placement]") {
  for (const std::size_t count : {2U, 3U, 5U, 12U}) {
    const member_list list = list_of(count);
    std::map<node_uuid, int> kept, first;
    for (int i = 0; i < documents; ++i) {
      const document_place place = place_of(list, document_named(i), 3);
      for (const node_uuid& id : place.keepers()) ++kept[id];
      ++first[place.ranking.front()];
    }
    const double fair = double{documents} / static_cast<double>(count);
    const double fair_kept = fair * static_cast<double>(std::min<std::size_t>(count, 3));
    for (const member& each : list.members()) {
      CHECK(first[each.id] > fair * 0.9);
      CHECK(first[each.id] < fair * 1.1);
      CHECK(kept[each.id] > fair_kept * 0.95);
      CHECK(kept[each.id] < fair_kept * 1.05);
    }
  }
}

TEST_CASE("a member that joins takes only what it will keep", "[placement]") {
  const member_list list = list_of(5);
  const member joining{{7, 7}, "new", "h:99"};
  const member_list larger = *list.with(joining, moves::done);
  int moved = 0;
  for (int i = 0; i < documents; ++i) {
    const auto before = keepers_of(list, document_named(i));
    auto after = keepers_of(larger, document_named(i));
    if (before == after) continue;
    ++moved;
    // One of the three gives its place to the new one.
    REQUIRE(after.erase(joining.id) == 1);
    for (const node_uuid& id : after) REQUIRE(before.contains(id));
  }
  CHECK(moved > documents * 3 / 6 * 0.95);
  CHECK(moved < documents * 3 / 6 * 1.05);
}

TEST_CASE("a member that leaves gives away only what it kept", "[placement]") {
  const member_list list = list_of(6);
  const node_uuid leaving = list.members()[2].id;
  const member_list smaller = *list.without(leaving, moves::done);
  for (int i = 0; i < documents; ++i) {
    auto before = keepers_of(list, document_named(i));
    const auto after = keepers_of(smaller, document_named(i));
    if (before.erase(leaving) == 0) {
      REQUIRE(before == after);
      continue;
    }
    for (const node_uuid& id : before) REQUIRE(after.contains(id));
  }
}

TEST_CASE("whether a node keeps a document is known without the ranking", "[placement]") {
  const member_list list = list_of(6);
  for (int i = 0; i < 500; ++i) {
    const document_place place = place_of(list, document_named(i), 3);
    for (const member& each : list.members())
      REQUIRE(is_keeper(list, document_named(i), 3, each.id) == place.is_keeper(each.id));
  }
  CHECK_FALSE(is_keeper(list, "a", 3, {1, 2}));
  CHECK_FALSE(is_keeper(member_list{}, "a", 3, {1, 2}));
}

TEST_CASE("the home is the first keeper that is up", "[placement]") {
  const document_place place = place_of(list_of(5), "a", 3);
  REQUIRE(place.keepers().size() == 3);
  CHECK(place.home([](const node_uuid&) { return true; }) == place.ranking[0]);
  CHECK(place.home([&](const node_uuid& id) { return id != place.ranking[0]; }) ==
        place.ranking[1]);
  CHECK(place.home([&](const node_uuid& id) { return !place.is_keeper(id); }) == std::nullopt);
  CHECK(place_of(list_of(2), "a", 3).keepers().size() == 2);
  CHECK(place_of(member_list{}, "a", 3).ranking.empty());
}

TEST_CASE("quorums of writing and reading meet, whatever the size of the list", "[placement]") {
  CHECK(quorum_of({.keepers = 3, .write_acks = 2}, 1) == quorum{1, 1, 1});
  CHECK(quorum_of({.keepers = 3, .write_acks = 2}, 2) == quorum{2, 2, 1});
  CHECK(quorum_of({.keepers = 3, .write_acks = 2}, 3) == quorum{3, 2, 2});
  CHECK(quorum_of({.keepers = 3, .write_acks = 2}, 9) == quorum{3, 2, 2});
  CHECK(quorum_of({.keepers = 5, .write_acks = 1}, 9) == quorum{5, 1, 5});
  for (std::size_t keepers = 1; keepers <= 7; ++keepers)
    for (std::size_t acks = 1; acks <= keepers; ++acks)
      for (std::size_t members = 1; members <= 9; ++members) {
        const quorum sizes = quorum_of({keepers, acks}, members);
        REQUIRE(sizes.write_acks + sizes.reads == sizes.keepers + 1);
        REQUIRE(sizes.keepers <= members);
      }
}

TEST_CASE("while documents move, so many are asked that no confirmed update is missed",
          "[placement]") {
  const replication wanted{.keepers = 3, .write_acks = 2};
  const member_list three = list_of(3);
  // Of a first list, each node may bring documents that nobody else has.
  CHECK(wide_read_of(three, wanted).reads == 3);
  const member_list four = *three.with({{7, 7}, "new", "h:99"}, moves::done);
  CHECK(wide_read_of(four, wanted).ask.size() == 4);
  CHECK(wide_read_of(four, wanted).reads == 3);
  const member_list left = *four.without(three.members()[0].id, moves::done);
  CHECK(wide_read_of(left, wanted).ask.size() == 4);
  CHECK(wide_read_of(left, wanted).reads == 3);
  const member_list lost = *four.without_lost(three.members()[0].id, moves::done);
  CHECK(wide_read_of(lost, wanted).ask.size() == 3);
  CHECK(wide_read_of(lost, wanted).reads == 3);
  // Two are lost at once, which may lose updates; the others must not wait for ever.
  const member_list one = *list_of(2).without_lost(list_of(2).members()[0].id, moves::going_on);
  CHECK(wide_read_of(one, wanted).reads == 1);
  // One node alone has confirmed by itself.
  const member_list grown = *list_of(1).with({{7, 7}, "new", "h:99"}, moves::done);
  CHECK(wide_read_of(grown, wanted).reads == 2);
}

}  // namespace troupe::placement_test
