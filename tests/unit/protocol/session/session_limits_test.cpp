// What holds a session back: the rate, the credit, a client that does not read, and the heartbeat.
#include <catch2/catch_test_macros.hpp>

#include "tests/unit/protocol/session/session_core_bed.hpp"

namespace troupe::session_limits_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr std::string_view event_m = R"({"type":"update","payload":1,"messageId":"m"})";
constexpr const char* small_update = "00 02 02 0000";

/// A session that has spoken both dialects or one to the document of its address.
struct spoken_bed : session_core_bed {
  explicit spoken_bed(const session_settings& with, dialect_set in = both_dialects)
      : session_core_bed(with, "d", in) {
    join_address();
  }
};

}  // namespace

// --- sizes ---

TEST_CASE("each kind of binary message has a limit of its own, which the close names",
          "[session_protocol]") {
  session_settings with = with_rate(0, 1);
  with.message_bytes_max = 10;
  with.update_bytes_max = 20;
  with.sync_bytes_max = 30;
  const auto frame_of = [](const char* head, std::size_t size) {
    byte_buffer frame = hex(head);
    frame.push_back(static_cast<std::uint8_t>(size - frame.size() - 1));
    frame.resize(size);
    return frame;
  };
  struct row {
    const char* head;
    std::size_t size;
    std::string detail;
  };
  for (const row& each :
       {row{"00 02", 20, ""}, row{"00 02", 21, "21 bytes, limits.max_update_size is 20"},
        row{"00 01", 30, ""}, row{"00 01", 31, "31 bytes, limits.max_sync_size is 30"},
        row{"00 00", 30, ""}, row{"00 00", 31, "31 bytes, limits.max_sync_size is 30"},
        row{"01", 12, ""}}) {
    spoken_bed bed{with};
    const byte_buffer frame = frame_of(each.head, each.size);
    bed.happens([&] {
      bed.core.on_frame(frame_kind::binary, frame, bed.at(), bed.input, bed.out);
      bed.core.on_frames_end(bed.input, bed.out);
    });
    CAPTURE(each.head, each.size);
    CHECK(bed.out.close_detail == each.detail);
    CHECK(bed.out.close.has_value() == !each.detail.empty());
    CHECK(bed.out.forwards.size() == (each.detail.empty() ? 1U : 0U));
    if (bed.out.close) CHECK(*bed.out.close == close_reason::message_too_large);
    if (bed.out.close) CHECK(bed.out.problem->detail == "document 'd', message of " + each.detail);
  }
}

TEST_CASE("presence above its limit is dropped and closes nobody", "[session_protocol]") {
  session_settings with = with_rate(0, 1);
  with.message_bytes_max = 10;
  spoken_bed bed{with};
  const auto receive = [&bed](std::size_t size) {
    byte_buffer frame{1, static_cast<std::uint8_t>(size)};
    frame.resize(2 + size);
    bed.happens([&] {
      bed.core.on_frame(frame_kind::binary, frame, bed.at(), bed.input, bed.out);
      bed.core.on_frames_end(bed.input, bed.out);
    });
  };
  receive(10);
  CHECK(bed.out.forwards.size() == 1);
  for (const std::size_t size : {11, 100}) {
    receive(size);
    CHECK_FALSE(bed.out.close);
    CHECK(bed.out.forwards.empty());
    CHECK(bed.out.dropped_presence == 1);
  }
  receive(10);
  CHECK(bed.out.forwards.size() == 1);
}

TEST_CASE("a message above the credit is large until its document has handled it",
          "[session_protocol]") {
  spoken_bed bed{with_rate(0, 1)};
  byte_buffer frame = hex("00 02 80 80 80 01");
  frame.resize(frame.size() + (std::size_t{2} << 20));
  bed.happens([&] {
    bed.core.on_frame(frame_kind::binary, frame, bed.at(), bed.input, bed.out);
    bed.core.on_frames_end(bed.input, bed.out);
  });
  REQUIRE(bed.out.forwards.size() == 1);
  CHECK(bed.core.has_large_message());
  bed.handled(bed.out.forwards[0].first, {1, std::size_t{2} << 20});
  CHECK_FALSE(bed.core.has_large_message());
}

// --- the rate ---

TEST_CASE("above the rate a dialect with errors is answered and reading goes on",
          "[session_protocol]") {
  spoken_bed bed{with_rate(10, 3)};
  bed.says(R"({"type":"sync"})");
  bed.says(event_m);
  bed.says(event_m);
  CHECK(bed.errors().empty());
  CHECK(bed.forwards().size() == 1);
  bed.says(event_m);
  CHECK(bed.errors() == texts{"RATE_LIMIT_EXCEEDED - m"});
  CHECK(bed.out.replies[0].in == dialect::json);
  CHECK(bed.out.forwards.empty());
  CHECK_FALSE(bed.is_paused);
  CHECK_FALSE(bed.out.wake_in);
  CHECK_FALSE(bed.out.reading_paused_by_rate);
  CHECK_FALSE(bed.out.close);
}

TEST_CASE("a message that is refused for the rate costs nothing, and tokens come back",
          "[session_protocol]") {
  spoken_bed bed{with_rate(10, 1)};
  bed.says(R"({"type":"sync"})");
  for (int i = 0; i < 100; ++i) {
    bed.says(event_m);
    REQUIRE(bed.errors().size() == 1);
  }
  bed.now += 99ms;
  bed.says(event_m);
  CHECK(bed.errors().size() == 1);
  bed.now += 2ms;
  bed.says(event_m);
  CHECK(bed.errors().empty());
  CHECK(bed.forwards().size() == 1);
  bed.says(event_m);
  CHECK(bed.errors().size() == 1);
}

TEST_CASE("a refusal for the rate names document and message of a small frame only",
          "[session_protocol]") {
  spoken_bed bed{with_rate(10, 1)};
  bed.says(R"({"type":"sync"})");
  bed.says(R"({"type":"sync","docName":"x","messageId":"m"})");
  CHECK(bed.errors() == texts{"RATE_LIMIT_EXCEEDED x m"});
  CHECK(bed.out.authorise.empty());
  bed.says("nonsense");
  CHECK(bed.errors() == texts{"RATE_LIMIT_EXCEEDED - -"});
  const std::string large = R"({"type":"update","docName":"x","messageId":"m","payload":")" +
                            std::string(4096, 'x') + "\"}";
  bed.says(large);
  CHECK(bed.errors() == texts{"RATE_LIMIT_EXCEEDED - -"});
}

TEST_CASE("above the rate a dialect without errors is not read, and nothing of it is dropped",
          "[session_protocol]") {
  spoken_bed bed{with_rate(10, 3)};
  bed.says_binary(small_update);
  bed.says_binary(small_update);
  CHECK(bed.out.reading == reading_change::none);
  bed.says_binary(small_update);
  CHECK(bed.forwards().size() == 1);
  CHECK(bed.out.reading == reading_change::pause);
  CHECK(bed.out.reading_paused_by_rate);
  CHECK(bed.out.replies.empty());
  CHECK(bed.out.wake_in == 101ms);

  // Frames that had been read already.
  bed.says_binary(small_update);
  CHECK(bed.forwards().size() == 1);
  CHECK(bed.out.reading == reading_change::none);
  CHECK_FALSE(bed.out.reading_paused_by_rate);
  CHECK_FALSE(bed.out.wake_in);

  bed.now += 101ms;
  bed.wake();
  CHECK(bed.is_paused);  // the last frame made a debt
  REQUIRE(bed.out.wake_in);
  bed.now += *bed.out.wake_in;
  bed.wake();
  CHECK(bed.out.reading == reading_change::resume);
  CHECK_FALSE(bed.out.wake_in);
}

TEST_CASE("a session without tokens looks again after 10 to 200 milliseconds",
          "[session_protocol]") {
  struct row {
    std::size_t rate;
    std::chrono::milliseconds wait;
  };
  for (const row& each : {row{1, 200ms}, row{4, 200ms}, row{20, 51ms}, row{100, 11ms},
                          row{1000, 10ms}, row{1'000'000, 10ms}}) {
    CAPTURE(each.rate);
    spoken_bed bed{with_rate(each.rate, 1)};
    bed.says_binary(small_update);
    CHECK(bed.out.reading == reading_change::pause);
    CHECK(bed.out.wake_in == each.wait);
  }
}

TEST_CASE("a session that has spoken a dialect without errors waits with both",
          "[session_protocol]") {
  spoken_bed bed{with_rate(10, 3)};
  bed.says(R"({"type":"sync"})");
  bed.says_binary(small_update);
  bed.says(event_m);
  CHECK(bed.out.reading == reading_change::pause);
  CHECK(bed.out.reading_paused_by_rate);
}

TEST_CASE("a session that speaks both waits where JSON alone would be refused",
          "[session_protocol]") {
  session_settings with = with_rate(10, 3);
  with.edit_burst = 1000;
  spoken_bed bed{with};
  bed.says_binary(small_update);
  bed.says(R"({"type":"sync"})");
  bed.says(event_m);
  CHECK_FALSE(bed.is_paused);
  bed.says(event_m);
  CHECK(bed.is_paused);
  CHECK(bed.out.wake_in == 101ms);
  CHECK(bed.errors().empty());
  bed.now += 101ms;
  bed.wake();
  CHECK_FALSE(bed.is_paused);
}

TEST_CASE("one wake is under way at a time", "[session_protocol]") {
  spoken_bed bed{with_rate(1, 1)};
  bed.says_binary(small_update);
  CHECK(bed.out.wake_in);
  bed.second();
  CHECK_FALSE(bed.out.wake_in);
  bed.handled(1, {1, 2});
  CHECK_FALSE(bed.out.wake_in);
  bed.wake();
  CHECK(bed.out.wake_in);
}

TEST_CASE("a session without a rate is never held back by it", "[session_protocol]") {
  spoken_bed bed{unlimited()};
  for (int i = 0; i < 1000; ++i) {
    bed.says_binary(small_update);
    REQUIRE(bed.out.reading == reading_change::none);
    REQUIRE(bed.forwards().size() == 1);
  }
}

TEST_CASE("presence costs no token, and edits overtake presence that waits", "[session_protocol]") {
  session_settings with = with_rate(10, 3);
  with.presence = {.own_per_second = 10, .relayed_per_second = 100};
  spoken_bed bed{with, dialect_set{dialect::y_websocket}};
  for (int i = 0; i < 20; ++i) {
    bed.says_binary("01 06 | 01 07 01 02 7b7d");
    REQUIRE(bed.forwards().size() == 1);
    REQUIRE_FALSE(bed.is_paused);
  }
  bed.says_binary("01 06 | 01 07 02 02 7b7d");
  CHECK(bed.out.forwards.empty());
  CHECK(bed.out.wake_in);
  CHECK(bed.out.dropped_presence == 0);
  bed.says_binary("01 06 | 01 07 03 02 7b7d");
  CHECK(bed.out.forwards.empty());
  CHECK(bed.out.dropped_presence == 1);  // the one that waited
  CHECK_FALSE(bed.is_paused);
  bed.says_binary(small_update);
  CHECK(bed.forwards().size() == 1);
  bed.now += 101ms;
  bed.wake();
  CHECK(bed.forwards() == std::vector<forwarded>{{1, request_kind::presence, dialect::y_websocket,
                                                  "01070302"
                                                  "7b7d",
                                                  ""}});
  for (int i = 0; i < 110; ++i) bed.says_binary("01 06 | 01 09 03 02 7b7d");
  CHECK(bed.out.dropped_presence == 1);
  CHECK(bed.out.forwards.empty());
  CHECK_FALSE(bed.is_paused);
}

TEST_CASE("presence that waits for its rate is not lost while the document opens",
          "[session_protocol]") {
  session_settings with = with_rate(0, 1);
  with.presence = {.own_per_second = 1, .relayed_per_second = 0};
  for (const auto opens_after : {0ms, 1500ms}) {
    CAPTURE(opens_after.count());
    session_core_bed bed{with};
    bed.open();
    bed.authorise("d");
    for (const char* clock : {"01", "02", "03"})
      bed.says_binary("01 06 | 01 07 " + std::string{clock} + " 02 7b7d");
    CHECK(bed.out.wake_in);
    bed.wake();  // before the document is there
    CHECK(bed.out.forwards.empty());
    bed.now += opens_after;
    bed.opened("d", 1);
    const std::size_t at_once = opens_after == 0ms ? 2 : 3;
    CHECK(bed.forwards().size() == at_once);
    if (at_once == 3) continue;
    REQUIRE(bed.out.wake_in);
    bed.now += 1001ms;
    bed.wake();
    REQUIRE(bed.forwards().size() == 1);
    CHECK(bed.forwards()[0].body == "010703027b7d");
  }
}

TEST_CASE("messages of unknown types and empty frames cost a token", "[session_protocol]") {
  for (const char* digits : {"", "64 01 02 03"}) {
    CAPTURE(digits);
    spoken_bed bed{with_rate(10, 3), dialect_set{dialect::y_websocket}};
    for (int i = 0; i < 2; ++i) bed.says_binary(digits);
    CHECK_FALSE(bed.is_paused);
    bed.says_binary(digits);
    CHECK(bed.is_paused);
    CHECK(bed.out.reading_paused_by_rate);
    CHECK(bed.out.ignored == 1);
    bed.now += 101ms;
    bed.wake();
    CHECK_FALSE(bed.is_paused);
  }
}

TEST_CASE("a burst of edits passes at once where messages of a dialect with errors do not",
          "[session_protocol]") {
  session_settings with = with_rate(10, 3);
  with.edit_burst = 2000;
  spoken_bed bed{with};
  for (int i = 0; i < 1999; ++i) {
    bed.says_binary(small_update);
    REQUIRE(bed.forwards().size() == 1);
  }
  bed.handled(1, {1024, 1'000'000});
  bed.handled(1, {1024, 1'000'000});
  CHECK_FALSE(bed.is_paused);
  bed.says_binary(small_update);
  CHECK(bed.is_paused);
}

// --- the credit ---

TEST_CASE("reading pauses while documents have as many requests unhandled as they may",
          "[session_protocol]") {
  spoken_bed bed{unlimited()};
  for (std::uint32_t i = 1; i < credit::messages_max; ++i) {
    bed.says_binary(small_update);
    REQUIRE_FALSE(bed.is_paused);
  }
  bed.says_binary(small_update);
  CHECK(bed.out.reading == reading_change::pause);
  CHECK_FALSE(bed.out.reading_paused_by_rate);
  CHECK_FALSE(bed.out.wake_in);
  bed.handled(1, {1, 2});
  CHECK(bed.out.reading == reading_change::resume);
}

TEST_CASE("reading pauses while documents have as many bytes unhandled as they may",
          "[session_protocol]") {
  spoken_bed bed{unlimited()};
  const byte_buffer half(credit::bytes_max / 2, 'x');
  const byte_buffer frame = sync::encode_message(sync::message_kind::update, half);
  bed.frame(frame_kind::binary, frame);
  CHECK_FALSE(bed.is_paused);
  bed.frame(frame_kind::binary, frame);
  CHECK(bed.is_paused);
  bed.handled(1, {1, 1});
  CHECK_FALSE(bed.is_paused);
}

TEST_CASE("a message above the credit is passed on all the same", "[session_protocol]") {
  spoken_bed bed{unlimited()};
  const byte_buffer large(credit::bytes_max * 2, 'x');
  const byte_buffer frame = sync::encode_message(sync::message_kind::update, large);
  bed.frame(frame_kind::binary, frame);
  CHECK(bed.is_paused);
  bed.happens([&] { bed.core.on_frames_end(bed.input, bed.out); });
  CHECK(bed.forwards().size() == 1);
  bed.handled(1, {1, large.size()});
  CHECK_FALSE(bed.is_paused);
}

TEST_CASE("only a few questions may be under way", "[session_protocol]") {
  for (const char* question : {"03", "00 00 01 00"}) {
    spoken_bed bed{unlimited()};
    for (int i = 0; i < 3; ++i) bed.says_binary(question);
    CHECK_FALSE(bed.is_paused);
    bed.says_binary(question);
    CHECK(bed.is_paused);
    bed.handled(1, {question_weight, 0});
    CHECK_FALSE(bed.is_paused);
  }
}

TEST_CASE("credit is one for all documents, and each gives back its own", "[session_protocol]") {
  spoken_bed bed{unlimited()};
  bed.join("x", 2);
  for (int i = 0; i < 3; ++i) bed.says(R"({"type":"sync","docName":"x"})");
  bed.says_binary("03");
  CHECK(bed.is_paused);
  // A document gives back no more than it holds.
  bed.handled(1, {5 * question_weight, 1000});
  CHECK_FALSE(bed.is_paused);
  bed.says_binary("03");
  CHECK(bed.is_paused);
  bed.handled(2, {question_weight, 1});
  CHECK_FALSE(bed.is_paused);
}

TEST_CASE("what is refused takes no credit", "[session_protocol]") {
  spoken_bed bed{unlimited()};
  for (int i = 0; i < 2000; ++i) bed.says("nonsense");
  for (int i = 0; i < 2000; ++i) bed.says(event_m);  // not joined in this dialect
  CHECK_FALSE(bed.is_paused);
  CHECK(bed.core.documents().begin()->unhandled.messages == 0);
}

// --- a client that does not read ---

TEST_CASE("a client that leaves much unread is not read until it has read some",
          "[session_protocol]") {
  spoken_bed bed{unlimited()};
  bed.queued_bytes = bed.settings.reading_pause_bytes;
  bed.says_binary(small_update);
  CHECK_FALSE(bed.is_paused);
  ++bed.queued_bytes;
  bed.says_binary(small_update);
  CHECK(bed.forwards().size() == 1);
  CHECK(bed.is_paused);
  CHECK_FALSE(bed.out.reading_paused_by_rate);
  REQUIRE(bed.out.wake_in);
  CHECK(*bed.out.wake_in >= 10ms);
  CHECK(*bed.out.wake_in <= 200ms);
  bed.wake();
  CHECK(bed.is_paused);
  CHECK(bed.out.wake_in);
  bed.queued_bytes = 0;
  bed.wake();
  CHECK(bed.out.reading == reading_change::resume);
  CHECK_FALSE(bed.out.wake_in);
}

TEST_CASE("a session leaves presence out while its client reads too slowly, and asks for it later",
          "[session_protocol]") {
  spoken_bed bed{unlimited()};
  bed.join("x", 2);
  bed.join("y", 3);
  const std::size_t most = bed.settings.presence_skip_bytes;
  CHECK_FALSE(bed.core.skips_presence(1, 0));
  CHECK_FALSE(bed.core.skips_presence(1, most));
  bed.second();
  CHECK(bed.out.wants_presence.empty());

  CHECK(bed.core.skips_presence(3, most + 1));
  CHECK(bed.core.skips_presence(1, most + 1));
  CHECK(bed.core.skips_presence(3, most + 1));
  bed.queued_bytes = most + 1;
  bed.second();
  CHECK(bed.out.wants_presence.empty());
  bed.queued_bytes = 0;
  bed.second();
  CHECK(bed.out.wants_presence == std::vector<document_id>{1, 3});
  bed.second();
  CHECK(bed.out.wants_presence.empty());
}

TEST_CASE("a session asks no document for presence that it has left", "[session_protocol]") {
  spoken_bed bed{unlimited()};
  bed.join("x", 2);
  CHECK(bed.core.skips_presence(2, bed.settings.presence_skip_bytes + 1));
  bed.document_failed(2, close_reason::document_failed);
  bed.second();
  CHECK(bed.out.wants_presence.empty());
}

// --- the heartbeat ---

TEST_CASE("a session pings its client and ends without a close frame when that is gone",
          "[session_protocol]") {
  spoken_bed bed{unlimited()};
  bed.now += 29'999ms;
  bed.second();
  CHECK(bed.out.empty());
  bed.now += 1ms;
  bed.second();
  CHECK(bed.out.ping);
  bed.now += 1s;
  bed.core.on_pong(bed.now);
  CHECK(bed.core.last_pong() == bed.now);
  bed.second();
  CHECK_FALSE(bed.out.ping);
  bed.now += 59'999ms;
  bed.second();
  CHECK(bed.out.ping);
  CHECK_FALSE(bed.out.terminate);
  bed.now += 1ms;
  bed.second();
  CHECK(bed.out.terminate == close_reason::heartbeat_timeout);
  CHECK_FALSE(bed.out.close);
}

TEST_CASE("the heartbeat counts from when the connection opened", "[session_protocol]") {
  session_core_bed bed{{}, ""};
  bed.now += 1h;
  bed.open();
  bed.second();
  CHECK(bed.out.empty());
}

TEST_CASE("a client cannot be late while it is not read", "[session_protocol]") {
  session_core_bed bed;
  bed.open();
  bed.now += 1h;
  bed.second();
  CHECK_FALSE(bed.out.terminate);
  CHECK_FALSE(bed.out.ping);
  bed.authorise("d");
  bed.opened("d", 1);
  bed.now += 59s;
  bed.second();
  CHECK(bed.out.ping);
  CHECK_FALSE(bed.out.terminate);
}

TEST_CASE("a client that hears nothing for 20 seconds gets a keep-alive in a dialect that needs it",
          "[session_protocol]") {
  spoken_bed bed{unlimited()};
  bed.second(1h);
  CHECK(bed.out.replies.empty());  // it has not spoken yet
  bed.says(R"({"type":"sync"})");
  bed.second(1h);
  CHECK(bed.out.replies.empty());
  bed.says_binary("03");
  bed.second(19'999ms);
  CHECK(bed.out.replies.empty());
  bed.second(20s);
  REQUIRE(bed.out.replies.size() == 1);
  CHECK(bed.out.replies[0].in == dialect::y_websocket);
  CHECK(bed.out.replies[0].what.kind == notice_kind::presence);
  CHECK(to_hex(bed.out.replies[0].what.body.view()) == "00");
}

}  // namespace troupe::session_limits_test
