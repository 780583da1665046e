// The frame reader under its limits, with large messages that are read to where they belong, and
// with random frames in random pieces.
#include <algorithm>
#include <random>

#include <catch2/catch_test_macros.hpp>

#include "net/frame_reader.hpp"
#include "tests/support/client_frames.hpp"
#include "tests/support/frame_log.hpp"

namespace troupe::frame_reader_pieces_test {

using namespace troupe::test;
using large_messages = frame_log::large_messages;

namespace {

constexpr std::size_t size_max = 100;

frame_log skipping_log() {
  frame_log log;
  log.large = large_messages::are_skipped;
  return log;
}

}  // namespace

// --- sizes ---

TEST_CASE("a message may be as large as the limit", "[frame_reader]") {
  frame_reader reader{size_max};
  frame_log log;
  log.read(reader, client_frame(final_binary, counted_bytes(size_max)));
  log.read(reader, one_behind_the_other(client_frame(first_binary, counted_bytes(60)),
                                        client_frame(last_part, counted_bytes(40))));
  REQUIRE(log.events.size() == 2);
  CHECK(log.events[0].payload.size() == size_max);
  CHECK(log.events[1].payload.size() == size_max);
}

TEST_CASE("a message above the limit is known by its header", "[frame_reader]") {
  for (const auto size : {std::uint64_t{101}, std::uint64_t{1} << 20, std::uint64_t{1} << 62}) {
    frame_reader reader{size_max};
    frame_log log;
    log.read(reader, client_header(final_text, size));
    REQUIRE(log.events.size() == 1);
    CHECK(log.events[0].event == frame_event::too_large);
    CHECK(log.events[0].kind == frame_kind::text);
  }
}

TEST_CASE("the parts of a message count together", "[frame_reader]") {
  frame_reader reader{size_max};
  frame_log log;
  log.read(reader, one_behind_the_other(client_frame(first_binary, counted_bytes(60)),
                                        client_frame(ping, counted_bytes(125)),
                                        client_header(middle_part, 41)));
  REQUIRE(log.events.size() == 2);
  CHECK(log.events[0].event == frame_event::ping);
  CHECK(log.events[1].event == frame_event::too_large);
}

TEST_CASE("a message that is skipped leaves no trace", "[frame_reader]") {
  const byte_buffer bytes = one_behind_the_other(client_frame(final_text, counted_bytes(500)),
                                                 client_frame(final_binary, "next"));
  for (std::size_t cut = 0; cut <= bytes.size(); cut += 7) {
    frame_reader reader{size_max};
    frame_log log = skipping_log();
    log.read(reader, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut)});
    log.read(reader, {bytes.begin() + static_cast<std::ptrdiff_t>(cut), bytes.end()});
    CHECK(log.events ==
          std::vector<heard_frame>{{frame_event::too_large, frame_kind::text, ""},
                                   {frame_event::message, frame_kind::binary, "next"}});
    CHECK_FALSE(reader.is_skipping());
    CHECK(reader.is_between_messages());
  }
}

TEST_CASE("a message that is skipped after some of its parts leaves nothing to the next one",
          "[frame_reader]") {
  const byte_buffer bytes = one_behind_the_other(
      client_frame(first_text, "kept so far"), client_frame(middle_part, counted_bytes(200)),
      client_frame(ping, "p"), client_frame(last_part, counted_bytes(20)),
      client_frame(final_text, "next"), client_frame(first_text, "in "),
      client_frame(last_part, "parts"));
  for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
    frame_reader reader{size_max};
    frame_log log = skipping_log();
    log.read(reader, {bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(cut)});
    log.read(reader, {bytes.begin() + static_cast<std::ptrdiff_t>(cut), bytes.end()});
    CHECK(log.events ==
          std::vector<heard_frame>{{frame_event::too_large, frame_kind::text, ""},
                                   {frame_event::ping, frame_kind::text, "p"},
                                   {frame_event::message, frame_kind::text, "next"},
                                   {frame_event::message, frame_kind::text, "in parts"}});
  }
}

TEST_CASE("a message that is skipped shows its beginning if that is wanted", "[frame_reader]") {
  constexpr std::size_t limit = 5000;
  std::string large;
  for (int i = 0; large.size() < 9000; ++i) large += std::to_string(i) + ' ';
  const std::string small(size_max + 1, 'x');
  struct row {
    std::size_t limit;
    byte_buffer bytes;
    std::string head;
  };
  const row rows[] = {
      {limit, client_frame(final_text, large), large.substr(0, frame_reader::head_size_max)},
      {size_max, client_frame(final_text, small), small.substr(0, size_max)},
      {limit,
       one_behind_the_other(client_frame(first_text, large.substr(0, 3000)),
                            client_frame(ping, "p"),
                            client_frame(middle_part, large.substr(3000, 2500)),
                            client_frame(last_part, large.substr(5500))),
       large.substr(0, frame_reader::head_size_max)},
  };
  for (const row& each : rows)
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{7}, std::size_t{4096}, large.size() * 2}) {
      CAPTURE(each.head.size(), piece);
      const byte_buffer bytes =
          one_behind_the_other(each.bytes, client_frame(final_binary, "next"));
      frame_reader reader{each.limit};
      std::vector<std::string> heads;
      std::vector<std::string> messages;
      for (std::size_t at = 0; at < bytes.size(); at += piece) {
        const std::size_t size = std::min(piece, bytes.size() - at);
        byte_buffer part(bytes.begin() + static_cast<std::ptrdiff_t>(at),
                         bytes.begin() + static_cast<std::ptrdiff_t>(at + size));
        std::span<std::uint8_t> input{part};
        for (frame_event event; (event = reader.next(input)) != frame_event::need_more;) {
          REQUIRE(event != frame_event::bad_text);
          if (event == frame_event::too_large) reader.skip_behind_head();
          if (event == frame_event::skipped_head) heads.emplace_back(as_text(reader.payload()));
          if (event == frame_event::message) messages.emplace_back(as_text(reader.payload()));
        }
      }
      CHECK(heads == std::vector<std::string>{each.head});
      CHECK(messages == std::vector<std::string>{"next"});
      CHECK(reader.is_between_messages());
      CHECK_FALSE(reader.is_skipping());
    }
}

TEST_CASE("what is skipped is not looked into", "[frame_reader]") {
  frame_reader reader{size_max};
  frame_log log = skipping_log();
  log.read(reader, client_frame(final_text, std::string(150, '\xFF')));
  REQUIRE(log.events.size() == 1);
  CHECK(log.events[0].event == frame_event::too_large);
}

TEST_CASE("mistakes are found within a message that is skipped", "[frame_reader]") {
  frame_reader reader{size_max};
  frame_log log = skipping_log();
  log.read(reader, one_behind_the_other(client_frame(first_text, counted_bytes(150)),
                                        client_frame(final_text, "not a continuation")));
  REQUIRE(log.events.size() == 2);
  CHECK(log.events[1].event == frame_event::bad_protocol);
}

TEST_CASE("skipping has a limit of its own", "[frame_reader]") {
  constexpr std::size_t skip_max = size_max * frame_reader::skip_factor;
  SECTION("at once") {
    frame_reader reader{size_max};
    frame_log log = skipping_log();
    log.read(reader, client_frame(first_binary, counted_bytes(skip_max)));
    CHECK(log.events.size() == 1);
    log.read(reader, client_header(middle_part, 1));
    REQUIRE(log.events.size() == 2);
    CHECK(log.events[1].event == frame_event::too_large);
    CHECK(reader.is_skipping());
  }
  SECTION("by one header") {
    frame_reader reader{size_max};
    frame_log log = skipping_log();
    log.read(reader, client_header(final_text, skip_max + 1));
    REQUIRE(log.events.size() == 2);
    CHECK(log.events[0].event == frame_event::too_large);
    CHECK(log.events[1].event == frame_event::too_large);
    CHECK(reader.is_skipping());
  }
  SECTION("little by little") {
    frame_reader reader{size_max};
    frame_log log = skipping_log();
    log.read(reader, client_frame(first_binary, counted_bytes(size_max)));
    std::size_t sent = size_max;
    while (!log.has_ended) {
      log.read(reader, client_frame(middle_part, counted_bytes(50)));
      sent += 50;
    }
    CHECK(sent == skip_max + 50);
  }
}

TEST_CASE("a limit beyond 4 GiB is one of 4 GiB, and sums do not wrap around", "[frame_reader]") {
  constexpr std::uint64_t largest = (std::uint64_t{1} << 32) - 1;
  const auto events_for = [](std::uint64_t rest) {
    frame_reader reader{~std::size_t{0}};
    frame_log log;
    log.read(reader, client_frame(first_binary, "x"));
    log.read(reader, client_header(middle_part, rest));
    return log.events.size();
  };
  CHECK(events_for(largest - 1) == 0);
  CHECK(events_for(largest) == 1);
  CHECK(events_for((std::uint64_t{1} << 63) - 1) == 1);
}

// --- room for large messages ---

namespace {

constexpr std::size_t large_max = 4 * 1024 * 1024;

/// Feeds a masked payload through direct_room() as a socket would, `chunk` bytes at most a read.
/// Returns the largest room that was offered.
std::size_t fill(frame_reader& reader, std::span<const std::uint8_t>& masked, std::size_t chunk) {
  std::size_t largest = 0;
  for (auto room = reader.direct_room(); !room.empty(); room = reader.direct_room()) {
    largest = std::max(largest, room.size());
    const std::size_t size = std::min({room.size(), masked.size(), chunk});
    std::copy_n(masked.begin(), size, room.begin());
    masked = masked.subspan(size);
    reader.filled(size);
    if (size == 0) break;
  }
  return largest;
}

}  // namespace

TEST_CASE("a reader offers room only where much of a message is missing", "[frame_reader]") {
  frame_reader reader{large_max};
  frame_log log;
  CHECK(reader.direct_room().empty());
  log.read(reader, client_header(final_binary, frame_reader::direct_size_min - 1));
  CHECK(reader.direct_room().empty());
  log.read(reader, byte_buffer(frame_reader::direct_size_min - 1));
  CHECK(log.events.size() == 1);
  log.read(reader, client_header(final_binary, frame_reader::direct_size_min));
  CHECK_FALSE(reader.direct_room().empty());
  reader.filled(0);
  log.read(reader, {1});
  CHECK(reader.direct_room().empty());
}

TEST_CASE("a reader offers no room for what is skipped or within a control frame",
          "[frame_reader]") {
  frame_reader reader{size_max};
  frame_log log = skipping_log();
  log.read(reader, client_header(final_binary, size_max * frame_reader::skip_factor));
  CHECK(reader.is_skipping());
  CHECK(reader.direct_room().empty());

  frame_reader other{large_max};
  log.read(other, client_header(ping, 125));
  CHECK(other.direct_room().empty());
}

TEST_CASE("room grows with what came, not with what a header announces", "[frame_reader]") {
  frame_reader reader{std::size_t{1} << 40};
  frame_log log;
  log.read(reader, client_header(final_binary, std::uint64_t{1} << 39));
  std::size_t came = 0;
  for (int reads = 0; reads < 20; ++reads) {
    const auto room = reader.direct_room();
    CHECK(room.size() >= frame_reader::direct_size_min);
    CHECK(room.size() <= std::max(frame_reader::direct_size_min, came));
    CHECK(room.size() <= 256 * 1024);
    came += room.size();
    reader.filled(room.size());
  }
}

TEST_CASE("a large message that is read to where it belongs comes out whole", "[frame_reader]") {
  const frame_mask mask{0x0F, 0x1E, 0x2D, 0x3C};
  for (const std::size_t size :
       {frame_reader::direct_size_min, std::size_t{100'003}, std::size_t{1} << 20})
    for (const std::size_t chunk : {std::size_t{1001}, std::size_t{16 * 1024}, large_max})
      for (const std::size_t before : {std::size_t{0}, std::size_t{1}, std::size_t{7}}) {
        const byte_buffer payload = counted_bytes(size);
        const byte_buffer frame = client_frame(final_binary, payload, mask);
        const std::size_t header = frame.size() - size;
        frame_reader reader{large_max};
        frame_log log;
        log.read(reader,
                 {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(header + before)});
        std::span<const std::uint8_t> rest = std::span{frame}.subspan(header + before);
        fill(reader, rest, chunk);
        CHECK(rest.size() < frame_reader::direct_size_min);
        log.read(reader, {rest.begin(), rest.end()});
        REQUIRE(log.events.size() == 1);
        CHECK(log.events[0].payload == as_text(payload));
        CHECK(reader.is_between_messages());
      }
}

TEST_CASE("room that is filled to the end of a message needs no more input", "[frame_reader]") {
  const byte_buffer payload = counted_bytes(frame_reader::direct_size_min);
  const byte_buffer frame = client_frame(final_text, std::string(payload.size(), 'x'));
  const std::size_t header = frame.size() - payload.size();
  frame_reader reader{large_max};
  frame_log log;
  log.read(reader, {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(header)});
  std::span<const std::uint8_t> rest = std::span{frame}.subspan(header);
  fill(reader, rest, large_max);
  CHECK(rest.empty());
  CHECK(log.events.empty());
  log.read(reader, {});
  REQUIRE(log.events.size() == 1);
  CHECK(log.events[0].payload == std::string(payload.size(), 'x'));
  log.read(reader, client_frame(final_text, "next"));
  REQUIRE(log.events.size() == 2);
  CHECK(log.events[1].payload == "next");
}

TEST_CASE("a read that finds nothing for the room changes nothing", "[frame_reader]") {
  const byte_buffer payload = counted_bytes(50'000);
  const byte_buffer frame = client_frame(final_binary, payload);
  const std::size_t header = frame.size() - payload.size();
  frame_reader reader{large_max};
  frame_log log;
  log.read(reader, {frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(header + 10)});
  for (int tries = 0; tries < 3; ++tries) {
    CHECK_FALSE(reader.direct_room().empty());
    reader.filled(0);
  }
  log.read(reader, {frame.begin() + static_cast<std::ptrdiff_t>(header + 10), frame.end()});
  REQUIRE(log.events.size() == 1);
  CHECK(log.events[0].payload == as_text(payload));
}

TEST_CASE("a part of a message that is not its last may be read to where it belongs",
          "[frame_reader]") {
  const byte_buffer payload = counted_bytes(40'000);
  const byte_buffer first = client_frame(first_binary, payload);
  const std::size_t header = first.size() - payload.size();
  frame_reader reader{large_max};
  frame_log log;
  log.read(reader, {first.begin(), first.begin() + static_cast<std::ptrdiff_t>(header)});
  std::span<const std::uint8_t> rest = std::span{first}.subspan(header);
  fill(reader, rest, large_max);
  log.read(reader, {rest.begin(), rest.end()});
  CHECK(log.events.empty());
  log.read(reader, one_behind_the_other(client_frame(ping, "p"), client_frame(last_part, payload)));
  REQUIRE(log.events.size() == 2);
  CHECK(log.events[1].payload == std::string{as_text(payload)}.append(as_text(payload)));
}

// --- anything in any pieces ---

namespace {

/// A conversation of right frames, and what is to be heard of it.
struct conversation {
  byte_buffer bytes;
  std::vector<heard_frame> expected;
};

class conversation_maker {
 public:
  explicit conversation_maker(unsigned seed) : random_(seed) {}

  conversation make(std::size_t messages) {
    for (std::size_t i = 0; i < messages; ++i) {
      maybe_control();
      add_message();
    }
    return std::move(made_);
  }

  std::size_t below(std::size_t end) { return random_() % end; }

 private:
  std::string random_text(std::size_t size) {
    std::string text(size, ' ');
    for (char& letter : text) letter = static_cast<char>(' ' + below(95));
    return text;
  }

  void add(std::uint8_t first, std::string_view payload) {
    frame_mask mask{};
    for (auto& byte : mask) byte = static_cast<std::uint8_t>(random_());
    const byte_buffer frame = client_frame(first, payload, mask);
    made_.bytes.insert(made_.bytes.end(), frame.begin(), frame.end());
  }

  void maybe_control() {
    if (below(3) != 0) return;
    const bool is_ping = below(2) == 0;
    const std::string payload = random_text(below(126));
    add(is_ping ? ping : pong, payload);
    made_.expected.push_back({is_ping ? frame_event::ping : frame_event::pong, kind_, payload});
  }

  void add_message() {
    constexpr std::size_t sizes[] = {1, 20, 200, 2000, 30'000, 140'000};
    const std::size_t parts = 1 + (below(3) == 0 ? below(5) : 0);
    const frame_kind kind = below(2) == 0 ? frame_kind::text : frame_kind::binary;
    const std::uint8_t opcode = kind == frame_kind::text ? first_text : first_binary;
    std::string whole;
    for (std::size_t i = 0; i < parts; ++i) {
      const std::string part = random_text(below(sizes[below(std::size(sizes))]));
      const int final_bit = i + 1 == parts ? 0x80 : 0;
      add(static_cast<std::uint8_t>(final_bit | (i == 0 ? opcode : 0)), part);
      whole += part;
      kind_ = kind;
      if (final_bit == 0) maybe_control();
    }
    made_.expected.push_back({frame_event::message, kind, std::move(whole)});
  }

  std::mt19937 random_;
  conversation made_;
  frame_kind kind_ = frame_kind::binary;
};

/// Reads as a connection does: into the room that is offered, else into a buffer.
frame_log read_in_pieces(const byte_buffer& bytes, conversation_maker& random) {
  frame_reader reader{large_max};
  frame_log log;
  std::span<const std::uint8_t> rest{bytes};
  const std::size_t piece_max = std::size_t{1} << random.below(16);
  while (!rest.empty() && !log.has_ended) {
    std::span<std::uint8_t> room;
    if (random.below(4) != 0) room = reader.direct_room();
    std::size_t size = std::min(random.below(piece_max + 1), rest.size());
    if (room.empty()) {
      log.read(reader, {rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(size)});
    } else {
      size = std::min(size, room.size());
      std::copy_n(rest.begin(), size, room.begin());
      reader.filled(size);
      log.read(reader, {});
    }
    rest = rest.subspan(size);
  }
  return log;
}

}  // namespace

TEST_CASE("random frames in random pieces come out as they were", "[frame_reader][property]") {
  for (unsigned seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    conversation_maker maker{seed};
    const conversation talk = maker.make(12);
    const frame_log log = read_in_pieces(talk.bytes, maker);
    REQUIRE(log.events.size() == talk.expected.size());
    for (std::size_t i = 0; i < talk.expected.size(); ++i)
      REQUIRE(log.events[i] == talk.expected[i]);
  }
}

TEST_CASE("random bytes end a reader or leave it waiting, however they are cut",
          "[frame_reader][property]") {
  std::mt19937 random{7};
  for (int round = 0; round < 3000; ++round) {
    byte_buffer bytes(1 + random() % 60);
    for (auto& byte : bytes) byte = static_cast<std::uint8_t>(random());
    if (random() % 2 == 0) bytes[0] = static_cast<std::uint8_t>(bytes[0] & 0x8F);
    if (bytes.size() > 1) bytes[1] = static_cast<std::uint8_t>(0x80 | bytes[1] % 24);
    frame_reader whole{size_max};
    frame_log expected = skipping_log();
    expected.read(whole, bytes);
    frame_reader reader{size_max};
    frame_log log = skipping_log();
    for (const std::uint8_t byte : bytes) log.read(reader, {byte});
    REQUIRE(log.events == expected.events);
  }
}

}  // namespace troupe::frame_reader_pieces_test
