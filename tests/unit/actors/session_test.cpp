// A session from its opening to its end, and what it says in the binary dialect. The JSON dialect
// is in session_json_test.cpp, what it does when too much comes in session_flow_test.cpp.
#include "actors/session.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/session_bed.hpp"

namespace troupe::session_test {

using namespace std::chrono_literals;
using sync::message_kind;
using test::session_bed;

namespace {

byte_buffer message(message_kind kind, std::string_view body) {
  return sync::encode_message(kind, as_bytes(body));
}

std::uint64_t closed_for(session_bed& bed, close_reason reason) {
  return static_cast<std::uint64_t>(bed.environment->metrics->closed(reason).value());
}

}  // namespace

TEST_CASE("a session is not read until the document of its address is there", "[session]") {
  session_bed bed;
  bed.connect();
  CHECK(bed.connection->is_paused);
  bed.says({message(message_kind::update, "early")});
  CHECK(bed.connection->unread() == 1);
  const open_document asked = bed.answer_open(1);
  CHECK(asked.name == "notes");
  CHECK(asked.join->who.session == session_bed::id);
  CHECK_FALSE(bed.connection->is_paused);
  const auto heard = bed.next<client_batch>();
  REQUIRE(heard.requests.entries.size() == 1);
  CHECK(as_text(heard.requests.at(0).body) == "early");
}

TEST_CASE("a session tells its unit what its connection did", "[session][metrics]") {
  session_bed bed;
  bed.open();
  unit_tally& tally = bed.environment->table->tally();
  bed.says({message(message_kind::update, "one"), message(message_kind::update, "two")});
  bed.deliver(1, dialect::y_websocket, traffic::content, "three");
  CHECK(tally.take_traffic() == traffic_count{});
  bed.second_passes(1s);
  const traffic_count first = tally.take_traffic();
  CHECK(first.messages == 2);
  CHECK(first.received_bytes > 6);
  CHECK(first.sent_frames >= 1);
  CHECK(first.sent_bytes > 5);
  CHECK(tally.now().sessions[index_of(dialect::y_websocket)] == 1);
  // What it did last counts, too.
  bed.says({message(message_kind::update, "four")});
  bed.run([&] { bed.connection->end(close_reason::peer_closed); });
  bed.wait_until_ended();
  CHECK(tally.take_traffic().messages == 1);
}

TEST_CASE("a session whose document is refused closes with the reason", "[session]") {
  for (const close_reason why : {close_reason::too_many_documents, close_reason::server_stopping}) {
    session_bed bed;
    bed.connect();
    bed.refuse_open(why);
    CHECK(bed.connection->closing == why);
    bed.wait_until_ended();
    CHECK(closed_for(bed, why) == 1);
    CHECK(bed.environment->slots->connections() == 0);
    CHECK(bed.environment->table->size() == 0);
  }
}

TEST_CASE("a session that ends while its document opens leaves it once it is there", "[session]") {
  session_bed bed;
  bed.connect();
  bed.run([&] { bed.connection->end(close_reason::peer_closed); });
  CHECK(bed.environment->slots->connections() == 1);
  bed.answer_open(1);
  CHECK(bed.next<leave_document>().session == session_bed::id);
  bed.wait_until_ended();
  CHECK(bed.environment->slots->connections() == 0);
  CHECK(closed_for(bed, close_reason::peer_closed) == 1);
}

TEST_CASE("a session that ends while its document is refused just ends", "[session]") {
  session_bed bed;
  bed.connect();
  bed.run([&] { bed.connection->end(close_reason::peer_closed); });
  bed.refuse_open(close_reason::too_many_documents);
  bed.wait_until_ended();
  CHECK_FALSE(bed.connection->closing);
  CHECK(bed.environment->table->size() == 0);
}

TEST_CASE("a session that the server closes while its document opens leaves it, too", "[session]") {
  session_bed bed;
  bed.connect();
  bed.run([&] { bed.environment->table->close_all(close_reason::server_stopping); });
  CHECK(bed.connection->closing == close_reason::server_stopping);
  bed.answer_open(1);
  bed.next<leave_document>();
  bed.wait_until_ended();
}

TEST_CASE("a document that failed before its session heard of it closes the session", "[session]") {
  session_bed bed;
  bed.connect();
  bed.run([&] { bed.environment->table->close_subscribers(1, close_reason::document_failed); });
  CHECK_FALSE(bed.connection->closing);
  bed.answer_open(1);
  CHECK(bed.connection->closing == close_reason::document_failed);
}

TEST_CASE("messages that come together go to the document together, in order", "[session]") {
  session_bed bed;
  bed.open();
  bed.says({message(message_kind::sync_step1, {"\0", 1}), message(message_kind::update, "one"),
            message(message_kind::awareness, "two"), message(message_kind::query_awareness, "")});
  const auto heard = bed.next<client_batch>();
  CHECK(heard.session == session_bed::id);
  REQUIRE(heard.requests.entries.size() == 4);
  CHECK(heard.requests.entries[0].kind == request_kind::sync);
  CHECK(heard.requests.entries[1].kind == request_kind::update);
  CHECK(as_text(heard.requests.at(1).body) == "one");
  CHECK(heard.requests.entries[2].kind == request_kind::presence);
  CHECK(as_text(heard.requests.at(2).body) == "two");
  CHECK(heard.requests.entries[3].kind == request_kind::query_presence);
  CHECK(bed.is_quiet<client_batch>());
  bed.says({message(message_kind::update, "three")});
  CHECK(bed.next<client_batch>().requests.entries.size() == 1);
}

TEST_CASE("messages of unknown types and empty frames are ignored and counted", "[session]") {
  session_bed bed;
  bed.open();
  bed.says({message(message_kind::update, "before"), byte_buffer{}, byte_buffer{9},
            byte_buffer{0, 7, 0}, byte_buffer{2, 0, 0}, message(message_kind::update, "behind")});
  CHECK_FALSE(bed.connection->closing);
  CHECK(bed.next<client_batch>().requests.entries.size() == 2);
  CHECK(bed.environment->metrics->ignored_messages().value() == 4);
}

TEST_CASE("a frame that is no message closes its session", "[session]") {
  for (const byte_buffer& frame : {byte_buffer{0, 2, 5, 1}, byte_buffer{1}, byte_buffer{0x80}}) {
    session_bed bed;
    bed.open();
    bed.says({message(message_kind::update, "before"), frame, message(message_kind::update, "no")});
    CHECK(bed.connection->closing == close_reason::malformed_message);
    CHECK(bed.next<client_batch>().requests.entries.size() == 1);
    bed.next<leave_document>();
    CHECK(bed.is_quiet<client_batch>());
  }
}

TEST_CASE("a binary frame on an address without a document closes", "[session]") {
  session_bed bed{{}, ""};
  bed.connect();
  CHECK_FALSE(bed.connection->is_paused);
  bed.says({message(message_kind::update, "to whom?")});
  CHECK(bed.connection->closing == close_reason::no_document);
}

TEST_CASE("a binary frame that is too large closes by the connection's rule", "[session]") {
  session_bed bed;
  bed.open();
  bool goes_on = true;
  bed.run([&] { goes_on = bed.connection->client_says_too_much(frame_kind::binary); });
  CHECK_FALSE(goes_on);
  CHECK(bed.texts().empty());
}

TEST_CASE("the server is silent until the client has spoken", "[session]") {
  session_bed bed;
  bed.open();
  bed.deliver(1, dialect::y_websocket, traffic::content, "early");
  bed.deliver(1, dialect::json, traffic::content, "\"early\"");
  bed.second_passes(25s);
  CHECK(bed.binaries().empty());
  bed.says({message(message_kind::query_awareness, "")});
  bed.deliver(1, dialect::y_websocket, traffic::content, "heard");
  bed.deliver(1, dialect::json, traffic::content, "\"not this\"");
  CHECK(bed.binaries() == std::vector<std::string>{"heard"});
}

TEST_CASE("a failed document closes its session with a reason to come back for", "[session]") {
  session_bed bed;
  bed.open();
  bed.run([&] { bed.environment->table->close_subscribers(1, close_reason::document_failed); });
  CHECK(bed.connection->closing == close_reason::document_failed);
  bed.wait_until_ended();
  CHECK(closed_for(bed, close_reason::document_failed) == 1);
}

TEST_CASE("a session can be closed by a message", "[session]") {
  session_bed bed;
  bed.open();
  caf::anon_send(bed.session, close_session{close_reason::server_stopping});
  CHECK(bed.comes_true([&] { return bed.connection->closing.has_value(); }));
  CHECK(bed.connection->closing == close_reason::server_stopping);
}

TEST_CASE("a session that ends leaves its documents and gives its place back", "[session]") {
  session_bed bed;
  bed.open();
  bed.join("other", 2);
  CHECK(bed.environment->metrics->sessions().value() == 1);
  bed.run([&] { bed.connection->end(close_reason::peer_closed); });
  bed.wait_until_ended();
  for (const document_id document : {1, 2})
    CHECK(bed.next<leave_document>(document).session == session_bed::id);
  CHECK(bed.environment->slots->connections() == 0);
  CHECK(bed.environment->table->size() == 0);
  CHECK(bed.environment->metrics->sessions().value() == 0);
  CHECK(closed_for(bed, close_reason::peer_closed) == 1);
}

TEST_CASE("a session tells an operator what it is and does", "[session]") {
  session_bed bed{{}, "notes", "ada"};
  bed.open();
  const auto described = [&] {
    std::vector<session_info> all;
    bed.run([&] { all = bed.environment->table->list({}).sessions; });
    REQUIRE(all.size() == 1);
    return all.front();
  };
  CHECK(described().speaks.empty());
  bed.says({message(message_kind::update, "abc")});
  bed.join("other", 2);
  bed.connection->queued = 99;
  const session_info info = described();
  CHECK(info.id == session_bed::id);
  CHECK(info.user == "ada");
  CHECK(info.remote_address == "10.0.0.1");
  CHECK(info.documents == std::vector<std::string>{"notes", "other"});
  CHECK(info.speaks.contains(dialect::y_websocket));
  CHECK(info.speaks.contains(dialect::json));
  CHECK(info.messages_in == 2);
  CHECK(info.queued_bytes == 99);
  CHECK(std::chrono::abs(info.last_pong - info.connected_since) < 5s);
}

}  // namespace troupe::session_test
