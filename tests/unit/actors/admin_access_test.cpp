// Whom the admin pages answer: each request that a web page elsewhere can have a browser send.
#include "actors/admin_access.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace troupe::admin_access_test {

namespace {

const std::string token = "the-token-itself";
const admin::guard::time_point start{std::chrono::hours{1}};

http_request get(std::string host, std::string site = {}) {
  http_request asked{"GET", "/api/v1/sessions", {}, "127.0.0.1"};
  asked.host = std::move(host);
  asked.fetch_site = std::move(site);
  asked.authorization = "Bearer " + token;
  return asked;
}

http_request with_token(std::string authorization, std::string address = "127.0.0.1") {
  http_request asked = get("localhost");
  asked.authorization = std::move(authorization);
  asked.remote_address = std::move(address);
  return asked;
}

http_request post(std::string content_type) {
  http_request asked = get("localhost:3002");
  asked.method = "POST";
  asked.content_type = std::move(content_type);
  return asked;
}

/// 0: it is answered.
unsigned refused(admin::guard& by, const http_request& asked,
                 admin::guard::time_point now = start) {
  const auto refusal = by.refusal_of(asked, now);
  if (!refusal) return 0;
  CHECK(refusal->content_type == "application/json");
  CHECK(nlohmann::json::parse(refusal->body).at("error").is_string());
  CHECK(refusal->authenticate.empty() == (refusal->status != 401));
  CHECK(refusal->body.find(token) == std::string::npos);
  return refusal->status;
}

unsigned refused(const http_request& asked, const std::string& address = "127.0.0.1",
                 std::vector<std::string> allowed_hosts = {}) {
  admin::guard guard{{address, std::move(allowed_hosts), secret{token}}};
  return refused(guard, asked);
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
  CHECK(refused(get("10.0.0.1:3002"), "10.0.0.1") == 0);
  CHECK(refused(get("10.0.0.2:3002"), "10.0.0.1") == 421);
  CHECK(refused(get("[fd00::1]:3002"), "fd00::1") == 0);
  for (const char* all : {"0.0.0.0", "::"}) {
    CHECK(refused(get("10.0.0.2:3002"), all) == 0);
    CHECK(refused(get("[fd00::1]"), all) == 0);
    CHECK(refused(get("evil.example:3002"), all) == 421);
  }
}

TEST_CASE("further hosts can be allowed", "[admin]") {
  const std::vector<std::string> allowed{"admin.example.com", "node-1"};
  CHECK(refused(get("Admin.Example.com:8443"), "127.0.0.1", allowed) == 0);
  CHECK(refused(get("node-1"), "127.0.0.1", allowed) == 0);
  CHECK(refused(get("x.admin.example.com"), "127.0.0.1", allowed) == 421);
}

TEST_CASE("the files of the dashboard need no token, but the right host and site", "[admin]") {
  http_request asked = get("localhost:3002");
  asked.authorization.clear();
  for (const char* target : {"/", "/?x", "/dashboard/main-1a.js", "/healthz", "/readyz"}) {
    CAPTURE(target);
    asked.target = target;
    CHECK(refused(asked) == 0);
    asked.host = "evil.example:3002";
    CHECK(refused(asked) == 421);
    asked.host = "localhost:3002";
    asked.fetch_site = "cross-site";
    CHECK(refused(asked) == 403);
    asked.fetch_site = "same-origin";
    asked.method = "POST";
    CHECK(refused(asked) == 401);
    asked.method = "GET";
  }
  for (const char* target : {"/dashboard", "/dashboard/a/b", "//", "/api/v1/metrics", "/demo"}) {
    CAPTURE(target);
    asked.target = target;
    CHECK(refused(asked) == 401);
  }
}

TEST_CASE("pages of other sites are refused", "[admin]") {
  for (const char* site : {"", "same-origin", "none"}) CHECK(refused(get("localhost", site)) == 0);
  for (const char* site : {"cross-site", "same-site", "other"})
    CHECK(refused(get("localhost", site)) == 403);
}

TEST_CASE("a body must be JSON by its header, which pages may not send without asking", "[admin]") {
  for (const char* type : {"application/json", "application/json; charset=utf-8",
                           "Application/JSON ;x=y", "application/octet-stream"})
    CHECK(refused(post(type)) == 0);
  for (const char* type :
       {"", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data",
        "application/jsonp", "text/plain; application/json"})
    CHECK(refused(post(type)) == 415);
}

TEST_CASE("whatever may change something needs such a header", "[admin]") {
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE", "OPTIONS"}) {
    http_request asked = post("text/plain");
    asked.method = method;
    asked.has_body = true;
    CHECK(refused(asked) == 415);
    asked.content_type = "application/json";
    CHECK(refused(asked) == 0);
  }
  http_request bare = post("");
  bare.method = "DELETE";
  CHECK(refused(bare) == 0);
}

TEST_CASE("whoever shows no token, or another, is told which header is wanted", "[admin]") {
  for (const char* shown :
       {"", "Bearer", "Bearer ", "Bearer the-token-itsel", "Bearer the-token-itselfs",
        "Basic the-token-itself", "the-token-itself", "Bearer  THE-TOKEN-ITSELF"}) {
    CAPTURE(shown);
    CHECK(refused(with_token(shown)) == 401);
  }
  for (const char* shown : {"Bearer the-token-itself", "bearer  the-token-itself "})
    CHECK(refused(with_token(shown)) == 0);
  admin::guard without{{"127.0.0.1", {}, secret{}}};
  CHECK(refused(without, with_token("Bearer ")) == 401);
}

TEST_CASE("health needs no token, but the right host", "[admin]") {
  http_request asked = with_token("");
  asked.target = "/healthz?x=1";
  CHECK(refused(asked) == 0);
  asked.target = "/healthz/x";
  CHECK(refused(asked) == 401);
  asked.target = "/healthz";
  asked.host = "evil.example";
  CHECK(refused(asked) == 421);
}

TEST_CASE("an address has so many wrong tries a second, and others have their own", "[admin]") {
  admin::guard guard{{"127.0.0.1", {}, secret{token}}};
  const auto wrong = with_token("Bearer wrong", "10.0.0.1");
  const auto right = with_token("Bearer " + token, "10.0.0.1");
  for (std::size_t i = 0; i < admin::guard::wrong_tries_max; ++i) {
    CHECK(refused(guard, right) == 0);
    CHECK(refused(guard, with_token("", "10.0.0.1")) == 401);
    CHECK(refused(guard, wrong) == 401);
  }
  CHECK(refused(guard, wrong) == 429);
  CHECK(refused(guard, right) == 429);  // or a right guess would tell itself
  CHECK(guard.refusal_of(wrong, start)->retry_after == std::chrono::seconds{1});
  CHECK(refused(guard, with_token("Bearer " + token, "10.0.0.2")) == 0);
  CHECK(refused(guard, right, start + std::chrono::seconds{1}) == 0);
  CHECK(refused(guard, wrong, start + std::chrono::seconds{1}) == 401);
}

TEST_CASE("only so many addresses have tries in a second", "[admin]") {
  admin::guard guard{{"127.0.0.1", {}, secret{token}}};
  for (std::size_t i = 0; i < admin::guard::addresses_max; ++i)
    CHECK(refused(guard, with_token("Bearer wrong", "fd00::" + std::to_string(i))) == 401);
  CHECK(refused(guard, with_token("Bearer wrong", "fd01::1")) == 429);
  CHECK(refused(guard, with_token("Bearer wrong", "fd01::1"), start + std::chrono::seconds{1}) ==
        401);
}

TEST_CASE("the token of a user is asked about behind the admin token", "[admin]") {
  admin::guard guard{{"127.0.0.1", {}, secret{token}}};
  const http_request asked = with_token("Bearer of.a.user");
  const auto status = [&](admin::user_token says) {
    const auto refusal = guard.refusal_of(asked, start, [&](const std::string& shown) {
      CHECK(shown == "of.a.user");
      return says;
    });
    return refusal ? refusal->status : 200U;
  };
  CHECK(status(admin::user_token::allowed) == 200);
  CHECK(status(admin::user_token::forbidden) == 403);
  CHECK(status(admin::user_token::unknown) == 401);
  const auto refusal = guard.refusal_of(asked, start, [](const std::string&) {
    return admin::judged_token{admin::user_token::unknown, "the token has expired"};
  });
  REQUIRE(refusal);
  CHECK(refusal->status == 401);
  CHECK(refusal->authenticate == R"(Bearer realm="troupe admin", error="invalid_token", )"
                                 R"(error_description="the token has expired")");
  CHECK(refusal->body.find("the token has expired") != std::string::npos);
}

TEST_CASE("on a public port only tokens of users count, under any host", "[admin]") {
  admin::access to;
  to.whom = admin::callers::users;
  admin::guard guard{to};
  http_request asked = with_token("Bearer " + token);
  asked.host = "docs.example.com";
  asked.fetch_site = "cross-site";
  const auto status = [&](admin::user_token says, std::chrono::milliseconds later = {}) {
    const auto refusal =
        guard.refusal_of(asked, start + later, [&](const std::string&) { return says; });
    if (refusal) CHECK(refusal->body.find("admin") == std::string::npos);
    return refusal ? refusal->status : 200U;
  };
  CHECK(status(admin::user_token::allowed) == 200);
  CHECK(status(admin::user_token::forbidden) == 403);
  CHECK(refused(guard, asked) == 401);  // no token is the admin token
  for (std::size_t i = 1; i < admin::guard::wrong_tries_max; ++i)
    CHECK(status(admin::user_token::unknown) == 401);
  CHECK(status(admin::user_token::unknown) == 429);
  // Good tokens count whatever others at the address send.
  CHECK(status(admin::user_token::allowed) == 200);
  CHECK(status(admin::user_token::forbidden) == 403);
  CHECK(status(admin::user_token::unknown, std::chrono::seconds{1}) == 401);
}

TEST_CASE("on a public port many strangers lock nobody out", "[admin]") {
  admin::access to;
  to.whom = admin::callers::users;
  admin::guard guard{to};
  for (std::size_t i = 0; i < admin::guard::addresses_max; ++i)
    CHECK(refused(guard, with_token("Bearer wrong", "fd00::" + std::to_string(i))) == 401);
  for (int i = 0; i < 20; ++i) CHECK(refused(guard, with_token("Bearer wrong", "fd01::1")) == 401);
}

}  // namespace troupe::admin_access_test
