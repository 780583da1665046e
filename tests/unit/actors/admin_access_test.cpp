// Whom the admin pages answer: each request that a web page elsewhere can have a browser send.
#include "actors/admin_access.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

using namespace troupe;

namespace {

http_request get(std::string host, std::string site = {}) {
  http_request asked{"GET", "/api/v1/sessions", {}, "127.0.0.1"};
  asked.host = std::move(host);
  asked.fetch_site = std::move(site);
  return asked;
}

http_request post(std::string content_type) {
  http_request asked = get("localhost:3002");
  asked.method = "POST";
  asked.content_type = std::move(content_type);
  return asked;
}

/// 0: it is answered.
unsigned refused(const http_request& asked, const admin::access& to = {"127.0.0.1", {}}) {
  const auto refusal = admin::refusal_of(asked, to);
  if (!refusal) return 0;
  CHECK(refusal->content_type == "application/json");
  CHECK(nlohmann::json::parse(refusal->body).at("error").is_string());
  return refusal->status;
}

}  // namespace

TEST_CASE("the admin pages answer for the hosts that they have", "[admin]") {
  for (const char* host :
       {"127.0.0.1:3002", "127.0.0.1", "localhost:3002", "LocalHost", "[::1]:80", "127.1.2.3:8080"})
    CHECK(refused(get(host)) == 0);
  for (const char* host : {"evil.example:3002", "evil.example", "localhost.evil.example",
                           "127.0.0.1.evil.example", "10.0.0.1:3002", "[::2]", "", "localhost:x",
                           "user@localhost", "localhost/x", "0.0.0.0:3002", "node.example.com"}) {
    CAPTURE(host);
    CHECK(refused(get(host)) == 421);
  }
}

TEST_CASE("the address that is listened on is a host, and any address where that is all",
          "[admin]") {
  CHECK(refused(get("10.0.0.1:3002"), {"10.0.0.1", {}}) == 0);
  CHECK(refused(get("10.0.0.2:3002"), {"10.0.0.1", {}}) == 421);
  CHECK(refused(get("[fd00::1]:3002"), {"fd00::1", {}}) == 0);
  for (const char* all : {"0.0.0.0", "::"}) {
    CHECK(refused(get("10.0.0.2:3002"), {all, {}}) == 0);
    CHECK(refused(get("[fd00::1]"), {all, {}}) == 0);
    CHECK(refused(get("evil.example:3002"), {all, {}}) == 421);
  }
}

TEST_CASE("further hosts can be allowed", "[admin]") {
  const admin::access to{"127.0.0.1", {"admin.example.com", "node-1"}};
  CHECK(refused(get("Admin.Example.com:8443"), to) == 0);
  CHECK(refused(get("node-1"), to) == 0);
  CHECK(refused(get("x.admin.example.com"), to) == 421);
}

TEST_CASE("pages of other sites are refused", "[admin]") {
  for (const char* site : {"", "same-origin", "none"}) CHECK(refused(get("localhost", site)) == 0);
  for (const char* site : {"cross-site", "same-site", "other"})
    CHECK(refused(get("localhost", site)) == 403);
}

TEST_CASE("a body must be JSON by its header, which pages may not send without asking", "[admin]") {
  for (const char* type :
       {"application/json", "application/json; charset=utf-8", "Application/JSON ;x=y"})
    CHECK(refused(post(type)) == 0);
  for (const char* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
        "application/jsonp", "text/plain; application/json"})
    CHECK(refused(post(type)) == 415);
}
