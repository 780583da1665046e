#include "net/websocket_handshake.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace troupe;

TEST_CASE("the answer to an upgrade holds the accept of the RFC's example", "[handshake]") {
  const std::string answer = accept_upgrade("dGhlIHNhbXBsZSBub25jZQ==");
  CHECK(answer.starts_with("HTTP/1.1 101 "));
  CHECK(answer.ends_with("\r\n\r\n"));
  CHECK(answer.find("\r\nUpgrade: websocket\r\n") != std::string::npos);
  CHECK(answer.find("\r\nConnection: Upgrade\r\n") != std::string::npos);
  CHECK(answer.find("\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n") !=
        std::string::npos);
}

TEST_CASE("the answer to an upgrade agrees to no extension and no subprotocol", "[handshake]") {
  const std::string answer = accept_upgrade("dGhlIHNhbXBsZSBub25jZQ==");
  CHECK(answer.find("Sec-WebSocket-Extensions") == std::string::npos);
  CHECK(answer.find("Sec-WebSocket-Protocol") == std::string::npos);
  CHECK(answer.find("\r\n\r\n") == answer.size() - 4);
}

TEST_CASE("a key is 16 bytes in base64", "[handshake]") {
  for (const std::string_view key : {"dGhlIHNhbXBsZSBub25jZQ==", "AAAAAAAAAAAAAAAAAAAAAA==",
                                     "+/+/+/+/+/+/+/+/+/+/+w==", "x3JJHMbDL1EzLkh9GBhXDw=="}) {
    CAPTURE(key);
    CHECK(is_websocket_key(key));
  }
  for (const std::string_view key :
       {"", "==", "dGhlIHNhbXBsZSBub25jZQ=", "dGhlIHNhbXBsZSBub25jZQ",
        "dGhlIHNhbXBsZSBub25jZQ===", "dGhlIHNhbXBsZSBub25jZQ==\r\n", " dGhlIHNhbXBsZSBub25jZQ==",
        "dGhlIHNhbXBsZSBub25j-_==", "dGhlIHNhbXBsZSBub2=jZQ==", "dGhlIHNhbXBsZSBub25jZQAA",
        "dGhlIHNhbX\r\nsZSBub25jZQ==", "\xC3\xA9GhlIHNhbXBsZSBub25jZQ=="}) {
    CAPTURE(key);
    CHECK_FALSE(is_websocket_key(key));
  }
}
