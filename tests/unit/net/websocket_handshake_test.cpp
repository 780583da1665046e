#include "net/websocket_handshake.hpp"

#include <string>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::websocket_handshake_test {

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

TEST_CASE("the first subprotocol that is offered is answered", "[handshake]") {
  CHECK(choose_subprotocol("", {}) == "");
  CHECK(choose_subprotocol("auth, other", {}) == "auth");
  CHECK(choose_subprotocol(" , ,eyJhbGciOi.J9_-~,b", {}) == "eyJhbGciOi.J9_-~");
  const std::string answer = accept_upgrade("dGhlIHNhbXBsZSBub25jZQ==", "auth");
  CHECK(answer.ends_with("\r\nSec-WebSocket-Protocol: auth\r\n\r\n"));
}

TEST_CASE("with a list only a subprotocol of it is answered", "[handshake]") {
  const std::vector<std::string> known{"yjs", "auth"};
  CHECK(choose_subprotocol("x, auth, yjs", known) == "auth");
  CHECK(choose_subprotocol("x,y", known) == "");
  CHECK(choose_subprotocol("YJS", known) == "");
}

TEST_CASE("a subprotocol that holds a token is answered only if it is alone", "[handshake]") {
  const std::vector<std::string> known{"yjs"};
  for (const char* const offered : {"troupe, troupe.token.a.b.c", "troupe.token.a.b.c, troupe"})
    CHECK(choose_subprotocol(offered, {}) == "troupe");
  CHECK(choose_subprotocol("troupe.token.a.b.c", {}) == "troupe.token.a.b.c");
  CHECK(choose_subprotocol("troupe.token.a.b.c", known) == "troupe.token.a.b.c");
  CHECK(choose_subprotocol("troupe.token.a.b.c, yjs", known) == "yjs");
  CHECK(choose_subprotocol("troupe.token.a.b.c, other", known) == "");
}

TEST_CASE("an offer that is no token cannot be answered", "[handshake]") {
  for (const char* offered : {"a b", "a,b\"", "a=b", "a/b", "(a)", "\xFF"})
    CHECK_FALSE(choose_subprotocol(offered, {}).has_value());
}

}  // namespace troupe::websocket_handshake_test
