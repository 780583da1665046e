#include "net/http_routes.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::http_routes_test {

namespace {

/// The answer of a server where every target but those with a '%' could be upgraded.
http_answer answer_plain_request(std::string_view method, std::string_view target,
                                 std::string_view host = "h") {
  const auto check = [](std::string_view checked) -> result<void> {
    if (checked.find('%') == std::string_view::npos) return {};
    return fail(errc::invalid_name, "the document name has control characters");
  };
  return troupe::answer_plain_request(method, target, host, check);
}

}  // namespace

TEST_CASE("healthz says that the server is up", "[http_routes]") {
  CHECK(answer_plain_request("GET", "/healthz").status == 200);
  CHECK(answer_plain_request("GET", "/healthz").body == "ok\n");
  CHECK(answer_plain_request("GET", "/healthz?probe=1").status == 200);
  CHECK(answer_plain_request("HEAD", "/healthz").status == 200);
}

TEST_CASE("readyz says whether the server can take edits", "[http_routes]") {
  CHECK(answer_plain_request("GET", "/readyz").status == 200);
  CHECK(answer_plain_request("GET", "/readyz").body == "ready\n");
  const http_answer answer = troupe::answer_readiness([] { return "the disk is full"; });
  CHECK(answer.status == 503);
  CHECK(answer.body == "not ready: the disk is full\n");
  CHECK(answer.retry_after.count() > 0);
}

TEST_CASE("a document without an upgrade is told to upgrade", "[http_routes]") {
  const http_answer answer = answer_plain_request("GET", "/notes");
  CHECK(answer.status == 426);
  CHECK(answer.names_upgrade);
  CHECK(answer.body.find("WebSocket") != std::string::npos);
}

TEST_CASE("the root is a short page that says how to connect", "[http_routes]") {
  for (const std::string_view target : {"/", "/?x=1", "http://h"}) {
    const http_answer answer = answer_plain_request("GET", target, "app.example.com:3001");
    CHECK(answer.status == 200);
    CHECK(answer.body.find("troupe") != std::string::npos);
    CHECK(answer.body.find("ws://app.example.com:3001 ") != std::string::npos);
    CHECK(answer.body.find("/<document>") != std::string::npos);
  }
  for (const std::string_view odd : {"", "<b>", "a b", "\xFF"})
    CHECK(answer_plain_request("GET", "/", odd).body.find("ws://<host>:<port> ") !=
          std::string::npos);
}

TEST_CASE("methods that change something are not allowed", "[http_routes]") {
  for (std::string_view method : {"POST", "PUT", "DELETE", "OPTIONS"}) {
    const http_answer answer = answer_plain_request(method, "/notes");
    CHECK(answer.status == 405);
    CHECK(answer.allow == "GET, HEAD");
  }
}

TEST_CASE("a bad document name is answered with its reason", "[http_routes]") {
  const http_answer answer = answer_plain_request("GET", "/a%00");
  CHECK(answer.status == 400);
  CHECK(answer.body.find("control characters") != std::string::npos);
}

}  // namespace troupe::http_routes_test
