// What a session does when too much comes or goes, and when nothing does: credit, rate, output that
// waits, presence that is left out, the heartbeat.
#include <catch2/catch_test_macros.hpp>

#include "actors/session.hpp"
#include "tests/support/session_bed.hpp"

namespace troupe::session_flow_test {

using namespace std::chrono_literals;
using sync::message_kind;
using test::error_codes;
using test::session_bed;
using codes = std::vector<std::string>;

namespace {

byte_buffer update_of(std::size_t size) {
  return sync::encode_message(message_kind::update, byte_buffer(size, 1));
}

byte_buffer question() { return sync::encode_message(message_kind::query_awareness, {}); }

session_settings without_rate() {
  session_settings settings;
  settings.messages_per_second = 0;
  return settings;
}

session_settings with_rate(std::size_t per_second, std::size_t burst) {
  session_settings settings;
  settings.messages_per_second = per_second;
  settings.message_burst = burst;
  settings.edit_burst = burst;
  return settings;
}

std::size_t messages_of(session_bed& bed) {
  std::size_t messages = 0;
  bool is_waiting = true;
  while (is_waiting)
    bed.at(1)->receive(
        [&](const client_batch& batch) { messages += batch.requests.entries.size(); },
        caf::after(0s) >> [&] { is_waiting = false; });
  return messages;
}

}  // namespace

TEST_CASE("a session with too many messages on their way is not read", "[session]") {
  session_bed bed{without_rate()};
  bed.open();
  bed.says(std::vector(credit::messages_max + 10, update_of(1)));
  CHECK(bed.connection->is_paused);
  CHECK(bed.connection->unread() == 10);
  CHECK(messages_of(bed) == credit::messages_max);
  bed.has_handled(1, 4, 4);
  CHECK(bed.connection->is_paused);  // it read four more
  CHECK(bed.connection->unread() == 6);
  bed.has_handled(1, credit::messages_max, credit::messages_max);
  CHECK_FALSE(bed.connection->is_paused);
  CHECK(bed.connection->unread() == 0);
  CHECK(messages_of(bed) == 10);
}

TEST_CASE("a question takes as much credit as many updates", "[session]") {
  session_bed bed{without_rate()};
  bed.open();
  bed.says(std::vector(3, question()));
  CHECK_FALSE(bed.connection->is_paused);
  bed.says(std::vector(2, question()));
  CHECK(bed.connection->is_paused);
  CHECK(bed.connection->unread() == 1);
  bed.has_handled(1, question_weight, 0);
  CHECK(bed.connection->unread() == 0);
}

TEST_CASE("one message may exceed the bytes on their way, a second waits", "[session]") {
  session_bed bed{without_rate()};
  bed.open();
  bed.says({update_of(credit::bytes_max + 5), update_of(1)});
  CHECK(bed.connection->is_paused);
  CHECK(bed.connection->unread() == 1);
  bed.has_handled(1, 1, 5);
  CHECK(bed.connection->is_paused);
  bed.has_handled(1, 0, 2);
  CHECK_FALSE(bed.connection->is_paused);
  CHECK(bed.connection->unread() == 0);
}

TEST_CASE("a document gives back no more credit than it has", "[session]") {
  session_bed bed{without_rate()};
  bed.open();
  bed.join("other", 2);  // a question, and it is not answered yet
  bed.says(std::vector(3, question()));
  CHECK(bed.connection->is_paused);
  bed.has_handled(3, 1000, 1000);  // not joined
  CHECK(bed.connection->is_paused);
  bed.has_handled(2, 1000, 1000);
  CHECK_FALSE(bed.connection->is_paused);
  bed.says({question()});
  CHECK(bed.connection->is_paused);  // the four of the first document are not handled
}

TEST_CASE("the credit that a failed document has comes back", "[session]") {
  session_bed bed{without_rate()};
  bed.open();
  bed.join("other", 2);
  bed.says(std::vector(3, question()));
  CHECK(bed.connection->is_paused);
  bed.run([&] { bed.environment->table->close_subscribers(2, close_reason::document_failed); });
  CHECK_FALSE(bed.connection->is_paused);
}

TEST_CASE("who sends binary messages above the rate is read later, and nothing is lost",
          "[session]") {
  session_bed bed{with_rate(100, 5)};
  bed.open();
  bed.says(std::vector(8, update_of(1)));
  CHECK(bed.environment->metrics->reading_paused().value() >= 1);
  CHECK(bed.comes_true([&] { return bed.connection->unread() == 0; }));
  CHECK(messages_of(bed) == 8);
  // Five at once, and ten milliseconds for each of the others.
  CHECK(io_unit::clock::now() - bed.started >= 29ms);
}

TEST_CASE("who sends JSON above the rate is told so at once", "[session]") {
  session_bed bed{with_rate(1, 2)};
  bed.open();
  const std::string large(5000, ' ');
  bed.says_at_once({R"({"type":"sync"})", R"({"type":"presence","payload":1})",
                    R"({"type":"presence","payload":2,"messageId":"third","docName":"notes"})",
                    large + R"({"type":"presence","payload":2,"messageId":"fourth"})"});
  const auto told = bed.texts();
  REQUIRE(error_codes(told) == codes(2, "RATE_LIMIT_EXCEEDED"));
  CHECK(told[0].at("payload").at("messageId") == "third");
  CHECK(told[0].at("docName") == "notes");
  CHECK_FALSE(told[1].at("payload").contains("messageId"));  // it is not even read for its id
  CHECK_FALSE(bed.connection->is_paused);
  bed.next_request();
  bed.next_request();
  CHECK(bed.has_no_request());
}

TEST_CASE("a text that is too large costs a token", "[session]") {
  session_bed bed{with_rate(1, 2)};
  bed.open();
  bed.thread.run([&] {
    bed.connection->client_says_too_much(frame_kind::text);
    const std::string_view sync = R"({"type":"sync"})";
    const byte_buffer text{sync.begin(), sync.end()};
    bed.connection->client_says({{frame_kind::text, text}, {frame_kind::text, text}});
  });
  CHECK(error_codes(bed.texts()) == codes{"MESSAGE_TOO_LARGE", "RATE_LIMIT_EXCEEDED"});
}

TEST_CASE("a rate of zero is no limit", "[session]") {
  session_bed bed{with_rate(0, 1)};
  bed.open();
  bed.says(std::vector(500, update_of(1)));
  CHECK(bed.connection->unread() == 0);
}

TEST_CASE("a client that leaves much unread is not read until it has read some", "[session]") {
  session_settings settings = without_rate();
  settings.reading_pause_bytes = 1000;
  session_bed bed{settings};
  bed.open();
  bed.run([&] { bed.connection->queued = 1001; });
  bed.says(std::vector(3, update_of(1)));
  CHECK(bed.connection->is_paused);
  CHECK(bed.connection->unread() == 2);  // it looks when a message has come
  bed.run([&] { bed.connection->queued = 1000; });
  CHECK(bed.comes_true([&] { return !bed.connection->is_paused; }));
  CHECK(bed.comes_true([&] { return bed.connection->unread() == 0; }));
  CHECK(messages_of(bed) == 3);
}

TEST_CASE("presence is left out for who reads too slowly, and made up for later", "[session]") {
  session_settings settings = without_rate();
  settings.presence_skip_bytes = 1000;
  session_bed bed{settings};
  bed.open();
  bed.says({question()});
  bed.run([&] { bed.connection->queued = 1001; });
  bed.deliver(1, dialect::y_websocket, traffic::presence, "presence");
  bed.deliver(1, dialect::y_websocket, traffic::content, "content");
  bed.deliver(1, dialect::y_websocket, traffic::presence, "presence");
  CHECK(bed.binaries() == std::vector<std::string>{"content"});
  CHECK(bed.environment->metrics->presence_skipped().value() == 2);
  bed.run([&] { bed.connection->queued = 501; });
  bed.second_passes(1s);
  CHECK(bed.is_quiet<presence_missed>());  // half of the bytes must be gone
  bed.run([&] { bed.connection->queued = 500; });
  bed.second_passes(2s);
  CHECK(bed.next<presence_missed>().session == session_bed::id);
  bed.second_passes(3s);
  CHECK(bed.is_quiet<presence_missed>());
  bed.deliver(1, dialect::y_websocket, traffic::presence, "again");
  CHECK(bed.binaries() == std::vector<std::string>{"again"});
}

TEST_CASE("a session pings now and then, and ends where no pong comes", "[session]") {
  session_settings settings;
  settings.heartbeat.interval = 30s;
  settings.heartbeat.timeout = 60s;
  session_bed bed{settings};
  bed.open();
  bed.second_passes(29s);
  CHECK(bed.connection->pings == 0);
  CHECK(bed.connection->ticks == 1);
  bed.second_passes(31s);
  CHECK(bed.connection->pings == 1);
  bed.second_passes(32s);
  CHECK(bed.connection->pings == 1);
  bed.second_passes(59s);
  CHECK_FALSE(bed.connection->closing);
  bed.second_passes(70s);
  CHECK(bed.connection->closing == close_reason::heartbeat_timeout);
  CHECK(bed.connection->was_terminated);
}

TEST_CASE("a pong keeps a session alive", "[session]") {
  session_settings settings;
  settings.heartbeat.interval = 10ms;
  settings.heartbeat.timeout = 1h;
  session_bed bed{settings};
  bed.open();
  bed.second_passes(59min);
  CHECK(bed.connection->pings == 1);
  // A pong is of now, which is a little later than the start.
  bed.run([&] { bed.started = bed.thread.unit.now(); });
  bed.run([&] { bed.connection->client_pongs(); });
  bed.second_passes(1h - 1ms);
  CHECK_FALSE(bed.connection->closing);
}

TEST_CASE("bytes that come or are acknowledged keep a session alive", "[session]") {
  session_settings settings;
  settings.heartbeat.timeout = 60s;
  session_bed bed{settings};
  bed.open();
  bed.run([&] { bed.connection->alive = bed.started + 50s; });
  bed.second_passes(109s);
  CHECK_FALSE(bed.connection->closing);
  bed.second_passes(111s);
  CHECK(bed.connection->closing == close_reason::heartbeat_timeout);
}

TEST_CASE("a session that is not read is not judged, and has its time again afterwards",
          "[session]") {
  session_settings settings = without_rate();
  settings.heartbeat.timeout = 60s;
  session_bed bed{settings};
  bed.open();
  bed.says(std::vector(4, question()));
  REQUIRE(bed.connection->is_paused);
  bed.second_passes(100s);
  bed.second_passes(200s);
  CHECK(bed.connection->pings == 0);
  bed.has_handled(1, question_weight, 0);
  CHECK_FALSE(bed.connection->is_paused);
  bed.second_passes(259s);
  CHECK_FALSE(bed.connection->closing);
  bed.second_passes(261s);
  CHECK(bed.connection->closing == close_reason::heartbeat_timeout);
}

TEST_CASE("a silent y-websocket client hears something in time", "[session]") {
  session_bed bed;
  bed.open();
  bed.says({question()});
  bed.second_passes(15s);
  CHECK(bed.binaries().empty());
  bed.second_passes(20s);
  CHECK(bed.binaries() == std::vector<std::string>{std::string{"\x01\x01\x00", 3}});
}

TEST_CASE("a silent JSON client needs no keep-alive", "[session]") {
  session_bed bed;
  bed.open();
  bed.says(R"({"type":"sync"})");
  bed.second_passes(25s);
  CHECK(bed.binaries().empty());
  CHECK(bed.texts().empty());
}

}  // namespace troupe::session_flow_test
