// Sessions that say they are a client of another session: what becomes of it when that one goes.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "protocol/sync/awareness.hpp"
#include "tests/unit/protocol/sync/awareness_bed.hpp"

namespace troupe::awareness_claims_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr session_id carol = 3;

awareness::sender claimed_by(session_id session) { return {session, true, false}; }

/// A session opens with an entry of a client that belongs to another one.
void claim(awareness& in, session_id by, std::uint64_t clock, const std::string& state) {
  CHECK(refused(in, update_of({{1, clock, state}}), claimed_by(by)) == errc::not_owner);
}

void claim_again(awareness& in, session_id by, std::uint64_t clock, const std::string& state) {
  CHECK(in.apply(update_of({{1, clock, state}}), sent_by(by), start).changed.empty());
}

std::string shown(const awareness& in) { return std::string{in.state_of(1)}; }

/// To whom clients went, each of them client 1.
std::vector<session_id> heirs(awareness& of) {
  std::vector<session_id> to;
  for (const auto& [client, session] : of.take_handed_over()) {
    CHECK(client == 1);
    to.push_back(session);
  }
  return to;
}
using sessions = std::vector<session_id>;

const auto anybody = [](session_id) { return true; };

}  // namespace

TEST_CASE("awareness hands a client over with the last state of who claims it", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("old")"}}, opened_by(alice));
  claim(presence, bob, 6, R"("back")");
  CHECK(presence.claimed_by(bob) == 1);
  CHECK_FALSE(presence.claimed_by(alice));
  const bool moves = GENERATE(true, false);
  if (moves) claim_again(presence, bob, 35, R"("moved")");
  CHECK(shown(presence) == R"("old")");
  CHECK(presence.remove_session(alice, start) == clients{1});
  CHECK(presence.owner_of(1) == bob);
  CHECK(presence.encode(clients{1}) ==
        update_of({{1, moves ? 35U : 6U, moves ? R"("moved")" : R"("back")"}}));
  CHECK(heirs(presence) == sessions{bob});
  CHECK(heirs(presence).empty());
  CHECK_FALSE(presence.claimed_by(bob));
  // It is told that it is gone, and shows itself again.
  CHECK(applied(presence, {{1, moves ? 36U : 7U, R"("back")"}}, bob) == clients{1});
  CHECK(presence.remove_session(bob, start) == clients{1});
  CHECK_FALSE(presence.has_states());
}

TEST_CASE("awareness hands a client over that has not moved since it was cut off", "[sync]") {
  const std::uint64_t clock = GENERATE(3U, 5U);
  awareness presence;
  applied(presence, {{1, 5, R"("same")"}}, opened_by(alice));
  CHECK(
      presence.apply(update_of({{1, clock, R"("same")"}}), claimed_by(bob), start).changed.empty());
  CHECK(presence.remove_session(alice, start) == clients{1});
  CHECK(presence.owner_of(1) == bob);
  CHECK(presence.encode(clients{1}) == update_of({{1, 6, R"("same")"}}));
  // What it had sent before it heard of that clock, or after.
  CHECK(applied(presence, {{1, 6, R"("moved")"}}, bob) == clients{1});
  CHECK(applied(presence, {{1, 7, R"("again")"}}, bob) == clients{1});
}

TEST_CASE("awareness does so too when the owner ends the client, or its right to", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("old")"}}, opened_by(alice));
  claim(presence, bob, 9, R"("back")");
  CHECK(applied(presence, {{1, 6, "null"}}, alice) == clients{1});
  CHECK(presence.owner_of(1) == bob);
  CHECK(presence.encode(clients{1}) == update_of({{1, 9, R"("back")"}}));
  CHECK(presence.remove_session(alice, start).empty());
  CHECK(shown(presence) == R"("back")");
}

TEST_CASE("awareness keeps the state of a client that others hold under a far clock", "[sync]") {
  // Somebody has taken the id of a client that was away, which hears that and goes on from there.
  awareness presence;
  applied(presence, {{1, 1000, R"("fake")"}}, opened_by(alice));
  CHECK(presence.apply(update_of({{1, 4, R"("own")"}}), claimed_by(bob), start).changed.empty());
  claim_again(presence, bob, 1000, R"("fake")");  // as it has heard
  const bool moves = GENERATE(true, false);
  if (moves) claim_again(presence, bob, 1001, R"("moved")");
  CHECK(presence.remove_session(alice, start) == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 1001, moves ? R"("moved")" : R"("own")"}}));
  CHECK(presence.owner_of(1) == bob);
}

TEST_CASE("awareness hands a client to who spoke last of several that claim it", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("old")"}}, opened_by(alice));
  claim(presence, bob, 6, R"("b")");
  claim(presence, carol, 7, R"("c")");
  const bool bob_speaks = GENERATE(true, false);
  if (bob_speaks) claim_again(presence, bob, 8, R"("b")");
  CHECK(presence.remove_session(alice, start) == clients{1});
  const session_id first = bob_speaks ? bob : carol;
  const session_id second = bob_speaks ? carol : bob;
  CHECK(presence.owner_of(1) == first);
  CHECK(presence.claimed_by(second) == 1);
  CHECK(presence.remove_session(first, start) == clients{1});
  CHECK(presence.owner_of(1) == second);
  CHECK(presence.remove_session(second, start) == clients{1});
  CHECK(shown(presence) == "null");
}

TEST_CASE("awareness hands nothing to who has left, or hides itself", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("old")"}}, opened_by(alice));
  claim(presence, bob, 6, R"("back")");
  const bool leaves = GENERATE(true, false);
  if (leaves)
    CHECK(presence.remove_session(bob, start).empty());
  else
    claim_again(presence, bob, 7, "null");
  CHECK(presence.remove_session(alice, start) == clients{1});
  CHECK(shown(presence) == "null");
  CHECK(heirs(presence).empty());
  if (leaves) return;
  CHECK(applied(presence, {{1, 8, R"("shown again")"}}, bob) == clients{1});
  CHECK(presence.owner_of(1) == bob);
}

TEST_CASE("awareness hands over what a dead session had, and gives it back if it lives", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("old")"}}, opened_by(alice));
  CHECK(presence.hand_over_from(alice, anybody, start).empty());
  claim(presence, bob, 6, R"("back")");
  CHECK(presence.hand_over_from(carol, anybody, start).empty());
  CHECK(presence
            .hand_over_from(
                alice, [](session_id) { return false; }, start)
            .empty());
  CHECK(presence.hand_over_from(alice, anybody, start) == clients{1});
  CHECK(heirs(presence) == sessions{bob});
  const bool lives = GENERATE(true, false);
  if (lives) {
    CHECK(applied(presence, {{1, 7, R"("own")"}}, alice) == clients{1});
    CHECK(presence.owner_of(1) == alice);
    CHECK(presence.remove_session(bob, start).empty());
    CHECK(shown(presence) == R"("own")");
  } else {
    // What was under way, and its end.
    CHECK(applied(presence, {{1, 5, "null"}}, alice).empty());
    CHECK(applied(presence, {{1, 5, R"("late")"}}, alice).empty());
    CHECK(presence.remove_session(alice, start).empty());
    CHECK(shown(presence) == R"("back")");
    CHECK(presence.remove_session(bob, start) == clients{1});
  }
}

TEST_CASE("awareness keeps claims within the budget of their session", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("old")"}}, opened_by(alice));
  claim(presence, bob, 6, R"("back")");
  const std::string large = '"' + std::string(awareness::session_bytes_max, 'x') + '"';
  claim_again(presence, bob, 7, large);
  claim_again(presence, bob, 8, "no JSON");
  claim_again(presence, bob, awareness::clock_max + 1, R"("far")");
  CHECK(presence.remove_session(alice, start) == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 6, R"("back")"}}));
}

TEST_CASE("awareness stamps the state of a claim", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "{}"}}, opened_by(alice));
  presence.apply(update_of({{1, 6, "{}"}}), {bob, true, false, R"({"id":"bob"})"}, start);
  presence.remove_session(alice, start);
  CHECK(shown(presence) == R"({"user":{"id":"bob"}})");
}

TEST_CASE("awareness hands a client of a peer over when the peer ends it", "[sync]") {
  const session_id peer = peer_session(7);
  awareness presence;
  presence.apply_of_peer(update_of({{1, 5, R"("there")"}}), peer, true, start);
  CHECK(presence.apply(update_of({{1, 6, R"("here")"}}), claimed_by(bob), start).changed.empty());
  const auto ended = GENERATE(0, 1, 2);
  if (ended == 0) presence.apply_of_peer(update_of({}), peer, true, start);
  if (ended == 1) presence.apply_of_peer(update_of({{1, 5, "null"}}), peer, false, start);
  if (ended == 2) presence.remove_session(peer, start);
  CHECK(presence.owner_of(1) == bob);
  CHECK(shown(presence) == R"("here")");
}

TEST_CASE("awareness takes of a checked session only the client that it is", "[sync]") {
  awareness presence;
  const awareness::sender opening{alice, true, false, {}, true};
  const awareness::sender later{alice, false, false, {}, true};
  const std::vector<entry> strangers{{1001, 1, "1"}, {1002, 1, "2"}};
  const bool is_first = GENERATE(true, false);
  if (!is_first) CHECK(applied(presence, {{1, 1, "{}"}}, opening) == clients{1});
  const auto relayed = presence.apply(update_of(strangers), is_first ? opening : later, start);
  CHECK(relayed.changed.empty());
  CHECK(relayed.left_out == 2);
  CHECK(relayed.why->code == errc::not_owner);
  CHECK(applied(presence, {{1, 2, "{}"}}, later) == clients{1});
  CHECK(refused(presence, update_of({{1003, 1, "{}"}}), later) == errc::not_owner);
  // Echoes, and what others have ended, are nothing to be counted.
  applied(presence, {{2, 4, "2"}}, opened_by(bob));
  CHECK(applied(presence, {{2, 4, "2"}}, later).empty());
  presence.remove_session(bob, start);
  CHECK(applied(presence, {{2, 4, "2"}, {9, 1, "null"}}, later).empty());
  CHECK(applied(presence, {{2, 9, "null"}}, later).empty());
  CHECK(presence.clock_of(2) == 4);
  CHECK(presence.remove_session(alice, start) == clients{1});
  CHECK_FALSE(presence.has_states());
}

}  // namespace troupe::awareness_claims_test
