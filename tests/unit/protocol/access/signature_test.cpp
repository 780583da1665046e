#include "protocol/access/signature.hpp"

#include <atomic>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/token_vectors.hpp"

namespace troupe::access_signature_test {

using access::algorithm;
using access::verification_key;
using test::vectors;

namespace {

errc code_of(const result<verification_key>& made) {
  REQUIRE_FALSE(made.has_value());
  return made.error().code;
}

std::string pem_of(std::string_view algorithm) {
  for (const auto& each : vectors().keys)
    if (each["algorithm"] == algorithm) return each["pem"];
  return {};
}

/// The two parts of a token: what is signed, and the signature.
std::pair<std::string, byte_buffer> parts_of(const std::string& token) {
  const std::size_t dot = token.rfind('.');
  return {token.substr(0, dot), *decode_base64url(token.substr(dot + 1))};
}

constexpr const char* small_rsa =
    "-----BEGIN PUBLIC KEY-----\n"
    "MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCgNZG2MFLQQ8kGFmYN07DqsOMx\n"
    "SMALL\n"
    "-----END PUBLIC KEY-----\n";

}  // namespace

TEST_CASE("a signature of HS256 is that of the RFC's example", "[access][signature]") {
  // RFC 7515, A.1.
  const auto secret = decode_base64url(
      "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow");
  REQUIRE(secret.has_value());
  const auto key = verification_key::from_secret(algorithm::hs256, as_text(*secret));
  REQUIRE(key.has_value());
  const std::string text =
      "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQog"
      "Imh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
  auto signature = *decode_base64url("dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk");
  CHECK(key->verifies(text, signature));
  CHECK_FALSE(key->verifies(text + "x", signature));
  CHECK_FALSE(key->verifies(text, byte_view{signature}.first(31)));
  CHECK_FALSE(key->verifies(text, {}));
  signature[31] ^= 1;
  CHECK_FALSE(key->verifies(text, signature));
}

TEST_CASE("a signature of ES256 is that of the RFC's example", "[access][signature]") {
  // RFC 7515, A.3.
  const auto x = *decode_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
  const auto y = *decode_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  const auto key = verification_key::from_point(algorithm::es256, x, y);
  REQUIRE(key.has_value());
  const std::string text =
      "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxl"
      "LmNvbS9pc19yb290Ijp0cnVlfQ";
  const auto signature = *decode_base64url(
      "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q");
  CHECK(key->verifies(text, signature));
  CHECK_FALSE(key->verifies(text.substr(1), signature));
}

TEST_CASE("a signature of EdDSA is that of the RFC's example", "[access][signature]") {
  // RFC 8037, A.4.
  const auto key = verification_key::from_ed25519(
      *decode_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"));
  REQUIRE(key.has_value());
  const auto signature = *decode_base64url(
      "hgyY0il_MGCjP0JzlnLWG1PPOt7-09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg");
  CHECK(key->verifies("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc", signature));
  CHECK_FALSE(key->verifies("eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmd", signature));
}

TEST_CASE("a secret must be as long as its hash", "[access][signature]") {
  struct row {
    algorithm which;
    std::size_t least;
  };
  for (const row& each :
       {row{algorithm::hs256, 32}, row{algorithm::hs384, 48}, row{algorithm::hs512, 64}}) {
    CHECK(verification_key::from_secret(each.which, std::string(each.least, 's')).has_value());
    CHECK(code_of(verification_key::from_secret(each.which, std::string(each.least - 1, 's'))) ==
          errc::weak_key);
  }
  CHECK(verification_key::from_secret(algorithm::hs256, std::string(1024, 's')).has_value());
  CHECK(code_of(verification_key::from_secret(algorithm::hs256, std::string(1025, 's'))) ==
        errc::invalid_key);
}

TEST_CASE("a public key is only taken for the algorithm that it fits", "[access][signature]") {
  for (const char* const key : {"RS256", "ES256", "ES384", "EdDSA"})
    for (const algorithm which : {algorithm::rs256, algorithm::ps256, algorithm::es256,
                                  algorithm::es384, algorithm::eddsa}) {
      INFO(key << " as " << to_string(which));
      const auto made = verification_key::from_pem(which, pem_of(key));
      const bool is_rsa = which == algorithm::rs256 || which == algorithm::ps256;
      const bool fits = to_string(which) == key || (is_rsa && std::string_view{key} == "RS256");
      CHECK(made.has_value() == fits);
      if (!made) CHECK(made.error().code == errc::invalid_key);
    }
}

TEST_CASE("what is no public key is refused", "[access][signature]") {
  for (const std::string& text :
       {std::string{}, std::string{"x"}, std::string{small_rsa},
        std::string{"-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----\n"},
        std::string(17 * 1024, 'x')})
    CHECK(code_of(verification_key::from_pem(algorithm::rs256, text)) == errc::invalid_key);
  const auto made = verification_key::from_pem(
      algorithm::rs256, "-----BEGIN PRIVATE KEY-----\nMC4CAQAwBQ==\n-----END PRIVATE KEY-----\n");
  REQUIRE_FALSE(made.has_value());
  CHECK(made.error().detail == "a private key where the public one belongs");
}

TEST_CASE("an RSA key that is weak or odd is refused", "[access][signature]") {
  byte_buffer modulus(256, 0xFF);
  modulus.back() = 0xFD;
  const byte_buffer usual{1, 0, 1};
  CHECK(verification_key::from_rsa(algorithm::rs256, modulus, usual).has_value());
  CHECK(code_of(verification_key::from_rsa(algorithm::rs256, byte_view{modulus}.first(255),
                                           usual)) == errc::weak_key);
  for (const byte_buffer& exponent :
       {byte_buffer{1}, byte_buffer{2}, byte_buffer{0, 0, 1}, byte_buffer{0}, byte_buffer(9, 0xFF)})
    CHECK(code_of(verification_key::from_rsa(algorithm::ps256, modulus, exponent)) ==
          errc::invalid_key);
  CHECK(code_of(verification_key::from_rsa(algorithm::rs256, byte_buffer(1025, 0xFF), usual)) ==
        errc::invalid_key);
}

TEST_CASE("a point that is not on the curve is refused", "[access][signature]") {
  auto x = *decode_base64url("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU");
  const auto y = *decode_base64url("x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
  CHECK(code_of(verification_key::from_point(algorithm::es256, y, x)) == errc::invalid_key);
  CHECK(code_of(verification_key::from_point(algorithm::es256, byte_buffer(32), byte_buffer(32))) ==
        errc::invalid_key);
  CHECK(code_of(verification_key::from_point(algorithm::es384, x, y)) == errc::invalid_key);
  x.push_back(0);
  CHECK(code_of(verification_key::from_point(algorithm::es256, x, y)) == errc::invalid_key);
  CHECK(code_of(verification_key::from_ed25519(byte_buffer(31))) == errc::invalid_key);
}

TEST_CASE("threads may share a key", "[access][signature]") {
  for (const char* const algorithm : {"HS256", "ES256", "PS256", "EdDSA"}) {
    const auto key = vectors().key(algorithm);
    const auto [text, signature] = parts_of(vectors().token(algorithm));
    std::atomic<int> good{0};
    std::vector<std::thread> threads;
    for (int t = 0; t < 4; ++t)
      threads.emplace_back([&, text = text, signature = signature] {
        for (int i = 0; i < 50; ++i) {
          good += key.verifies(text, signature);
          good -= key.verifies(text + "x", signature);
        }
      });
    for (std::thread& each : threads) each.join();
    CHECK(good == 200);
  }
}

TEST_CASE("the digest of a token is SHA-256", "[access][signature]") {
  CHECK(test::to_hex(access::digest_of("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace troupe::access_signature_test
