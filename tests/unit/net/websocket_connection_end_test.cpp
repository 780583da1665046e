// How a connection ends: by either side's farewell, by mistakes of the peer, by a socket that
// breaks, by a deadline.
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators.hpp>

#include "net/websocket_connection.hpp"
#include "tests/support/connection_bed.hpp"

namespace troupe::websocket_connection_end_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using words = recording_handler::words;
using frames = std::vector<server_frame>;

namespace {

shared_bytes text_frame(std::string_view text) {
  return encode_frame(frame_kind::text, as_bytes(text));
}

server_frame farewell(unsigned code, std::string_view text) {
  return {close_frame, close_body(code, text)};
}

constexpr std::string_view stopping = "Server is stopping";

}  // namespace

TEST_CASE("the server closes: a farewell, the peer's answer, then the end", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.run([&] {
    bed.connection->send(text_frame("last"));
    bed.connection->close(close_reason::server_stopping);
  });
  CHECK(bed.client_frames() == frames{{final_text, "last"}, farewell(1001, stopping)});
  CHECK_FALSE(bed.sockets.there_is_at_end());
  CHECK(bed.handler->log == words{"open"});
  bed.client_sends(client_close(1001));
  CHECK(bed.sockets.there_is_at_end());
  CHECK(bed.handler->log == words{"open"});
  bed.sockets.close_there();
  bed.thread.settle();
  CHECK(bed.handler->log == words{"open", "closed server_stopping"});
}

TEST_CASE("the peer closes: its farewell is echoed, then the output ends", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.client_sends(one_behind_the_other(client_frame(final_text, "last"),
                                        client_close(4321, "my reason"),
                                        client_frame(final_text, "too late")));
  CHECK(bed.client_frames() == frames{farewell(4321, "my reason")});
  CHECK(bed.sockets.there_is_at_end());
  bed.sockets.close_there();
  bed.thread.settle();
  CHECK(bed.handler->log == words{"open", "text last", "end", "closed peer_closed"});
}

TEST_CASE("a farewell without a body is echoed without one", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.client_sends(client_frame(close_frame, ""));
  CHECK(bed.client_frames() == frames{{close_frame, ""}});
}

TEST_CASE("a peer that does not answer a farewell has a deadline", "[connection]") {
  connection_settings settings;
  settings.close_deadline = 20ms;
  connection_bed bed{settings};
  bed.open();
  bed.run([&] { bed.connection->close(close_reason::server_stopping); });
  CHECK(bed.handler->log == words{"open"});
  CHECK(bed.is_closed_within(10s));
  CHECK(bed.client_frames() == frames{farewell(1001, stopping)});
  CHECK(bed.sockets.there_is_at_end());
}

TEST_CASE("a peer that answers and keeps its socket has the same deadline", "[connection]") {
  connection_settings settings;
  settings.close_deadline = 20ms;
  connection_bed bed{settings};
  bed.open();
  bed.client_sends(client_close(1000));
  CHECK(bed.is_closed_within(10s));
  CHECK(bed.handler->log == words{"open", "closed peer_closed"});
}

TEST_CASE("what the peer says after the server's farewell is not heard", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.run([&] {
    bed.connection->close(close_reason::server_stopping);
    bed.connection->send(text_frame("ignored"));
    bed.connection->ping();
  });
  bed.client_sends(one_behind_the_other(client_frame(final_text, "late"), client_frame(ping, "p"),
                                        client_frame(pong, "")));
  CHECK(bed.client_frames() == frames{farewell(1001, stopping)});
  CHECK(bed.handler->log == words{"open"});
  CHECK(bed.connection->counters().frames_out == 0);
}

TEST_CASE("the first reason counts", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.run([&] {
    bed.connection->close(close_reason::slow_consumer);
    bed.connection->close(close_reason::server_stopping);
    bed.connection->terminate(close_reason::io_error);
  });
  CHECK(bed.handler->log == words{"open", "closed slow_consumer"});
}

TEST_CASE("a reason without a code ends without a farewell", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.run([&] { bed.connection->close(close_reason::heartbeat_timeout); });
  CHECK(bed.client_frames().empty());
  CHECK(bed.sockets.there_is_at_end());
  CHECK(bed.handler->log == words{"open", "closed heartbeat_timeout"});
}

TEST_CASE("a connection that is closed before it opens says farewell and opens never",
          "[connection]") {
  connection_bed bed;
  bed.run([&] {
    bed.connection->start(bed.handler);
    bed.connection->close(close_reason::server_at_capacity);
  });
  std::string output = bed.sockets.there_reads();
  REQUIRE(output.starts_with(connection_bed::answer));
  output.erase(0, connection_bed::answer.size());
  CHECK(take_frames(output) == frames{farewell(4003, "Server at capacity")});
  bed.sockets.close_there();
  bed.thread.settle();
  CHECK(bed.handler->log == words{"closed server_at_capacity"});
}

TEST_CASE("a connection that is terminated before it opens ends without a word", "[connection]") {
  connection_bed bed;
  bed.run([&] {
    bed.connection->start(bed.handler);
    bed.connection->terminate(close_reason::io_error);
  });
  CHECK(bed.handler->log == words{"closed io_error"});
  CHECK(bed.sockets.there_is_at_end());
}

TEST_CASE("a peer that breaks the protocol is told and not heard any more", "[connection]") {
  struct row {
    byte_buffer bytes;
    unsigned code;
    const char* label;
  };
  const byte_buffer unmasked{final_text, 1, 'x'};
  for (const row& each : {row{unmasked, 1002, "protocol_error"},
                          row{client_frame(last_part, "x"), 1002, "protocol_error"},
                          row{client_close(1005), 1002, "protocol_error"},
                          row{client_frame(final_text, "\xFF"), 1007, "invalid_text"},
                          row{client_close(1000, "\xFF"), 1007, "invalid_text"}}) {
    connection_bed bed;
    bed.open();
    bed.client_sends(one_behind_the_other(client_frame(final_text, "good"), each.bytes,
                                          client_frame(final_text, "late")));
    const auto told = bed.client_frames();
    REQUIRE(told.size() == 1);
    CHECK(told[0].first == close_frame);
    CHECK(told[0].payload.substr(0, 2) == close_body(each.code, ""));
    CHECK(bed.sockets.there_is_at_end());
    bed.client_sends(client_frame(final_text, "later"));
    bed.sockets.close_there();
    bed.thread.settle();
    CHECK(bed.handler->log ==
          words{"open", "text good", "end", std::string{"closed "} + each.label});
  }
}

TEST_CASE("a socket that just ends is told as the peer's end, after what it sent", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.thread.run([&] {
    bed.sockets.there_writes(
        one_behind_the_other(client_frame(final_text, "last"), byte_buffer{final_text, 0x85}));
    bed.sockets.close_there();
  });
  bed.thread.settle();
  CHECK(bed.handler->log == words{"open", "text last", "end", "closed peer_closed"});
}

TEST_CASE("a callback may end the connection, and hears of no further message", "[connection]") {
  connection_bed bed;
  const bool is_abrupt = GENERATE(true, false);
  bed.handler->then_on_frame = [&] {
    if (is_abrupt)
      bed.connection->terminate(close_reason::io_error);
    else
      bed.connection->close(close_reason::invalid_update);
  };
  bed.open();
  bed.client_sends(
      one_behind_the_other(client_frame(final_text, "one"), client_frame(final_text, "two")));
  bed.sockets.close_there();
  bed.thread.settle();
  CHECK(bed.handler->frames == words{"one"});
  CHECK(bed.handler->log.back() == (is_abrupt ? "closed io_error" : "closed invalid_update"));
}

TEST_CASE("a connection that ended lets go of its handler and leaves its unit", "[connection]") {
  connection_bed bed;
  bed.open();
  const std::weak_ptr<recording_handler> handler = bed.handler;
  bed.thread.run([&] { CHECK(bed.thread.unit.connection_count() == 1); });
  bed.run([&] { bed.connection->terminate(close_reason::io_error); });
  bed.thread.run([&] { CHECK(bed.thread.unit.connection_count() == 0); });
  CHECK(bed.handler->log == words{"open", "closed io_error"});
  bed.handler.reset();
  CHECK(handler.expired());
  // Nothing of it does harm any more.
  bed.run([&] {
    bed.connection->send(text_frame("x"));
    bed.connection->ping();
    bed.connection->pause_reading();
    bed.connection->resume_reading();
    bed.connection->tick(std::chrono::steady_clock::now() + 1h);
    bed.connection->close(close_reason::server_stopping);
    bed.connection->terminate(close_reason::io_error);
  });
  bed.handler = std::make_shared<recording_handler>();
}

TEST_CASE("a unit that stops ends its connections", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.thread.stop();
  CHECK(bed.handler->log == words{"open", "closed server_stopping"});
  CHECK(bed.sockets.there_is_at_end());
}

TEST_CASE("a connection whose output broke still hears what the peer had sent", "[connection]") {
  connection_bed bed;
  bed.open();
  ::shutdown(bed.sockets.there, SHUT_RD);
  bed.handler->then_on_frame = [&] { bed.connection->send(text_frame("into the void")); };
  bed.client_sends(client_frame(final_text, "one"));
  bed.client_sends(client_frame(final_text, "two"));
  CHECK(bed.handler->frames == words{"one", "two"});
  CHECK(bed.connection->queued_bytes() == 0);
  bed.sockets.close_there();
  bed.thread.settle();
  CHECK(bed.handler->log.back() == "closed peer_closed");
}

TEST_CASE("a paused connection that closes reads on to find the peer's farewell", "[connection]") {
  connection_bed bed;
  bed.handler->then_on_frame = [&] { bed.connection->pause_reading(); };
  bed.open();
  bed.client_sends(
      one_behind_the_other(client_frame(final_text, "one"), client_frame(final_text, "two")));
  bed.client_sends(client_frame(final_text, "three"));
  bed.run([&] { bed.connection->close(close_reason::server_stopping); });
  bed.client_sends(client_close(1001));
  CHECK(bed.client_frames() == frames{farewell(1001, stopping)});
  CHECK(bed.sockets.there_is_at_end());
  bed.sockets.close_there();
  bed.thread.settle();
  CHECK(bed.handler->log == words{"open", "text one", "end", "closed server_stopping"});
}

TEST_CASE("the end of the peer is seen when a pause is over, after what it had sent",
          "[connection]") {
  connection_bed bed;
  bed.handler->then_on_frame = [&] { bed.connection->pause_reading(); };
  bed.open();
  bed.client_sends(
      one_behind_the_other(client_frame(final_text, "one"), client_frame(final_text, "two")));
  bed.client_sends(client_frame(final_text, "three"));
  bed.sockets.close_there();
  bed.thread.settle();
  CHECK(bed.handler->log == words{"open", "text one", "end"});
  bed.run([&] { bed.connection->resume_reading(); });
  CHECK(bed.handler->frames == words{"one", "two"});
  bed.run([&] { bed.connection->resume_reading(); });
  CHECK(bed.handler->frames == words{"one", "two", "three"});
  bed.run([&] { bed.connection->resume_reading(); });
  CHECK(bed.handler->log.back() == "closed peer_closed");
}

TEST_CASE("a paused connection whose peer is gone does not keep its thread busy", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.run([&] { bed.connection->pause_reading(); });
  bed.client_sends(client_frame(final_text, "unread"));
  bed.sockets.close_there();
  bed.thread.settle();
  bed.thread.run([&] { CHECK(bed.thread.unit.sockets().poll() == 0); });
  bed.run([&] { bed.connection->send(text_frame("nobody reads")); });
  bed.run([&] { bed.connection->terminate(close_reason::heartbeat_timeout); });
  CHECK(bed.handler->log == words{"open", "closed heartbeat_timeout"});
}

TEST_CASE("a farewell waits behind output that the peer has not taken yet", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.run([&] {
    for (int i = 0; i < 20; ++i) bed.connection->send(text_frame(std::string(50'000, 'x')));
    bed.connection->close(close_reason::server_stopping);
  });
  REQUIRE(bed.connection->queued_bytes() > 0);
  frames got;
  for (int steps = 0; steps < 100 && got.size() < 21; ++steps) {
    for (auto& frame : bed.client_frames()) got.push_back(std::move(frame));
    bed.thread.settle();
  }
  REQUIRE(got.size() == 21);
  CHECK(got.back() == farewell(1001, stopping));
  CHECK_FALSE(bed.sockets.there_is_at_end());
}

}  // namespace troupe::websocket_connection_end_test
