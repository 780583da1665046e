#include "actors/upstream_fetch.hpp"

#include <catch2/catch_test_macros.hpp>

#include "net/websocket_url.hpp"

namespace troupe::upstream_fetch_test {

using namespace std::chrono_literals;

TEST_CASE("a document is asked for by the name that its clients put into the URL", "[upstream]") {
  constexpr auto plain = upstream_protocol::y_websocket;
  CHECK(upstream_name(plain, "wiki/page 1") == "wiki/page 1");
  CHECK(upstream_name(plain, "100%") == "100%25");
  CHECK(path_encoded(upstream_name(plain, "wiki/page 1 ä?#%")) ==
        "wiki/page%201%20%C3%A4%3F%23%25");
  // In a message of Hocuspocus it stands as it is.
  CHECK(upstream_name(upstream_protocol::hocuspocus, "100%/../a") == "100%/../a");
}

TEST_CASE("a document may have another name there, as clients that escape it use it",
          "[upstream]") {
  constexpr auto plain = upstream_protocol::y_websocket;
  CHECK(escaped_upstream_name(plain, "wiki/page:1") == "wiki%2Fpage%3A1");
  CHECK(path_encoded(escaped_upstream_name(plain, "wiki/page:1")) == "wiki%2Fpage%3A1");
  CHECK(escaped_upstream_name(plain, "a+b@c") == "a%2Bb%40c");
  CHECK(escaped_upstream_name(plain, "a/../b") == "a%2F..%2Fb");
  // Browsers write these in one way only.
  for (const char* name : {"plain", "a b", "ä", "100%", "a-_.!~*'()", ".", ".."})
    CHECK(escaped_upstream_name(plain, name).empty());
  CHECK(escaped_upstream_name(upstream_protocol::hocuspocus, "wiki/page:1").empty());
}

TEST_CASE("a name with steps of a path is asked for nowhere", "[upstream]") {
  for (const char* name : {".", "..", "../a", "a/..", "a/./b", "a/../b"})
    CHECK(upstream_name(upstream_protocol::y_websocket, name).empty());
  for (const char* name : {"...", ".a", "a..", "a.b/c"})
    CHECK(upstream_name(upstream_protocol::y_websocket, name) == name);
}

TEST_CASE("a server that is not there is told, with its place and without the token",
          "[upstream]") {
  upstream_server server;
  server.url = parse_websocket_url("ws://127.0.0.1:1/base").value();
  server.token = secret{"the-token"};
  server.timeout = 1s;
  upstream_state got;
  const auto fetched = fetch_state(server, "d", got);
  REQUIRE_FALSE(fetched.has_value());
  CHECK(fetched.error().code == errc::request_failed);
  CHECK(fetched.error().detail.find("127.0.0.1:1") != std::string::npos);
  CHECK(fetched.error().detail.find("the-token") == std::string::npos);
  CHECK_FALSE(got.is_reached);
}

}  // namespace troupe::upstream_fetch_test
