// What sessions of peers show.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/sync/awareness_bed.hpp"

namespace troupe::awareness_peers_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr session_id peer = peer_session(3);
constexpr session_id other_peer = peer_session(4);

clients told(awareness& to, const std::vector<entry>& entries, session_id by = peer,
             bool is_all = false, awareness::time_point now = start) {
  const auto outcome = to.apply_of_peer(update_of(entries), by, is_all, now);
  CHECK(outcome.left_out == 0);
  return sorted(outcome.changed);
}

}  // namespace

TEST_CASE("awareness shows the clients of a peer, which belong to it", "[sync][cluster]") {
  awareness presence;
  CHECK(told(presence, {{1, 5, "1"}, {2, 6, "2"}}) == clients{1, 2});
  CHECK(presence.owner_of(1) == peer);
  CHECK(presence.state_of(2) == "2");
  CHECK(presence.shown_here().empty());
  applied(presence, {{3, 1, "3"}}, opened_by(alice));
  CHECK(presence.shown_here() == clients{3});
}

TEST_CASE("awareness takes the clients of a peer away with it, and no others", "[sync][cluster]") {
  awareness presence;
  told(presence, {{1, 5, "1"}});
  told(presence, {{2, 5, "2"}}, other_peer);
  applied(presence, {{3, 1, "3"}}, opened_by(alice));
  CHECK(presence.remove_session(peer, start) == clients{1});
  CHECK(sorted(presence.shown()) == clients{2, 3});
}

TEST_CASE("awareness does not let clients of a peer expire, whose node renews them",
          "[sync][cluster]") {
  awareness presence;
  told(presence, {{1, 5, "1"}});
  CHECK(presence.expire(start + 1h).empty());
  CHECK(presence.shown() == clients{1});
}

TEST_CASE("awareness removes what a peer does not show in all that it shows", "[sync][cluster]") {
  awareness presence;
  told(presence, {{1, 5, "1"}, {2, 5, "2"}});
  told(presence, {{3, 5, "3"}}, other_peer);
  CHECK(told(presence, {{2, 5, "2"}}, peer, true) == clients{1});
  CHECK(sorted(presence.shown()) == clients{2, 3});
  CHECK(told(presence, {}, peer, true) == clients{2});
}

TEST_CASE("awareness removes nothing for a list that cannot be read to its end",
          "[sync][cluster]") {
  awareness presence;
  told(presence, {{1, 5, "1"}, {2, 5, "2"}});
  byte_buffer cut = update_of({{1, 6, "1"}, {2, 6, "2"}});
  cut.pop_back();
  const auto outcome = presence.apply_of_peer(cut, peer, true, start);
  CHECK(outcome.left_out == 1);
  CHECK(sorted(presence.shown()) == clients{1, 2});
}

TEST_CASE("awareness lets a client move from a session here to a peer", "[sync][cluster]") {
  awareness presence;
  applied(presence, {{1, 5, R"("here")"}}, opened_by(alice));
  CHECK(told(presence, {{1, 5, R"("echo")"}}).empty());
  CHECK(presence.owner_of(1) == alice);
  CHECK(told(presence, {{1, 6, R"("there")"}}) == clients{1});
  CHECK(presence.owner_of(1) == peer);
  // The old connection ends later, and takes nothing along.
  CHECK(presence.remove_session(alice, start).empty());
  CHECK(presence.state_of(1) == R"("there")");
}

TEST_CASE("awareness lets a peer end only clients of its own", "[sync][cluster]") {
  awareness presence;
  applied(presence, {{1, 5, "1"}}, opened_by(alice));
  told(presence, {{2, 5, "2"}}, other_peer);
  CHECK(told(presence, {{1, 9, "null"}, {2, 9, "null"}}).empty());
  CHECK(told(presence, {{2, 5, "null"}}, other_peer) == clients{2});
  CHECK(presence.shown() == clients{1});
}

TEST_CASE("awareness lets a client move between peers, whatever the first says later",
          "[sync][cluster]") {
  awareness presence;
  told(presence, {{1, 5, "1"}});
  CHECK(told(presence, {{1, 9, "2"}}, other_peer) == clients{1});
  CHECK(told(presence, {{1, 9, "null"}}).empty());
  CHECK(presence.remove_session(peer, start).empty());
  CHECK(presence.state_of(1) == "2");
}

TEST_CASE("awareness shows a client of a peer again after its link was down", "[sync][cluster]") {
  awareness presence;
  told(presence, {{1, 5, "1"}});
  presence.remove_session(peer, start);
  const std::uint64_t gone_at = presence.clock_of(1);
  CHECK(told(presence, {{1, gone_at, "1"}}, peer, true) == clients{1});
  CHECK(presence.state_of(1) == "1");
  CHECK(presence.clock_of(1) > gone_at);  // else those who heard that it is gone would ignore it
}

TEST_CASE("awareness ignores that an unknown client of a peer is gone", "[sync][cluster]") {
  awareness presence;
  CHECK(told(presence, {{1, 5, "null"}}).empty());
  CHECK_FALSE(presence.knows(1));
}

TEST_CASE("awareness leaves out what a peer shows beyond the bounds, and takes the rest",
          "[sync][cluster]") {
  awareness presence;
  const auto outcome = presence.apply_of_peer(
      update_of({{1, awareness::clock_max + 1, "1"}, {2, 1, "no json"}, {3, 1, "3"}}), peer, false,
      start);
  CHECK(outcome.left_out == 2);
  CHECK(outcome.changed == clients{3});
  REQUIRE(outcome.why);
  CHECK(outcome.why->code == errc::number_too_large);
}

}  // namespace troupe::awareness_peers_test
