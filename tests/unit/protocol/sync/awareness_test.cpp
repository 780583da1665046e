#include "protocol/sync/awareness.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "protocol/lib0/encoder.hpp"
#include "tests/support/hex_bytes.hpp"

using namespace troupe;
using sync::awareness;
using test::hex;
using test::to_hex;
using namespace std::chrono_literals;

namespace {

struct entry {
  std::uint64_t client;
  std::uint64_t clock;
  std::string state;
};

byte_buffer update_of(const std::vector<entry>& entries) {
  lib0::encoder out;
  out.write_var_uint(entries.size());
  for (const entry& one : entries) {
    out.write_var_uint(one.client);
    out.write_var_uint(one.clock);
    out.write_var_string(one.state);
  }
  return out.take();
}

constexpr session_id alice = 1;
constexpr session_id bob = 2;
const awareness::time_point start{};

using clients = std::vector<awareness::client_id>;

byte_buffer all_of(const awareness& presence) { return presence.encode(presence.shown()); }

clients sorted(clients of) {
  std::sort(of.begin(), of.end());
  return of;
}

awareness::sender sent_by(session_id session) { return {session, false, false}; }

/// A session's first presence, before it has heard any.
awareness::sender opened_by(session_id session) { return {session, true, true}; }

/// Applies an update of which nothing may be left out; returns whose clocks or states changed.
clients applied(awareness& to, const std::vector<entry>& entries,
                const awareness::sender& from = sent_by(alice), awareness::time_point now = start) {
  const auto outcome = to.apply(update_of(entries), from, now);
  CHECK(outcome.left_out == 0);
  return sorted(outcome.changed);
}
clients applied(awareness& to, const std::vector<entry>& entries, session_id from,
                awareness::time_point now = start) {
  return applied(to, entries, sent_by(from), now);
}

/// Why the one entry was left out that is not taken; that nothing changed.
errc refused(awareness& by, byte_view update, const awareness::sender& from = sent_by(alice)) {
  const auto outcome = by.apply(update, from, start);
  CHECK(outcome.changed.empty());
  CHECK(outcome.left_out == 1);
  REQUIRE(outcome.why.has_value());
  return outcome.why->code;
}
errc refused(awareness& by, const std::vector<entry>& entries, session_id from) {
  return refused(by, update_of(entries), sent_by(from));
}

/// Clients with a state of one byte, each shown by a session of its own.
void show_many(awareness& in, std::size_t count, awareness::client_id first = 1) {
  for (awareness::client_id client = first; client < first + count; ++client)
    REQUIRE(applied(in, {{client, 1, "1"}}, opened_by(1000 + client)).size() == 1);
}

}  // namespace

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

TEST_CASE("awareness takes client ids of 53 bits, and clocks as far as clients can count on",
          "[sync]") {
  awareness presence;
  const std::uint64_t most = (std::uint64_t{1} << 53) - 1;
  const std::uint64_t step = awareness::clock_step_max;
  CHECK(refused(presence, {{most, step + 1, "{}"}}, alice) == errc::number_too_large);
  CHECK(refused(presence, {{most, most, "{}"}}, alice) == errc::number_too_large);
  CHECK_FALSE(presence.has_states());
  CHECK(applied(presence, {{most, step, "{}"}}) == clients{most});
  CHECK(refused(presence, {{most, 2 * step + 1, "{}"}}, alice) == errc::number_too_large);
  CHECK(applied(presence, {{most, 2 * step, "{}"}}) == clients{most});
  CHECK(all_of(presence) == update_of({{most, 2 * step, "{}"}}));
}

TEST_CASE("awareness takes no clock beyond its last one, however many steps led there", "[sync]") {
  awareness presence;
  std::uint64_t clock = 0;
  for (; clock + awareness::clock_step_max <= awareness::clock_max;)
    applied(presence, {{1, clock += awareness::clock_step_max, "1"}});
  CHECK(refused(presence, {{1, awareness::clock_max + 1, "1"}}, alice) == errc::number_too_large);
  CHECK(applied(presence, {{1, awareness::clock_max, "1"}}) == clients{1});
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

TEST_CASE("awareness removes the state that a session shows itself, and nobody else's", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}}, opened_by(alice));
  applied(presence, {{1, 2, "1"}, {2, 1, "2"}}, alice);  // 2 is relayed
  applied(presence, {{3, 1, "3"}}, opened_by(bob));
  CHECK(presence.owner_of(1) == alice);
  CHECK(presence.owner_of(2) == no_session);
  CHECK(presence.owner_of(3) == bob);
  CHECK(presence.remove_session(alice, start) == clients{1});
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
  applied(presence, {{1, 2, "2"}, {9, 1, "9"}}, bob);
  CHECK(presence.remove_session(alice, start).empty());
  CHECK(presence.remove_session(bob, start).empty());
  CHECK(presence.state_of(1) == "2");
  CHECK(applied(presence, {{1, 2, "null"}, {9, 2, "10"}}, alice) == clients{1, 9});
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
  CHECK(presence.remove_session(bob, start).empty());
  CHECK(presence.state_of(1) == R"("own again")");
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

TEST_CASE("awareness says which client others know to be gone", "[sync]") {
  awareness presence;
  applied(presence, {{1, 7, "1"}}, opened_by(alice));
  presence.remove_session(alice, start);
  for (const bool is_opening : {true, false}) {
    const auto outcome = presence.apply(update_of({{1, 7, "2"}}), {bob, is_opening, true}, start);
    CHECK(outcome.changed.empty());
    CHECK(outcome.gone == 1);
  }
  CHECK_FALSE(presence.apply(update_of({{1, 7, "null"}}), sent_by(bob), start).gone);
  CHECK_FALSE(presence.apply(update_of({{1, 8, "2"}}), sent_by(bob), start).gone);
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
  const auto raised = presence.raise_for(9);
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
  presence.raise_for(9);
  CHECK(applied(presence, {{1, 6, R"("b")"}}, alice) == clients{1});  // told to all as 7
  CHECK(applied(presence, {{1, 7, R"("c")"}}, alice) == clients{1});  // sent before it heard that
  CHECK(presence.encode(clients{1}) == update_of({{1, 8, R"("c")"}}));
  // Not raised again before it has heard of it, which its echo shows.
  CHECK(presence.raise_for(9).clients.empty());
  CHECK(applied(presence, {{1, 8, R"("c")"}}, bob).empty());
  CHECK(presence.raise_for(9).clients.empty());
  CHECK(applied(presence, {{1, 8, R"("c")"}}, alice).empty());
  CHECK(presence.raise_for(9).clients == clients{1});
  // A renewal, which has the same state, is new all the same.
  CHECK(applied(presence, {{1, 9, R"("c")"}}, alice) == clients{1});
  CHECK(presence.encode(clients{1}) == update_of({{1, 10, R"("c")"}}));
  CHECK(applied(presence, {{1, 9, R"("old")"}}, alice).empty());
}

TEST_CASE("awareness tells all of the last raised clock before it raises one again", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, R"("a")"}}, opened_by(alice));
  presence.raise_for(9);  // comes back, and knows 6
  const auto again = presence.raise_for(9);
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
  CHECK(presence.raise_for(999).clients.size() == awareness::raised_again_max + 1);
  const auto again = presence.raise_for(999);
  CHECK(again.clients.empty());
  CHECK(again.for_all.empty());
}

TEST_CASE("awareness ends a client whose clock it has raised for all", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "1"}}, opened_by(alice));
  presence.raise_for(9);
  SECTION("when its session ends") { CHECK(presence.remove_session(alice, start) == clients{1}); }
  SECTION("when the client says so under its own clock") {
    CHECK(applied(presence, {{1, 5, "null"}}, alice) == clients{1});
  }
  CHECK(presence.encode(clients{1}) == update_of({{1, 6, "null"}}));
}

// --- what is left out ---

TEST_CASE("awareness leaves out what it cannot use, and takes the rest", "[sync]") {
  awareness presence;
  const auto outcome = presence.apply(
      update_of({{1, 1, "1"}, {2, 1, "{"}, {3, 1, "\xff"}, {4, 1, "4"}}), sent_by(alice), start);
  CHECK(outcome.changed == clients{1, 4});
  CHECK(outcome.left_out == 2);
  REQUIRE(outcome.why);
  CHECK(outcome.why->code == errc::invalid_json);
  byte_buffer trailing = update_of({{1, 2, "2"}});
  trailing.push_back(0);
  const auto read = presence.apply(trailing, sent_by(alice), start);
  CHECK(read.changed == clients{1});
  REQUIRE(read.why);
  CHECK(read.why->code == errc::trailing_bytes);
}

TEST_CASE("awareness takes of what is cut short what came whole", "[sync]") {
  const byte_buffer whole = update_of({{1, 1, "{}"}, {300, 2, "3"}});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    awareness presence;
    const auto outcome = presence.apply(byte_view{whole}.first(size), sent_by(alice), start);
    CHECK(outcome.left_out == 1);
    REQUIRE(outcome.why);
    CHECK(outcome.why->code == errc::truncated);
    CHECK(outcome.changed == (size < 7 ? clients{} : clients{1}));
  }
  awareness presence;
  CHECK(refused(presence, hex("ffffffff0f 01 01 00")) == errc::truncated);
}

TEST_CASE("awareness leaves out states that are not JSON, and numbers that are too large",
          "[sync]") {
  awareness presence;
  for (const char* state : {"", "{", "undefined", "{\"a\":1,}", "1 2", "'a'"})
    CHECK(refused(presence, update_of({{1, 1, state}})) == errc::invalid_json);
  CHECK(refused(presence, update_of({{1, 1, "\xff"}})) == errc::invalid_utf8);
  CHECK(refused(presence, update_of({{std::uint64_t{1} << 53, 1, "1"}})) == errc::number_too_large);
  CHECK(refused(presence, update_of({{1, std::uint64_t{1} << 53, "1"}})) == errc::number_too_large);
  const std::string deep = std::string(101, '[') + "1" + std::string(101, ']');
  CHECK(refused(presence, update_of({{1, 1, deep}})) == errc::invalid_json);
  CHECK(applied(presence, {{1, 1, R"("\ud800")"}}) == clients{1});
}

TEST_CASE("awareness bounds the clients of one session, remembered ones included", "[sync]") {
  awareness presence;
  std::vector<entry> many;
  for (std::uint64_t client = 1; client <= awareness::session_clients_max + 2; ++client)
    many.push_back({client, 1, "1"});
  const auto outcome = presence.apply(update_of(many), sent_by(alice), start);
  CHECK(outcome.changed.size() == awareness::session_clients_max);
  CHECK(outcome.left_out == 2);
  REQUIRE(outcome.why);
  CHECK(outcome.why->code == errc::quota_exceeded);
  applied(presence, {{1, 2, "null"}, {2, 2, "2"}}, alice);  // those it has may go on
  CHECK(refused(presence, {{1000, 1, "1"}, {2, 2, "2"}}, alice) == errc::quota_exceeded);
  CHECK(applied(presence, {{1000, 1, "1"}, {2, 2, "2"}}, bob) == clients{1000});
  // Its own client has a place all the same.
  CHECK(applied(presence, {{2000, 1, "1"}}, alice) == clients{2000});
  presence.expire(start + 60s);
  presence.expire(start + 120s);
  CHECK_FALSE(presence.knows(2));
  CHECK(applied(presence, {{3000, 1, "1"}, {3001, 1, "1"}}, alice, start + 120s).size() == 2);
}

TEST_CASE("awareness forgets what a session has shown when it ends", "[sync]") {
  awareness presence;
  for (int round = 0; round < 3; ++round) {
    std::vector<entry> many;
    for (std::uint64_t client = 0; client < awareness::session_clients_max; ++client)
      many.push_back({client + 1000 * static_cast<std::uint64_t>(round), 1, "1"});
    CHECK(applied(presence, many, alice).size() == awareness::session_clients_max);
    presence.remove_session(alice, start);
  }
}

TEST_CASE("awareness bounds the bytes of one session", "[sync]") {
  awareness presence;
  const std::string half = '"' + std::string(awareness::session_bytes_max / 2 - 10, 'x') + '"';
  applied(presence, {{1, 1, half}, {2, 1, half}}, alice);
  CHECK(refused(presence, {{3, 1, half}, {1, 1, "1"}}, alice) == errc::quota_exceeded);
  CHECK(refused(presence, {{1, 2, '"' + half.substr(1, half.size() - 2) + half.substr(1)}},
                alice) == errc::quota_exceeded);
  CHECK(applied(presence, {{1, 2, half}, {2, 2, "null"}}, alice) == clients{1, 2});
  CHECK(applied(presence, {{3, 1, half}, {1, 1, "1"}}, alice) == clients{3});
  // Whoever renews a client of nobody has it in its own budget.
  applied(presence, {{1, 3, half}, {9, 1, "1"}}, bob);
  CHECK(applied(presence, {{4, 1, half}, {9, 1, "1"}}, alice) == clients{4});
}

TEST_CASE("awareness takes as many clients as its limits say and no more", "[sync]") {
  awareness presence;
  show_many(presence, awareness::relayed_clients_max);
  CHECK(refused(presence, {{900'000, 1, "1"}, {1, 1, "1"}}, alice) == errc::too_many_clients);
  show_many(presence, awareness::clients_max - awareness::relayed_clients_max,
            awareness::relayed_clients_max + 1);
  CHECK(refused(presence, update_of({{900'000, 1, "1"}}), opened_by(alice)) ==
        errc::too_many_clients);
  CHECK(applied(presence, {{5, 2, "2"}}, session_id{1005}) == clients{5});
  CHECK(presence.shown().size() == awareness::clients_max);
  const auto hosted = presence.set_own(1'000'000, "1", alice, start);
  REQUIRE_FALSE(hosted.has_value());
  CHECK(hosted.error().code == errc::too_many_clients);
  CHECK_FALSE(presence.knows(1'000'000));
  CHECK(presence.set_own(1'000'000, "null", alice, start) == false);
}

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

TEST_CASE("awareness bounds the bytes of all states together", "[sync]") {
  awareness presence;
  const std::string large = '"' + std::string(1'000'000, 'x') + '"';
  awareness::client_id client = 1;
  while (presence.set_own(client, large, client, start)) ++client;
  CHECK(client - 1 == awareness::state_bytes_max / large.size());
  const auto hosted = presence.set_own(client, large, client, start);
  REQUIRE_FALSE(hosted);
  CHECK(hosted.error().code == errc::state_too_large);
  CHECK(refused(presence, {{client, 1, large}}, 1000) == errc::state_too_large);
  CHECK(presence.set_own(1, "null", 1, start) == true);
  CHECK(applied(presence, {{client, 1, large}}, session_id{1000}) == clients{client});
}
