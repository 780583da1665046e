// The frame reader with everything in one piece, in two, and with every mistake that RFC 6455
// names. Random sequences in random pieces are in frame_reader_pieces_test.cpp.
#include "net/frame_reader.hpp"

#include <algorithm>
#include <array>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/client_frames.hpp"
#include "tests/support/frame_log.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::frame_reader_test {

using namespace troupe::test;

namespace {

constexpr std::size_t size_max = 1000;

/// What comes out of bytes that come in one piece.
frame_log heard_of(const byte_buffer& bytes, std::size_t limit = size_max) {
  frame_reader reader{limit};
  frame_log log;
  log.read(reader, bytes);
  return log;
}

frame_event only_event_of(const byte_buffer& bytes, std::size_t limit = size_max) {
  const frame_log log = heard_of(bytes, limit);
  REQUIRE(log.events.size() == 1);
  return log.events[0].event;
}

}  // namespace

TEST_CASE("a reader unmasks the example of the RFC", "[frame_reader]") {
  const frame_log log = heard_of(hex("81 85 37fa213d 7f9f4d5158"));
  REQUIRE(log.events.size() == 1);
  CHECK(log.events[0] == heard_frame{frame_event::message, frame_kind::text, "Hello"});
}

TEST_CASE("a reader hands out each kind of frame", "[frame_reader]") {
  const frame_log log = heard_of(one_behind_the_other(
      client_frame(final_text, "text"), client_frame(final_binary, "binary"),
      client_frame(ping, "ping"), client_frame(pong, "pong"), client_close(1000, "bye")));
  CHECK(log.events == std::vector<heard_frame>{{frame_event::message, frame_kind::text, "text"},
                                               {frame_event::message, frame_kind::binary, "binary"},
                                               {frame_event::ping, frame_kind::binary, "ping"},
                                               {frame_event::pong, frame_kind::binary, "pong"},
                                               {frame_event::close, frame_kind::binary,
                                                "\x03\xe8"
                                                "bye"}});
}

TEST_CASE("a frame without payload is a frame", "[frame_reader]") {
  for (const std::uint8_t first : {final_text, final_binary, ping, pong, close_frame}) {
    const frame_log log = heard_of(client_frame(first, ""));
    REQUIRE(log.events.size() == 1);
    CHECK(log.events[0].payload.empty());
  }
}

TEST_CASE("a frame that lies whole in the input is handed out where it lies", "[frame_reader]") {
  for (const std::uint8_t first : {final_text, final_binary, ping, pong}) {
    frame_reader reader{size_max};
    byte_buffer bytes = client_frame(first, "in place");
    std::span<std::uint8_t> input{bytes};
    reader.next(input);
    CHECK(input.empty());
    CHECK(reader.payload().data() == bytes.data() + 6);
  }
}

TEST_CASE("a frame may be cut anywhere", "[frame_reader]") {
  for (const std::uint8_t first : {final_text, final_binary, ping, pong, close_frame}) {
    const bool is_control = (first & 8) != 0;
    for (const std::size_t size : {0u, 1u, 3u, 8u, 40u, 125u, 126u, 300u}) {
      if (is_control && (size > 125 || (first == close_frame && size == 1))) continue;
      byte_buffer payload(size, 'x');
      if (first == close_frame && size >= 2) payload[0] = 0x03, payload[1] = 0xE8;
      const byte_buffer bytes = client_frame(first, payload);
      const frame_log whole = heard_of(bytes);
      REQUIRE(whole.events.size() == 1);
      CHECK(whole.events[0].payload == as_text(payload));
      for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        frame_reader reader{size_max};
        frame_log log;
        log.read(reader, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut)});
        if (cut < bytes.size()) CHECK(log.events.empty());
        log.read(reader, {bytes.begin() + static_cast<std::ptrdiff_t>(cut), bytes.end()});
        CHECK(log.events == whole.events);
      }
    }
  }
}

TEST_CASE("a frame may come byte by byte", "[frame_reader]") {
  const byte_buffer bytes = one_behind_the_other(
      client_frame(final_text, "text"), client_frame(first_binary, counted_bytes(300)),
      client_frame(ping, "p"), client_frame(last_part, counted_bytes(70)), client_close(1001));
  const frame_log whole = heard_of(bytes);
  REQUIRE(whole.events.size() == 4);
  frame_reader reader{size_max};
  frame_log log;
  for (const std::uint8_t byte : bytes) log.read(reader, {byte});
  CHECK(log.events == whole.events);
}

TEST_CASE("a frame of 64 KiB and more has a length of eight bytes, which may be cut anywhere",
          "[frame_reader]") {
  const byte_buffer payload = counted_bytes(0x10000);
  const byte_buffer bytes = client_frame(final_binary, payload);
  REQUIRE(bytes[1] == 0xFF);
  for (std::size_t cut = 0; cut <= 16; ++cut) {
    frame_reader reader{payload.size()};
    frame_log log;
    log.read(reader, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut)});
    log.read(reader, {bytes.begin() + static_cast<std::ptrdiff_t>(cut), bytes.end()});
    REQUIRE(log.events.size() == 1);
    CHECK(log.events[0].payload == as_text(payload));
  }
}

TEST_CASE("a mask is applied whatever the place of its frame and of its pieces", "[frame_reader]") {
  const byte_buffer payload = counted_bytes(45);
  const frame_mask mask{0x01, 0x20, 0xC3, 0x8F};
  for (std::size_t place = 0; place < 16; ++place)
    for (std::size_t first = 0; first <= payload.size(); ++first)
      for (const std::size_t second : {std::size_t{0}, std::size_t{1}, std::size_t{5}}) {
        frame_reader reader{size_max};
        // The payload begins at any address.
        byte_buffer memory(place, 0);
        const byte_buffer frame = client_frame(final_binary, payload, mask);
        memory.insert(memory.end(), frame.begin(), frame.end());
        std::span<std::uint8_t> rest = std::span{memory}.subspan(place);
        frame_event event = frame_event::need_more;
        for (const std::size_t size : {6 + first, second, rest.size()}) {
          std::span<std::uint8_t> piece = rest.first(std::min(rest.size(), size));
          rest = rest.subspan(piece.size());
          if (event == frame_event::need_more) event = reader.next(piece);
        }
        REQUIRE(event == frame_event::message);
        REQUIRE(std::ranges::equal(reader.payload(), payload));
      }
}

// --- fragments ---

TEST_CASE("the parts of a message come out as one", "[frame_reader]") {
  const frame_log log = heard_of(
      one_behind_the_other(client_frame(first_text, "one "), client_frame(middle_part, "two "),
                           client_frame(last_part, "three"), client_frame(final_binary, "next")));
  CHECK(log.events ==
        std::vector<heard_frame>{{frame_event::message, frame_kind::text, "one two three"},
                                 {frame_event::message, frame_kind::binary, "next"}});
}

TEST_CASE("the parts of a message may be empty", "[frame_reader]") {
  for (const auto& [first, middle, last] :
       {std::array<std::string_view, 3>{"", "", ""}, {"", "", "c"}, {"", "b", ""}, {"a", "", ""}}) {
    const frame_log log = heard_of(one_behind_the_other(client_frame(first_binary, first),
                                                        client_frame(middle_part, middle),
                                                        client_frame(last_part, last)));
    REQUIRE(log.events.size() == 1);
    CHECK(log.events[0].payload == std::string{first}.append(middle).append(last));
  }
}

TEST_CASE("control frames may stand between the parts of a message", "[frame_reader]") {
  const frame_log log = heard_of(one_behind_the_other(
      client_frame(first_text, "one "), client_frame(ping, "p1"), client_frame(pong, "p2"),
      client_frame(middle_part, "two "), client_frame(ping, ""), client_frame(last_part, "three")));
  CHECK(log.events ==
        std::vector<heard_frame>{{frame_event::ping, frame_kind::text, "p1"},
                                 {frame_event::pong, frame_kind::text, "p2"},
                                 {frame_event::ping, frame_kind::text, ""},
                                 {frame_event::message, frame_kind::text, "one two three"}});
}

TEST_CASE("a control frame that comes in pieces leaves the message around it alone",
          "[frame_reader]") {
  const byte_buffer bytes =
      one_behind_the_other(client_frame(first_binary, "one "), client_frame(ping, "controlled"),
                           client_frame(last_part, "two"));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    frame_reader reader{size_max};
    frame_log log;
    log.read(reader, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut)});
    log.read(reader, {bytes.begin() + static_cast<std::ptrdiff_t>(cut), bytes.end()});
    REQUIRE(log.events.size() == 2);
    CHECK(log.events[0].payload == "controlled");
    CHECK(log.events[1].payload == "one two");
  }
}

TEST_CASE("a reader knows when it is between two messages", "[frame_reader]") {
  frame_reader reader{size_max};
  frame_log log;
  CHECK(reader.is_between_messages());
  log.read(reader, {final_binary});
  CHECK_FALSE(reader.is_between_messages());
  byte_buffer rest = client_frame(final_binary, "abc");
  log.read(reader, {rest.begin() + 1, rest.end() - 1});
  CHECK_FALSE(reader.is_between_messages());
  log.read(reader, {rest.back()});
  CHECK(reader.is_between_messages());
  log.read(reader, client_frame(first_binary, "part"));
  CHECK_FALSE(reader.is_between_messages());
  log.read(reader, client_frame(ping, ""));
  CHECK_FALSE(reader.is_between_messages());
  log.read(reader, client_frame(last_part, ""));
  CHECK(reader.is_between_messages());
  CHECK(log.events.size() == 3);
}

// --- mistakes ---

TEST_CASE("a frame that is not masked breaks the protocol", "[frame_reader]") {
  for (const std::uint8_t first : {final_text, final_binary, ping, pong, close_frame})
    for (const std::uint8_t size : {0, 125, 126, 127}) {
      byte_buffer bytes(16, 0);
      bytes[0] = first;
      bytes[1] = size;
      CHECK(only_event_of(bytes) == frame_event::bad_protocol);
    }
}

TEST_CASE("a reserved bit breaks the protocol", "[frame_reader]") {
  for (const int bit : {0x40, 0x20, 0x10})
    for (const std::uint8_t first : {final_text, first_binary, ping, pong, close_frame})
      CHECK(only_event_of(client_frame(static_cast<std::uint8_t>(first | bit), "")) ==
            frame_event::bad_protocol);
}

TEST_CASE("a reserved opcode breaks the protocol", "[frame_reader]") {
  for (const int opcode : {3, 4, 5, 6, 7, 0xB, 0xC, 0xD, 0xE, 0xF})
    for (const int final_bit : {0, 0x80})
      CHECK(only_event_of(client_frame(static_cast<std::uint8_t>(final_bit | opcode), "")) ==
            frame_event::bad_protocol);
}

TEST_CASE("a control frame in parts breaks the protocol", "[frame_reader]") {
  for (const std::uint8_t first : {ping, pong, close_frame})
    CHECK(only_event_of(client_frame(first & 0x0F, "")) == frame_event::bad_protocol);
}

TEST_CASE("a control frame holds 125 bytes and no more", "[frame_reader]") {
  CHECK(only_event_of(client_frame(ping, counted_bytes(125))) == frame_event::ping);
  for (const std::uint8_t first : {ping, pong, close_frame}) {
    CHECK(only_event_of(client_header(first, 126)) == frame_event::bad_protocol);
    CHECK(only_event_of(client_header(first, 0x10000)) == frame_event::bad_protocol);
  }
}

TEST_CASE("a continuation of nothing breaks the protocol", "[frame_reader]") {
  for (const std::uint8_t first : {middle_part, last_part}) {
    CHECK(only_event_of(client_frame(first, "x")) == frame_event::bad_protocol);
    const frame_log log =
        heard_of(one_behind_the_other(client_frame(final_text, "x"), client_frame(first, "y")));
    REQUIRE(log.events.size() == 2);
    CHECK(log.events[1].event == frame_event::bad_protocol);
  }
}

TEST_CASE("a message within a message breaks the protocol", "[frame_reader]") {
  for (const std::uint8_t first : {final_text, final_binary, first_text, first_binary})
    CHECK(only_event_of(
              one_behind_the_other(client_frame(first_text, "x"), client_frame(first, "y"))) ==
          frame_event::bad_protocol);
}

TEST_CASE("a length with its highest bit breaks the protocol", "[frame_reader]") {
  for (const std::uint64_t size : {std::uint64_t{1} << 63, ~std::uint64_t{0}})
    CHECK(only_event_of(client_header(final_binary, size), std::size_t{1} << 40) ==
          frame_event::bad_protocol);
  CHECK(only_event_of(client_header(final_binary, (std::uint64_t{1} << 63) - 1)) ==
        frame_event::too_large);
}

TEST_CASE("a length that is not in its shortest form breaks the protocol", "[frame_reader]") {
  for (const std::uint64_t size : {0, 1, 125})
    for (const std::size_t form : {std::size_t{2}, std::size_t{8}})
      for (const std::uint8_t first : {final_binary, ping})
        CHECK(only_event_of(client_header(first, size, example_mask, form)) ==
              frame_event::bad_protocol);
  for (const std::uint64_t size : {126, 0xFFFF})
    CHECK(only_event_of(client_header(final_binary, size, example_mask, 8)) ==
          frame_event::bad_protocol);
}

// --- close frames ---

TEST_CASE("a close frame is empty or has a code that may be sent", "[frame_reader]") {
  CHECK(only_event_of(client_frame(close_frame, "")) == frame_event::close);
  CHECK(only_event_of(client_frame(close_frame, "\x03")) == frame_event::bad_protocol);
  for (const unsigned code :
       {1000u, 1001u, 1002u, 1003u, 1007u, 1008u, 1009u, 1010u, 1011u, 3000u, 3999u, 4000u, 4999u})
    CHECK(only_event_of(client_close(code)) == frame_event::close);
  for (const unsigned code :
       {0u, 1u, 999u, 1004u, 1005u, 1006u, 1015u, 1016u, 1100u, 2000u, 2999u, 5000u, 65535u})
    CHECK(only_event_of(client_close(code)) == frame_event::bad_protocol);
}

TEST_CASE("the reason in a close frame is UTF-8", "[frame_reader]") {
  const frame_log log = heard_of(client_close(1000, "g\xC3\xBCle g\xC3\xBCle"));
  REQUIRE(log.events.size() == 1);
  CHECK(log.events[0].event == frame_event::close);
  CHECK(log.events[0].payload.substr(2) == "g\xC3\xBCle g\xC3\xBCle");
  for (const std::string_view text : {"\xFF", "\xC3", "\xED\xA0\x80", "a\xF5"})
    CHECK(only_event_of(client_close(1000, text)) == frame_event::bad_text);
  CHECK(only_event_of(client_close(1000, std::string(123, 'x'))) == frame_event::close);
}

// --- text ---

TEST_CASE("a text message is UTF-8, a binary one anything", "[frame_reader]") {
  for (const std::string_view bytes :
       {"\xFF", "\xC3", "\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "ok\x80"}) {
    CHECK(only_event_of(client_frame(final_text, bytes)) == frame_event::bad_text);
    CHECK(only_event_of(client_frame(final_binary, bytes)) == frame_event::message);
  }
  CHECK(only_event_of(client_frame(final_text, "\xF4\x8F\xBF\xBF")) == frame_event::message);
}

TEST_CASE("a character may be cut between the parts of a text message", "[frame_reader]") {
  const std::string_view text = "\xF0\x9F\x8E\xAD";
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    const frame_log log = heard_of(one_behind_the_other(
        client_frame(first_text, text.substr(0, cut)), client_frame(last_part, text.substr(cut))));
    REQUIRE(log.events.size() == 1);
    CHECK(log.events[0] == heard_frame{frame_event::message, frame_kind::text, std::string{text}});
  }
  CHECK(only_event_of(one_behind_the_other(client_frame(first_text, text.substr(0, 2)),
                                           client_frame(last_part, "x"))) == frame_event::bad_text);
}

TEST_CASE("a text that cannot be UTF-8 any more is noticed while it arrives", "[frame_reader]") {
  const auto ends_after = [](byte_buffer bytes) {
    const frame_log log = heard_of(std::move(bytes));
    return log.events.size() == 1 && log.events[0].event == frame_event::bad_text;
  };
  // In the first of several fragments, and in a fragment between them.
  CHECK(ends_after(client_frame(first_text, "ok\xFF")));
  CHECK(ends_after(
      one_behind_the_other(client_frame(first_text, "\xE2\x82"), client_frame(middle_part, "("))));
  // In half a frame.
  byte_buffer half = client_frame(final_text, "broken\xC3( and more that has not come yet");
  half.resize(6 + 8);
  CHECK(ends_after(half));
  // What may yet become a character waits, and so does anything in a binary message.
  CHECK(heard_of(client_frame(first_text, "ok\xF0\x9F\x98")).events.empty());
  CHECK(heard_of(client_frame(first_binary, "ok\xFF")).events.empty());
}

TEST_CASE("a text that is read to its own memory is checked as it arrives", "[frame_reader]") {
  frame_reader reader{1 << 20};
  byte_buffer header = client_header(final_text, 100'000, {0, 0, 0, 0});
  std::span<std::uint8_t> input{header};
  CHECK(reader.next(input) == frame_event::need_more);
  for (const bool is_good : {true, false}) {
    const std::span<std::uint8_t> room = reader.direct_room();
    REQUIRE(room.size() >= 1000);
    std::ranges::fill(room.first(1000), is_good ? 'a' : 0xFF);
    reader.filled(1000);
    std::span<std::uint8_t> nothing;
    CHECK(reader.next(nothing) == (is_good ? frame_event::need_more : frame_event::bad_text));
  }
}

TEST_CASE("a frame that cannot be is noticed by its first two bytes", "[frame_reader]") {
  const std::array<std::uint8_t, 2> bad[] = {
      {final_text, 0x02},  // not masked, with a payload shorter than a mask
      {final_text, 0x00},  // the same without a payload
      {0xC1, 0x82},        // a reserved bit
      {0x83, 0x80},        // an unknown kind
      {0x09, 0x80},        // a ping in parts
      {ping, 0xFE},        // a ping that is too long
      {last_part, 0x81},   // the end of nothing
  };
  for (const auto& two : bad) {
    CAPTURE(two[0], two[1]);
    CHECK(only_event_of({two[0], two[1]}) == frame_event::bad_protocol);
    CHECK(heard_of({two[0]}).events.empty());
  }
  CHECK(heard_of({final_text, 0x82}).events.empty());
}

TEST_CASE("a frame reader takes little: each idle connection has one", "[frame_reader]") {
  STATIC_CHECK(sizeof(frame_reader) <= 104);
}

}  // namespace troupe::frame_reader_test
