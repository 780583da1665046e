#include "protocol/dialects/upstream_message.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::upstream_message_test {

using test::hex;
using test::to_hex;

namespace {

constexpr auto plain = upstream_protocol::y_websocket;
constexpr auto addressed = upstream_protocol::hocuspocus;

/// The updates of a frame, and a full stop behind them if that is all of the document.
std::string read(upstream_protocol protocol, std::string_view frame) {
  const byte_buffer bytes = hex(frame);
  const auto answer = read_upstream_frame(protocol, bytes);
  if (!answer) return std::string{to_string(answer.error().code)};
  std::string text;
  for (const byte_view update : answer->updates) text.append(to_hex(update)).append(" ");
  return text.append(answer->is_whole ? "." : "");
}

}  // namespace

TEST_CASE("a greeting asks for all of a document", "[upstream]") {
  const auto of_y_websocket = upstream_greeting(plain, "a", "ok");
  REQUIRE(of_y_websocket.size() == 1);
  CHECK(to_hex(of_y_websocket[0]) == "00000100");
  // As provider 4.5 sends them, without its version.
  const auto of_hocuspocus = upstream_greeting(addressed, "a", "ok");
  REQUIRE(of_hocuspocus.size() == 2);
  CHECK(to_hex(of_hocuspocus[0]) == "0161"
                                    "02"
                                    "00"
                                    "026f6b");
  CHECK(to_hex(of_hocuspocus[1]) == "0161"
                                    "00"
                                    "000100");
}

TEST_CASE("the answer of a y-websocket server is found among its messages", "[upstream]") {
  CHECK(read(plain, "00 01 02 0000") == "0000 .");
  CHECK(read(plain, "00 02 02 0000") == "0000 ");
  CHECK(read(plain, "00 00 01 00") == "");
  CHECK(read(plain, "00 00 01 00 00 01 02 0000") == "0000 .");
  CHECK(read(plain, "01 02 0000") == "");
  CHECK(read(plain, "66 00") == "");
  CHECK(read(plain, "") == "");
  CHECK(read(plain, "02 00 02 6e6f") == "forbidden");
  CHECK(read(plain, "00 01 05 0000") == "truncated");
}

TEST_CASE("the answer of a Hocuspocus server is found among its messages", "[upstream]") {
  CHECK(read(addressed, "0161 02 02 0a 726561642d7772697465") == "");
  CHECK(read(addressed, "0161 00 00 01 00") == "");
  CHECK(read(addressed, "0161 00 01 02 0000") == "0000 .");
  CHECK(read(addressed, "0161 00 02 02 0000") == "0000 ");
  CHECK(read(addressed, "0161 08 01") == "");
  CHECK(read(addressed, "09") == "");
  CHECK(read(addressed, "0161 02 01 02 6e6f") == "forbidden");
  CHECK(read(addressed, "0161 07 02 6e6f") == "forbidden");
  CHECK(read(addressed, "0161 00 01 05 0000") == "truncated");
  CHECK(read(addressed, "0561 00") == "truncated");
}

}  // namespace troupe::upstream_message_test
