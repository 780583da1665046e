// Where a hosted document's updates come from, who hears them, and whose message ids are whose.
#include <catch2/catch_test_macros.hpp>

#include "protocol/hosted_document.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::hosted_document_origin_test {

using namespace troupe::test;

namespace {

constexpr session_id alice = 1;
constexpr session_id bob = 2;

const byte_buffer hello = update_builder{}.client(1).text(in_root("t"), "hello").build();
const byte_buffer nothing = hex("0000");

const dialect_set binary{dialect::y_websocket};
const dialect_set text{dialect::json};
const dialect_set both = binary | text;

/// A document with the effects of its last event.
struct bed {
  hosted_document document{crdt::doc_settings{}};
  document_effects out;

  void join(session_id session, const std::string& user = {}) {
    document.on_join({session, rights::all(),
                      user.empty() ? nullptr : std::make_shared<const identity>(identity{user})});
  }
  void ask(session_id from, request_kind kind, dialect in, byte_view body,
           std::string_view message_id = {}) {
    out.clear();
    document.on_request(from, {kind, in, body, message_id}, {}, out);
  }
  /// Joins and speaks a dialect.
  void speak(session_id session, dialect in) {
    join(session);
    ask(session, request_kind::query_presence, in, {});
  }
  void update(const origin& from, const byte_buffer& bytes) {
    out.clear();
    document.on_update(from, bytes, out);
  }
  /// The dialects in which the next update of the server is heard.
  dialect_set heard_in() {
    update(origin::of_server(),
           update_builder{}.client(++last_client_).text(in_root("u"), "x").build());
    return out.deliveries.empty() ? dialect_set{} : out.deliveries[0].in;
  }

 private:
  crdt::client_id last_client_ = 100;
};

}  // namespace

// --- updates that come from no session ---

TEST_CASE("an update of a peer or of the server goes to all and is stored without a confirmation",
          "[document]") {
  for (const origin& from : {origin::of_peer(alice), origin::of_server()}) {
    CAPTURE(to_string(from));
    bed hosted;
    hosted.speak(alice, dialect::y_websocket);
    hosted.speak(bob, dialect::json);
    const std::uint64_t before = hosted.document.version();
    hosted.update(from, hello);
    REQUIRE(hosted.out.deliveries.size() == 1);
    const auto& delivery = hosted.out.deliveries[0];
    CHECK(delivery.to == audience::all);
    CHECK(delivery.session == no_session);
    CHECK(delivery.in == both);
    CHECK(delivery.what.kind == notice_kind::update);
    CHECK(to_hex(delivery.what.body.view()) == to_hex(hello));
    REQUIRE(hosted.out.writes.size() == 1);
    CHECK(to_hex(hosted.out.writes[0].update.view()) == to_hex(hello));
    CHECK(hosted.out.writes[0].from == from);
    CHECK_FALSE(hosted.out.writes[0].confirmation);
    CHECK(hosted.out.refusals.empty());
    CHECK(hosted.document.version() > before);
    CHECK(hosted.document.state().text("t") == "hello");
  }
}

TEST_CASE("an update of a peer that brings nothing has no effect", "[document]") {
  bed hosted;
  hosted.speak(alice, dialect::y_websocket);
  hosted.update(origin::of_peer(3), hello);
  const std::uint64_t version = hosted.document.version();
  hosted.update(origin::of_peer(4), hello);
  CHECK(hosted.out.empty());
  hosted.update(origin::of_peer(3), nothing);
  CHECK(hosted.out.empty());
  CHECK(hosted.document.version() == version);
}

TEST_CASE("only what is new in an update of a peer is passed on", "[document]") {
  bed hosted;
  hosted.speak(alice, dialect::y_websocket);
  hosted.update(origin::of_server(), hello);
  const byte_buffer more = update_builder{}.client(1).text(in_root("t"), "hello you").build();
  hosted.update(origin::of_peer(3), more);
  const byte_buffer news = update_builder{}.client(1, 5).text(after({1, 4}), " you").build();
  REQUIRE(hosted.out.deliveries.size() == 1);
  CHECK(to_hex(hosted.out.deliveries[0].what.body.view()) == to_hex(news));
  REQUIRE(hosted.out.writes.size() == 1);
}

TEST_CASE("an update of a peer that waits is stored, and nobody hears of it", "[document]") {
  bed hosted;
  hosted.speak(alice, dialect::y_websocket);
  const byte_buffer early = update_builder{}.client(2).text(after({1, 4}), "!").build();
  hosted.update(origin::of_peer(3), early);
  CHECK(hosted.out.deliveries.empty());
  REQUIRE(hosted.out.writes.size() == 1);
  CHECK(to_hex(hosted.out.writes[0].update.view()) == to_hex(early));
}

TEST_CASE("a bad update is refused to its origin and concerns nobody else", "[document]") {
  for (const origin& from : {origin::of_peer(3), origin::of_server()}) {
    bed hosted;
    hosted.speak(alice, dialect::y_websocket);
    hosted.update(from, hex("01"));
    CHECK(hosted.out.deliveries.empty());
    CHECK(hosted.out.writes.empty());
    REQUIRE(hosted.out.refusals.size() == 1);
    CHECK(hosted.out.refusals[0].from == from);
    CHECK(hosted.out.refusals[0].part == request_part::update);
    CHECK(hosted.out.refusals[0].why.code == errc::truncated);
    CHECK(hosted.out.refusals[0].message_id.empty());
  }
}

TEST_CASE("an update of a session names it as the origin", "[document]") {
  bed hosted;
  hosted.speak(alice, dialect::y_websocket);
  hosted.ask(alice, request_kind::update, dialect::y_websocket, hello);
  REQUIRE(hosted.out.writes.size() == 1);
  CHECK(hosted.out.writes[0].from == origin::of_session(alice));
  CHECK(hosted.out.writes[0].confirmation);
  REQUIRE(hosted.out.deliveries.size() == 1);
  CHECK(hosted.out.deliveries[0].to == audience::all_but_one);
  CHECK(hosted.out.deliveries[0].session == alice);
  hosted.ask(alice, request_kind::update, dialect::json, hex("01"), "m");
  REQUIRE(hosted.out.refusals.size() == 1);
  CHECK(hosted.out.refusals[0].from == origin::of_session(alice));
  CHECK(hosted.out.refusals[0].in == dialect::json);
  CHECK(hosted.out.refusals[0].message_id == "m");
}

// --- sessions that have left ---

TEST_CASE("a request of a session that has left, or never joined, is ignored", "[document]") {
  struct row {
    request_kind kind;
    byte_buffer body;
  };
  const row rows[] = {{request_kind::sync, hex("00")},
                      {request_kind::sync, hex("ff")},
                      {request_kind::update, hello},
                      {request_kind::update, hex("01")},
                      {request_kind::presence, hex("01 01 01 02 7b7d")},
                      {request_kind::own_presence, hex("7b7d")},
                      {request_kind::query_presence, {}},
                      {request_kind::event, hex("31")}};
  bed hosted;
  hosted.speak(alice, dialect::json);
  hosted.speak(bob, dialect::json);
  hosted.document.on_leave(bob, {});
  for (const row& each : rows) {
    for (const session_id gone : {bob, session_id{99}, no_session}) {
      hosted.ask(gone, each.kind, dialect::y_websocket, each.body, "m");
      CHECK(hosted.out.empty());
    }
  }
  CHECK(hosted.document.state().text("t").empty());
  CHECK_FALSE(hosted.document.presence().has_states());
  CHECK_FALSE(hosted.document.has_gathered());
  CHECK(hosted.heard_in() == text);
}

TEST_CASE("a session that joins again after it left starts anew", "[document]") {
  bed hosted;
  hosted.speak(alice, dialect::y_websocket);
  hosted.document.on_leave(alice, {});
  hosted.join(alice);
  CHECK(hosted.heard_in().empty());
  hosted.ask(alice, request_kind::query_presence, dialect::json, {});
  CHECK(hosted.heard_in() == text);
}

// --- who speaks what ---

TEST_CASE("a document has broadcasts in the dialects that its sessions have spoken", "[document]") {
  bed hosted;
  CHECK(hosted.heard_in().empty());
  hosted.join(alice);
  CHECK(hosted.heard_in().empty());
  hosted.speak(alice, dialect::json);
  CHECK(hosted.heard_in() == text);
  hosted.speak(bob, dialect::y_websocket);
  CHECK(hosted.heard_in() == both);
}

TEST_CASE("a dialect whose last speaker has left gets no broadcasts", "[document]") {
  bed hosted;
  hosted.speak(alice, dialect::y_websocket);
  hosted.ask(alice, request_kind::query_presence, dialect::y_websocket, {});
  hosted.ask(alice, request_kind::query_presence, dialect::json, {});
  hosted.speak(bob, dialect::json);
  CHECK(hosted.heard_in() == both);
  hosted.document.on_leave(alice, {});
  CHECK(hosted.heard_in() == text);
  hosted.document.on_leave(alice, {});
  hosted.document.on_leave(99, {});
  CHECK(hosted.heard_in() == text);
  hosted.document.on_leave(bob, {});
  CHECK(hosted.heard_in().empty());

  hosted.out.clear();
  hosted.document.on_event("1", hosted.out);
  hosted.document.end_turn(hosted.out);
  CHECK(hosted.out.deliveries.empty());
}

TEST_CASE("a refused request counts as spoken", "[document]") {
  bed hosted;
  hosted.join(alice);
  hosted.ask(alice, request_kind::update, dialect::json, hex("01"));
  CHECK(hosted.out.refusals.size() == 1);
  CHECK(hosted.heard_in() == text);
}

// --- message ids ---

namespace {

/// Whether an event of a session is passed on, or taken for one that was seen before.
bool is_passed_on(bed& hosted, session_id from, std::string_view message_id) {
  hosted.ask(from, request_kind::event, dialect::json, as_bytes("1"), message_id);
  for (const auto& each : hosted.out.deliveries)
    if (each.what.kind == notice_kind::event) return true;
  return false;
}

}  // namespace

TEST_CASE("a user is one over all sessions, and a session without a user is alone", "[document]") {
  bed hosted;
  hosted.join(alice, "ada");
  hosted.join(bob, "ada");
  hosted.join(3);
  hosted.join(4);
  CHECK(is_passed_on(hosted, alice, "m"));
  CHECK_FALSE(is_passed_on(hosted, bob, "m"));
  CHECK(is_passed_on(hosted, 3, "m"));
  CHECK(is_passed_on(hosted, 4, "m"));
  CHECK_FALSE(is_passed_on(hosted, 4, "m"));
  hosted.document.on_leave(alice, {});
  hosted.join(5, "ada");
  CHECK_FALSE(is_passed_on(hosted, 5, "m"));
}

TEST_CASE("a user cannot use up the message ids of a session", "[document]") {
  for (const std::string name : {"session 7", "7", "user 7", "user session 7", " 7"}) {
    CAPTURE(name);
    bed hosted;
    hosted.join(1, name);
    hosted.join(7);
    CHECK(is_passed_on(hosted, 1, "m"));
    CHECK(is_passed_on(hosted, 7, "m"));
    CHECK_FALSE(is_passed_on(hosted, 7, "m"));
    CHECK_FALSE(is_passed_on(hosted, 1, "m"));
  }
}

TEST_CASE("a dialect is not spoken any more when its speaker, who joined twice, has left",
          "[document]") {
  hosted_document document{crdt::doc_settings{}};
  document_effects out;
  document.on_join({1, rights::all(), nullptr});
  document.on_request(1, {request_kind::query_presence, dialect::json, {}, {}}, {}, out);
  document.on_join({1, rights::all(), nullptr});
  document.on_leave(1, {});
  out.clear();
  document.on_event("1", out);
  CHECK(out.deliveries.empty());
}

}  // namespace troupe::hosted_document_origin_test
