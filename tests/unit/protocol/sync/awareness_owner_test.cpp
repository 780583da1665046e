// Whose a client is, and who may change it.
#include "protocol/sync/awareness.hpp"

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/unit/protocol/sync/awareness_bed.hpp"

namespace troupe::awareness_owner_test {

using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("awareness removes what a session shows itself or alone has told, and nothing else",
          "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}}, opened_by(alice));
  applied(presence, {{1, 2, "1"}, {2, 1, "2"}, {4, 1, "4"}}, alice);  // 2 and 4 are relayed
  applied(presence, {{3, 1, "3"}}, opened_by(bob));
  applied(presence, {{2, 2, "2"}}, bob);
  applied(presence, {{2, 3, "2"}}, alice);
  CHECK(presence.owner_of(1) == alice);
  CHECK(presence.owner_of(2) == no_session);
  CHECK(presence.owner_of(3) == bob);
  CHECK(sorted(presence.remove_session(alice, start)) == clients{1, 4});
  CHECK(sorted(presence.shown()) == clients{2, 3});
  CHECK(presence.encode(clients{1}) == update_of({{1, 2, "null"}}));
  CHECK(presence.remove_session(alice, start).empty());
  CHECK(sorted(presence.expire(start + 30s)) == clients{2, 3});
}

TEST_CASE("awareness lets nobody else change a client whose session is there", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "{}"}}, opened_by(alice));
  applied(presence, {{2, 1, "{}"}}, opened_by(bob));
  for (const char* state : {"1", "null"}) {
    CHECK(refused(presence, {{1, 6, state}}, bob) == errc::not_owner);
    CHECK(refused(presence, {{1, awareness::clock_max, state}}, bob) == errc::not_owner);
    // An echo, and the end that another tab tells of, are nothing to be counted.
    CHECK(applied(presence, {{1, 5, state}}, bob).empty());
  }
  const auto several =
      presence.apply(update_of({{1, 6, "1"}, {2, 2, "2"}, {1, 7, "null"}}), sent_by(bob), start);
  CHECK(several.changed == clients{2});
  CHECK(several.left_out == 2);
  CHECK(presence.encode(clients{1}) == update_of({{1, 5, "{}"}}));
  CHECK(presence.owner_of(1) == alice);
  CHECK(presence.remove_session(bob, start) == clients{2});
  CHECK(applied(presence, {{1, 6, "null"}}, alice) == clients{1});
}

TEST_CASE("awareness gives a client that another tab told of first to its own session", "[sync]") {
  const std::uint64_t clock = GENERATE(3U, 4U, 5U);
  awareness presence;
  applied(presence, {{2, 1, "2"}}, opened_by(bob));
  applied(presence, {{1, 4, "4"}}, bob);
  CHECK(presence.owner_of(1) == no_session);
  CHECK(applied(presence, {{1, clock, R"("own")"}}, opened_by(alice)).size() == (clock > 4));
  CHECK(presence.owner_of(1) == alice);
  CHECK(presence.state_of(1) == (clock > 4 ? R"("own")" : "4"));
  CHECK(refused(presence, {{1, 6, "6"}}, bob) == errc::not_owner);
  CHECK(presence.remove_session(bob, start) == clients{2});
  CHECK(presence.remove_session(alice, start) == clients{1});
}

TEST_CASE("awareness lets whoever relays a client of nobody renew and end it", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}, {9, 1, "9"}}, alice);
  applied(presence, {{1, 2, "2"}, {9, 2, "9"}}, bob);
  CHECK(presence.state_of(1) == "2");
  CHECK(applied(presence, {{1, 2, "null"}, {9, 3, "10"}}, alice) == clients{1, 9});
  CHECK(presence.remove_session(alice, start).empty());
  CHECK(presence.remove_session(bob, start) == clients{9});  // the last who told of it
}

TEST_CASE("awareness keeps what many sessions have told of until nobody renews it", "[sync]") {
  awareness presence;
  for (session_id session = 1; session <= awareness::relayers_max + 2; ++session)
    applied(presence, {{50, session, "1"}, {90 + session, 1, "1"}}, session);
  for (session_id session = 1; session <= awareness::relayers_max + 2; ++session)
    CHECK(presence.remove_session(session, start) == clients{90 + session});
  CHECK(presence.shown() == clients{50});
  CHECK(presence.expire(start + awareness::state_age_max) == clients{50});
}

TEST_CASE("awareness gives a client that comes back to its new session", "[sync]") {
  // Bob's connection is a new one of alice's client; the old one is dead, which nobody knows yet.
  const std::uint64_t clock = GENERATE(5U, 6U);
  awareness presence;
  applied(presence, {{1, 5, R"("old")"}}, opened_by(alice));
  const bool is_newer = clock > 5;
  CHECK(applied(presence, {{1, clock, R"("new")"}}, opened_by(bob)).size() == is_newer);
  CHECK(presence.owner_of(1) == bob);
  // What the old connection had sent before it died.
  CHECK(applied(presence, {{1, 5, "null"}}, alice).empty());
  CHECK(applied(presence, {{1, 4, R"("old")"}}, alice).empty());
  CHECK(presence.remove_session(alice, start).empty());
  CHECK(presence.state_of(1) == (is_newer ? R"("new")" : R"("old")"));
  CHECK(applied(presence, {{1, 7, R"("next")"}}, bob) == clients{1});
  CHECK(presence.remove_session(bob, start) == clients{1});
}

TEST_CASE("awareness gives a client back to the session that turns out to be alive, for good",
          "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("own")"}}, opened_by(alice));
  applied(presence, {{1, 6, R"("taken")"}}, opened_by(bob));
  CHECK(presence.owner_of(1) == bob);
  CHECK(applied(presence, {{1, 7, R"("own again")"}}, alice) == clients{1});
  CHECK(presence.owner_of(1) == alice);
  for (std::uint64_t clock = 8; clock < 10; ++clock)
    CHECK(refused(presence, update_of({{1, clock, R"("taken")"}}), opened_by(bob)) ==
          errc::not_owner);
  // Nor does it get another one.
  applied(presence, {{2, 1, "2"}}, bob);
  CHECK(presence.owner_of(2) == no_session);
  CHECK(presence.remove_session(bob, start) == clients{2});  // who alone had told of it
  CHECK(presence.state_of(1) == R"("own again")");
}

TEST_CASE("awareness takes no client over for what an older connection opens with", "[sync]") {
  // Bob's connection is the new one of alice's client; what the old one sent first comes late.
  const std::uint64_t clock = GENERATE(4U, 5U);
  awareness presence;
  applied(presence, {{1, 5, R"("new")"}}, opened_by(bob));
  CHECK(applied(presence, {{1, clock, R"("old")"}}, opened_by(alice)).empty());
  CHECK(presence.owner_of(1) == bob);
  CHECK_FALSE(presence.claimed_by(alice));
  const auto ends = GENERATE(0, 1, 2);
  if (ends == 0) {
    CHECK(presence.remove_session(alice, start).empty());
    CHECK(presence.state_of(1) == R"("new")");
    return;
  }
  if (ends == 1) CHECK(applied(presence, {{1, 6, "null"}}, bob) == clients{1});
  if (ends == 2) CHECK(presence.remove_session(bob, start) == clients{1});
  CHECK_FALSE(presence.has_states());
  // If the old one lives, it hears that the client is gone and shows itself again.
  CHECK(applied(presence, {{1, 7, R"("here")"}}, alice) == clients{1});
  CHECK(presence.owner_of(1) == alice);
}

TEST_CASE("awareness shows no client again for what an older connection opens with", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("new")"}}, opened_by(bob));
  applied(presence, {{1, 6, "null"}}, bob);
  const auto late = presence.apply(update_of({{1, 5, R"("old")"}}), opened_by(alice), start);
  CHECK(late.changed.empty());
  CHECK_FALSE(presence.has_states());
}

TEST_CASE("awareness lets nobody take a client over who may not, or has heard of it", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("own")"}}, opened_by(alice));
  CHECK(refused(presence, update_of({{1, 6, R"("x")"}}), {bob, true, false}) == errc::not_owner);
  CHECK(refused(presence, update_of({{1, 6, R"("x")"}}), {9, false, true}) == errc::not_owner);
  // Of several clients none is announced.
  CHECK(presence.apply(update_of({{1, 6, R"("x")"}, {2, 1, R"("y")"}}), opened_by(8), start)
            .left_out == 1);
  // Nor may a session that shows a client have another one.
  applied(presence, {{3, 1, "3"}}, opened_by(3));
  CHECK(refused(presence, update_of({{1, 6, R"("x")"}}), opened_by(3)) == errc::not_owner);
  presence.set_own(7, R"("JSON")", alice, start);
  CHECK(refused(presence, update_of({{7, 6, R"("x")"}}), opened_by(4)) == errc::not_owner);
  CHECK(presence.owner_of(1) == alice);
  CHECK(presence.owner_of(7) == alice);
}

TEST_CASE("awareness takes no echo of a session that shows nothing for its own", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("own")"}}, opened_by(alice));
  applied(presence, {{2, 5, R"("a")"}, {3, 5, R"("b")"}}, alice);
  for (const awareness::client_id client : {1U, 2U, 3U})
    CHECK(applied(presence, {{client, 5, R"("own")"}}, bob).empty());
  CHECK(presence.owner_of(1) == alice);
  CHECK(presence.owner_of(2) == no_session);
  // Until it shows a client of its own.
  CHECK(applied(presence, {{8, 1, "8"}}, bob) == clients{8});
  CHECK(presence.owner_of(8) == bob);
}

TEST_CASE("awareness knows whose a client is from its first state, which has clock 0", "[sync]") {
  awareness presence;
  CHECK(applied(presence, {{1, 0, "{}"}}, opened_by(alice)).empty());
  applied(presence, {{2, 1, R"("told by another tab")"}}, alice);
  CHECK(presence.owner_of(2) == no_session);
  applied(presence, {{1, 1, R"("own")"}}, alice);
  CHECK(presence.owner_of(1) == alice);
}

TEST_CASE("awareness gives a client back to the first of several sessions that had it", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("own")"}}, opened_by(alice));
  applied(presence, {{1, 6, R"("taken")"}}, opened_by(bob));
  applied(presence, {{1, 7, R"("again")"}}, opened_by(3));
  CHECK(applied(presence, {{1, 8, R"("own")"}}, alice) == clients{1});
  for (const session_id taker : {bob, session_id{3}})
    CHECK(refused(presence, {{1, 9, R"("taken")"}}, taker) == errc::not_owner);
  CHECK(presence.owner_of(1) == alice);
}

TEST_CASE("awareness lets a session that claims a client have it as soon as it may", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("dead")"}}, opened_by(alice));
  CHECK(refused(presence, update_of({{1, 6, R"("back")"}}), {bob, true, false}) == errc::not_owner);
  CHECK(refused(presence, {{1, 7, R"("back")"}}, bob) == errc::not_owner);
  CHECK(applied(presence, {{1, 8, R"("back")"}}, {bob, false, true}) == clients{1});
  CHECK(presence.owner_of(1) == bob);
  CHECK(presence.remove_session(alice, start).empty());
}

TEST_CASE("awareness says which client others know to be gone, and shows it if it has come back",
          "[sync]") {
  using counts = std::pair<awareness::client_id, std::uint64_t>;
  awareness presence;
  applied(presence, {{1, 7, "1"}}, opened_by(alice));
  presence.remove_session(alice, start);
  // A late echo of somebody who is here, perhaps.
  const auto late = presence.apply(update_of({{1, 7, "2"}}), {bob, false, true}, start);
  CHECK(late.changed.empty());
  CHECK(late.counts_from == counts{1, 7});
  const auto back = presence.apply(update_of({{1, 7, "2"}}), {bob, true, true}, start);
  CHECK(back.changed == clients{1});
  CHECK(back.counts_from == counts{1, 7});
  CHECK(presence.encode(clients{1}) == update_of({{1, 8, "2"}}));
  CHECK_FALSE(presence.apply(update_of({{1, 7, "null"}}), sent_by(3), start).counts_from);
  CHECK_FALSE(presence.apply(update_of({{1, 9, "3"}}), sent_by(bob), start).counts_from);
  CHECK(presence.encode(clients{1}) == update_of({{1, 9, "3"}}));
}

TEST_CASE("awareness shows a client that others may know under a clock that they do not",
          "[sync]") {
  using counts = std::pair<awareness::client_id, std::uint64_t>;
  awareness presence;
  awareness::sender opening = opened_by(alice);
  opening.may_be_known = true;
  const auto outcome = presence.apply(update_of({{1, 4, "1"}}), opening, start);
  CHECK(outcome.changed == clients{1});
  CHECK(outcome.counts_from == counts{1, 6});
  CHECK(presence.encode(clients{1}) == update_of({{1, 7, "1"}}));

  SECTION("it shows itself again when it has heard that") {
    CHECK(applied(presence, {{1, 7, "1"}}, alice).empty());
    CHECK(applied(presence, {{1, 8, "2"}}, alice) == clients{1});
    CHECK(presence.encode(clients{1}) == update_of({{1, 8, "2"}}));
  }
  SECTION("or only counts") {
    CHECK(applied(presence, {{1, 8, "2"}}, alice) == clients{1});
    CHECK(presence.encode(clients{1}) == update_of({{1, 8, "2"}}));
  }
  SECTION("what it has sent before it heard that is not lost") {
    CHECK(applied(presence, {{1, 5, "2"}}, alice) == clients{1});
    CHECK(applied(presence, {{1, 6, "3"}}, alice) == clients{1});
    CHECK(presence.encode(clients{1}) == update_of({{1, 9, "3"}}));
    CHECK(applied(presence, {{1, 5, "2"}}, alice).empty());
    // It has heard that, and has moved no further.
    CHECK(applied(presence, {{1, 7, "3"}}, alice).empty());
  }
  SECTION("nor that it has left before it heard that") {
    CHECK(applied(presence, {{1, 5, "null"}}, alice) == clients{1});
    CHECK(presence.state_of(1) == "null");
  }
  SECTION("nobody else may send that for it") {
    for (const char* state : {"2", "null"}) CHECK(applied(presence, {{1, 5, state}}, bob).empty());
    CHECK(presence.state_of(1) == "1");
  }
  SECTION("it may come back before it has heard it") {
    const auto back = presence.apply(update_of({{1, 5, "2"}}), {bob, true, true}, start);
    CHECK(back.changed == clients{1});
    CHECK(back.counts_from == counts{1, 7});
    CHECK(presence.encode(clients{1}) == update_of({{1, 8, "2"}}));
  }
}

// --- sessions that greet with all that they know, as yrs does ---

using gone_clients = std::vector<std::pair<awareness::client_id, std::uint64_t>>;

TEST_CASE("awareness shows who comes back and tells of others in the same message at once",
          "[sync]") {
  awareness presence;
  applied(presence, {{2, 1, R"("b")"}}, opened_by(bob));
  applied(presence, {{1, 1, R"("a")"}}, opened_by(alice));
  presence.remove_session(alice, start);
  const bool is_checked = GENERATE(false, true);
  awareness::sender opening = opened_by(alice);
  opening.shows_own_only = is_checked;
  const auto back = presence.apply(update_of({{1, 1, R"("a")"}, {2, 1, R"("b")"}}), opening, start);
  CHECK(back.left_out == 0);
  CHECK(back.changed == clients{1});
  CHECK(back.gone == gone_clients{{1, 1}});
  CHECK(presence.encode(clients{1}) == update_of({{1, 2, R"("a")"}}));
  CHECK(presence.owner_of(2) == bob);
  // It may have told of somebody else who has gone.
  CHECK(presence.owner_of(1) == no_session);

  SECTION("what it renews is its own") {
    CHECK(applied(presence, {{1, 2, R"("a")"}}, alice).empty());
    CHECK(applied(presence, {{1, 3, R"("a")"}}, alice) == clients{1});
    CHECK(presence.owner_of(1) == alice);
    CHECK(presence.expire(start + 25s).size() == 2);
    CHECK(presence.remove_session(alice, start) == clients{1});
  }
  SECTION("what it has sent before it heard that is not lost") {
    CHECK(applied(presence, {{1, 2, R"("moved")"}}, alice) == clients{1});
    CHECK(presence.encode(clients{1}) == update_of({{1, 3, R"("moved")"}}));
    CHECK(presence.owner_of(1) == alice);
  }
  SECTION("what it does not renew vanishes") {
    applied(presence, {{3, 1, R"("own")"}}, alice);
    CHECK(presence.owner_of(3) == alice);
    CHECK(sorted(presence.expire(start + 30s)) == clients{1, 2, 3});
    CHECK(sorted(presence.shown()) == clients{2, 3});
  }
  SECTION("or with the session") {
    CHECK(presence.remove_session(alice, start) == clients{1});
    CHECK(presence.shown() == clients{2});
  }
}

TEST_CASE("awareness brings nobody back of several whom a session may have told of", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}}, opened_by(alice));
  applied(presence, {{2, 4, "2"}}, opened_by(bob));
  presence.remove_session(alice, start);
  presence.remove_session(bob, start);
  const auto back = presence.apply(update_of({{1, 1, "1"}, {2, 4, "2"}}), opened_by(alice), start);
  CHECK(back.changed.empty());
  CHECK(back.left_out == 0);
  CHECK(back.gone == gone_clients{{1, 1}, {2, 4}});
  CHECK(presence.encode_gone(back.gone) == update_of({{1, 1, "null"}, {2, 4, "null"}}));
  // Who hears that shows itself under the next clock.
  CHECK(applied(presence, {{1, 2, "1"}}, alice) == clients{1});
  CHECK(presence.owner_of(1) == alice);
}

TEST_CASE("awareness takes nobody along who told of the one who leaves", "[sync]") {
  awareness presence;
  applied(presence, {{2, 1, "2"}, {1, 1, "1"}}, opened_by(bob));
  CHECK(applied(presence, {{1, 1, "1"}, {2, 1, "2"}}, opened_by(alice)).empty());
  const bool renews = GENERATE(false, true);
  if (renews) applied(presence, {{1, 2, "1"}}, alice);
  if (renews) applied(presence, {{2, 2, "2"}}, bob);
  CHECK(presence.remove_session(bob, start) == (renews ? clients{2} : clients{}));
  CHECK(presence.state_of(1) == "1");
  CHECK(sorted(presence.remove_session(alice, start)) == (renews ? clients{1} : clients{1, 2}));
  CHECK_FALSE(presence.has_states());
}

TEST_CASE("awareness takes an echo for no telling", "[sync]") {
  awareness presence;
  applied(presence, {{2, 1, "2"}, {1, 1, "1"}}, opened_by(bob));
  CHECK(applied(presence, {{1, 1, "1"}, {2, 1, "2"}}, alice).empty());
  CHECK(sorted(presence.remove_session(bob, start)) == clients{1, 2});
}

TEST_CASE("awareness raises in a greeting with several only what may be the session's own",
          "[sync]") {
  awareness presence;
  applied(presence, {{2, 1, "2"}}, opened_by(bob));
  awareness::sender opening = opened_by(alice);
  opening.may_be_known = true;
  const auto one = presence.apply(update_of({{1, 4, "1"}, {2, 1, "2"}}), opening, start);
  CHECK(one.changed == clients{1});
  CHECK(one.gone == gone_clients{{1, 6}});
  CHECK(presence.encode(clients{1}) == update_of({{1, 7, "1"}}));
  opening.session = 3;
  const auto several = presence.apply(update_of({{3, 4, "3"}, {4, 4, "4"}}), opening, start);
  CHECK(several.gone.empty());
  CHECK(presence.encode(clients{3, 4}) == update_of({{3, 4, "3"}, {4, 4, "4"}}));
}

TEST_CASE("awareness tells who may show himself only what he may not relay", "[sync]") {
  awareness presence;
  awareness::sender opening = opened_by(alice);
  opening.shows_own_only = true;
  const auto outcome = presence.apply(update_of({{1, 4, "1"}, {2, 5, "2"}}), opening, start);
  CHECK(outcome.changed.empty());
  CHECK(outcome.left_out == 2);
  CHECK(outcome.gone == gone_clients{{1, 4}, {2, 5}});
  opening.is_opening = false;
  CHECK(presence.apply(update_of({{1, 5, "1"}}), opening, start).changed == clients{1});
  CHECK(presence.owner_of(1) == alice);
}

}  // namespace troupe::awareness_owner_test
