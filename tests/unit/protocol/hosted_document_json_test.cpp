// The JSON dialect in a hosted document: joining, updates, events, acknowledgements and repeated
// messages. Presence is in hosted_document_presence_test.cpp.
#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "tests/support/document_host.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::hosted_document_json_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using sync::message_kind;
using texts = std::vector<std::string>;

namespace {

constexpr session_id alice = 1;
constexpr session_id bob = 2;
const document_host::time_point start{1h};

/// "hello" of client 1, and " world" of client 2 behind it: the examples of docs/json-dialect.md.
constexpr std::string_view hello = "AQEBAAQBBHRleHQFaGVsbG8A";
constexpr std::string_view world = "AQECAIQBBAYgd29ybGQA";

std::string update_frame(std::string_view base64, std::string_view more = {}) {
  return R"({"type":"update","payload":{"update":")" + std::string{base64} + "\"}" +
         std::string{more} + "}";
}

std::string ack(std::string_view id) { return json::encode_ack("d", id); }

byte_buffer bytes_of(std::string_view base64) { return decode_base64(base64).value(); }

std::string to_base64(byte_view bytes) {
  std::string text;
  append_base64(bytes, text);
  return text;
}

}  // namespace

// --- sync ---

TEST_CASE("a JSON sync is answered with the whole state, then acknowledged", "[document][json]") {
  document_host host;
  REQUIRE(host.document.load(bytes_of(hello)));
  host.ask(alice, R"({"type":"sync","messageId":"s-1"})");
  CHECK(host.told(alice) ==
        texts{R"({"type":"sync","docName":"d","payload":{"update":"AQEBAAQBBHRleHQFaGVsbG8A",)"
              R"("stateVector":"AQEF"}})",
              ack("s-1")});
  CHECK(host.effects.texts.size() == 2);
  CHECK(host.effects.deliveries.empty());
  CHECK(host.effects.writes.empty());
}

TEST_CASE("a JSON sync with a state vector is answered with what is missing", "[document][json]") {
  document_host host;
  REQUIRE(host.document.load(bytes_of(hello)));
  host.ask(alice, R"({"type":"sync","payload":{"stateVector":"AQEF"}})");
  CHECK(host.told(alice) ==
        texts{R"({"type":"sync","docName":"d","payload":{"update":"AAA=","stateVector":"AQEF"}})"});
  host.ask(alice, R"({"type":"sync","payload":{"stateVector":"AA=="}})");
  CHECK(host.told(alice)[0].find(hello) != std::string::npos);
}

TEST_CASE("a JSON sync with a bad state vector is answered with an error instead",
          "[document][json]") {
  document_host host;
  for (const char* vector : {"", "AQ==", "AAA=", "/////w8BAQ=="}) {
    CAPTURE(vector);
    host.ask(alice, R"({"type":"sync","messageId":"s-1","payload":{"stateVector":")" +
                        std::string{vector} + "\"}}");
    const auto told = host.told(alice);
    REQUIRE(told.size() == 1);
    CHECK(told[0].find(R"("code":"INVALID_UPDATE")") != std::string::npos);
    CHECK(told[0].find(R"("messageId":"s-1")") != std::string::npos);
    CHECK(told[0].find("payload.stateVector: ") != std::string::npos);
    CHECK(told[0].find(R"("docName":"d")") != std::string::npos);
    CHECK(host.effects.closings.empty());
  }
  // It was not taken in, so its id is free.
  host.ask(alice, R"({"type":"sync","messageId":"s-1"})");
  CHECK(host.told(alice).size() == 2);
}

TEST_CASE("a JSON sync is answered each time, under the same id, too", "[document][json]") {
  document_host host;
  for (int times = 0; times < 3; ++times) {
    host.ask(alice, R"({"type":"sync","messageId":"s-1"})");
    REQUIRE(host.told(alice).size() == 2);
    CHECK(host.told(alice)[1] == ack("s-1"));
  }
}

// --- updates ---

TEST_CASE("a JSON update goes to all others in their dialect and to storage", "[document][json]") {
  document_host host;
  host.ask(alice, update_frame(hello, R"(,"messageId":"u-1")"));
  CHECK(
      host.told_others(alice) ==
      texts{R"({"type":"update","docName":"d","payload":{"update":"AQEBAAQBBHRleHQFaGVsbG8A"}})"});
  REQUIRE(host.effects.deliveries.size() == 1);
  CHECK(host.effects.deliveries[0].to == audience::all_but_one);
  CHECK(host.effects.deliveries[0].session == alice);
  CHECK(host.effects.deliveries[0].kind == message_kind::update);
  CHECK(to_base64(host.effects.deliveries[0].body.view()) == hello);
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(to_base64(host.effects.writes[0].update.view()) == hello);
  CHECK(host.effects.writes[0].sender == alice);
  CHECK(host.effects.writes[0].confirmation.empty());
  CHECK(host.effects.writes[0].ack == ack("u-1"));
  CHECK(host.told(alice).empty());
  CHECK(host.document.state().text("text") == "hello");
  CHECK(host.document.version() == 1);
}

TEST_CASE("a JSON update without an id is not acknowledged", "[document][json]") {
  document_host host;
  host.ask(alice, update_frame(hello));
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(host.effects.writes[0].ack.empty());
  host.ask(alice, update_frame(hello));
  CHECK(host.is_quiet());
}

TEST_CASE("an update of a binary session reaches JSON sessions once there are any",
          "[document][json]") {
  document_host host;
  host.receive(bob, message_kind::update, bytes_of(hello));
  CHECK(host.effects.texts.empty());
  host.ask(alice, R"({"type":"sync"})");
  host.receive(bob, message_kind::update, bytes_of(world));
  CHECK(host.told_others(bob) ==
        texts{R"({"type":"update","docName":"d","payload":{"update":"AQECAIQBBAYgd29ybGQA"}})"});
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(to_base64(host.effects.writes[0].confirmation.view()) == world);
  host.leave(alice, start);
  host.receive(bob, message_kind::update, update_builder{}.client(9).gc(1).build());
  CHECK(host.effects.texts.empty());
}

TEST_CASE("others hear only what is new in a JSON update", "[document][json]") {
  document_host host;
  host.ask(alice, update_frame(hello));
  const byte_buffer more = update_builder{}.client(1).text(in_root("text"), "hello you").build();
  host.ask(bob, update_frame(to_base64(more)));
  const byte_buffer news = update_builder{}.client(1, 5).text(after({1, 4}), " you").build();
  CHECK(host.told_others(bob) == texts{json::encode_update("d", news)});
  REQUIRE(host.effects.deliveries.size() == 1);
  CHECK(to_hex(host.effects.deliveries[0].body.view()) == to_hex(news));
  CHECK(to_hex(host.effects.writes[0].update.view()) == to_hex(more));
}

TEST_CASE("a JSON update that waits for others is stored, and its sender is told what is missing",
          "[document][json]") {
  document_host host;
  const std::string frame = update_frame(world, R"(,"messageId":"u-1")");
  const texts missing{R"({"type":"error","docName":"d","payload":{"message":"Missing updates",)"
                      R"("code":"MISSING_UPDATES","messageId":"u-1","stateVector":"AA=="}})"};
  host.ask(alice, frame);
  CHECK(host.told(alice) == missing);
  CHECK(host.effects.deliveries.empty());
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(to_base64(host.effects.writes[0].update.view()) == world);
  CHECK(host.effects.writes[0].ack.empty());
  // Sent again too early, it gets the same answer and is not stored twice.
  host.ask(alice, frame);
  CHECK(host.told(alice) == missing);
  CHECK(host.effects.writes.empty());
  // With what is missing it is integrated, and acknowledged when it comes again.
  host.ask(alice, update_frame(hello));
  host.ask(alice, frame);
  CHECK(host.effects.texts.empty());
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(host.effects.writes[0].ack == ack("u-1"));
  CHECK(host.document.state().text("text") == "hello world");
}

TEST_CASE("a JSON update with nothing new is acknowledged behind what is on its way to storage",
          "[document][json]") {
  document_host host;
  host.receive(bob, message_kind::update, bytes_of(hello));
  host.ask(alice, update_frame(hello, R"(,"messageId":"u-1")"));
  CHECK(host.effects.texts.empty());
  CHECK(host.effects.deliveries.empty());
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(host.effects.writes[0].update.empty());
  CHECK(host.effects.writes[0].ack == ack("u-1"));
  CHECK(host.document.version() == 1);
}

TEST_CASE("a JSON update that is not valid Yjs is answered with an error, and changes nothing",
          "[document][json]") {
  document_host host;
  host.ask(alice, update_frame(hello));
  const byte_buffer before = host.document.whole_state();
  for (const char* update : {"", "AA==", "AAAA", "AQECAB8A"}) {
    CAPTURE(update);
    host.ask(alice, update_frame(update, R"(,"messageId":"u-9")"));
    const auto told = host.told(alice);
    REQUIRE(told.size() == 1);
    CHECK(told[0].find(R"("code":"INVALID_UPDATE")") != std::string::npos);
    CHECK(told[0].find(R"("messageId":"u-9")") != std::string::npos);
    CHECK(told[0].find("payload.update: ") != std::string::npos);
    CHECK(host.effects.writes.empty());
    CHECK(host.effects.deliveries.empty());
    CHECK(host.effects.closings.empty());
    CHECK(host.document.whole_state() == before);
  }
  // Corrected, it may come under the same id.
  host.ask(alice, update_frame(world, R"(,"messageId":"u-9")"));
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(to_base64(host.effects.writes[0].update.view()) == world);
}

TEST_CASE("a JSON update that would wait beyond the limit may come again later",
          "[document][json]") {
  crdt::limits limit;
  limit.pending_size_max = 0;
  document_host host{limit};
  host.ask(alice, update_frame(world, R"(,"messageId":"u-1")"));
  REQUIRE(host.told(alice).size() == 1);
  CHECK(host.told(alice)[0].find(R"("code":"DOCUMENT_UNAVAILABLE")") != std::string::npos);
  host.ask(alice, update_frame(hello));
  host.ask(alice, update_frame(world, R"(,"messageId":"u-1")"));
  CHECK(host.effects.writes.size() == 1);
  CHECK(host.document.state().text("text") == "hello world");
}

// --- events ---

TEST_CASE("an event goes to the other JSON sessions as it was written", "[document][json]") {
  document_host host;
  host.ask(alice, R"({"type":"update","messageId":"e-1","payload": {"event": "chat",  "n":1.0}})");
  CHECK(host.told_others(alice) ==
        texts{R"({"type":"update","docName":"d","payload":{"event": "chat",  "n":1.0}})"});
  CHECK(host.told(alice) == texts{ack("e-1")});
  CHECK(host.effects.deliveries.empty());
  CHECK(host.effects.writes.empty());
  CHECK(host.document.version() == 0);
}

TEST_CASE("any value may be an event", "[document][json]") {
  document_host host;
  for (const char* payload : {"null", "1", "\"text\"", "[{\"update\":1}]", "{}"}) {
    host.ask(alice, R"({"type":"update","payload":)" + std::string{payload} + "}");
    REQUIRE(host.told_others(alice).size() == 1);
    CHECK(host.told_others(alice)[0] == json::encode_event("d", payload));
    CHECK(host.told(alice).empty());
  }
}

TEST_CASE("an event of the server goes to all JSON sessions, if there are any",
          "[document][json]") {
  document_host host;
  host.server_event(R"({"event":"file-changed"})");
  CHECK(host.is_quiet());
  host.ask(alice, R"({"type":"sync"})");
  host.server_event(R"({"event":"file-changed"})");
  CHECK(host.told_all() ==
        texts{R"({"type":"update","docName":"d","payload":{"event":"file-changed"}})"});
  CHECK(host.effects.deliveries.empty());
}

// --- repeated messages ---

TEST_CASE("a repeated update is acknowledged again, and another one under its id is applied",
          "[document][json]") {
  document_host host;
  const std::string frame = update_frame(hello, R"(,"messageId":"u-1")");
  host.ask(alice, frame, start);
  host.ask(alice, frame, start + 1s);
  CHECK(host.effects.texts.empty());
  CHECK(host.effects.deliveries.empty());
  // Behind the first, which may not be stored yet.
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(host.effects.writes[0].update.empty());
  CHECK(host.effects.writes[0].sender == alice);
  CHECK(host.effects.writes[0].ack == ack("u-1"));
  CHECK(host.document.version() == 1);
  // Two tabs of one user may count alike: no edit is lost for its id.
  host.ask(alice, update_frame(world, R"(,"messageId":"u-1")"), start + 2s);
  REQUIRE(host.effects.writes.size() == 1);
  CHECK(to_base64(host.effects.writes[0].update.view()) == world);
  CHECK(host.effects.writes[0].ack == ack("u-1"));
  CHECK(host.document.state().text("text") == "hello world");
}

TEST_CASE("a repeated event is acknowledged again and not sent on again", "[document][json]") {
  document_host host;
  constexpr std::string_view frame = R"({"type":"update","messageId":"e-1","payload":1})";
  host.ask(alice, frame, start);
  CHECK(host.effects.texts.size() == 2);
  host.ask(alice, frame, start + 1s);
  CHECK(host.effects.texts.size() == 1);
  CHECK(host.told(alice) == texts{ack("e-1")});
}

TEST_CASE("another event under an id that was used is refused, and nobody hears it",
          "[document][json]") {
  document_host host;
  host.ask(alice, R"({"type":"update","messageId":"e-1","payload":1})", start);
  host.ask(alice, R"({"type":"update","messageId":"e-1","payload":2})", start + 1s);
  CHECK(host.effects.texts.size() == 1);
  REQUIRE(host.told(alice).size() == 1);
  CHECK(host.told(alice)[0].find(R"("code":"MESSAGE_ID_REUSED")") != std::string::npos);
  CHECK(host.told(alice)[0].find(R"("messageId":"e-1")") != std::string::npos);
}

TEST_CASE("the message ids of a session without a user go with it", "[document][json]") {
  const auto window = std::make_shared<message_id_window>();
  document_host host{{}, window};
  constexpr std::string_view frame = R"({"type":"update","messageId":"e-1","payload":1})";
  host.ask(alice, frame, start);
  host.ask(bob, frame, start, "ada");
  CHECK(window->user_count() == 2);
  host.leave(alice);
  host.leave(bob);
  CHECK(window->user_count() == 1);
}

TEST_CASE("messages are the same only if their users are", "[document][json]") {
  document_host host;
  constexpr std::string_view frame = R"({"type":"update","messageId":"e-1","payload":1})";
  host.ask(alice, frame, start, "ada");
  host.ask(bob, frame, start, "grace");
  CHECK(host.told_others(bob).size() == 1);
  // The same user on another connection.
  host.ask(bob, frame, start, "ada");
  CHECK(host.effects.texts.size() == 1);
  CHECK(host.told(bob) == texts{ack("e-1")});
}

TEST_CASE("an id is forgotten after ten minutes", "[document][json]") {
  document_host host;
  constexpr std::string_view frame = R"({"type":"update","messageId":"e-1","payload":1})";
  host.ask(alice, frame, start);
  host.document.on_tick(start + 9min);
  host.ask(alice, frame, start + 9min);
  CHECK(host.effects.texts.size() == 1);
  host.document.on_tick(start + 11min);
  host.ask(alice, frame, start + 11min);
  CHECK(host.effects.texts.size() == 2);
}

TEST_CASE("message ids outlive the document if their window does", "[document][json]") {
  const auto window = std::make_shared<message_id_window>();
  constexpr std::string_view frame = R"({"type":"update","messageId":"e-1","payload":1})";
  {
    document_host host{{}, window};
    host.ask(alice, frame, start, "ada");
    CHECK(host.effects.texts.size() == 2);
  }
  document_host host{{}, window};
  host.ask(bob, frame, start, "ada");
  CHECK(host.effects.texts.size() == 1);
  CHECK(host.told(bob) == texts{ack("e-1")});
}

TEST_CASE("a hosted document counts its changes", "[document]") {
  document_host host;
  CHECK(host.document.version() == 0);
  REQUIRE(host.document.load(bytes_of(hello)));
  CHECK(host.document.version() == 1);
  host.receive(bob, message_kind::update, bytes_of(hello));
  CHECK(host.document.version() == 1);
  host.receive(bob, message_kind::update, bytes_of(world));
  CHECK(host.document.version() == 2);
  host.receive(bob, message_kind::sync_step1, hex("00"));
  host.receive(bob, message_kind::awareness, hex("01 01 01 02 7b7d"));
  host.ask(alice, R"({"type":"presence","payload":{}})");
  CHECK(host.document.version() == 2);
  // What waits is part of the state, too.
  host.receive(bob, message_kind::update,
               update_builder{}.client(8).text(after({7, 0}), "x").build());
  CHECK(host.document.version() == 3);
}

}  // namespace troupe::hosted_document_json_test
