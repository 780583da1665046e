#include "net/websocket_url.hpp"

#include <catch2/catch_test_macros.hpp>

#include "net/websocket_client.hpp"
#include "tests/support/http_receiver.hpp"

namespace troupe::websocket_url_test {

namespace {

std::string text_of(std::string_view url) {
  const auto read = parse_websocket_url(url);
  if (!read) return "-";
  return std::string{read->is_tls ? "tls " : ""}
      .append(read->host)
      .append(" ")
      .append(read->port)
      .append(" ")
      .append(read->path)
      .append(" ")
      .append(read->query);
}

}  // namespace

TEST_CASE("the URL of a WebSocket is taken apart", "[moving]") {
  CHECK(text_of("ws://h") == "h 80 / ");
  CHECK(text_of("wss://example.com") == "tls example.com 443 / ");
  CHECK(text_of("ws://127.0.0.1:1234/a/b?x=1&y") == "127.0.0.1 1234 /a/b x=1&y");
  CHECK(text_of("wss://[::1]:9?token=a/b") == "tls [::1] 9 / token=a/b");
}

TEST_CASE("what is no URL of a WebSocket is refused", "[moving]") {
  for (const char* const url :
       {"", "http://h", "ws:/h", "WS://h", "ws://", "ws://:1", "ws://u:p@h", "ws://h/#f",
        "ws://h/ x", "ws://h:x", "ws://h/\r\nHost: x", "ws://[::1"}) {
    INFO(url);
    CHECK(text_of(url) == "-");
  }
  CHECK(text_of("ws://h/" + std::string(2048, 'a')) == "-");
}

TEST_CASE("text is encoded for a URL", "[moving]") {
  CHECK(percent_encoded("wiki/page 1~\xc3\xa4?") == "wiki%2Fpage%201~%C3%A4%3F");
  CHECK(path_encoded("wiki/page 1~\xc3\xa4?a%20b") == "wiki/page%201~%C3%A4%3Fa%20b");
}

TEST_CASE("a server that is none, or refuses, is told", "[moving]") {
  websocket_client_settings settings;
  settings.timeout = std::chrono::seconds{5};
  const auto reason = [&](const websocket_url& to) {
    const auto client = websocket_client::connect(to, settings);
    REQUIRE(!client.has_value());
    CHECK(client.error().code == errc::request_failed);
    return client.error().detail;
  };
  const test::http_receiver receiver{[](const auto&) {
    test::http_receiver::answer answer;
    answer.status = 401;
    return answer;
  }};
  auto to = parse_websocket_url("ws" + receiver.url("/doc").substr(4)).value();
  CHECK(reason(to).find("declined") != std::string::npos);
  to.is_tls = true;
  CHECK(reason(to).starts_with("127.0.0.1:"));
  to.host = "nowhere.invalid";
  CHECK(reason(to).starts_with("nowhere.invalid:"));
}

}  // namespace troupe::websocket_url_test
