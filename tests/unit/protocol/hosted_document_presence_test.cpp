// Presence in a hosted document: that of JSON sessions, what both dialects hear of it, and when.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>
#include <nlohmann/json.hpp>

#include "protocol/lib0/encoder.hpp"
#include "tests/support/document_host.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::hosted_document_presence_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using sync::message_kind;
using texts = std::vector<std::string>;
using client_id = sync::awareness::client_id;

namespace {

constexpr session_id alice = 1;
constexpr session_id bob = 2;
const document_host::time_point start{1h};

std::string presence_frame(std::string_view state, std::string_view more = {}) {
  return R"({"type":"presence","payload":)" + std::string{state} + std::string{more} + "}";
}

byte_buffer awareness_update(client_id client, std::uint64_t clock, std::string_view state) {
  lib0::encoder out;
  out.write_var_uint(1);
  out.write_var_uint(client);
  out.write_var_uint(clock);
  out.write_var_string(state);
  return out.take();
}

/// The client and the state in a presence message.
std::pair<client_id, std::string> read_presence(const std::string& text) {
  const auto message = nlohmann::json::parse(text);
  CHECK(message.at("type") == "presence");
  CHECK(message.at("docName") == "d");
  return {message.at("payload").at("clientId").get<client_id>(),
          message.at("payload").at("state").dump()};
}

/// Shows a state for a JSON session and ends the turn; returns the client id it got.
client_id show(document_host& host, session_id session, std::string_view state,
               document_host::time_point now = start) {
  host.ask(session, presence_frame(state), now);
  host.end_turn();
  REQUIRE(host.told_all().size() == 1);
  const auto [client, shown] = read_presence(host.told_all()[0]);
  CHECK(shown == state);
  return client;
}

}  // namespace

TEST_CASE("presence of a JSON session is told to all in both dialects, itself included",
          "[document][json]") {
  document_host host;
  host.ask(alice, presence_frame(R"({"name":"Ada"})", R"(,"messageId":"p-1")"), start);
  CHECK(host.told(alice) == texts{json::encode_ack("d", "p-1")});
  CHECK(host.effects.deliveries.empty());
  CHECK(host.document.has_gathered());
  host.end_turn();
  CHECK_FALSE(host.document.has_gathered());
  REQUIRE(host.told_all().size() == 1);
  CHECK(host.effects.texts[0].is_presence);
  const auto [client, state] = read_presence(host.told_all()[0]);
  CHECK(state == R"({"name":"Ada"})");
  REQUIRE(host.effects.deliveries.size() == 1);
  CHECK(host.effects.deliveries[0].to == audience::all);
  CHECK(host.effects.deliveries[0].kind == message_kind::awareness);
  const byte_buffer expected = awareness_update(client, 1, R"({"name":"Ada"})");
  CHECK(to_hex(host.effects.deliveries[0].body.view()) == to_hex(expected));
  host.end_turn();
  CHECK(host.is_quiet());
}

TEST_CASE("a JSON session keeps its client id, other sessions have others", "[document][json]") {
  document_host host;
  const client_id first = show(host, alice, R"({"n":1})");
  CHECK(first != 0);
  CHECK(first < (std::uint64_t{1} << 53));
  CHECK(show(host, alice, R"({"n":2})") == first);
  const client_id other = show(host, bob, R"({"n":3})");
  CHECK(other != first);
  CHECK(show(host, alice, "1") == first);
  CHECK(show(host, bob, "[]") == other);
}

TEST_CASE("a JSON session that cleared its state comes back under the same client id",
          "[document][json]") {
  document_host host;
  const client_id first = show(host, alice, R"({"n":1})");
  CHECK(show(host, alice, "null") == first);
  CHECK(show(host, alice, R"({"n":2})") == first);
  CHECK(show(host, alice, "null") == first);
  // Others may remember its clock for longer than a minute, so the server does, too.
  host.document.on_tick(start + 10min);
  host.end_turn();
  CHECK(show(host, alice, R"({"n":3})", start + 10min) == first);
  host.receive(bob, message_kind::query_awareness, {});
  CHECK(to_hex(host.effects.deliveries[0].body.view()) ==
        to_hex(awareness_update(first, 5, R"({"n":3})")));
}

TEST_CASE("null of a JSON session that shows nothing is acknowledged and told to nobody",
          "[document][json]") {
  document_host host;
  host.ask(alice, presence_frame("null", R"(,"messageId":"p-1")"), start);
  CHECK(host.told(alice) == texts{json::encode_ack("d", "p-1")});
  host.end_turn();
  CHECK(host.is_quiet());
  show(host, alice, "1");
  show(host, alice, "null");
  host.ask(alice, presence_frame("null"), start);
  host.end_turn();
  CHECK(host.is_quiet());
}

TEST_CASE("a JSON session that leaves takes its presence along, once", "[document][json]") {
  document_host host;
  host.ask(bob, R"({"type":"sync"})");
  const client_id client = show(host, alice, R"({"n":1})");
  host.leave(alice, start);
  host.end_turn();
  CHECK(host.told_all() == texts{json::encode_presence("d", client, "null")});
  REQUIRE(host.effects.deliveries.size() == 1);
  CHECK(to_hex(host.effects.deliveries[0].body.view()) ==
        to_hex(awareness_update(client, 1, "null")));
  host.leave(alice, start);
  host.end_turn();
  CHECK(host.is_quiet());
}

TEST_CASE("what JSON.stringify writes passes to Yjs clients, and is told in JSON that all read",
          "[document][json]") {
  document_host host;
  host.ask(bob, R"({"type":"sync"})");
  const std::string state = R"({"name":"a\ud83d","zoom":1e999})";
  host.receive(alice, message_kind::awareness, awareness_update(99, 1, state), start);
  CHECK(host.effects.closings.empty());
  host.end_turn();
  REQUIRE(host.effects.deliveries.size() == 1);
  CHECK(to_hex(host.effects.deliveries[0].body.view()) == to_hex(awareness_update(99, 4, state)));
  CHECK(host.told_all() ==
        texts{json::encode_presence("d", 99, R"({"name":"a\ufffd","zoom":null})")});
}

TEST_CASE("a JSON session that asks to leave takes its presence along", "[document][json]") {
  document_host host;
  host.ask(bob, R"({"type":"sync"})");
  const client_id client = show(host, alice, R"({"n":1})");
  host.ask(alice, R"({"type":"leave","messageId":"l-1"})", start);
  CHECK(host.is_quiet());  // its session acknowledges it
  host.end_turn();
  CHECK(host.told_all() == texts{json::encode_presence("d", client, "null")});
  host.leave(alice, start);
  host.end_turn();
  CHECK(host.is_quiet());
}

TEST_CASE("a session that leaves in JSON keeps what it shows in binary", "[document][json]") {
  document_host host;
  host.ask(bob, R"({"type":"sync"})");
  host.receive(alice, message_kind::awareness, awareness_update(99, 1, "{}"), start);
  host.ask(alice, R"({"type":"leave"})", start);
  host.end_turn();
  CHECK(host.document.presence().state_of(99) == "{}");
  const client_id client = show(host, alice, R"({"n":1})");
  host.ask(alice, R"({"type":"leave"})", start);
  host.end_turn();
  CHECK(host.told_all() == texts{json::encode_presence("d", client, "null")});
  CHECK(host.document.presence().state_of(99) == "{}");
}

TEST_CASE("nothing is written in JSON for a document that nobody hears in JSON any more",
          "[document][json]") {
  document_host host;
  host.receive(bob, message_kind::query_awareness, {});
  host.ask(alice, R"({"type":"sync"})");
  host.ask(alice, R"({"type":"leave"})", start);
  host.receive(bob, message_kind::awareness, awareness_update(99, 1, "{}"), start);
  host.end_turn();
  CHECK(host.told_all().empty());
  host.ask(alice, R"({"type":"sync"})");
  host.receive(bob, message_kind::awareness, awareness_update(99, 5, "{}"), start);
  host.end_turn();
  CHECK(host.told_all() == texts{json::encode_presence("d", 99, "{}")});
}

TEST_CASE("a JSON session that cleared its presence leaves without a word", "[document][json]") {
  document_host host;
  show(host, alice, "1");
  show(host, alice, "null");
  host.leave(alice, start);
  host.end_turn();
  CHECK(host.is_quiet());
}

TEST_CASE("presence of a JSON session is renewed for it as long as it is there",
          "[document][json]") {
  document_host host;
  const client_id client = show(host, alice, R"({"n":1})");
  std::uint64_t clock = 1;
  for (auto passed = 3s; passed <= 90s; passed += 3s) {
    host.document.on_tick(start + passed);
    host.end_turn();
    if (passed.count() % 15 != 0) {
      CHECK(host.is_quiet());
      continue;
    }
    REQUIRE(host.effects.deliveries.size() == 1);
    CHECK(to_hex(host.effects.deliveries[0].body.view()) ==
          to_hex(awareness_update(client, ++clock, R"({"n":1})")));
  }
  CHECK(host.document.presence().has_states());
}

TEST_CASE("presence of binary sessions is told to JSON sessions", "[document][json]") {
  document_host host;
  host.receive(bob, message_kind::awareness, awareness_update(9, 1, R"({"n":1})"), start);
  host.end_turn();
  CHECK(host.effects.texts.empty());
  host.ask(alice, R"({"type":"sync","messageId":"s"})");
  REQUIRE(host.told(alice).size() == 3);
  CHECK(host.told(alice)[1] == json::encode_presence("d", 9, R"({"n":1})"));
  CHECK(host.told(alice)[2] == json::encode_ack("d", "s"));
  host.receive(bob, message_kind::awareness, awareness_update(9, 2, R"({"n":2})"), start);
  host.end_turn();
  CHECK(host.told_all() == texts{json::encode_presence("d", 9, R"({"n":2})")});
  host.leave(bob, start + 30s);
  host.end_turn();
  CHECK(host.told_all() == texts{json::encode_presence("d", 9, "null")});
}

TEST_CASE("presence of JSON sessions is told to a binary session that joins", "[document][json]") {
  document_host host;
  const client_id client = show(host, alice, R"({"n":1})");
  host.receive(bob, message_kind::sync_step1, hex("00"), start);
  REQUIRE(host.effects.deliveries.size() == 3);
  CHECK(host.effects.deliveries[2].kind == message_kind::awareness);
  CHECK(to_hex(host.effects.deliveries[2].body.view()) ==
        to_hex(awareness_update(client, 1, R"({"n":1})")));
}

TEST_CASE("of several states of a client in a turn only the last is told", "[document][json]") {
  document_host host;
  for (int n = 1; n <= 50; ++n) {
    host.ask(alice, presence_frame(std::to_string(n)), start);
    host.receive(bob, message_kind::awareness,
                 awareness_update(9, static_cast<std::uint64_t>(n), std::to_string(-n)), start);
  }
  host.end_turn();
  REQUIRE(host.told_all().size() == 2);
  std::map<client_id, std::string> shown;
  for (const std::string& text : host.told_all()) shown.insert(read_presence(text));
  CHECK(shown.at(9) == "-50");
  shown.erase(9);
  CHECK(shown.begin()->second == "50");
  REQUIRE(host.effects.deliveries.size() == 1);
  sync::awareness seen;
  seen.apply(host.effects.deliveries[0].body.view(), {bob, false, false}, start);
  CHECK(seen.states_by_owner().size() == 2);
  CHECK(seen.state_of(9) == "-50");
}

TEST_CASE("a state that came and went in a turn is told as gone", "[document][json]") {
  document_host host;
  host.ask(alice, R"({"type":"sync"})");
  host.receive(bob, message_kind::awareness, awareness_update(9, 1, "1"), start);
  host.leave(bob, start);
  host.end_turn();
  CHECK(host.told_all() == texts{json::encode_presence("d", 9, "null")});
  CHECK(to_hex(host.effects.deliveries[0].body.view()) == to_hex(awareness_update(9, 4, "null")));
}

TEST_CASE("who missed presence is told all of it, and who is gone", "[document][json]") {
  document_host host;
  const client_id client = show(host, alice, R"({"n":1})");
  host.receive(bob, message_kind::awareness, awareness_update(9, 1, "1"), start);
  host.receive(bob, message_kind::awareness, awareness_update(9, 2, "null"), start);
  host.end_turn();
  host.receive(alice, message_kind::query_awareness, {});  // it speaks both dialects
  host.presence_missed(alice);
  REQUIRE(host.effects.deliveries.size() == 1);
  CHECK(host.effects.deliveries[0].to == audience::one);
  CHECK(host.effects.deliveries[0].session == alice);
  CHECK(host.effects.deliveries[0].kind == message_kind::awareness);
  CHECK(host.told(alice).size() == 2);
  std::map<client_id, std::string> told;
  for (const auto& text : host.effects.texts) {
    CHECK(text.is_presence);
    told.insert(read_presence(text.json));
  }
  CHECK(told == std::map<client_id, std::string>{{client, R"({"n":1})"}, {9, "null"}});
  // A session that speaks the binary dialect only has no use for texts.
  host.presence_missed(bob);
  CHECK(host.effects.deliveries.size() == 1);
  CHECK(host.effects.texts.empty());
}

TEST_CASE("nobody takes the client id of a JSON session", "[document][json]") {
  document_host host;
  const client_id client = show(host, alice, R"({"n":1})");
  host.receive(bob, message_kind::awareness, awareness_update(client, 7, R"("mine")"), start);
  REQUIRE(host.effects.left_out.size() == 1);
  CHECK(host.effects.left_out[0].why.code == errc::not_owner);
  host.end_turn();
  CHECK(host.is_quiet());
  CHECK(show(host, alice, R"({"n":2})") == client);
  CHECK(host.document.presence().states_by_owner().size() == 1);
}

TEST_CASE("a client that comes back takes its presence over if its user is the same",
          "[document]") {
  const bool is_same_user = GENERATE(true, false);
  document_host host;
  host.ask(alice, R"({"type":"sync"})", start, "ada");
  host.ask(bob, R"({"type":"sync"})", start, is_same_user ? "ada" : "eve");
  host.receive(alice, message_kind::awareness, awareness_update(9, 5, "1"), start);
  host.receive(bob, message_kind::awareness, awareness_update(9, 6, "2"), start);
  CHECK(host.effects.left_out.empty() == is_same_user);
  CHECK(host.document.presence().state_of(9) == (is_same_user ? "2" : "1"));
  host.leave(alice, start);
  CHECK(host.document.presence().state_of(9) == "2");  // whoever it is, it is the one who is here
}

TEST_CASE("a client that comes back is shown the others under new clocks, a new one is not",
          "[document]") {
  document_host host;
  host.receive(alice, message_kind::awareness, awareness_update(8, 5, "1"), start);
  host.receive(bob, message_kind::awareness, awareness_update(9, 2, "2"), start);
  CHECK(host.effects.deliveries.size() == 1);  // itself, that it is gone: the document is young
  host.leave(bob, start);
  host.end_turn();
  constexpr session_id bob_again = 3;
  host.receive(bob_again, message_kind::awareness, awareness_update(9, 2, "2"), start);
  REQUIRE(host.effects.deliveries.size() == 2);
  CHECK(host.effects.deliveries[0].session == bob_again);
  CHECK(to_hex(host.effects.deliveries[0].body.view()) == to_hex(awareness_update(8, 9, "1")));
  CHECK(to_hex(host.effects.deliveries[1].body.view()) == to_hex(awareness_update(9, 5, "null")));
}

TEST_CASE(
    "a client that comes back and tells of others in the same message is seen, and hears that "
    "it was gone",
    "[document]") {
  document_host host;
  host.receive(alice, message_kind::awareness, awareness_update(8, 1, "1"), start);
  host.receive(bob, message_kind::awareness, awareness_update(9, 1, "2"), start);
  host.leave(bob, start);
  host.end_turn();
  constexpr session_id bob_again = 3;
  host.receive(bob_again, message_kind::awareness, hex("02 08 01 01 31 09 01 01 32"), start);
  REQUIRE(host.effects.deliveries.size() == 1);
  CHECK(host.effects.deliveries[0].session == bob_again);
  CHECK(to_hex(host.effects.deliveries[0].body.view()) == to_hex(awareness_update(9, 4, "null")));
  host.end_turn();
  REQUIRE_FALSE(host.effects.deliveries.empty());
  CHECK(to_hex(host.effects.deliveries[0].body.view()) == to_hex(awareness_update(9, 5, "2")));
}

TEST_CASE("a client that comes back and shows nothing is shown who stayed, too", "[document]") {
  document_host host;
  host.receive(alice, message_kind::awareness, awareness_update(8, 5, "1"), start);
  const bool has_contents = GENERATE(true, false);
  host.receive(bob, message_kind::sync_step1, hex(has_contents ? "01 07 01" : "00"), start);
  host.receive(bob, message_kind::sync_step2, hex("00 00"), start);
  // Nothing tells who has nothing from a newcomer.
  REQUIRE(host.effects.deliveries.size() == (has_contents ? 1 : 0));
  if (!has_contents) return;
  CHECK(host.effects.deliveries[0].session == bob);
  CHECK(to_hex(host.effects.deliveries[0].body.view()) == to_hex(awareness_update(8, 9, "1")));
}

TEST_CASE("presence above the write queue goes to a newcomer as one delivery", "[document]") {
  document_host host;
  const std::string state = '"' + std::string(50'000, 'x') + '"';
  for (session_id each = 10; each < 40; ++each)
    host.receive(each, message_kind::awareness, awareness_update(each, 1, state), start);
  host.end_turn();
  document_effects out;
  const client_request query{request_kind::query_presence, dialect::y_websocket, {}, {}};
  host.document.on_request(10, query, start, out);
  REQUIRE(out.deliveries.size() == 1);
  CHECK(out.deliveries[0].what.pieces.size() >= 20);
}

TEST_CASE("a session that has answered a sync takes nobody's presence over", "[document]") {
  document_host host;
  host.receive(alice, message_kind::awareness, awareness_update(9, 5, "1"), start);
  host.receive(bob, message_kind::sync_step2, hex("00 00"), start);
  host.receive(bob, message_kind::awareness, awareness_update(9, 5, "1"), start);  // an echo
  CHECK(host.is_quiet());
  host.leave(bob, start);
  CHECK(host.document.presence().state_of(9) == "1");
}

TEST_CASE("a JSON session is given no client id that is known already", "[document][json]") {
  document_host first;
  const client_id usual = show(first, alice, "1");
  document_host host;
  host.receive(bob, message_kind::awareness, awareness_update(usual, 1, "2"), start);
  host.end_turn();
  CHECK(show(host, alice, "1") != usual);
}

TEST_CASE("presence beyond a limit is left out, and answered with an error in JSON",
          "[document][json]") {
  document_host host;
  lib0::encoder all;
  all.write_var_uint(2);
  for (const client_id client : {client_id{1}, client_id{2}}) {
    all.write_var_uint(client);
    all.write_var_uint(1);
    all.write_var_string(client == 1 ? "1" : "no JSON");
  }
  host.receive(bob, message_kind::awareness, all.take(), start);
  CHECK(host.effects.closings.empty());
  REQUIRE(host.effects.left_out.size() == 1);
  CHECK(host.effects.left_out[0].from == bob);
  CHECK(host.effects.left_out[0].clients == 1);
  CHECK(host.effects.left_out[0].why.code == errc::invalid_json);
  CHECK(host.document.presence().state_of(1) == "1");
  host.end_turn();
  const std::string large = '"' + std::string(sync::awareness::session_bytes_max, 'x') + '"';
  host.ask(alice, presence_frame(large, R"(,"messageId":"p-1")"), start);
  REQUIRE(host.told(alice).size() == 1);
  CHECK(host.told(alice)[0].find(R"("code":"QUOTA_EXCEEDED")") != std::string::npos);
  CHECK(host.told(alice)[0].find(R"("messageId":"p-1")") != std::string::npos);
  host.end_turn();
  CHECK(host.is_quiet());
  // Nothing to show is no such thing.
  host.ask(alice, presence_frame("null", R"(,"messageId":"p-2")"), start);
  CHECK(host.told(alice) == texts{json::encode_ack("d", "p-2")});
}

}  // namespace troupe::hosted_document_presence_test
