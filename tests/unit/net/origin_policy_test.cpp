#include "net/origin_policy.hpp"

#include <catch2/catch_test_macros.hpp>

using namespace troupe;

TEST_CASE("without a list only pages of this machine may connect", "[origin_policy]") {
  const origin_policy policy;
  for (const std::string_view origin :
       {"http://localhost", "http://localhost:5173", "https://localhost", "http://127.0.0.1:8080",
        "http://127.1.2.3", "http://[::1]", "http://[::1]:3000"}) {
    CAPTURE(origin);
    CHECK(policy.allows(origin));
  }
  for (const std::string_view origin :
       {"http://example.com", "https://app.example.com:8443", "http://192.168.0.10",
        "http://128.0.0.1", "http://[::2]", "http://[fe80::1]:80", "http://0.0.0.0", "null",
        "localhost", "file://", "http://"}) {
    CAPTURE(origin);
    CHECK_FALSE(policy.allows(origin));
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
    CHECK_FALSE(policy.allows(origin));
  }
}

TEST_CASE("a client that sends no origin is no browser and may connect", "[origin_policy]") {
  CHECK(origin_policy{}.allows(""));
  CHECK(origin_policy{{"https://app.example.com"}}.allows(""));
}

TEST_CASE("with a list exactly what it names may connect", "[origin_policy]") {
  const origin_policy policy{{"https://app.example.com", "http://other:8080"}};
  CHECK(policy.allows("https://app.example.com"));
  CHECK(policy.allows("http://other:8080"));
  for (const std::string_view origin :
       {"http://app.example.com", "https://app.example.com:443", "https://app.example.com/",
        "https://app.example.com.evil", "https://example.com", "http://other", "http://localhost",
        "http://127.0.0.1"}) {
    CAPTURE(origin);
    CHECK_FALSE(policy.allows(origin));
  }
}

TEST_CASE("a star allows every page", "[origin_policy]") {
  const origin_policy policy{{"https://app.example.com", "*"}};
  for (const std::string_view origin : {"http://example.com", "null", "https://app.example.com"})
    CHECK(policy.allows(origin));
  CHECK_FALSE(origin_policy{{"https://*.example.com"}}.allows("https://app.example.com"));
}
