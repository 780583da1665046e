// Answers of a replica that are too large for one message: how they are sent and taken in parts.
#include "protocol/cluster/replica.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/replica_bed.hpp"

namespace troupe::replica_parts_test {

using namespace troupe::test;
using bed = replica_bed;

namespace {

/// A replica with some items of several clients, whose differences have one item in each part.
void fill_in_parts(replica_bed& bed) {
  bed.begin({1});
  for (int i = 0; i < 3; ++i) bed.edit();
  bed.core.take_blocks();
  bed.state.cut_differences(1);
}

}  // namespace

TEST_CASE("a large answer is sent one part at a time, each when the one before was taken",
          "[cluster]") {
  bed here;
  fill_in_parts(here);
  here.hear(1, peer_ask{life_here, slice(set_document{}.state_vector())});
  set_document there;
  const auto take = [&](const shared_slice& update) {
    CHECK(there.apply(update.view()) != set_document::outcome::gap);
  };
  for (int i = 0; i < 3; ++i) {
    const auto told = here.said(1);
    const auto parts = only<peer_part>(told);
    REQUIRE(parts.size() == 1);
    CHECK(count<peer_fill>(told) == 0);
    CHECK(parts[0].life == life_there);
    CHECK(parts[0].to == answer_to::ask);
    take(parts[0].update);
    CHECK(here.said(1).empty());
    here.hear(1, peer_more{life_here + 1, answer_to::ask});  // of another life
    here.hear(1, peer_more{life_here, answer_to::load});     // of another answer
    CHECK(count<peer_part>(here.said(1)) == 0);
    here.hear(1, peer_more{life_here, answer_to::ask});
  }
  const auto last = only<peer_fill>(here.said(1));
  REQUIRE(last.size() == 1);
  CHECK(last[0].number == 3);
  take(last[0].update);
  CHECK(there.digest() == here.state.digest());
  here.hear(1, peer_more{life_here, answer_to::ask});
  CHECK(here.said(1).empty());
}

TEST_CASE("what changes while parts are sent is not said to be in them", "[cluster]") {
  bed here;
  fill_in_parts(here);
  here.hear(1, peer_ask{life_here, slice(set_document{}.state_vector())});
  here.edit();
  for (int i = 0; i < 3; ++i) {
    here.said(1);
    here.hear(1, peer_more{life_here, answer_to::ask});
  }
  const auto last = only<peer_fill>(here.said(1));
  REQUIRE(last.size() == 1);
  CHECK(last[0].number == 3);
}

TEST_CASE("parts are forgotten with the link, by a new question, and if nobody asks for them",
          "[cluster]") {
  bed here;
  fill_in_parts(here);
  const peer_ask question{life_here, slice(set_document{}.state_vector())};
  here.hear(1, question);
  here.said(1);
  SECTION("the link is lost") {
    here.core.on_down(1);
    here.core.on_up(1, here.state, here.now);
  }
  SECTION("something was lost on the link") { here.core.on_lost(1, here.state, here.now); }
  SECTION("the other replica has ended") { here.core.on_gone(1, here.state, here.now); }
  SECTION("nobody asks for the next") {
    here.now += 30s;
    here.core.on_tick(here.state, here.now);
  }
  here.said(1);
  here.hear(1, peer_more{life_here, answer_to::ask});
  CHECK(count<peer_part>(here.said(1)) == 0);
  here.hear(1, question);
  here.said(1);
  here.hear(1, question);  // begins anew
  CHECK(count<peer_part>(here.said(1)) == 1);
}

TEST_CASE("who receives a part asks for the next, and is complete with the last", "[cluster]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{{1, 2}, 9});
  CHECK(count<peer_ask>(here.said(1)) == 1);
  for (int i = 0; i < 3; ++i) {
    here.now += 4s;  // in all longer than it waits for an answer
    here.hear(1, peer_part{life_here, answer_to::ask, slice(here.foreign())});
    const auto told = here.said(1);
    const auto more = only<peer_more>(told);
    REQUIRE(more.size() == 1);
    CHECK(more[0].life == life_there);
    CHECK(count<peer_stored>(told) == 0);
    here.core.on_tick(here.state, here.now);
    CHECK(count<peer_ask>(here.said(1)) == 0);
  }
  here.core.on_durable(here.number);
  CHECK(count<peer_stored>(here.said(1)) == 0);
  here.hear(1, peer_fill{life_here, slice(here.foreign()), 9});
  here.core.on_durable(here.number);
  const auto stored = only<peer_stored>(here.said(1));
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].whole == 9);
}

TEST_CASE("what is streamed while parts come, and needs them, is asked for again", "[cluster]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{{1, 2}, 9});
  REQUIRE(count<peer_ask>(here.said(1)) == 1);
  const shared_slice needed = slice(here.foreign());
  here.hear(1, peer_update{slice(here.foreign()), 10});
  here.hear(1, peer_fill{life_here, needed, 9});
  here.core.on_durable(here.number);
  const auto told = here.said(1);
  CHECK(count<peer_ask>(told) == 1);
  CHECK(count<peer_stored>(told) == 0);
}

TEST_CASE("what is streamed while parts come, and can be applied, is confirmed with them",
          "[cluster]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{{1, 2}, 9});
  here.said(1);
  here.hear(1, peer_update{slice(here.foreign()), 10});
  here.hear(1, peer_fill{life_here, slice(here.foreign()), 9});
  here.core.on_durable(here.number);
  const auto stored = only<peer_stored>(here.said(1));
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].up_to == 10);
  CHECK(stored[0].whole == 9);
}

TEST_CASE("what is compared while parts come, and is not in them, is asked for again",
          "[cluster]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{{1, 2}, 9});
  REQUIRE(count<peer_ask>(here.said(1)) == 1);
  // Number 10 was written before a flow that begins anew, so it is not streamed.
  here.hear(1, peer_compare{{1, 3}, 10});
  here.hear(1, peer_fill{life_here, slice(here.foreign()), 9});
  here.hear(1, peer_update{slice(here.foreign()), 11});
  here.core.on_durable(here.number);
  const auto told = here.said(1);
  CHECK(count<peer_ask>(told) == 1);
  CHECK(count<peer_stored>(told) == 0);
  here.hear(1, peer_fill{life_here, slice(here.foreign()), 11});
  here.core.on_durable(here.number);
  const auto stored = only<peer_stored>(here.said(1));
  REQUIRE(stored.size() == 1);
  CHECK(stored[0].up_to == 11);
  CHECK(stored[0].whole == 11);
}

TEST_CASE("a part that cannot be applied, or for another replica, brings no further one",
          "[cluster]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{{1, 2}, 9});
  here.said(1);
  here.hear(1, peer_part{life_here + 1, answer_to::ask, slice(here.foreign())});
  CHECK(count<peer_more>(here.said(1)) == 0);
  here.foreign();  // is lost
  here.hear(1, peer_part{life_here, answer_to::ask, slice(here.foreign())});
  CHECK(count<peer_more>(here.said(1)) == 0);
  here.now += 5s;
  here.core.on_tick(here.state, here.now);
  CHECK(count<peer_ask>(here.said(1)) == 1);
}

TEST_CASE("an opening that is answered in parts may take longer than one that is not",
          "[cluster]") {
  bed here;
  here.begin({1});
  here.core.load(here.state, here.now);
  const auto asked = only<peer_load>(here.said(1));
  REQUIRE(asked.size() == 1);
  for (int i = 0; i < 4; ++i) {
    here.now += 4s;
    here.hear(1, peer_part{life_here, answer_to::load, slice(here.foreign())});
    CHECK(count<peer_more>(here.said(1)) == 1);
    here.core.on_tick(here.state, here.now);
    CHECK(count<peer_load>(here.said(1)) == 0);
    CHECK_FALSE(here.core.is_late(here.now));
  }
  here.hear(1, peer_loaded{life_here, slice(here.foreign()), true, asked[0].round});
  CHECK(here.core.is_loaded());
}

TEST_CASE("who opens a document is answered in parts, too", "[cluster]") {
  bed here;
  fill_in_parts(here);
  here.hear(1, peer_load{{}, slice(set_document{}.state_vector()), 5});
  for (int i = 0; i < 3; ++i) {
    const auto parts = only<peer_part>(here.said(1));
    REQUIRE(parts.size() == 1);
    CHECK(parts[0].to == answer_to::load);
    here.hear(1, peer_more{life_here, answer_to::load});
  }
  const auto last = only<peer_loaded>(here.said(1));
  REQUIRE(last.size() == 1);
  CHECK(last[0].round == 5);
  CHECK(last[0].is_whole);
}

TEST_CASE("what has an update that is too large is not sent, and that is said", "[cluster]") {
  replica small{{.life = life_here, .update_bytes_max = 4}, placement_of({1, 2})};
  set_document state;
  replica_bed other;
  REQUIRE(state.apply(set_document::insertion({100, 0})) == set_document::outcome::changed);
  small.begin(state, 1, other.now);
  small.on_up(1, state, other.now);
  small.on_life(1, life_there, 1, state, other.now);
  small.on_message(1, peer_generation{2}, state, other.now);
  small.take_blocks();
  CHECK_FALSE(small.take_unsendable());
  small.on_message(1, peer_ask{life_here, slice(set_document{}.state_vector())}, state, other.now);
  for (const auto& each : small.take_blocks()) CHECK(count<peer_fill>(each.messages) == 0);
  CHECK(small.take_unsendable());
  CHECK_FALSE(small.take_unsendable());
}

TEST_CASE("an update that is too large to be streamed begins all flows anew", "[cluster]") {
  bed here;
  here.begin({1});
  here.edit();
  REQUIRE(here.state.apply(set_document::insertion({300, 0})) == set_document::outcome::changed);
  here.core.on_written_apart(++here.number, here.state, here.now);
  here.edit();
  const auto told = here.said(1);
  const auto compared = only<peer_compare>(told);
  REQUIRE(compared.size() == 1);
  CHECK(compared[0].number == 2);
  const auto updates = only<peer_update>(told);
  REQUIRE(updates.size() == 1);  // the first is part of what is compared
  CHECK(updates[0].number == 3);
}

}  // namespace troupe::replica_parts_test
