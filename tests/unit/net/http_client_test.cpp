// The HTTP client against a small server on loopback.
#include "net/http_client.hpp"

#include <cstdlib>
#include <future>
#include <mutex>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/http_receiver.hpp"

namespace troupe::http_client_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

using outcome = result<http_reply>;

std::unique_ptr<http_client> open_client(http_client_settings settings = {}) {
  settings.allows_private = true;
  auto opened = http_client::open(settings);
  REQUIRE(opened.has_value());
  return *std::move(opened);
}

std::future<outcome> send(http_client& by, http_call call) {
  const auto answered = std::make_shared<std::promise<outcome>>();
  by.send(std::move(call), [answered](outcome with) { answered->set_value(std::move(with)); });
  return answered->get_future();
}

outcome answer_to(http_client& by, http_call call) {
  auto answer = send(by, std::move(call));
  REQUIRE(answer.wait_for(10s) == std::future_status::ready);
  return answer.get();
}

std::string detail_of(const outcome& failed) {
  REQUIRE_FALSE(failed.has_value());
  return to_string(failed.error());
}

}  // namespace

TEST_CASE("a request arrives as it was sent, and its answer comes back", "[http_client]") {
  http_receiver receiver{[](const auto&) {
    return http_receiver::answer{202, "taken", "X-More: 1\r\n"};
  }};
  const auto client = open_client();
  const outcome answer = answer_to(
      *client, {"POST", receiver.url("/hook?x=1"), {"X-One: 1", "X-Two: zwei"}, "the body"});
  REQUIRE(answer.has_value());
  CHECK(answer->status == 202);
  CHECK(answer->body == "taken");
  auto request = receiver.requests().at(0);
  CHECK(request.method == "POST");
  CHECK(request.target == "/hook?x=1");
  CHECK(request.body == "the body");
  CHECK(request.headers["x-one"] == "1");
  CHECK(request.headers["x-two"] == "zwei");
  CHECK(request.headers["user-agent"] == "troupe");
  CHECK(request.headers["host"] == "127.0.0.1:" + std::to_string(receiver.port()));
  CHECK_FALSE(request.headers.contains("expect"));
  REQUIRE(answer_to(*client, {.url = receiver.url("/keys")}).has_value());
  CHECK(receiver.requests().at(1).method == "GET");
}

TEST_CASE("an answer of any status is one, and a redirect is not followed", "[http_client]") {
  http_receiver elsewhere;
  http_receiver receiver{[&](const auto& request) {
    if (request.target == "/moved")
      return http_receiver::answer{302, "", "Location: " + elsewhere.url() + "\r\n"};
    return http_receiver::answer{500, "no"};
  }};
  const auto client = open_client();
  CHECK(answer_to(*client, {.url = receiver.url("/broken")})->status == 500);
  CHECK(answer_to(*client, {.url = receiver.url("/moved")})->status == 302);
  CHECK(elsewhere.requests().empty());
}

TEST_CASE("a private address is not connected to unless that is allowed", "[http_client]") {
  http_receiver receiver;
  const auto strict = *http_client::open({});
  const std::string port = std::to_string(receiver.port());
  for (const std::string host :
       {"127.0.0.1", "localhost", "[::1]", "[::ffff:127.0.0.1]", "0", "2130706433", "0x7f.1"}) {
    INFO(host);
    CHECK(detail_of(answer_to(*strict, {.url = "http://" + host + ":" + port + "/"})) ==
          "request_failed: its address is private, and those are not allowed");
  }
  CHECK(receiver.requests().empty());
  CHECK(answer_to(*open_client(), {.url = receiver.url()}).has_value());
}

TEST_CASE("the environment's proxy is not used", "[http_client]") {
  http_receiver receiver;
  http_receiver proxy;
  ::setenv("http_proxy", proxy.url("").c_str(), 1);
  const auto answer = answer_to(*open_client(), {.url = receiver.url()});
  ::unsetenv("http_proxy");
  CHECK(answer.has_value());
  CHECK(proxy.requests().empty());
}

TEST_CASE("what answers too late, too much or not at all fails", "[http_client]") {
  http_receiver receiver{[](const auto& request) {
    http_receiver::answer with{200, std::string(1001, 'x')};
    with.hangs = request.target == "/slow";
    return with;
  }};
  const auto client = open_client();
  const auto begin = std::chrono::steady_clock::now();
  CHECK(detail_of(answer_to(*client, {.url = receiver.url("/slow"), .timeout = 100ms})) ==
        "request_failed: Timeout was reached");
  CHECK(std::chrono::steady_clock::now() - begin < 5s);
  CHECK(detail_of(answer_to(*client, {.url = receiver.url(), .body_bytes_max = 1000})) ==
        "request_failed: the answer has more than 1000 bytes");
  CHECK(answer_to(*client, {.url = receiver.url(), .body_bytes_max = 1001})->body.size() == 1001);
  CHECK(detail_of(answer_to(*client, {.url = "http://127.0.0.1:1/"})) ==
        "request_failed: Couldn't connect to server");
}

TEST_CASE("only so many are in flight, more wait, and more than that are refused",
          "[http_client]") {
  std::atomic<bool> may_answer = false;
  http_receiver receiver{[&](const auto&) {
    while (!may_answer) std::this_thread::sleep_for(1ms);
    return http_receiver::answer{};
  }};
  http_client_settings settings;
  settings.in_flight_max = 2;
  settings.queue_max = 3;
  const auto client = open_client(settings);
  std::vector<std::future<outcome>> answers;
  for (int i = 0; i < 2; ++i) answers.push_back(send(*client, {.url = receiver.url()}));
  REQUIRE(receiver.wait_for(2).size() == 2);
  for (int i = 0; i < 4; ++i) answers.push_back(send(*client, {.url = receiver.url()}));
  CHECK(detail_of(answers.back().get()) == "quota_exceeded: too many requests wait to be sent");
  answers.pop_back();
  may_answer = true;
  for (auto& each : answers) CHECK(each.get().has_value());
  CHECK(receiver.at_once_max() == 2);
}

TEST_CASE("a client that stops answers all that it was asked", "[http_client]") {
  http_receiver receiver{[](const auto&) { return http_receiver::answer{.hangs = true}; }};
  http_client_settings settings;
  settings.in_flight_max = 2;
  const auto client = open_client(settings);
  std::vector<std::future<outcome>> answers;
  for (int i = 0; i < 5; ++i) answers.push_back(send(*client, {.url = receiver.url()}));
  REQUIRE(receiver.wait_for(2).size() == 2);
  client->stop();
  for (auto& each : answers) CHECK(detail_of(each.get()) == "request_failed: the node stops");
  CHECK(detail_of(answer_to(*client, {.url = receiver.url()})) == "request_failed: the node stops");
  client->stop();
}

TEST_CASE("a URL or a header that is none of ours is refused", "[http_client]") {
  for (const std::string_view good :
       {"http://a/", "https://app.example.com/hook?x=1", "http://[::1]:8080/x", "HTTP://A/"}) {
    INFO(good);
    CHECK(check_http_url(good).has_value());
  }
  for (const std::string_view bad :
       {"", "a", "/hook", "ftp://a/", "file:///etc/passwd", "http://", "http://user@a/",
        "http://user:secret@a/", "http://a/ b", "http://a/\n", "gopher://a/", "http://a:99999/",
        "javascript:1"}) {
    INFO(bad);
    CHECK(check_http_url(bad).error().code == errc::invalid_config);
  }
  CHECK_FALSE(check_http_url("http://a/" + std::string(2048, 'x')).has_value());
  const auto client = open_client();
  CHECK(detail_of(answer_to(*client, {.url = "file:///etc/passwd"})).starts_with("invalid_config"));
  CHECK(
      detail_of(answer_to(*client, {.url = "http://127.0.0.1:1/", .headers = {"A: b\r\nC: d"}})) ==
      "invalid_config: a header has control characters");
}

TEST_CASE("what is shown of a URL has no query", "[http_client]") {
  CHECK(shown_url("https://app.example.com/hook?key=secret?x") == "https://app.example.com/hook");
  CHECK(shown_url("https://app.example.com/hook") == "https://app.example.com/hook");
  CHECK(header_line("X-Event", "a: b") == "X-Event: a: b");
}

}  // namespace troupe::http_client_test
