// What one replica of a document tells the others, and when it believes them. How it opens is in
// replica_opening_test.cpp, large answers in replica_parts_test.cpp.
#include "protocol/cluster/replica.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/replica_bed.hpp"

namespace troupe::replica_test {

using namespace troupe::test;
using bed = replica_bed;

// --- flows ---

TEST_CASE("a flow begins with a comparison and goes on with updates", "[cluster][replica]") {
  bed here;
  here.core.begin(here.state, 0, here.now);
  here.core.on_up(1, here.state, here.now);
  const auto first = here.said(1);
  REQUIRE(count<peer_compare>(first) == 1);
  CHECK(only<peer_compare>(first)[0].digest == here.state.digest());
  here.edit();
  const auto next = here.said(1);
  REQUIRE(count<peer_update>(next) == 1);
  CHECK(only<peer_update>(next)[0].number == 1);
  CHECK(here.said(2).empty());
}

TEST_CASE("an update that came before the comparison of the same turn is not streamed behind it",
          "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.edit();
  here.core.on_up(2, here.state, here.now);
  here.edit();
  std::vector<document_message> to_two;
  std::vector<document_message> to_one;
  for (const auto& block : here.core.take_blocks())
    for (const peer_id to : block.to) {
      auto& all = to == 1 ? to_one : to_two;
      all.insert(all.end(), block.messages.begin(), block.messages.end());
    }
  CHECK(count<peer_update>(to_one) == 2);
  REQUIRE(count<peer_update>(to_two) == 1);
  CHECK(only<peer_update>(to_two)[0].number == 2);
  CHECK(only<peer_compare>(to_two)[0].number == 1);
}

TEST_CASE("peers that only stream share one block", "[cluster][replica]") {
  bed here;
  here.begin();
  here.edit();
  const auto blocks = here.core.take_blocks();
  REQUIRE(blocks.size() == 1);
  CHECK(blocks[0].to == std::vector<peer_id>{1, 2});
  CHECK(here.core.take_blocks().empty());
}

TEST_CASE("what came from a peer is not streamed, its node does that", "[cluster][replica]") {
  bed here;
  here.begin();
  here.hear(1, peer_update{slice(here.foreign()), 1});
  CHECK(count<peer_update>(here.said(2)) == 0);
}

TEST_CASE("a peer whose sessions use the document hears of updates though it keeps nothing",
          "[cluster][replica]") {
  bed here;
  here.begin({1, 2, 3});
  here.edit();
  CHECK(here.said(3).empty());
  here.hear(3, peer_opened{});
  CHECK(count<peer_compare>(here.said(3)) == 1);
  CHECK(here.core.take_new_users() == std::vector<peer_id>{3});
  here.edit();
  CHECK(count<peer_update>(here.said(3)) == 1);
  here.hear(3, peer_closed{});
  here.edit();
  CHECK(here.said(3).empty());
  CHECK_FALSE(here.core.has_users());
}

TEST_CASE("changes are compared again after a while, and only changes", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.edit();
  here.said(1);
  here.now += 4s;
  here.core.on_tick(here.state, here.now);
  CHECK(here.said(1).empty());
  here.now += 1s;
  here.core.on_tick(here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 1);
  here.hear(1, here.everything());
  here.now += 1h;
  here.core.on_tick(here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 0);
}

TEST_CASE("a keeper that has not confirmed everything is compared again and again",
          "[cluster][replica]") {
  bed here;
  here.edit();
  here.core.begin(here.state, 1, here.now);
  here.core.on_up(1, here.state, here.now);
  here.said(1);
  for (int i = 0; i < 3; ++i) {
    here.now += 5s;
    here.core.on_tick(here.state, here.now);
    CHECK(count<peer_compare>(here.said(1)) == 1);
  }
}

TEST_CASE("a flow that lost messages begins anew with a comparison", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.edit();
  here.said(1);
  here.core.on_lost(1, here.state, here.now);
  const auto again = here.said(1);
  CHECK(count<peer_compare>(again) == 1);
  CHECK(count<peer_update>(again) == 0);
  CHECK(count<peer_closed>(again) == 1);  // whether it uses the document may have been lost
}

TEST_CASE("a confirmation that may have been lost is told again", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{here.state.digest(), 5});
  CHECK(count<peer_stored>(here.said(1)) == 1);
  here.core.on_lost(1, here.state, here.now);
  const auto again = only<peer_stored>(here.said(1));
  REQUIRE(again.size() == 1);
  CHECK(again[0].life == life_there);
  CHECK(again[0].up_to == 5);
}

TEST_CASE("nothing is said to a peer whose link is down, all begins anew when it is up",
          "[cluster][replica]") {
  bed here;
  here.begin();
  here.hear(1, peer_opened{});
  here.core.on_down(1);
  here.edit();
  here.core.send_to(1, peer_opened{});
  here.core.send_to_users(peer_opened{});
  CHECK(here.said(1).empty());
  CHECK_FALSE(here.core.has_users());
  here.core.on_up(1, here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 1);
}

// --- what is confirmed ---

TEST_CASE("what a peer streams is confirmed once it is durable here", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{here.state.digest(), 3});
  CHECK(only<peer_stored>(here.said(1)).at(0).up_to == 3);  // nothing had to be written
  here.hear(1, peer_update{slice(here.foreign()), 4});
  CHECK(count<peer_stored>(here.said(1)) == 0);
  here.core.on_durable(1);
  const auto confirmed = only<peer_stored>(here.said(1));
  REQUIRE(confirmed.size() == 1);
  CHECK(confirmed[0].life == life_there);
  CHECK(confirmed[0].up_to == 4);
}

TEST_CASE("a stream proves nothing about what its sender has from other peers",
          "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{here.state.digest(), 3});
  here.hear(1, peer_update{slice(here.foreign()), 9});
  here.core.on_durable(1);
  const auto confirmed = only<peer_stored>(here.said(1));
  CHECK(confirmed.back().up_to == 9);
  CHECK(confirmed.back().whole == 3);
}

TEST_CASE("an incomplete flow confirms nothing", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.edit();
  here.said(1);
  here.hear(1, peer_compare{hash128{1, 2}, 3});
  const auto asked = only<peer_ask>(here.said(1));
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].life == life_there);
  here.hear(1, peer_update{slice(here.foreign()), 4});
  here.core.on_durable(2);
  CHECK(count<peer_stored>(here.said(1)) == 0);
  here.hear(1, peer_fill{life_here, {}, 4});
  CHECK(only<peer_stored>(here.said(1)).at(0).whole == 4);
}

TEST_CASE("a replica that meets a stream in its middle asks for all of it", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_update{slice(here.foreign()), 4});
  here.core.on_durable(1);
  const auto answer = here.said(1);
  CHECK(count<peer_ask>(answer) == 1);
  CHECK(count<peer_stored>(answer) == 0);
}

TEST_CASE("an update that cannot be applied makes the flow incomplete", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{here.state.digest(), 3});
  here.said(1);
  here.foreign();
  here.hear(1, peer_update{slice(here.foreign()), 5});
  here.core.on_durable(5);
  const auto answer = here.said(1);
  CHECK(count<peer_ask>(answer) == 1);
  CHECK(count<peer_stored>(answer) == 0);
}

TEST_CASE("what was asked for by an earlier replica here completes nothing", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{hash128{1, 2}, 3});
  here.said(1);
  here.hear(1, peer_fill{life_here + 1, {}, 3});
  CHECK(count<peer_stored>(here.said(1)) == 0);
}

TEST_CASE("a question goes out again while it is not answered, but not at once",
          "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{hash128{1, 2}, 3});
  here.hear(1, peer_compare{hash128{1, 2}, 4});
  CHECK(count<peer_ask>(here.said(1)) == 1);
  here.now += 5s;
  here.core.on_tick(here.state, here.now);
  CHECK(count<peer_ask>(here.said(1)) == 1);
}

TEST_CASE("a question is answered with what is lacking, up to the number of now",
          "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.edit();
  here.edit();
  here.said(1);
  set_document other;
  here.hear(1, peer_ask{life_here, slice(other.state_vector())});
  const auto fill = only<peer_fill>(here.said(1));
  REQUIRE(fill.size() == 1);
  CHECK(fill[0].life == life_there);
  CHECK(fill[0].number == 2);
  other.apply(fill[0].update.view());
  CHECK(other.digest() == here.state.digest());
}

TEST_CASE("a question to an earlier life is not answered", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_ask{life_here + 1, slice(here.state.state_vector())});
  CHECK(count<peer_fill>(here.said(1)) == 0);
}

// --- what peers have confirmed ---

TEST_CASE("what a keeper has confirmed counts, of this life and up to what there is",
          "[cluster][replica]") {
  bed here;
  here.begin();
  here.edit();
  here.edit();
  here.hear(1, peer_stored{life_here + 1, 2, 2});
  CHECK(stored(here.core, 1) == 0);
  here.hear(1, peer_stored{life_here, 100, 100});
  CHECK(stored(here.core, 1) == 2);
  here.hear(1, peer_stored{life_here, 1, 1});
  CHECK(stored(here.core, 1) == 2);
  here.core.on_down(1);
  CHECK(stored(here.core, 1) == 2);
}

TEST_CASE("what was streamed is the whole as long as nothing came from peers",
          "[cluster][replica]") {
  bed here;
  here.begin();
  here.edit();
  here.hear(1, peer_stored{life_here, 1, 0});
  CHECK(whole(here.core, 1) == 1);
  here.hear(2, peer_update{slice(here.foreign()), 1});
  here.edit();
  here.hear(1, peer_stored{life_here, 3, 0});
  CHECK(stored(here.core, 1) == 3);
  CHECK(whole(here.core, 1) == 1);
  here.hear(1, peer_stored{life_here, 3, 3});
  CHECK(whole(here.core, 1) == 3);
}

TEST_CASE("what somebody waits for is compared at once, though not all the time",
          "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.now += 1s;
  here.hear(2, peer_update{slice(here.foreign()), 1});
  here.core.on_whole_awaited(here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 1);
  here.core.on_whole_awaited(here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 0);  // it is under way
  here.hear(2, peer_update{slice(here.foreign()), 2});
  here.core.on_whole_awaited(here.state, here.now + 99ms);
  CHECK(count<peer_compare>(here.said(1)) == 0);
  here.core.on_whole_awaited(here.state, here.now + 100ms);
  CHECK(count<peer_compare>(here.said(1)) == 1);
}

TEST_CASE("a confirmation under a newer list counts once that list has come",
          "[cluster][replica]") {
  bed here;
  here.begin();
  here.edit();
  here.hear(1, here.everything(), life_there, 2);
  CHECK(stored(here.core, 1) == 0);
  document_placement next = placement_of({1, 2});
  next.list = 2;
  here.core.on_placement(next, here.state, here.now);
  CHECK(stored(here.core, 1) == 1);
}

TEST_CASE("a confirmation under an older list counts for acknowledgements, not for what is kept",
          "[cluster][replica]") {
  bed here{[] {
    document_placement where = placement_of({1});
    where.list = 3;
    return where;
  }()};
  here.begin({1});
  here.edit();
  here.core.on_durable(1);
  here.hear(1, here.everything(), life_there, 2);
  CHECK(stored(here.core, 1) == 1);
  CHECK_FALSE(here.core.is_kept_everywhere());
  CHECK(here.core.lacking() == std::vector<peer_id>{1});
  CHECK(here.core.is_being_kept(1));
  CHECK_FALSE(here.core.is_being_kept(0));
  here.hear(1, here.everything(), life_there, 3);
  CHECK(here.core.is_kept_everywhere());
  CHECK(here.core.lacking().empty());
}

TEST_CASE("under another list everything is confirmed again", "[cluster][replica]") {
  bed here{placement_of({1})};
  here.begin({1});
  here.edit();
  here.core.on_durable(1);
  here.hear(1, here.everything());
  CHECK(here.core.is_kept_everywhere());
  here.said(1);
  document_placement next = placement_of({1});
  next.list = 2;
  here.core.on_placement(next, here.state, here.now);
  CHECK_FALSE(here.core.is_kept_everywhere());
  CHECK(count<peer_compare>(here.said(1)) == 1);
}

TEST_CASE("a copy is dropped where it is not kept, not used, and kept everywhere else",
          "[cluster][replica]") {
  document_placement where = placement_of({1});
  where.keeps_itself = false;
  where.may_drop = true;
  bed here{where};
  here.begin({1});
  here.edit();
  CHECK_FALSE(here.core.may_be_dropped());
  here.hear(1, here.everything());
  CHECK(here.core.may_be_dropped());
  here.core.on_used(true);
  CHECK_FALSE(here.core.may_be_dropped());
  here.core.on_used(false);
  where.may_drop = false;
  here.core.on_placement(where, here.state, here.now);
  CHECK_FALSE(here.core.may_be_dropped());
}

TEST_CASE("where nobody is known to keep a document, nothing is kept or dropped",
          "[cluster][replica]") {
  document_placement where = placement_of({});
  where.keeps_itself = false;
  where.may_drop = true;
  bed here{where};
  here.begin({});
  CHECK_FALSE(here.core.is_kept_everywhere());
  CHECK_FALSE(here.core.may_be_dropped());
}

TEST_CASE("nothing is acknowledged before a new list is widely known", "[cluster][replica]") {
  document_placement where = placement_of({1, 2});
  where.is_widely_known = false;
  bed here{where};
  CHECK(here.core.acks_needed() > 3);
  where.is_available = true;
  here.core.on_placement(where, here.state, here.now);
  here.begin();
  CHECK(here.core.acks_needed() == 2);
}

TEST_CASE("where it must go on, those that are up are enough for an acknowledgement",
          "[cluster][replica]") {
  document_placement where = placement_of({1, 2});
  where.write_acks = 3;
  where.is_available = true;
  bed here{where};
  CHECK(here.core.acks_needed() == 1);
  here.begin({1});
  CHECK(here.core.acks_needed() == 2);
  here.core.on_up(2, here.state, here.now);
  CHECK(here.core.acks_needed() == 3);
  where.keeps_itself = false;
  here.core.on_placement(where, here.state, here.now);
  here.core.on_down(1);
  here.core.on_down(2);
  CHECK(here.core.acks_needed() == 1);
}

TEST_CASE("authors are told before what they have written, to those who hear of it", "[cluster]") {
  bed here;
  here.begin({1});
  here.core.on_authors({{"ada"}, {}});
  here.edit();
  const auto told = here.said(1);
  REQUIRE(told.size() == 2);
  REQUIRE(std::holds_alternative<peer_authors>(told[0]));
  CHECK(std::get<peer_authors>(told[0]).users == std::vector<std::string>{"ada"});
  CHECK(std::holds_alternative<peer_update>(told[1]));
  here.core.on_down(1);
  here.core.on_authors({{"ada"}, {}});
  CHECK_FALSE(here.core.has_blocks());
}

}  // namespace troupe::replica_test
