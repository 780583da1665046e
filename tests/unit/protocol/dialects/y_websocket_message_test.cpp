#include "protocol/dialects/y_websocket_message.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::y_websocket_message_test {

using sync::decode_message;
using sync::encode_message;
using sync::message_kind;
using test::hex;
using test::to_hex;

namespace {

/// Kind and body of a frame that must be valid.
std::pair<message_kind, std::string> decoded(std::string_view digits) {
  const byte_buffer frame = hex(digits);
  const auto message = decode_message(frame);
  REQUIRE(message.has_value());
  return {message->kind, to_hex(message->body)};
}

errc error_of(std::string_view digits) {
  const auto message = decode_message(hex(digits));
  REQUIRE_FALSE(message.has_value());
  return message.error().code;
}

using decoded_message = std::pair<message_kind, std::string>;

}  // namespace

TEST_CASE("message reads each kind with its body", "[sync]") {
  CHECK(decoded("00 00 01 00") == decoded_message{message_kind::sync_step1, "00"});
  CHECK(decoded("00 01 02 00 00") == decoded_message{message_kind::sync_step2, "0000"});
  CHECK(decoded("00 02 03 0a0b0c") == decoded_message{message_kind::update, "0a0b0c"});
  CHECK(decoded("01 01 00") == decoded_message{message_kind::awareness, "00"});
  CHECK(decoded("03") == decoded_message{message_kind::query_awareness, ""});
}

TEST_CASE("message does not look into bodies, which may be empty", "[sync]") {
  CHECK(decoded("00 00 00") == decoded_message{message_kind::sync_step1, ""});
  CHECK(decoded("00 02 01 ff") == decoded_message{message_kind::update, "ff"});
  CHECK(decoded("01 00") == decoded_message{message_kind::awareness, ""});
}

TEST_CASE("message body is a part of its frame", "[sync]") {
  const byte_buffer frame = hex("00 02 02 aabb");
  const auto message = decode_message(frame);
  REQUIRE(message);
  CHECK(message->body.data() == frame.data() + 3);
}

TEST_CASE("message rejects types and steps it does not know", "[sync]") {
  CHECK(error_of("02 00 00") == errc::unknown_message);  // auth is the server's to send
  CHECK(error_of("04") == errc::unknown_message);
  CHECK(error_of("64 01 00") == errc::unknown_message);
  CHECK(error_of("ff7f") == errc::unknown_message);
  CHECK(error_of("00 03 01 00") == errc::unknown_message);
  CHECK(error_of("00 8002 01 00") == errc::unknown_message);        // 256 is not step 0
  CHECK(error_of("00 8080808010 01 00") == errc::unknown_message);  // nor is 2^32
}

TEST_CASE("message rejects frames that are cut short", "[sync]") {
  CHECK(error_of("") == errc::unknown_message);
  for (const char* digits : {"00", "00 00", "00 01 01", "00 02 05 01020304", "01", "01 01", "80",
                             "00 80", "00 02 80", "00 02 ffffffff0f 00"}) {
    CAPTURE(digits);
    CHECK(error_of(digits) == errc::truncated);
  }
}

TEST_CASE("message rejects bytes behind its end", "[sync]") {
  CHECK(error_of("00 00 01 00 00") == errc::trailing_bytes);
  CHECK(error_of("01 01 00 01 01 00") == errc::trailing_bytes);
  CHECK(error_of("03 00") == errc::trailing_bytes);
}

TEST_CASE("messages of one frame are taken one by one", "[sync]") {
  const byte_buffer bytes = hex("00 00 01 00 | 01 02 aabb | 03");
  byte_view frame = bytes;
  CHECK(sync::take_message(frame)->kind == message_kind::sync_step1);
  CHECK(to_hex(sync::take_message(frame)->body) == "aabb");
  CHECK(sync::take_message(frame)->kind == message_kind::query_awareness);
  CHECK(frame.empty());
}

TEST_CASE("message rejects numbers above 2^53 - 1", "[sync]") {
  CHECK(error_of("ffffffffffffffffff01") == errc::number_too_large);
  CHECK(error_of("00 8080808080808010") == errc::number_too_large);
  CHECK(error_of("00 02 ffffffffffffff7f") == errc::number_too_large);
}

TEST_CASE("message writes each kind as y-websocket does", "[sync]") {
  const byte_buffer body = hex("0a0b");
  CHECK(to_hex(encode_message(message_kind::sync_step1, body)) == "0000020a0b");
  CHECK(to_hex(encode_message(message_kind::sync_step2, body)) == "0001020a0b");
  CHECK(to_hex(encode_message(message_kind::update, body)) == "0002020a0b");
  CHECK(to_hex(encode_message(message_kind::awareness, body)) == "01020a0b");
  CHECK(to_hex(encode_message(message_kind::query_awareness, {})) == "03");
  CHECK(to_hex(encode_message(message_kind::update, {})) == "000200");
}

TEST_CASE("message of any size comes back as it was", "[sync]") {
  for (const std::size_t size : {0u, 1u, 127u, 128u, 16'383u, 16'384u, 300'000u}) {
    const byte_buffer body(size, 0x5a);
    for (const auto kind : {message_kind::sync_step1, message_kind::sync_step2,
                            message_kind::update, message_kind::awareness}) {
      const byte_buffer frame = encode_message(kind, body);
      const auto message = decode_message(frame);
      REQUIRE(message);
      CHECK(message->kind == kind);
      CHECK(byte_buffer(message->body.begin(), message->body.end()) == body);
    }
  }
}

TEST_CASE("message that keeps a connection alive is an awareness update of nobody", "[sync]") {
  constexpr std::uint8_t nobody[] = {0};
  CHECK(to_hex(sync::encode_message(sync::message_kind::awareness, nobody)) == "010100");
}

}  // namespace troupe::y_websocket_message_test
