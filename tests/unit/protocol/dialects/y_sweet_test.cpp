// y-sweet's dialect byte by byte. The bytes are those that @y-sweet/client 0.9.1 and its server
// sent each other.
#include "protocol/dialects/y_sweet.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"
#include "tests/unit/protocol/dialects/codec_checks.hpp"

namespace troupe::y_sweet_test {

using namespace troupe::test;

namespace {

const y_sweet_codec codec;

using frames = std::vector<std::string>;

frames frames_of(const notice& what) {
  frames digits;
  for (const std::string& payload : encoded(codec, what, "a"))
    digits.push_back(to_hex(as_bytes(payload)));
  return digits;
}

errc refusal_of(const char* digits) {
  decoded_frame into;
  const byte_buffer frame = hex(digits);
  const auto decoded = codec.decode(frame, into);
  REQUIRE_FALSE(decoded.has_value());
  return decoded.error().code;
}

}  // namespace

TEST_CASE("y-sweet's sessions ask for receipts, and nothing comes back to its author",
          "[y_sweet]") {
  const dialect_traits& traits = codec.traits();
  CHECK(traits.name == "y-sweet");
  CHECK(traits.frames == frame_kind::binary);
  CHECK(traits.joins == joining::by_address);
  CHECK_FALSE(traits.has_errors);
  CHECK_FALSE(traits.acknowledges_by_echo);
  CHECK_FALSE(traits.acknowledges_each);
  CHECK_FALSE(traits.carries_sessions);
  CHECK(traits.gives_receipts);
}

TEST_CASE("a frame of y-sweet's is a request", "[y_sweet]") {
  struct row {
    const char* digits;
    request_kind kind;
    const char* body;
    bool is_answer = false;
  };
  for (const row& each : {
           row{"00 00 01 00", request_kind::sync, "00"},
           row{"66 01 00", request_kind::receipt, "00"},
           row{"66 02 ac 02", request_kind::receipt, "ac 02"},
           row{"66 00", request_kind::receipt, ""},
           row{"66 10 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f", request_kind::receipt,
               "00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f"},
           row{"01 06 01 01 00 02 7b 7d", request_kind::presence, "01 01 00 02 7b 7d"},
           row{"00 01 02 00 00", request_kind::update, "00 00", true},
           row{"00 02 02 00 00", request_kind::update, "00 00"},
           row{"03", request_kind::query_presence, ""},
           // So it answers when it is asked who is present.
           row{"03 06 01 01 00 02 7b 7d", request_kind::presence, "01 01 00 02 7b 7d"},
       }) {
    CAPTURE(each.digits);
    decoded_frame into;
    const byte_buffer frame = hex(each.digits);
    REQUIRE(codec.decode(frame, into));
    CHECK(into.kind == each.kind);
    CHECK(to_hex(into.body) == to_hex(hex(each.body)));
    CHECK(into.answers_question == each.is_answer);
    CHECK(into.rest.empty());
    CHECK_FALSE(into.document.has_value());
  }
}

TEST_CASE("several messages of y-sweet's in one frame are read one by one", "[y_sweet]") {
  decoded_frame into;
  const byte_buffer frame = hex("00 02 02 00 00 66 01 05 01 01 00");
  REQUIRE(codec.decode(frame, into));
  CHECK(into.kind == request_kind::update);
  const byte_view behind = into.rest;
  REQUIRE(codec.decode(behind, into));
  CHECK(into.kind == request_kind::receipt);
  CHECK(to_hex(into.body) == to_hex(hex("05")));
  const byte_view last = into.rest;
  REQUIRE(codec.decode(last, into));
  CHECK(into.kind == request_kind::presence);
  CHECK(into.rest.empty());
}

TEST_CASE("what is no frame of y-sweet's is refused", "[y_sweet]") {
  CHECK(refusal_of("") == errc::unknown_message);
  CHECK(refusal_of("66") == errc::truncated);
  CHECK(refusal_of("66 02 00") == errc::truncated);
  CHECK(refusal_of("66 11 00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10") ==
        errc::update_too_large);
  CHECK(refusal_of("03 05 01") == errc::truncated);
  CHECK(refusal_of("65 01 00") == errc::unknown_message);
  CHECK(refusal_of("ff ff ff ff ff ff ff ff ff 01") == errc::number_too_large);
}

TEST_CASE("a receipt brings back what was asked with, and updates have no other", "[y_sweet]") {
  CHECK(frames_of({.kind = notice_kind::ack, .body = {}, .extra = hex("ac02")}) ==
        frames{to_hex(hex("66 02 ac 02"))});
  CHECK(frames_of({.kind = notice_kind::ack, .body = hex("0000"), .extra = {}}).empty());
  CHECK(frames_of({.kind = notice_kind::update, .body = hex("0000"), .extra = {}}) ==
        frames{to_hex(hex("00 02 02 00 00"))});
  CHECK(frames_of({.kind = notice_kind::state, .body = hex("0000"), .extra = hex("00")}) ==
        frames{to_hex(hex("00 01 02 00 00")), to_hex(hex("00 00 01 00"))});
  CHECK(frames_of({.kind = notice_kind::presence, .body = hex("00"), .extra = {}}) ==
        frames{to_hex(hex("01 01 00"))});
}

}  // namespace troupe::y_sweet_test
