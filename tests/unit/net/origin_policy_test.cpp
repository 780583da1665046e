#include "net/origin_policy.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::origin_policy_test {

namespace {

/// Whether a page may connect to a server that it reaches as "node.example.com:3001".
bool allows(const origin_policy& policy, std::string_view origin) {
  return policy.allows(origin, "node.example.com:3001");
}

}  // namespace

TEST_CASE("without a list only pages of this machine may connect", "[origin_policy]") {
  const origin_policy policy;
  for (const std::string_view origin :
       {"http://localhost", "http://localhost:5173", "https://localhost", "http://127.0.0.1:8080",
        "http://127.1.2.3", "http://[::1]", "http://[::1]:3000"}) {
    CAPTURE(origin);
    CHECK(allows(policy, origin));
  }
  for (const std::string_view origin :
       {"http://example.com", "https://app.example.com:8443", "http://192.168.0.10",
        "http://128.0.0.1", "http://[::2]", "http://[fe80::1]:80", "http://0.0.0.0", "null",
        "localhost", "file://", "http://"}) {
    CAPTURE(origin);
    CHECK_FALSE(allows(policy, origin));
  }
}

TEST_CASE("a name that begins or ends like this machine is another machine", "[origin_policy]") {
  const origin_policy policy;
  for (const std::string_view origin :
       {"http://localhost.example.com", "http://notlocalhost", "http://127.0.0.1.example.com",
        "http://127.0.0.1.2", "http://127.example.com", "http://127.0.0.x", "http://[::1].com",
        "http://[::1", "http://user@localhost.evil", "http://evil/?://localhost",
        "http://localhost@evil", "http://evil#localhost"}) {
    CAPTURE(origin);
    CHECK_FALSE(allows(policy, origin));
  }
}

TEST_CASE("a client that sends no origin is no browser and may connect", "[origin_policy]") {
  CHECK(allows(origin_policy{}, ""));
  CHECK(allows(origin_policy{{"https://app.example.com"}}, ""));
}

TEST_CASE("with a list exactly what it names may connect", "[origin_policy]") {
  const origin_policy policy{{"https://app.example.com", "http://other:8080"}};
  CHECK(allows(policy, "https://app.example.com"));
  CHECK(allows(policy, "http://other:8080"));
  for (const std::string_view origin :
       {"http://app.example.com", "https://app.example.com:443", "https://app.example.com/",
        "https://app.example.com.evil", "https://example.com", "http://other", "http://localhost",
        "http://127.0.0.1"}) {
    CAPTURE(origin);
    CHECK_FALSE(allows(policy, origin));
  }
}

TEST_CASE("a star allows every page", "[origin_policy]") {
  const origin_policy policy{{"https://app.example.com", "*"}};
  for (const std::string_view origin : {"http://example.com", "null", "https://app.example.com"})
    CHECK(allows(policy, origin));
  CHECK_FALSE(allows(origin_policy{{"https://*.example.com"}}, "https://app.example.com"));
}

TEST_CASE("the page of the host that the request is for may connect", "[origin_policy]") {
  const origin_policy policy;
  CHECK(policy.allows("https://app.example.com", "app.example.com"));
  CHECK(policy.allows("https://app.example.com", "App.Example.com:443"));
  CHECK(policy.allows("https://app.example.com:8443", "app.example.com:8443"));
  CHECK(policy.allows("http://10.0.0.7", "10.0.0.7"));
  CHECK(policy.allows("http://10.0.0.7:3001", "10.0.0.7:3001"));
  CHECK(policy.allows("http://[fd00::1]:3001", "[fd00::1]:3001"));
  // Another port is another page.
  CHECK_FALSE(policy.allows("https://app.example.com", "app.example.com:8443"));
  CHECK_FALSE(policy.allows("https://app.example.com:8443", "app.example.com"));
  CHECK_FALSE(policy.allows("http://10.0.0.7:8080", "10.0.0.7:3001"));
  // And so is another host.
  CHECK_FALSE(policy.allows("https://example.com", "app.example.com"));
  CHECK_FALSE(policy.allows("https://app.example.com", ""));
  CHECK_FALSE(policy.allows("null", "null"));
  CHECK_FALSE(policy.allows("https://", ""));
}

TEST_CASE("a name that may have been made to point here is no page of this host",
          "[origin_policy]") {
  CHECK_FALSE(origin_policy{}.allows("http://evil.example:3001", "evil.example:3001"));
  CHECK(origin_policy{{"http://wiki.lan"}}.allows("http://wiki.lan", "wiki.lan"));
}

TEST_CASE("with a list the page of the host must be on it", "[origin_policy]") {
  CHECK_FALSE(origin_policy{{"https://other.example"}}.allows("https://app.example.com",
                                                              "app.example.com"));
}

}  // namespace troupe::origin_policy_test
