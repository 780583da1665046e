// What one replica of a document tells the others, and when it believes them.
#include "protocol/cluster/replica.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/property/cluster/set_document.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace std::chrono_literals;
using simulation::set_document;

namespace {

constexpr replica_life life_here = 7;
constexpr replica_life life_there = 8;

document_placement placement_of(std::vector<peer_id> keepers) {
  document_placement where;
  where.list = 1;
  where.keepers = keepers;
  where.asked = std::move(keepers);
  where.write_acks = 2;
  where.answers_needed = 1;
  return where;
}

shared_slice slice(const byte_buffer& bytes) { return shared_bytes::copy_of(bytes); }

/// A replica with its state, which numbers what it writes, and a clock.
struct bed {
  explicit bed(document_placement where = placement_of({1, 2}))
      : core({.life = life_here}, std::move(where)) {}

  void begin(std::vector<peer_id> up = {1, 2}) {
    core.begin(state, 0, now);
    for (const peer_id each : up) core.on_up(each, state, now);
    core.take_blocks();
  }
  void edit() {
    const byte_buffer update = set_document::insertion({100, clock++});
    state.apply(update);
    core.on_written(++number, slice(update));
  }
  /// Something of another client, from a peer.
  byte_buffer foreign() { return set_document::insertion({200, foreign_clock++}); }

  void hear(peer_id from, const document_message& message, replica_life life = life_there,
            std::uint64_t list = 1) {
    core.on_life(from, life, list, state, now);
    core.on_message(from, peer_generation{2}, state, now);
    const shared_slice* const update = replica::update_of(message);
    if (update == nullptr) return core.on_message(from, message, state, now);
    bool worked = true;
    if (!update->empty()) {
      const auto outcome = state.apply(update->view());
      worked = outcome != set_document::outcome::gap;
      if (outcome == set_document::outcome::changed) core.on_written(++number, {});
    }
    core.on_applied(from, message, worked, state, now);
  }

  /// What this turn has for a peer.
  std::vector<document_message> said(peer_id to) {
    std::vector<document_message> all;
    for (replica::block& each : core.take_blocks())
      if (std::ranges::find(each.to, to) != each.to.end())
        all.insert(all.end(), each.messages.begin(), each.messages.end());
    return all;
  }

  peer_stored everything() const { return {life_here, number, number}; }

  set_document state;
  replica core;
  replica::time_point now{1h};
  state_number number = 0;
  std::uint64_t clock = 0;
  std::uint64_t foreign_clock = 0;
};

template <class Message>
std::vector<Message> only(const std::vector<document_message>& all) {
  std::vector<Message> some;
  for (const document_message& each : all)
    if (const auto* const one = std::get_if<Message>(&each)) some.push_back(*one);
  return some;
}

template <class Message>
std::size_t count(const std::vector<document_message>& all) {
  return only<Message>(all).size();
}

state_number stored(const replica& core, peer_id keeper) {
  for (const auto& each : core.confirmations())
    if (each.keeper == keeper) return each.stored;
  return 0;
}
state_number whole(const replica& core, peer_id keeper) {
  for (const auto& each : core.confirmations())
    if (each.keeper == keeper) return each.whole;
  return 0;
}

}  // namespace

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
  here.core.tell(1, peer_opened{});
  here.core.tell_users(peer_opened{});
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
  CHECK(here.core.is_being_kept());
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
  here.core.on_closing();
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
