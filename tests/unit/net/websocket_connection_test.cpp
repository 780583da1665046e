// A connection that is open: messages in and out, pauses, a peer that does not read. How it ends is
// in websocket_connection_end_test.cpp.
#include "net/websocket_connection.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/connection_bed.hpp"
#include "tests/support/test_certificate.hpp"

namespace troupe::websocket_connection_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using words = recording_handler::words;

namespace {

shared_bytes text_frame(std::string_view text) {
  return encode_frame(frame_kind::text, as_bytes(text));
}

std::vector<server_frame> texts(std::initializer_list<const char*> payloads) {
  std::vector<server_frame> frames;
  for (const char* payload : payloads) frames.push_back({final_text, payload});
  return frames;
}

}  // namespace

TEST_CASE("a connection answers the upgrade, then opens", "[connection]") {
  connection_bed bed;
  bed.thread.settle();
  CHECK(bed.sockets.there_reads().empty());
  CHECK(bed.handler->log.empty());
  bed.run([&] { bed.connection->start(bed.handler); });
  CHECK(bed.sockets.there_reads() == connection_bed::answer);
  CHECK(bed.handler->log == words{"open"});
  CHECK(bed.connection->remote_address() == "10.0.0.1");
}

TEST_CASE("what came before the opening is heard after it", "[connection]") {
  connection_bed bed;
  bed.sockets.there_writes(client_frame(final_text, "early"));
  bed.open();
  CHECK(bed.handler->log == words{"open", "text early", "end"});
}

TEST_CASE("messages that come together end together", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.client_sends(one_behind_the_other(
      client_frame(final_text, "one"), client_frame(final_binary, "two"),
      client_frame(first_text, "thr"), client_frame(ping, ""), client_frame(last_part, "ee")));
  CHECK(bed.handler->log == words{"open", "text one", "binary two", "text three", "end"});
  bed.client_sends(client_frame(final_text, "four"));
  CHECK(bed.handler->log.back() == "end");
  CHECK(bed.handler->frames.size() == 4);
  CHECK(bed.connection->counters().frames_in == 4);
  CHECK(bed.connection->counters().bytes_in == 15);
}

TEST_CASE("a ping is answered with what it held, a pong is told", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.client_sends(client_frame(ping, "are you there"));
  CHECK(bed.client_frames() == std::vector<server_frame>{{pong, "are you there"}});
  bed.client_sends(client_frame(pong, "any"));
  CHECK(bed.handler->log == words{"open", "pong"});
  bed.run([&] { bed.connection->ping(); });
  CHECK(bed.client_frames() == std::vector<server_frame>{{ping, ""}});
  CHECK(bed.connection->counters().frames_in == 0);
  CHECK(bed.connection->counters().frames_out == 0);
}

TEST_CASE("frames go out in the order in which they were sent, several at once", "[connection]") {
  connection_bed bed;
  bed.open();
  const auto one = text_frame("one");
  const auto two = text_frame("two");
  bed.run([&] {
    bed.connection->send(one);
    bed.connection->send(shared_slice{shared_bytes::copy_of(two.view(), one.view())}, 2);
    bed.connection->send(text_frame("three"));
  });
  CHECK(bed.client_frames() == texts({"one", "two", "one", "three"}));
  CHECK(bed.connection->counters().frames_out == 4);
  CHECK(bed.connection->counters().bytes_out == 3 * 5 + 7);
  CHECK(bed.connection->queued_bytes() == 0);
}

TEST_CASE("a handler may answer from within its callbacks", "[connection]") {
  connection_bed bed;
  bed.handler->then_on_open = [&] { bed.connection->send(text_frame("welcome")); };
  bed.handler->then_on_frame = [&] {
    bed.connection->send(text_frame(bed.handler->frames.back()));
  };
  bed.open();
  CHECK(bed.client_frames() == texts({"welcome"}));
  bed.client_sends(client_frame(final_text, "echo"));
  CHECK(bed.client_frames() == texts({"echo"}));
}

TEST_CASE("a large message comes whole", "[connection]") {
  connection_settings settings;
  settings.message_bytes_max = 4'000'000;
  connection_bed bed{settings};
  bed.open();
  const byte_buffer payload = counted_bytes(3'000'000);
  const byte_buffer bytes = client_frame(final_binary, payload);
  CHECK(bed.client_sends(bytes) == bytes.size());
  REQUIRE(bed.handler->frames.size() == 1);
  CHECK(bed.handler->frames[0] == as_text(payload));
  bed.client_sends(client_frame(final_text, "next"));
  CHECK(bed.handler->frames.back() == "next");
}

TEST_CASE("a message that is too large closes, or is skipped if the handler says so",
          "[connection]") {
  connection_settings settings;
  settings.message_bytes_max = 10;
  settings.binary_bytes_max = 10;
  connection_bed bed{settings};
  bed.handler->skips_large_text = true;
  bed.open();
  bed.client_sends(one_behind_the_other(client_frame(final_text, "eleven char"),
                                        client_frame(final_text, "ten chars!")));
  CHECK(bed.handler->log == words{"open", "too large", "text ten chars!", "end"});
  CHECK(bed.handler->heads == words{"eleven cha"});
  CHECK(bed.client_frames().empty());
  bed.client_sends(client_header(final_binary, 11));
  const auto frames = bed.client_frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0] == server_frame{close_frame, close_body(4413, "Message too large")});
}

TEST_CASE("a message that is skipped has its limit, too", "[connection]") {
  connection_settings settings;
  settings.message_bytes_max = 10;
  connection_bed bed{settings};
  bed.handler->skips_large_text = true;
  bed.open();
  bed.client_sends(client_header(final_text, 161));
  CHECK(bed.handler->log == words{"open", "too large"});
  CHECK(bed.client_frames() ==
        std::vector<server_frame>{{close_frame, close_body(4413, "Message too large")}});
  CHECK(bed.sockets.there_is_at_end());
}

TEST_CASE("a close says more than its reason if there is more to say", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.run([&] { bed.connection->close(close_reason::message_too_large, std::string(200, 'x')); });
  const std::string text = "Message too large: " + std::string(200, 'x');
  CHECK(bed.client_frames() ==
        std::vector<server_frame>{{close_frame, close_body(4413, text.substr(0, 123))}});
}

namespace {

/// Messages above 100,000 bytes are large, and the node has so much memory for them.
connection_settings with_large_messages(std::size_t bytes_max) {
  connection_settings settings;
  settings.message_bytes_max = 100'000;
  settings.large_messages = std::make_shared<budget>(bytes_max);
  return settings;
}

}  // namespace

TEST_CASE("a large message is charged to the budget of the node until it is handled",
          "[connection]") {
  const connection_settings settings = with_large_messages(1'000'000);
  connection_bed bed{settings};
  bed.open();
  bed.client_sends(client_frame(final_binary, counted_bytes(90'000)));
  CHECK(settings.large_messages->used() == 0);
  bed.client_sends(client_frame(final_binary, counted_bytes(400'000)));
  CHECK(settings.large_messages->used() > 100'000);
  CHECK(settings.large_messages->used() <= 1'000'000);
  bed.run([&] { bed.connection->release_large_messages(); });
  CHECK(settings.large_messages->used() == 0);
  bed.client_sends(client_frame(final_binary, counted_bytes(400'000)));
  CHECK(bed.handler->frames.size() == 3);
  bed.run([&] { bed.connection->terminate(); });
  CHECK(settings.large_messages->used() == 0);
}

TEST_CASE("what has arrived of a large message stays charged when an earlier one is handled",
          "[connection]") {
  const connection_settings settings = with_large_messages(1'000'000);
  connection_bed bed{settings};
  bed.open();
  const byte_buffer frame = client_frame(final_binary, counted_bytes(400'000));
  bed.client_sends(byte_view{frame}.first(250'000));
  const std::size_t used = settings.large_messages->used();
  CHECK(used > 100'000);
  bed.run([&] { bed.connection->release_large_messages(); });
  CHECK(settings.large_messages->used() == used);
  bed.client_sends(byte_view{frame}.subspan(250'000));
  CHECK(bed.handler->frames.size() == 1);
  bed.run([&] { bed.connection->release_large_messages(); });
  CHECK(settings.large_messages->used() == 0);
}

TEST_CASE("a large message that comes slowly ends the connection, but for a pause of the process",
          "[connection]") {
  const connection_settings settings = with_large_messages(1'000'000);
  connection_bed bed{settings};
  bed.open();
  bed.client_sends(byte_view{client_frame(final_binary, counted_bytes(400'000))}.first(250'000));
  const auto ticks_after = [&](std::chrono::seconds time) {
    bed.run([&] { bed.connection->tick(bed.thread.unit.now() + time); });
    return bed.client_frames();
  };
  CHECK(ticks_after(std::chrono::seconds{10}).empty());
  bed.run([&] {
    bed.connection->on_pause_ended(bed.thread.unit.now() + std::chrono::hours{1});
    bed.connection->tick(bed.thread.unit.now() + std::chrono::hours{1});
  });
  CHECK(bed.client_frames().empty());
  const auto frames = ticks_after(std::chrono::hours{1} + std::chrono::seconds{61});
  REQUIRE(frames.size() == 1);
  CHECK(frames[0].payload ==
        close_body(1013, "Quota exceeded, try again later: a large message is too slow"));
}

TEST_CASE("a large message for which the node has no memory ends the connection for a while",
          "[connection]") {
  const connection_settings settings = with_large_messages(300'000);
  connection_bed bed{settings};
  bed.open();
  bed.client_sends(client_frame(final_binary, counted_bytes(900'000)));
  const auto frames = bed.client_frames();
  REQUIRE(frames.size() == 1);
  CHECK(frames[0] ==
        server_frame{close_frame, close_body(1013, "Quota exceeded, try again later")});
  CHECK(bed.handler->frames.empty());
  bed.run([&] { bed.connection->terminate(); });
  CHECK(settings.large_messages->used() == 0);
}

// --- pauses ---

TEST_CASE("a pause lies between two messages, and what had come is heard after it",
          "[connection]") {
  connection_bed bed;
  bed.handler->then_on_frame = [&] {
    if (bed.handler->frames.size() == 1) bed.connection->pause_reading();
  };
  bed.open();
  bed.client_sends(one_behind_the_other(client_frame(final_text, "one"),
                                        client_frame(final_text, "two"),
                                        client_frame(final_text, "three")));
  CHECK(bed.handler->log == words{"open", "text one", "end"});
  bed.client_sends(client_frame(final_text, "four"));
  CHECK(bed.handler->log.size() == 3);
  bed.run([&] { bed.connection->resume_reading(); });
  // What came in the pause may end with what had come before it, or for itself.
  CHECK(bed.handler->frames == words{"one", "two", "three", "four"});
  CHECK(bed.handler->log.back() == "end");
}

TEST_CASE("each message may be read in a turn of its own", "[connection]") {
  connection_bed bed;
  bed.handler->then_on_frame = [&] { bed.connection->pause_reading(); };
  bed.open();
  byte_buffer bytes;
  for (const char* text : {"one", "two", "three", "four"})
    bytes = one_behind_the_other(bytes, client_frame(final_text, text));
  bed.client_sends(bytes);
  for (std::size_t heard = 1; heard <= 4; ++heard) {
    CHECK(bed.handler->frames.size() == heard);
    bed.run([&] { bed.connection->resume_reading(); });
  }
  CHECK(bed.handler->frames == words{"one", "two", "three", "four"});
}

TEST_CASE("a pause and its end within a callback change nothing", "[connection]") {
  connection_bed bed;
  bed.handler->then_on_frame = [&] {
    bed.connection->pause_reading();
    bed.connection->resume_reading();
  };
  bed.open();
  bed.client_sends(
      one_behind_the_other(client_frame(final_text, "one"), client_frame(final_text, "two")));
  bed.client_sends(client_frame(final_text, "three"));
  CHECK(bed.handler->frames == words{"one", "two", "three"});
}

TEST_CASE("a message that has begun is read to its end in a pause, the next one is not",
          "[connection]") {
  connection_bed bed;
  bed.open();
  const byte_buffer first = client_frame(final_text, "first");
  bed.client_sends({first.data(), 4});
  bed.run([&] { bed.connection->pause_reading(); });
  bed.client_sends(one_behind_the_other(byte_buffer(first.begin() + 4, first.end()),
                                        client_frame(final_text, "second")));
  CHECK(bed.handler->frames == words{"first"});
  bed.client_sends(client_frame(final_text, "third"));
  CHECK(bed.handler->frames == words{"first"});
  bed.run([&] { bed.connection->resume_reading(); });
  CHECK(bed.handler->frames == words{"first", "second", "third"});
}

TEST_CASE("in a pause TCP holds the peer back, and nothing is lost", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.run([&] { bed.connection->pause_reading(); });
  byte_buffer bytes;
  for (int i = 0; i < 3000; ++i) {
    const byte_buffer frame = client_frame(final_binary, counted_bytes(1000));
    bytes.insert(bytes.end(), frame.begin(), frame.end());
  }
  const std::size_t sent = bed.client_sends(bytes);
  CHECK(sent < bytes.size());
  CHECK(bed.handler->frames.empty());
  bed.run([&] { bed.connection->resume_reading(); });
  CHECK(bed.client_sends(byte_view{bytes}.subspan(sent)) == bytes.size() - sent);
  CHECK(bed.handler->frames.size() == 3000);
}

TEST_CASE("in a pause output goes on", "[connection]") {
  connection_bed bed;
  bed.open();
  bed.run([&] { bed.connection->pause_reading(); });
  bed.client_sends(client_frame(final_text, "waits"));
  bed.run([&] { bed.connection->send(text_frame("out")); });
  CHECK(bed.client_frames() == texts({"out"}));
  CHECK(bed.handler->frames.empty());
}

// --- a peer that does not read ---

TEST_CASE("output that the socket does not take waits and follows in order", "[connection]") {
  connection_bed bed;
  bed.open();
  constexpr std::size_t count = 1000;
  std::vector<std::string> sent;
  for (std::size_t i = 0; i < count; ++i)
    sent.push_back(std::to_string(i) + std::string(i % 7 == 0 ? 3000 : 300, 'x'));
  bed.run([&] {
    for (const std::string& text : sent) bed.connection->send(text_frame(text));
  });
  CHECK(bed.connection->queued_bytes() > 0);
  // It still hears what the peer says.
  bed.client_sends(client_frame(final_text, "busy"));
  CHECK(bed.handler->frames == words{"busy"});
  std::vector<server_frame> got;
  while (got.size() < count) {
    const auto more = bed.client_frames();
    REQUIRE_FALSE(more.empty());
    got.insert(got.end(), more.begin(), more.end());
    bed.thread.settle();
  }
  for (std::size_t i = 0; i < count; ++i) CHECK(got[i].payload == sent[i]);
  CHECK(bed.connection->queued_bytes() == 0);
}

TEST_CASE("a peer for whom too much waits is closed as a slow consumer", "[connection]") {
  connection_settings settings;
  settings.write_queue_bytes_max = 100'000;
  connection_bed bed{settings};
  bed.open();
  int sends = 0;
  bed.run([&] {
    for (; sends < 100; ++sends) {
      bed.connection->send(text_frame(std::string(60'000, 'x')));
      if (bed.connection->queued_bytes() > 300'000) break;
    }
  });
  CHECK(sends == 100);
  CHECK(bed.connection->queued_bytes() < 300'000);
  std::vector<server_frame> got;
  for (auto more = bed.client_frames(); !more.empty(); more = bed.client_frames()) {
    got.insert(got.end(), more.begin(), more.end());
    bed.thread.settle();
  }
  REQUIRE_FALSE(got.empty());
  CHECK(got.back().first == close_frame);
  CHECK(got.back().payload.substr(0, 2) == close_body(1013, ""));
  bed.client_sends(client_close(1013));
  bed.sockets.close_there();
  bed.thread.settle();
  CHECK(bed.handler->log == words{"open", "closed slow_consumer"});
}

TEST_CASE("a peer that takes nothing for too long is closed, one that takes a little is not",
          "[connection]") {
  connection_settings settings;
  settings.write_stall_max = 10s;
  settings.close_deadline = 10ms;
  connection_bed bed{settings};
  bed.open();
  bed.run([&] {
    for (int i = 0; i < 30; ++i) bed.connection->send(text_frame(std::string(60'000, 'x')));
  });
  REQUIRE(bed.connection->queued_bytes() > 0);
  auto now = std::chrono::steady_clock::now();
  for (int i = 0; i < 5; ++i) {
    now += 9s;
    bed.run([&] { bed.connection->tick(now); });
    bed.sockets.there_reads();
    bed.thread.settle();
    if (bed.connection->queued_bytes() == 0) break;
  }
  CHECK(bed.handler->log == words{"open"});
  bed.run([&] {
    for (int i = 0; i < 30; ++i) bed.connection->send(text_frame(std::string(60'000, 'x')));
  });
  REQUIRE(bed.connection->queued_bytes() > 0);
  bed.run([&] { bed.connection->tick(now + 1s); });
  bed.run([&] { bed.connection->tick(now + 10s); });
  CHECK(bed.handler->log == words{"open"});
  bed.run([&] { bed.connection->tick(now + 12s); });
  CHECK(bed.is_closed_within(5s));
  CHECK(bed.handler->log == words{"open", "closed slow_consumer"});
}

TEST_CASE("a connection without output is never stalled", "[connection]") {
  connection_bed bed;
  bed.open();
  const auto now = std::chrono::steady_clock::now();
  bed.run([&] {
    bed.connection->tick(now);
    bed.connection->tick(now + 1h);
    bed.connection->send(text_frame("late"));
    bed.connection->tick(now + 1h + 1s);
  });
  CHECK(bed.handler->log == words{"open"});
  CHECK(bed.client_frames() == texts({"late"}));
}

TEST_CASE("bytes that arrive are life, before a message is whole", "[connection]") {
  connection_bed bed;
  bed.open();
  const auto opened = bed.connection->last_alive();
  const byte_buffer frame = client_frame(final_text, "hello");
  bed.client_sends(byte_view{frame}.first(7));
  const auto half = bed.connection->last_alive();
  CHECK(half > opened);
  bed.run([&] { bed.connection->send(text_frame("not answered")); });
  CHECK(bed.connection->last_alive() == half);
  CHECK(bed.handler->log == words{"open"});
}

TEST_CASE("what a slow peer takes of a backlog is life", "[connection]") {
  connection_settings settings;
  settings.write_stall_max = 10s;
  connection_bed bed{settings};
  bed.open();
  bed.run([&] {
    for (int i = 0; i < 30; ++i) bed.connection->send(text_frame(std::string(60'000, 'x')));
  });
  REQUIRE(bed.connection->queued_bytes() > 0);
  const auto heard = bed.connection->last_alive();
  const auto now = std::chrono::steady_clock::now();
  bed.run([&] { bed.connection->tick(now + 1s); });
  CHECK(bed.connection->last_alive() == heard);
  bed.sockets.there_reads();
  bed.run([&] { bed.connection->tick(now + 2s); });
  CHECK(bed.connection->last_alive() == now + 2s);
}

// --- TLS ---

TEST_CASE("a connection speaks TLS, pauses included", "[connection][tls]") {
  const temporary_directory files;
  const auto made = make_certificate(files, "server");
  const auto context = tls_context::load(made.certificate, made.key);
  REQUIRE(context.has_value());
  connection_bed bed{{}, (*context)->make_session()};
  tls_client client{bed.sockets.there};
  bed.handler->then_on_frame = [&] { bed.connection->pause_reading(); };
  client.shake_hands();
  bed.run([&] { bed.connection->start(bed.handler); });
  for (int steps = 0; steps < 10 && !client.shake_hands(); ++steps) bed.thread.settle();
  bed.thread.settle();
  CHECK(client.read() == connection_bed::answer);

  // One record holds all of it, so the socket has nothing more to tell.
  const byte_buffer bytes =
      one_behind_the_other(client_frame(final_text, "one"), client_frame(final_text, "two"),
                           client_frame(final_text, "three"));
  CHECK(client.write(as_text(bytes)));
  bed.thread.settle();
  CHECK(bed.handler->frames == words{"one"});
  bed.run([&] { bed.connection->resume_reading(); });
  CHECK(bed.handler->frames == words{"one", "two"});
  bed.run([&] { bed.connection->resume_reading(); });
  CHECK(bed.handler->frames == words{"one", "two", "three"});

  bed.run([&] {
    bed.connection->resume_reading();
    bed.connection->send(text_frame("answer"));
  });
  std::string output = client.read();
  CHECK(take_frames(output) == texts({"answer"}));
}

TEST_CASE("a large message under TLS comes whole", "[connection][tls]") {
  const temporary_directory files;
  const auto made = make_certificate(files, "server");
  const auto context = tls_context::load(made.certificate, made.key);
  REQUIRE(context.has_value());
  connection_bed bed{{}, (*context)->make_session()};
  tls_client client{bed.sockets.there};
  client.shake_hands();
  bed.run([&] { bed.connection->start(bed.handler); });
  for (int steps = 0; steps < 10 && !client.shake_hands(); ++steps) bed.thread.settle();
  const byte_buffer payload = counted_bytes(900'000);
  const byte_buffer bytes = client_frame(final_binary, payload);
  std::string_view rest = as_text(bytes);
  for (int steps = 0; !rest.empty() && steps < 10'000; ++steps) {
    const std::string_view part = rest.substr(0, 10'000);
    if (client.write(part)) rest.remove_prefix(part.size());
    bed.thread.settle();
  }
  REQUIRE(rest.empty());
  REQUIRE(bed.handler->frames.size() == 1);
  CHECK(bed.handler->frames[0] == as_text(payload));
}

}  // namespace troupe::websocket_connection_test
