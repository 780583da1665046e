#include "protocol/sync/awareness.hpp"

#include <algorithm>
#include <map>
#include <optional>

#include <catch2/catch_test_macros.hpp>

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

clients sorted(clients of) {
  std::sort(of.begin(), of.end());
  return of;
}

/// Applies an update that must be accepted; returns whose clocks or states changed.
clients applied(awareness& to, const std::vector<entry>& entries, session_id from = alice,
                awareness::time_point now = start) {
  const auto outcome = to.apply(update_of(entries), from, now);
  REQUIRE(outcome.has_value());
  return sorted(*outcome);
}

errc error_of(awareness& by, byte_view update) {
  const auto outcome = by.apply(update, alice, start);
  REQUIRE_FALSE(outcome.has_value());
  return outcome.error().code;
}

}  // namespace

TEST_CASE("awareness is empty at first", "[sync]") {
  const awareness nobody;
  CHECK_FALSE(nobody.has_states());
  CHECK(nobody.states_by_owner().size() == 0);
  CHECK(to_hex(nobody.encode_all()) == "00");
  CHECK(to_hex(nobody.encode({})) == "00");
}

TEST_CASE("awareness keeps a state and writes it as it came", "[sync]") {
  awareness presence;
  CHECK(applied(presence, {{300, 1, R"({"name":"a"})"}}) == clients{300});
  CHECK(presence.has_states());
  CHECK(presence.states_by_owner().size() == 1);
  CHECK(presence.encode_all() == update_of({{300, 1, R"({"name":"a"})"}}));
  CHECK(to_hex(presence.encode({300})) == "01"
                                          "ac02"
                                          "01"
                                          "0c7b226e616d65223a2261227d");
}

TEST_CASE("awareness takes only what is newer than it knows", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "{}"}});
  CHECK(applied(presence, {{1, 4, "1"}}).empty());
  CHECK(applied(presence, {{1, 5, "1"}}).empty());
  CHECK(presence.encode_all() == update_of({{1, 5, "{}"}}));
  CHECK(applied(presence, {{1, 6, "1"}}) == clients{1});
  CHECK(presence.encode_all() == update_of({{1, 6, "1"}}));
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
  CHECK(presence.encode({1}) == update_of({{1, 5, "null"}}));
  CHECK(to_hex(presence.encode_all()) == "00");
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
  const auto outcome =
      presence.apply(update_of({{1, 5, "1"}, {2, 6, "3"}, {3, 1, "4"}}), alice, start);
  REQUIRE(outcome);
  CHECK(sorted(*outcome) == clients{2, 3});
  CHECK(presence.states_by_owner().size() == 3);
}

TEST_CASE("awareness takes client ids of 53 bits, and clocks as far as clients can count on",
          "[sync]") {
  awareness presence;
  const std::uint64_t most = (std::uint64_t{1} << 53) - 1;
  const std::uint64_t step = std::uint64_t{1} << 32;
  CHECK(applied(presence, {{most, step + 1, "{}"}}).empty());
  CHECK(applied(presence, {{most, most, "{}"}}).empty());
  CHECK_FALSE(presence.has_states());
  CHECK(applied(presence, {{most, step, "{}"}}) == clients{most});
  CHECK(applied(presence, {{most, 2 * step + 1, "{}"}}).empty());
  CHECK(applied(presence, {{most, 2 * step, "{}"}}) == clients{most});
  CHECK(presence.encode_all() == update_of({{most, 2 * step, "{}"}}));
}

TEST_CASE("awareness does not believe a session that says that a client of another is gone",
          "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "{}"}}, alice);
  CHECK(applied(presence, {{1, 5, "null"}}, bob).empty());
  CHECK(applied(presence, {{1, 6, "null"}}, bob).empty());
  CHECK(presence.state_of(1) == "{}");
  CHECK(presence.is_owned_by(1, alice));
  CHECK(applied(presence, {{1, 6, "null"}}, alice) == clients{1});
  CHECK(presence.state_of(1) == "null");
}

TEST_CASE("awareness does not look into what it knows already", "[sync]") {
  awareness presence;
  applied(presence, {{1, 5, "{}"}}, alice);
  CHECK(applied(presence, {{1, 5, "no JSON"}}, bob).empty());
  CHECK_FALSE(presence.apply(update_of({{1, 6, "no JSON"}}), bob, start).has_value());
}

TEST_CASE("awareness removes the states of a session and of nobody else", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}, {2, 1, "2"}}, alice);
  applied(presence, {{3, 1, "3"}}, bob);
  CHECK(sorted(presence.remove_session(alice, start)) == clients{1, 2});
  CHECK(presence.encode_all() == update_of({{3, 1, "3"}}));
  CHECK(presence.encode({1, 2}) == update_of({{1, 1, "null"}, {2, 1, "null"}}));
  CHECK(presence.remove_session(alice, start).empty());
}

TEST_CASE("awareness gives a state to the session that renewed it last", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}}, alice);
  applied(presence, {{1, 2, "1"}}, bob);
  CHECK(presence.remove_session(alice, start).empty());
  CHECK(presence.remove_session(bob, start) == clients{1});
}

TEST_CASE("awareness leaves a state with its session when another sends nothing new", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}}, alice);
  applied(presence, {{1, 1, "1"}}, bob);
  CHECK(presence.remove_session(bob, start).empty());
  CHECK(presence.has_states());
}

TEST_CASE("awareness lets a state vanish that was not renewed for 30 seconds", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}, {2, 1, "2"}}, alice, start);
  applied(presence, {{2, 2, "2"}}, alice, start + 15s);
  CHECK(presence.expire(start + 29s).empty());
  CHECK(presence.expire(start + 30s) == clients{1});
  CHECK(presence.encode({1}) == update_of({{1, 1, "null"}}));
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

TEST_CASE("awareness rejects an update as a whole", "[sync]") {
  awareness presence;
  applied(presence, {{1, 1, "1"}});
  CHECK(error_of(presence, update_of({{1, 2, "2"}, {2, 1, "{"}})) == errc::invalid_json);
  CHECK(presence.encode_all() == update_of({{1, 1, "1"}}));
  byte_buffer trailing = update_of({{1, 2, "2"}});
  trailing.push_back(0);
  CHECK(error_of(presence, trailing) == errc::trailing_bytes);
  CHECK(presence.encode_all() == update_of({{1, 1, "1"}}));
}

TEST_CASE("awareness rejects what is cut short", "[sync]") {
  awareness presence;
  const byte_buffer whole = update_of({{1, 1, "{}"}, {300, 2, "null"}});
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK(error_of(presence, byte_view{whole}.first(size)) == errc::truncated);
  CHECK(error_of(presence, hex("ffffffff0f 01 01 00")) == errc::truncated);
  CHECK_FALSE(presence.has_states());
}

TEST_CASE("awareness rejects states that are not JSON, and numbers that are too large", "[sync]") {
  awareness presence;
  for (const char* state : {"", "{", "undefined", "{\"a\":1,}", "1 2", "'a'"})
    CHECK(error_of(presence, update_of({{1, 1, state}})) == errc::invalid_json);
  CHECK(error_of(presence, update_of({{1, 1, "\xff"}})) == errc::invalid_utf8);
  CHECK(error_of(presence, update_of({{std::uint64_t{1} << 53, 1, "1"}})) ==
        errc::number_too_large);
  CHECK(error_of(presence, update_of({{1, std::uint64_t{1} << 53, "1"}})) ==
        errc::number_too_large);
  const std::string deep = std::string(101, '[') + "1" + std::string(101, ']');
  CHECK(error_of(presence, update_of({{1, 1, deep}})) == errc::invalid_json);
  CHECK(applied(presence, {{1, 1, R"("\ud800")"}}) == clients{1});
}

TEST_CASE("awareness takes as many clients as its limit says and no more", "[sync]") {
  awareness presence;
  std::vector<entry> most;
  for (std::uint64_t client = 0; client < awareness::clients_max; ++client)
    most.push_back({client, 1, "1"});
  CHECK(applied(presence, most).size() == awareness::clients_max);
  CHECK(error_of(presence, update_of({{1'000'000, 1, "1"}})) == errc::too_many_clients);
  CHECK(error_of(presence, update_of({{0, 2, "2"}, {1'000'000, 1, "1"}})) ==
        errc::too_many_clients);
  CHECK(presence.states_by_owner().size() == awareness::clients_max);
  CHECK(presence.encode({0}) == update_of({{0, 1, "1"}}));
  for (entry& one : most) one.clock = 2;
  CHECK(applied(presence, most).size() == awareness::clients_max);  // those it knows may go on
}

TEST_CASE("awareness applies the entries of one client in their order", "[sync]") {
  awareness presence;
  const auto outcome = presence.apply(
      update_of({{1, 1, "1"}, {1, 2, "2"}, {1, 2, "null"}, {1, 1, "3"}}), alice, start);
  REQUIRE(outcome);
  CHECK_FALSE(presence.has_states());
  CHECK(presence.encode({1}) == update_of({{1, 2, "null"}}));
}

// --- states that the server holds for a session ---

TEST_CASE("awareness counts the clock of a state that the server sets", "[sync]") {
  awareness presence;
  CHECK(presence.set_own(7, "{}", alice, start) == true);
  CHECK(presence.encode_all() == update_of({{7, 1, "{}"}}));
  CHECK(presence.set_own(7, " 1 ", alice, start) == true);
  CHECK(presence.encode_all() == update_of({{7, 2, "1"}}));
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
  CHECK(presence.encode({7}) == update_of({{7, 2, "null"}}));
  CHECK(presence.set_own(7, "2", alice, start) == true);
  CHECK(presence.encode_all() == update_of({{7, 3, "2"}}));
}

TEST_CASE("awareness renews the states that the server set and no others", "[sync]") {
  awareness presence;
  presence.set_own(7, "1", alice, start);
  applied(presence, {{8, 1, "2"}}, bob, start);
  CHECK(presence.expire(start + 14s).empty());
  CHECK(presence.expire(start + 15s) == clients{7});
  CHECK(presence.encode({7}) == update_of({{7, 2, "1"}}));
  CHECK(presence.expire(start + 29s).empty());
  CHECK(sorted(presence.expire(start + 30s)) == clients{7, 8});
  CHECK(presence.state_of(8) == "null");
  CHECK(presence.state_of(7) == "1");
}

TEST_CASE("awareness does not renew what was cleared, removed or taken over", "[sync]") {
  awareness presence;
  presence.set_own(1, "1", alice, start);
  presence.set_own(2, "2", bob, start);
  presence.set_own(3, "3", alice, start);
  presence.set_own(1, "null", alice, start);
  CHECK(presence.remove_session(bob, start) == clients{2});
  applied(presence, {{3, 2, "4"}}, bob, start);
  CHECK(presence.expire(start + 15s).empty());
  CHECK(presence.expire(start + 30s) == clients{3});
  CHECK_FALSE(presence.has_states());
}

TEST_CASE("awareness keeps the clock of a cleared state as long as its session", "[sync]") {
  awareness presence;
  presence.set_own(7, "1", alice, start);
  presence.set_own(7, "null", alice, start);
  CHECK(presence.expire(start + 10min).empty());
  CHECK(presence.knows(7));
  CHECK(presence.is_owned_by(7, alice));
  CHECK(presence.remove_session(alice, start + 10min).empty());
  CHECK_FALSE(presence.is_owned_by(7, alice));
  CHECK(presence.expire(start + 10min + 59s).empty());
  CHECK(presence.knows(7));
  presence.expire(start + 11min);
  CHECK_FALSE(presence.knows(7));
}

TEST_CASE("awareness has no place for the server beyond its limit of clients either", "[sync]") {
  awareness presence;
  std::vector<entry> most;
  for (std::uint64_t client = 0; client < awareness::clients_max; ++client)
    most.push_back({client, 1, "1"});
  applied(presence, most);
  const auto refused = presence.set_own(1'000'000, "1", alice, start);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == errc::too_many_clients);
  CHECK_FALSE(presence.knows(1'000'000));
  CHECK(presence.set_own(1'000'000, "null", alice, start) == false);
  CHECK(presence.set_own(5, "2", alice, start) == true);
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
  CHECK(states_in(presence.encode_all()) == client_states{{1, "1"}, {3, "3"}});
  CHECK(states_in(presence.encode_known()) == client_states{{1, "1"}, {2, "null"}, {3, "3"}});
  awareness other;
  applied(other, {{2, 1, "2"}});
  REQUIRE(other.apply(presence.encode_known(), alice, start));
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
  while (presence.set_own(client, large, alice, start)) ++client;
  CHECK(client - 1 == awareness::state_bytes_max / large.size());
  const auto refused = presence.set_own(client, large, alice, start);
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::state_too_large);
  CHECK_FALSE(presence.apply(update_of({{client, 1, large}}), bob, start));
  CHECK(presence.set_own(1, "null", alice, start) == true);
  CHECK(presence.apply(update_of({{client, 1, large}}), bob, start));
}
