#include "protocol/webhook/signature.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::webhook_signature_test {

using namespace troupe::webhook;

// The digits are those of Python's hmac module:
//   hmac.new(b"whsec", b'1700000000.{"a":1}', "sha256").hexdigest()
TEST_CASE("a signature is the HMAC-SHA256 of time and body", "[webhook]") {
  const secret key{"whsec"};
  CHECK(sign(key, 1'700'000'000, R"({"a":1})") ==
        "8ad37ba156048ae0e0a5533c75cdf26fee88b07f93cb57ee4c80adb053012032");
  CHECK(signature_of(key, 1'700'000'000, "") ==
        "t=1700000000,v1=ab5fdf6f7cdf5f7abf2f4d61c6b0376dc6bf75beafc17135e5fd06513ee7afd8");
}

TEST_CASE("another key, time or body has another signature", "[webhook]") {
  const std::string one = sign(secret{"key"}, 1, "body");
  CHECK(one.size() == 64);
  CHECK(one != sign(secret{"kez"}, 1, "body"));
  CHECK(one != sign(secret{"key"}, 2, "body"));
  CHECK(one != sign(secret{"key"}, 1, "bodz"));
  CHECK(sign(secret{"key"}, 1, "1.body") != sign(secret{"key"}, 11, "body"));
}

}  // namespace troupe::webhook_signature_test
