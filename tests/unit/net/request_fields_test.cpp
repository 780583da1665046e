#include "net/request_fields.hpp"

#include <utility>
#include <vector>

#include <catch2/catch_test_macros.hpp>

namespace troupe::request_fields_test {

namespace http = boost::beast::http;

namespace {

using lines = std::vector<std::pair<std::string, std::string>>;

request_head head(const lines& all, unsigned version = 11, const char* target = "/notes") {
  request_head made;
  made.method(http::verb::get);
  made.target(target);
  made.version(version);
  for (const auto& [name, value] : all) made.insert(name, value);
  return made;
}

}  // namespace

TEST_CASE("a header that names something twice, or no host, is wrong", "[request_fields]") {
  CHECK(mistake_in(head({{"Host", "h"}, {"Origin", "http://h"}})).empty());
  CHECK(mistake_in(head({{"Host", ""}})).empty());
  CHECK(mistake_in(head({})) == "The Host header is missing.\n");
  CHECK(mistake_in(head({}, 10)).empty());
  for (const char* name : {"Host", "Origin", "Sec-WebSocket-Key", "Sec-WebSocket-Version"}) {
    CAPTURE(name);
    const std::string_view mistake =
        mistake_in(head({{"Host", "h"}, {name, "a"}, {"X", "y"}, {name, "a"}}));
    CHECK(mistake.find(name) != std::string_view::npos);
    CHECK(mistake.find("more than one") != std::string_view::npos);
  }
}

TEST_CASE("a proxy on this machine says for whom it asks, and the nearest one counts",
          "[request_fields]") {
  const char* const name = "X-Forwarded-For";
  const auto client = [&](const std::string& told, const char* peer = "127.0.0.1") {
    return client_address(head({{name, told}}), peer);
  };
  CHECK(client_address(head({}), "127.0.0.1") == "127.0.0.1");
  CHECK(client("203.0.113.5") == "203.0.113.5");
  CHECK(client("203.0.113.5", "::1") == "203.0.113.5");
  CHECK(client("made up, 203.0.113.5 ") == "203.0.113.5");
  CHECK(client_address(head({{name, "a, b"}, {"X", "y"}, {name, "c,192.0.2.1"}}), "127.0.0.1") ==
        "192.0.2.1");
  CHECK(client("203.0.113.5:4711") == "203.0.113.5");
  CHECK(client("2001:DB8:0::5") == "2001:db8::5");
  CHECK(client("[2001:db8::5]:4711") == "2001:db8::5");
}

TEST_CASE("what is no address, or comes from elsewhere, is not believed", "[request_fields]") {
  const char* const name = "X-Forwarded-For";
  for (const std::string told : {"", "a", "203.0.113.5, ", "unknown", "203.0.113.5.6", "[", "[]",
                                 "203.0.113.5 x", "1:2:3"}) {
    CAPTURE(told);
    CHECK(client_address(head({{name, told}}), "127.0.0.1") == "127.0.0.1");
  }
  CHECK(client_address(head({{name, std::string(100, '1')}}), "127.0.0.1") == "127.0.0.1");
  CHECK(client_address(head({{name, "203.0.113.5"}}), "10.0.0.1") == "10.0.0.1");
}

TEST_CASE("the wish for a WebSocket may be spread over lines", "[request_fields]") {
  const std::pair<std::string, std::string> upgrade{"Upgrade", "websocket"};
  CHECK(asks_for_websocket(head({{"Connection", "Upgrade"}, upgrade})));
  CHECK(asks_for_websocket(head({{"Connection", "keep-alive, Upgrade"}, upgrade})));
  CHECK(
      asks_for_websocket(head({{"Connection", "keep-alive"}, upgrade, {"connection", "upgrade"}})));
  CHECK(asks_for_websocket(head({{"Upgrade", "h2c"}, {"Connection", "Upgrade"}, upgrade})));
  CHECK_FALSE(asks_for_websocket(head({{"Connection", "keep-alive"}, upgrade})));
  CHECK_FALSE(asks_for_websocket(head({{"Connection", "Upgrade"}})));
  CHECK_FALSE(asks_for_websocket(head({{"Connection", "Upgrade"}, {"Upgrade", "h2c"}})));
  CHECK_FALSE(asks_for_websocket(head({{"Connection", "Upgrade"}, upgrade}, 10)));
  request_head post = head({{"Connection", "Upgrade"}, upgrade});
  post.method(http::verb::post);
  CHECK_FALSE(asks_for_websocket(post));
}

TEST_CASE("values of several lines are one list", "[request_fields]") {
  const request_head made =
      head({{"Sec-WebSocket-Protocol", "a, b"}, {"X", "y"}, {"sec-websocket-protocol", "c"}});
  CHECK(values_of(made, http::field::sec_websocket_protocol) == "a, b,c");
  CHECK(values_of(made, http::field::origin).empty());
  CHECK(value_of(made, "x") == "y");
  CHECK(value_of(made, http::field::origin).empty());
}

TEST_CASE("an absolute target says for whom a request is, else its host", "[request_fields]") {
  CHECK(host_of(head({{"Host", "h:1"}})) == "h:1");
  CHECK(host_of(head({{"Host", "h:1"}}, 11, "http://g:2/notes")) == "g:2");
}

}  // namespace troupe::request_fields_test
