// What awareness holds: states as they came, the states of the server, clocks that it raises, time.
// Whose a client is stands in awareness_owner_test.cpp, what it refuses in
// awareness_left_out_test.cpp.
#include "protocol/sync/awareness.hpp"

#include <map>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"
#include "tests/unit/protocol/sync/awareness_bed.hpp"

namespace troupe::awareness_test {

using namespace troupe::test;
using namespace std::chrono_literals;

TEST_CASE("awareness is empty at first", "[sync]") {
  const awareness nobody;
  CHECK_FALSE(nobody.has_states());
  CHECK(nobody.states_by_owner().size() == 0);
  CHECK(to_hex(all_of(nobody)) == "00");
  CHECK(to_hex(nobody.encode(clients{})) == "00");
}

TEST_CASE("awareness keeps a state and writes it as it came", "[sync]") {
  awareness presence;
  CHECK(applied(presence, {{300, 1, R"({"name":"a"})"}}) == clients{300});
  CHECK(presence.has_states());
  CHECK(presence.states_by_owner().size() == 1);
  CHECK(all_of(presence) == update_of({{300, 1, R"({"name":"a"})"}}));
  CHECK(to_hex(presence.encode(clients{300})) == "01"
                                                 "ac02"
                                                 "01"
                                                 "0c7b226e616d65223a2261227d");
}

TEST_CASE("awareness takes only what is newer than it knows", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "{}"}});
  CHECK(applied(presence, {{1, 4, "1"}}).empty());
  CHECK(applied(presence, {{1, 5, "1"}}).empty());
  CHECK(all_of(presence) == update_of({{1, 5, "{}"}}));
  CHECK(applied(presence, {{1, 6, "1"}}) == clients{1});
  CHECK(all_of(presence) == update_of({{1, 6, "1"}}));
}

TEST_CASE("awareness ignores a first state with clock 0", "[sync]") {
  awareness presence;
  CHECK(applied(presence, {{1, 0, "{}"}}).empty());
  CHECK_FALSE(presence.has_states());
  CHECK(applied(presence, {{1, 0, "null"}}).empty());
}

TEST_CASE("awareness lets a state vanish with the clock it has, once", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "{}"}});
  CHECK(applied(presence, {{1, 4, "null"}}).empty());
  CHECK(applied(presence, {{1, 5, "null"}}) == clients{1});
  CHECK_FALSE(presence.has_states());
  CHECK(applied(presence, {{1, 5, "null"}}).empty());
  CHECK(presence.encode(clients{1}) == update_of({{1, 5, "null"}}));
  CHECK(to_hex(all_of(presence)) == "00");
  // Its clock is remembered: a late frame brings no ghost back.
  CHECK(applied(presence, {{1, 5, "{}"}}).empty());
  CHECK(applied(presence, {{1, 6, "{}"}}) == clients{1});
}

TEST_CASE("awareness takes null with spaces around it as null", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "{}"}});
  CHECK(applied(presence, {{1, 2, " null\n"}}) == clients{1});
  CHECK_FALSE(presence.has_states());
}

TEST_CASE("awareness tells which part of an update took effect", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "1"}, {2, 5, "2"}});
  CHECK(applied(presence, {{1, 5, "1"}, {2, 6, "3"}, {3, 1, "4"}}) == clients{2, 3});
  CHECK(presence.states_by_owner().size() == 3);
}

TEST_CASE("awareness takes of several entries of one client the first", "[sync]") {
  awareness presence;
  CHECK(applied(presence, {{1, 1, "1"}, {1, 2, "2"}, {1, 2, "null"}, {1, 1, "3"}}) == clients{1});
  CHECK(all_of(presence) == update_of({{1, 1, "1"}}));
}

TEST_CASE("awareness does not look into what it knows already", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "{}"}}, alice);
  CHECK(applied(presence, {{1, 5, "no JSON"}}, bob).empty());
  CHECK(refused(presence, {{1, 6, "no JSON"}}, alice) == errc::invalid_json);
}

// --- to whom a client belongs ---

TEST_CASE("awareness renews a client that is silent while its session is there", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("own")"}}, opened_by(alice));
  CHECK(presence.expire(start + 24s).empty());
  CHECK(presence.expire(start + 25s) == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 6, R"("own")"}}));
  CHECK(applied(presence, {{1, 6, R"("own")"}}, alice, start + 25s).empty());  // its echo
  CHECK(presence.expire(start + 50s) == clients{1});
  // Its next state, which it sent before it heard of that.
  CHECK(applied(presence, {{1, 7, R"("next")"}}, alice, start + 50s) == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 8, R"("next")"}}));
  CHECK(presence.remove_session(alice, start + 50s) == clients{1});
}

TEST_CASE("awareness lets a state vanish that was not renewed for 30 seconds", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}, {2, 1, "2"}}, alice, start);
  applied(presence, {{2, 2, "2"}, {1, 1, "1"}}, alice, start + 15s);
  CHECK(presence.expire(start + 29s).empty());
  CHECK(presence.expire(start + 30s) == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 1, "null"}}));
  CHECK(presence.expire(start + 44s).empty());
  CHECK(presence.expire(start + 45s) == clients{2});
  CHECK_FALSE(presence.has_states());
}

TEST_CASE("awareness forgets the clock of a vanished client after a minute", "[sync]") {
  awareness presence;
  applied(presence, {{1, 9, "1"}}, alice, start);
  applied(presence, {{1, 10, "null"}}, alice, start + 5s);
  CHECK(presence.expire(start + 64s).empty());
  CHECK(applied(presence, {{1, 10, "1"}}, alice, start + 64s).empty());
  CHECK(presence.expire(start + 65s).empty());  // the state vanished before, nobody need be told
  CHECK(applied(presence, {{1, 1, "1"}}, alice, start + 65s) == clients{1});
}

TEST_CASE("awareness remembers the clock of a removed session from its removal on", "[sync]") {
  awareness presence;
  applied(presence, {{1, 9, "1"}}, alice, start);
  presence.remove_session(alice, start + 20s);
  CHECK(presence.expire(start + 79s).empty());
  CHECK(applied(presence, {{1, 9, "1"}}, alice, start + 79s).empty());
  presence.expire(start + 80s);
  CHECK(applied(presence, {{1, 9, "1"}}, alice, start + 80s) == clients{1});
}

// --- clients that come back ---

TEST_CASE("awareness shows the others under clocks that are new to a client that comes back",
          "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("a")"}}, opened_by(alice));
  presence.set_own(7, R"("json")", 3, start);
  applied(presence, {{9, 3, R"("back")"}}, opened_by(bob));
  const auto raised = presence.raise_for(9, start);
  CHECK(sorted(raised.clients) == clients{1, 7});
  CHECK(raised.for_all.empty());
  CHECK(presence.encode(clients{1, 7}) == update_of({{1, 6, R"("a")"}, {7, 2, R"("json")"}}));
  CHECK(applied(presence, {{1, 6, R"("a")"}, {7, 2, R"("json")"}}, bob).empty());  // its echo
  // What comes next is new to everybody.
  CHECK(applied(presence, {{1, 6, R"("b")"}}, alice) == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 7, R"("b")"}}));
  CHECK(presence.set_own(7, R"("next")", 3, start) == true);
  CHECK(presence.encode(clients{7}) == update_of({{7, 3, R"("next")"}}));
}

TEST_CASE("awareness loses no state of a client that has not heard its raised clock yet",
          "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("a")"}}, opened_by(alice));
  presence.raise_for(9, start);
  CHECK(applied(presence, {{1, 6, R"("b")"}}, alice) == clients{1});  // told to all as 7
  CHECK(applied(presence, {{1, 7, R"("c")"}}, alice) == clients{1});  // sent before it heard that
  CHECK(presence.encode(clients{1}) == update_of({{1, 8, R"("c")"}}));
  // Not raised again before it has heard of it, which its echo shows.
  CHECK(presence.raise_for(9, start).clients.empty());
  CHECK(applied(presence, {{1, 8, R"("c")"}}, bob).empty());
  CHECK(presence.raise_for(9, start).clients.empty());
  CHECK(applied(presence, {{1, 8, R"("c")"}}, alice).empty());
  CHECK(presence.raise_for(9, start).clients == clients{1});
  // A renewal, which has the same state, is new all the same.
  CHECK(applied(presence, {{1, 9, R"("c")"}}, alice) == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 10, R"("c")"}}));
  CHECK(applied(presence, {{1, 9, R"("old")"}}, alice).empty());
}

TEST_CASE("awareness tells all of the last raised clock before it raises one again", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("a")"}}, opened_by(alice));
  presence.raise_for(9, start);  // comes back, and knows 6
  const auto again = presence.raise_for(9, start);
  REQUIRE(again.for_all.size() == 1);
  CHECK(again.for_all.front() == update_of({{1, 6, R"("a")"}}));
  CHECK(again.clients == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 7, R"("a")"}}));
  CHECK(applied(presence, {{1, 6, R"("a")"}}, alice).empty());  // its echo of what all have heard
  CHECK(applied(presence, {{1, 7, R"("b")"}}, alice) == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 8, R"("b")"}}));
}

TEST_CASE("awareness raises clocks once only where all would hear of very many", "[sync]") {
  awareness presence;
  show_many(presence, awareness::raised_again_max + 1);
  CHECK(presence.raise_for(999, start).clients.size() == awareness::raised_again_max + 1);
  const auto again = presence.raise_for(999, start);
  CHECK(again.clients.empty());
  CHECK(again.for_all.empty());
}

TEST_CASE("awareness lets everybody hear of raised clocks so many bytes a second", "[sync]") {
  awareness presence;
  const std::string state = '"' + std::string(1000, 'x') + '"';
  constexpr std::size_t people = 60;
  for (awareness::client_id client = 1; client <= people; ++client)
    applied(presence, {{client, 1, state}}, opened_by(1000 + client));
  presence.raise_for(999, start);
  // Each sends back what all have heard of it, so it may be raised again.
  const auto told_until = [&](awareness::time_point from, awareness::time_point until) {
    std::size_t bytes = 0;
    for (auto now = from; now < until; now += 50ms) {
      for (awareness::client_id client = 1; client <= people; ++client)
        applied(presence, {{client, presence.clock_of(client) - 1, state}}, 1000 + client);
      for (const byte_buffer& part : presence.raise_for(999, now).for_all) bytes += part.size();
    }
    return bytes;
  };
  const std::size_t burst = told_until(start + 1min, start + 61s);
  CHECK(burst > 200'000);
  CHECK(burst <= awareness::raised_again_bytes_max + awareness::raised_again_bytes_per_second);
  const std::size_t sustained = told_until(start + 61s, start + 91s);
  CHECK(sustained > 15 * awareness::raised_again_bytes_per_second);
  CHECK(sustained <= 34 * awareness::raised_again_bytes_per_second);
  // A pause gives the burst back.
  CHECK_FALSE(presence.raise_for(999, start + 5min).for_all.empty());
}

TEST_CASE("awareness ends a client whose clock it has raised for all", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "1"}}, opened_by(alice));
  presence.raise_for(9, start);
  SECTION("when its session ends") { CHECK(presence.remove_session(alice, start) == clients{1}); }
  SECTION("when the client says so under its own clock") {
    CHECK(applied(presence, {{1, 5, "null"}}, alice) == clients{1});
  }
  CHECK(presence.encode(clients{1}) == update_of({{1, 6, "null"}}));
}

// --- what is left out ---

TEST_CASE("awareness is written in parts that pass as messages", "[sync]") {
  awareness presence;
  const std::string state = '"' + std::string(1000, 'x') + '"';
  for (awareness::client_id client = 1; client <= 300; ++client)
    applied(presence, {{client, 1, state}}, opened_by(100 + client));
  const std::string large = '"' + std::string(200'000, 'x') + '"';
  applied(presence, {{500, 1, large}}, opened_by(500));
  const auto parts = presence.encode_in_parts(presence.shown());
  CHECK(parts.size() >= 6);
  CHECK(parts.size() <= 8);
  std::map<awareness::client_id, std::string> read;
  for (const byte_buffer& part : parts) {
    std::size_t count = 0;
    sync::for_each_entry(part, [&](const sync::awareness_entry& each) {
      read.emplace(each.client, each.state);
      ++count;
    });
    CHECK((part.size() <= awareness::part_size_max || count == 1));
  }
  CHECK(read.size() == 301);
  CHECK(read.at(500) == large);
  REQUIRE(presence.encode_in_parts(clients{}).size() == 1);
  CHECK(to_hex(presence.encode_in_parts(clients{}).front()) == "00");
}

// --- states that the server holds for a session ---

TEST_CASE("awareness counts the clock of a state that the server sets", "[sync]") {
  awareness presence;
  CHECK(presence.set_own(7, "{}", alice, start) == true);
  CHECK(all_of(presence) == update_of({{7, 1, "{}"}}));
  CHECK(presence.set_own(7, " 1 ", alice, start) == true);
  CHECK(all_of(presence) == update_of({{7, 2, "1"}}));
  CHECK(presence.state_of(7) == "1");
  const auto owned = presence.states_by_owner();
  REQUIRE(owned.size() == 1);
  CHECK(owned.front().first == alice);
  CHECK(owned.front().second == "1");
  CHECK(presence.states_by_owner().size() == 1);
}

TEST_CASE("awareness clears a state that the server set, once", "[sync]") {
  awareness presence;
  CHECK(presence.set_own(7, "null", alice, start) == false);
  CHECK_FALSE(presence.knows(7));
  presence.set_own(7, "1", alice, start);
  CHECK(presence.set_own(7, " null ", alice, start) == true);
  CHECK(presence.set_own(7, "null", alice, start) == false);
  CHECK(presence.state_of(7) == "null");
  CHECK_FALSE(presence.has_states());
  CHECK(presence.encode(clients{7}) == update_of({{7, 2, "null"}}));
  CHECK(presence.set_own(7, "2", alice, start) == true);
  CHECK(all_of(presence) == update_of({{7, 3, "2"}}));
}

TEST_CASE("awareness renews the states that the server set, and none that is relayed", "[sync]") {
  awareness presence;
  presence.set_own(7, "1", alice, start);
  applied(presence, {{8, 1, "2"}, {8, 1, "2"}}, bob, start);
  CHECK(presence.expire(start + 14s).empty());
  CHECK(presence.expire(start + 15s) == clients{7});
  CHECK(presence.encode(clients{7}) == update_of({{7, 2, "1"}}));
  CHECK(presence.expire(start + 29s).empty());
  CHECK(sorted(presence.expire(start + 30s)) == clients{7, 8});
  CHECK(presence.state_of(8) == "null");
  CHECK(presence.state_of(7) == "1");
}

TEST_CASE("awareness does not renew what was cleared or removed", "[sync]") {
  awareness presence;
  presence.set_own(1, "1", alice, start);
  presence.set_own(2, "2", bob, start);
  presence.set_own(1, "null", alice, start);
  CHECK(presence.remove_session(bob, start) == clients{2});
  // A binary client that has this id now renews it itself.
  CHECK(applied(presence, {{2, 2, "3"}}, opened_by(3)) == clients{2});
  CHECK(presence.expire(start + 24s).empty());
  CHECK(presence.shown() == clients{2});
}

TEST_CASE("awareness keeps the clock of a cleared state as long as its session", "[sync]") {
  awareness presence;
  presence.set_own(7, "1", alice, start);
  presence.set_own(7, "null", alice, start);
  CHECK(presence.expire(start + 10min).empty());
  CHECK(presence.knows(7));
  CHECK(presence.owner_of(7) == alice);
  CHECK(presence.remove_session(alice, start + 10min).empty());
  CHECK(presence.owner_of(7) == no_session);
  CHECK(presence.expire(start + 10min + 59s).empty());
  CHECK(presence.knows(7));
  presence.expire(start + 11min);
  CHECK_FALSE(presence.knows(7));
}

TEST_CASE("awareness lists who is present, and who was a moment ago", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}, {2, 1, "2"}}, alice);
  applied(presence, {{2, 2, "null"}}, alice);
  presence.set_own(3, "3", bob, start);
  using client_states = std::map<awareness::client_id, std::string>;
  const auto states_in = [](const byte_buffer& update) {
    client_states states;
    sync::for_each_entry(update, [&](const sync::awareness_entry& each) {
      states.emplace(each.client, each.state);
    });
    return states;
  };
  CHECK(states_in(all_of(presence)) == client_states{{1, "1"}, {3, "3"}});
  CHECK(states_in(presence.encode(presence.known())) ==
        client_states{{1, "1"}, {2, "null"}, {3, "3"}});
  awareness other;
  applied(other, {{2, 1, "2"}});
  CHECK(other.apply(presence.encode(presence.known()), sent_by(alice), start).left_out == 0);
  CHECK(other.state_of(2) == "null");
  CHECK(other.states_by_owner().size() == 2);
  presence.expire(start + 60s);
  CHECK_FALSE(presence.knows(2));
  CHECK(presence.state_of(2) == "null");
}

}  // namespace troupe::awareness_test
