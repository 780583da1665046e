// What awareness leaves out: what is too much, no JSON, or cut short.
#include "protocol/sync/awareness.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "tests/support/hex_bytes.hpp"
#include "tests/unit/protocol/sync/awareness_bed.hpp"

namespace troupe::awareness_left_out_test {

using namespace troupe::test;
using namespace std::chrono_literals;

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

// --- what a client sends back must pass ---

/// The largest update in which the client could send back what it hears.
std::size_t largest_part(const awareness& presence) {
  std::size_t largest = 0;
  for (const byte_buffer& part : presence.encode_in_parts(presence.known()))
    largest = std::max(largest, part.size());
  return largest;
}

TEST_CASE("awareness shows nothing that is no message any more once its clock has grown",
          "[sync]") {
  constexpr std::size_t message_max = 1024;
  awareness presence{message_max};
  const auto state_of_size = [](std::size_t size) {
    return '"' + std::string(size - 2, 'x') + '"';
  };
  const std::string most = state_of_size(message_max - awareness::framing_size_max);
  const std::string more = state_of_size(most.size() + 1);
  const std::uint64_t id = (std::uint64_t{1} << 53) - 1;
  awareness::sender opening = opened_by(alice);
  opening.may_be_known = true;
  CHECK(refused(presence, update_of({{id, 126, more}}), opening) == errc::state_too_large);
  CHECK(presence.apply(update_of({{id, 126, most}}), opening, start).changed == clients{id});
  CHECK(largest_part(presence) <= message_max);
  std::uint64_t clock = 126;
  for (int step = 0; step < 3; ++step) {
    applied(presence, {{id, clock += awareness::clock_step_max, most}}, alice);
    CHECK(largest_part(presence) <= message_max);
  }
  presence.expire(start + awareness::silent_renewal);
  CHECK(largest_part(presence) <= message_max);

  CHECK_FALSE(presence.set_own(2, more, bob, start).has_value());
  REQUIRE(presence.set_own(2, most, bob, start).has_value());
  CHECK(largest_part(presence) <= message_max);
  awareness::sender stamped = opened_by(3);
  stamped.stamp = R"({"id":"ada"})";
  const std::string object = R"({"a":)" + state_of_size(most.size() - 6) + "}";
  CHECK(refused(presence, update_of({{3, 1, object}}), stamped) == errc::state_too_large);
  CHECK(
      presence.apply_of_peer(update_of({{4, 1, more}}), peer_session(1), false, start).why->code ==
      errc::state_too_large);
  CHECK(sorted(presence.shown()) == clients{2, id});
}

TEST_CASE("awareness leaves room for numbers that grow when a client writes them anew", "[sync]") {
  awareness presence{1024};
  std::string numbers = "[1e20";
  while (numbers.size() < 400) numbers += ",1e20";
  CHECK(refused(presence, {{1, 1, numbers + "]"}}, alice) == errc::state_too_large);
  // In a text they stay what they are.
  CHECK(applied(presence, {{1, 1, R"("\"1e20)" + std::string(900, 'e') + '"'}}).size() == 1);
  CHECK(applied(presence, {{2, 1, "[1e20,-1E-7]"}}).size() == 1);
}

TEST_CASE("awareness writes parts of at most a message", "[sync]") {
  const std::size_t message_max = GENERATE(1024, 16 * 1024, 1024 * 1024);
  awareness presence{message_max};
  const std::string state = R"({"n":")" + std::string(500, 'x') + R"("})";
  for (awareness::client_id client = 1; client <= 300; ++client)
    applied(presence, {{client, 1, state}}, opened_by(100 + client));
  const auto parts = presence.encode_in_parts(presence.shown());
  std::size_t shown = 0;
  for (const byte_buffer& part : parts) {
    CHECK(part.size() <= std::min(message_max, awareness::part_size_max));
    sync::for_each_entry(part, [&shown](const sync::awareness_entry&) { ++shown; });
  }
  CHECK(shown == 300);
}

}  // namespace troupe::awareness_left_out_test
