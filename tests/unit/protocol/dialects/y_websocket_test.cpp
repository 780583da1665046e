#include "protocol/dialects/y_websocket.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"
#include "tests/unit/protocol/dialects/codec_checks.hpp"

namespace troupe::y_websocket_test {

using namespace troupe::test;

namespace {

const y_websocket_codec codec;

std::vector<std::string> frames_of(const notice& what,
                                   std::optional<std::string_view> document = "d") {
  std::vector<std::string> digits;
  for (const std::string& payload : encoded(codec, what, document))
    digits.push_back(to_hex(as_bytes(payload)));
  return digits;
}

using frames = std::vector<std::string>;

}  // namespace

TEST_CASE("y-websocket clients join by their address and take an echo for an acknowledgement",
          "[y_websocket]") {
  const dialect_traits& traits = codec.traits();
  CHECK(traits.name == "y-websocket");
  CHECK(traits.frames == frame_kind::binary);
  CHECK(traits.joins == joining::by_address);
  CHECK_FALSE(traits.has_errors);
  CHECK(traits.merges_updates);
  CHECK(traits.acknowledges_by_echo);
  CHECK(traits.needs_keep_alive);
}

TEST_CASE("a y-websocket frame is a request without document and message id", "[y_websocket]") {
  struct row {
    const char* digits;
    request_kind kind;
    const char* body;
  };
  for (const row& each :
       {row{"00 00 01 00", request_kind::sync, "00"},
        row{"00 00 03 01 01 05", request_kind::sync, "010105"},
        row{"00 01 02 0000", request_kind::update, "0000"},
        row{"00 02 02 0000", request_kind::update, "0000"},
        row{"00 02 01 ff", request_kind::update, "ff"}, row{"00 02 00", request_kind::update, ""},
        row{"01 01 ff", request_kind::presence, "ff"},
        row{"03", request_kind::query_presence, ""}}) {
    CAPTURE(each.digits);
    decoded_frame frame = used_frame();
    const byte_buffer bytes = hex(each.digits);
    REQUIRE(codec.decode(bytes, frame).has_value());
    CHECK(frame.kind == each.kind);
    CHECK(to_hex(frame.body) == each.body);
    CHECK_FALSE(frame.document.has_value());
    CHECK(frame.message_id.empty());
  }
}

TEST_CASE("a failure of a y-websocket frame says which part was wrong", "[y_websocket]") {
  struct row {
    const char* digits;
    errc code;
    request_part part;
  };
  const auto message = request_part::message;
  for (const row& each :
       {row{"", errc::unknown_message, message}, row{"00 02 05 00", errc::truncated, message},
        row{"02 00", errc::unknown_message, message},
        row{"ffffffffffffffffff01", errc::number_too_large, message}}) {
    CAPTURE(each.digits);
    decoded_frame frame = used_frame();
    const auto read = codec.decode(hex(each.digits), frame);
    REQUIRE_FALSE(read.has_value());
    CHECK(read.error().code == each.code);
    CHECK(frame.wrong_part == each.part);
    CHECK_FALSE(frame.document.has_value());
    CHECK(frame.message_id.empty());
  }
}

TEST_CASE("y-websocket has a frame for each notice about content and presence", "[y_websocket]") {
  const byte_buffer update = hex("0000"), vector = hex("010105");
  CHECK(frames_of(notice_of(notice_kind::state, update, vector)) ==
        frames{"0001020000", "000003010105"});
  CHECK(frames_of(notice_of(notice_kind::question, vector)) == frames{"000003010105"});
  CHECK(frames_of(notice_of(notice_kind::update, update)) == frames{"0002020000"});
  CHECK(frames_of(notice_of(notice_kind::presence, hex("00"))) == frames{"010100"});
  CHECK(frames_of(notice_of(notice_kind::update, update), std::nullopt) == frames{"0002020000"});
}

TEST_CASE("y-websocket has no word for events, acknowledgements and errors", "[y_websocket]") {
  CHECK(frames_of(notice_of(notice_kind::event, as_bytes("1"))).empty());
  CHECK(frames_of(notice_of(notice_kind::error, as_bytes("why"), as_bytes("m"))).empty());
  CHECK(frames_of(notice_of(notice_kind::ack, {}, as_bytes("m"))).empty());
}

}  // namespace troupe::y_websocket_test
