// How a replica of a document opens, and what it makes of replicas that end and begin elsewhere.
#include "protocol/cluster/replica.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/replica_bed.hpp"

namespace troupe::replica_opening_test {

using namespace troupe::test;
using bed = replica_bed;

// --- the other end ends or begins ---

TEST_CASE("a replica that has ended with all confirmed is left alone", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.edit();
  here.said(1);
  here.hear(1, here.everything());
  here.now += 1h;
  here.core.on_gone(1, here.state, here.now);
  CHECK(here.said(1).empty());
  here.edit();
  CHECK(count<peer_update>(here.said(1)) == 1);  // that opens it again
}

TEST_CASE("a replica that has ended too early is opened again", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.edit();
  here.said(1);
  here.now += 1s;
  here.core.on_gone(1, here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 1);
}

TEST_CASE("a replica that cannot be opened is not tried all the time", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.edit();
  here.said(1);
  here.core.on_gone(1, here.state, here.now);
  CHECK(here.said(1).empty());
  here.now += 1s;
  here.core.on_tick(here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 1);
}

TEST_CASE("a keeper that ends while the document is used here is asked what has become of it",
          "[cluster][replica]") {
  bed here{placement_of({1})};
  here.begin({1, 3});
  here.core.on_used(true);
  here.edit();
  here.said(1);
  here.hear(1, here.everything());
  here.now += 1s;
  here.core.on_gone(1, here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 1);
  here.core.on_gone(1, here.state, here.now);  // it cannot be opened there
  CHECK(count<peer_compare>(here.said(1)) == 0);
  here.now += 1s;
  here.core.on_tick(here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 1);
  here.core.on_message(1, peer_generation{4}, here.state, here.now);
  CHECK(here.core.outdated_by() == 4);
  // A peer that keeps nothing has no more to say.
  here.core.on_gone(3, here.state, here.now);
  CHECK(here.said(3).empty());
}

TEST_CASE("another life of a peer is compared from the beginning", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.core.on_used(true);
  here.hear(1, peer_opened{});
  here.hear(1, peer_compare{here.state.digest(), 3});
  here.said(1);
  here.hear(1, peer_update{slice(here.foreign()), 1}, life_there + 1);
  here.core.on_durable(1);
  const auto answer = here.said(1);
  CHECK(count<peer_opened>(answer) == 1);
  CHECK(count<peer_compare>(answer) == 1);
  CHECK(count<peer_ask>(answer) == 1);
  CHECK(count<peer_stored>(answer) == 0);
  CHECK_FALSE(here.core.has_users());
}

TEST_CASE("what an earlier life has streamed is not confirmed to the next", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.hear(1, peer_compare{here.state.digest(), 3});
  here.said(1);
  here.hear(1, peer_update{slice(here.foreign()), 4});
  here.hear(1, peer_closed{}, life_there + 1);
  here.core.on_durable(1);
  CHECK(count<peer_stored>(here.said(1)) == 0);
}

// --- opening ---

TEST_CASE("a document is shown when enough have said what they have", "[cluster][replica]") {
  document_placement where = placement_of({1, 2});
  where.answers_needed = 2;
  bed here{where};
  here.begin();
  CHECK_FALSE(here.core.is_loaded());
  here.core.load(here.state, here.now);
  const auto asked = only<peer_load>(here.said(1));
  REQUIRE(asked.size() == 1);
  CHECK(asked[0].round == 1);
  here.hear(1, peer_loaded{life_here, slice(here.foreign()), true, 1});
  here.hear(1, peer_loaded{life_here, {}, true, 1});  // it counts once
  CHECK_FALSE(here.core.is_loaded());
  here.hear(2, peer_loaded{life_here, {}, true, 1});
  CHECK(here.core.is_loaded());
  CHECK(here.state.has({200, 0}));
}

TEST_CASE("where its own copy is enough, a document is shown at once", "[cluster][replica]") {
  document_placement where = placement_of({1});
  where.answers_needed = 0;
  bed here{where};
  here.begin({});
  here.core.load(here.state, here.now);
  CHECK(here.core.is_loaded());
}

TEST_CASE("answers that prove nothing do not count", "[cluster][replica]") {
  bed here;
  here.begin();
  here.core.load(here.state, here.now);
  here.hear(1, peer_loaded{life_here + 1, {}, true, 1});  // to an earlier replica
  here.hear(1, peer_loaded{life_here, {}, true, 0});      // to an earlier question
  here.hear(1, peer_loaded{life_here, {}, false, 1});     // what is stored there is damaged
  here.hear(3, peer_loaded{life_here, {}, true, 1});      // it was not asked
  here.foreign();
  here.hear(1, peer_loaded{life_here, slice(here.foreign()), true, 1});  // cannot be applied
  CHECK_FALSE(here.core.is_loaded());
}

TEST_CASE("an answer under a newer list counts once that list has come", "[cluster][replica]") {
  bed here;
  here.begin();
  here.core.load(here.state, here.now);
  here.hear(1, peer_loaded{life_here, {}, true, 1}, life_there, 2);
  CHECK_FALSE(here.core.is_loaded());
  document_placement next = placement_of({1, 2});
  next.list = 2;
  here.core.on_placement(next, here.state, here.now);
  CHECK(here.core.is_loaded());
}

TEST_CASE("a placement that comes while a document opens asks whom it names",
          "[cluster][replica]") {
  bed here{placement_of({1})};
  here.begin({1, 3});
  here.core.load(here.state, here.now);
  here.said(1);
  document_placement next = placement_of({3});
  next.list = 2;
  here.core.on_placement(next, here.state, here.now);
  CHECK(count<peer_load>(here.said(3)) == 1);
  here.hear(1, peer_loaded{life_here, {}, true, 1});
  CHECK_FALSE(here.core.is_loaded());
  here.hear(3, peer_loaded{life_here, {}, true, 1});
  CHECK(here.core.is_loaded());
}

TEST_CASE("whoever is linked only now is asked, whoever has not answered is asked again",
          "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.core.load(here.state, here.now);
  CHECK(count<peer_load>(here.said(1)) == 1);
  here.core.on_up(2, here.state, here.now);
  CHECK(count<peer_load>(here.said(2)) == 1);
  here.core.on_tick(here.state, here.now);
  CHECK(count<peer_load>(here.said(1)) == 1);
}

TEST_CASE("a document that too few keepers answer for is not shown, not even by a late answer",
          "[cluster][replica]") {
  bed here;
  here.begin();
  here.core.load(here.state, here.now);
  here.now += 9s;
  CHECK_FALSE(here.core.is_late(here.now));
  here.now += 1s;
  CHECK(here.core.is_late(here.now));
  here.hear(1, peer_loaded{life_here, {}, true, 1});
  CHECK_FALSE(here.core.is_loaded());
  CHECK(here.core.has_failed(here.now));
}

TEST_CASE("where it must go on, a document is shown when time has run out", "[cluster][replica]") {
  document_placement where = placement_of({1, 2});
  where.is_available = true;
  bed here{where};
  here.begin({});
  here.core.load(here.state, here.now);
  here.now += 10s;
  CHECK_FALSE(here.core.has_failed(here.now));
  CHECK(here.core.is_loaded());
}

TEST_CASE("no flow begins before the document is loaded", "[cluster][replica]") {
  bed here;
  here.core.load(here.state, here.now);
  here.begin();
  here.core.on_up(1, here.state, here.now);
  CHECK(count<peer_compare>(here.said(1)) == 0);
  here.hear(1, peer_loaded{life_here, {}, true, 1});
  CHECK(count<peer_compare>(here.said(1)) == 1);
}

TEST_CASE("a node that does not keep a document loads it again for new sessions",
          "[cluster][replica]") {
  document_placement where = placement_of({1});
  where.keeps_itself = false;
  bed here{where};
  here.begin({1});
  here.core.on_used(true);
  here.core.load(here.state, here.now);
  here.hear(1, peer_loaded{life_here, {}, true, 1});
  CHECK(here.core.is_loaded());
  here.core.on_used(false);
  CHECK(here.core.is_loaded());  // nobody is shown anything
  here.core.on_used(true);
  CHECK_FALSE(here.core.is_loaded());
  here.said(1);
  here.core.load(here.state, here.now);
  CHECK(only<peer_load>(here.said(1)).at(0).round == 2);
  here.hear(1, peer_loaded{life_here, {}, true, 1});  // late
  CHECK_FALSE(here.core.is_loaded());
  here.hear(1, peer_loaded{life_here, {}, true, 2});
  CHECK(here.core.is_loaded());
}

TEST_CASE("a keeper has heard everything, so that new sessions see it at once",
          "[cluster][replica]") {
  bed here;
  here.begin();
  here.core.on_used(true);
  here.core.load(here.state, here.now);
  here.hear(1, peer_loaded{life_here, {}, true, 1});
  here.core.on_used(false);
  here.core.on_used(true);
  CHECK(here.core.is_loaded());
}

TEST_CASE("a replica says what it has, whether it is loaded or not", "[cluster][replica]") {
  bed here;
  here.begin();
  here.edit();
  here.said(1);
  set_document other;
  here.hear(1, peer_load{other.digest(), slice(other.state_vector()), 4});
  const auto lacks = only<peer_loaded>(here.said(1));
  REQUIRE(lacks.size() == 1);
  CHECK(lacks[0].life == life_there);
  CHECK(lacks[0].round == 4);
  CHECK(lacks[0].is_whole);
  other.apply(lacks[0].update.view());
  CHECK(other.digest() == here.state.digest());
  here.hear(1, peer_load{other.digest(), slice(other.state_vector()), 5});
  CHECK(only<peer_loaded>(here.said(1)).at(0).update.empty());
}

// --- who uses it ---

TEST_CASE("peers hear whether sessions here use the document", "[cluster][replica]") {
  bed here;
  here.begin({1, 2, 3});
  here.core.on_used(true);
  CHECK(count<peer_opened>(here.said(3)) == 1);
  here.core.on_used(true);
  CHECK(here.said(3).empty());
  here.core.on_used(false);
  CHECK(count<peer_closed>(here.said(3)) == 1);
}

TEST_CASE("a keeper stays open while sessions elsewhere use the document", "[cluster][replica]") {
  bed here;
  here.begin({1, 2, 3});
  CHECK_FALSE(here.core.is_kept_in_use());
  here.hear(3, peer_opened{});
  CHECK(here.core.is_kept_in_use());
  here.core.on_gone(3, here.state, here.now);
  CHECK_FALSE(here.core.is_kept_in_use());
}

TEST_CASE("a reader at a node that keeps a document sees what it has heard", "[cluster][replica]") {
  bed here;
  here.begin();
  here.core.load(here.state, here.now);
  for (const auto& each : only<peer_load>(here.said(1)))
    here.hear(1, peer_loaded{life_here, {}, true, each.round});
  REQUIRE(here.core.is_loaded());
  here.core.on_reader();
  CHECK(here.core.is_loaded());
}

TEST_CASE("a reader at a node that does not keep a document, nor uses it, makes it ask again",
          "[cluster][replica]") {
  document_placement elsewhere = placement_of({1, 2});
  elsewhere.keeps_itself = false;
  bed here{elsewhere};
  here.begin();
  const auto load = [&] {
    here.core.load(here.state, here.now);
    const auto asked = only<peer_load>(here.said(1));
    REQUIRE(asked.size() == 1);
    here.hear(1, peer_loaded{life_here, {}, true, asked[0].round});
    REQUIRE(here.core.is_loaded());
  };
  here.core.on_reader();
  load();
  here.core.on_reader();
  CHECK_FALSE(here.core.is_loaded());
  load();
  here.core.on_used(true);  // a session may not see what a reader saw a while ago
  CHECK_FALSE(here.core.is_loaded());
  load();
  here.core.on_reader();
  CHECK(here.core.is_loaded());
}

TEST_CASE("a copy that becomes another node's while nobody uses it is loaded again",
          "[cluster][replica]") {
  document_placement where = placement_of({1, 2});
  bed here{where};
  here.begin();
  here.core.on_used(true);
  here.core.load(here.state, here.now);
  const auto asked = only<peer_load>(here.said(1));
  REQUIRE(asked.size() == 1);
  here.hear(1, peer_loaded{life_here, {}, true, asked[0].round});
  here.core.on_used(false);
  where.list = 2;
  where.keeps_itself = false;
  here.core.on_placement(where, here.state, here.now);
  here.core.on_used(true);
  CHECK_FALSE(here.core.is_loaded());
}

// --- what nobody has ---

TEST_CASE("who has nothing is told whether the document exists, or was looked for",
          "[cluster][replica]") {
  bed here;
  here.begin({1});
  const peer_load asked{here.state.digest(), slice(here.state.state_vector()), 1};
  const auto answer = [&] {
    here.said(1);
    here.hear(1, asked);
    const auto answers = only<peer_loaded>(here.said(1));
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].is_whole);
    return answers[0].update.size;
  };
  CHECK(answer() == 0);
  here.core.note_looked_for();
  CHECK(answer() == update_without_contents.size());
}

TEST_CASE("an answer that proves nothing is no answer", "[cluster][replica]") {
  bed here;
  here.begin({1});
  here.core.on_used(true);
  here.said(1);
  here.core.refuse_load(1, {here.state.digest(), slice(here.state.state_vector()), 5});
  const auto answers = only<peer_loaded>(here.said(1));
  REQUIRE(answers.size() == 1);
  CHECK_FALSE(answers[0].is_whole);
  CHECK(answers[0].round == 5);
}

TEST_CASE("a replica may ask again what the others have", "[cluster][replica]") {
  bed here;
  here.begin({1, 2});
  here.core.load(here.state, here.now);
  CHECK(count<peer_load>(here.said(1)) == 1);
  here.core.load_again(here.state);
  CHECK(count<peer_load>(here.said(2)) == 1);
}

}  // namespace troupe::replica_opening_test
