#include "protocol/access/key_set.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "tests/support/token_vectors.hpp"

namespace troupe::key_set_test {

using access::algorithm;
using access::key_set;
using js = nlohmann::json;
using test::vectors;

namespace {

struct signed_text {
  std::string text;
  byte_buffer signature;
};

signed_text parts_of(std::string_view name) {
  const std::string& token = vectors().token(name);
  const std::size_t dot = token.rfind('.');
  return {token.substr(0, dot), *decode_base64url(token.substr(dot + 1))};
}

std::string outcome_of(const key_set& keys, std::optional<std::string_view> id, algorithm which,
                       std::string_view token) {
  const auto [text, signature] = parts_of(token);
  const auto verified = keys.verify(id, which, text, signature);
  return std::string{verified ? "ok" : to_string(verified.error())};
}

key_set with(std::initializer_list<std::pair<const char*, const char*>> entries) {
  key_set made;
  for (const auto& [id, name] : entries) REQUIRE(made.add(id, vectors().key(name)));
  return made;
}

/// A published key of the vectors, changed.
js published(std::string_view name, const js& change = js::object()) {
  for (const auto& each : vectors().keys) {
    if (each["algorithm"] != name) continue;
    js key = each["jwk"];
    key.merge_patch(change);  // null takes a member away
    return key;
  }
  throw std::out_of_range("no such key");
}

access::key_set_reading reading_of(const js& set) {
  auto made = access::parse_key_set(set.dump());
  REQUIRE(made.has_value());
  return *std::move(made);
}

/// Why a key of a set is not used.
std::string skipped(const js& key) {
  const auto made = reading_of({{"keys", {published("ES384"), key}}});
  REQUIRE(made.keys.size() == 1);
  REQUIRE(made.skipped.size() == 1);
  return made.skipped.front();
}

failure refusal_of(std::string text) {
  const auto made = access::parse_key_set(std::move(text));
  REQUIRE_FALSE(made.has_value());
  return made.error();
}

}  // namespace

TEST_CASE("a token with an id is verified by the key of that name", "[access][keys]") {
  const key_set keys = with({{"a", "ES256"}, {"b", "HS256"}});
  CHECK(outcome_of(keys, "a", algorithm::es256, "ES256") == "ok");
  CHECK(outcome_of(keys, "b", algorithm::hs256, "HS256") == "ok");
  CHECK(outcome_of(keys, "b", algorithm::es256, "ES256") == "wrong_algorithm");
  CHECK(outcome_of(keys, "c", algorithm::es256, "ES256") == "unknown_key");
  CHECK(outcome_of(keys, "b", algorithm::hs256, "HS384") == "bad_signature");
}

TEST_CASE("a key without an id serves tokens that no other key is named for", "[access][keys]") {
  const key_set keys = with({{"", "ES256"}, {"", "HS256"}, {"b", "HS384"}});
  CHECK(outcome_of(keys, std::nullopt, algorithm::es256, "ES256") == "ok");
  CHECK(outcome_of(keys, "whatever", algorithm::es256, "ES256") == "ok");
  CHECK(outcome_of(keys, "whatever", algorithm::es256, "ES384") == "unknown_key");
  CHECK(outcome_of(keys, std::nullopt, algorithm::es256, "ES384") == "bad_signature");
  CHECK(outcome_of(keys, "b", algorithm::es256, "ES256") == "wrong_algorithm");
}

TEST_CASE("a token without an id may have the only key of its algorithm", "[access][keys]") {
  const key_set one = with({{"a", "ES256"}, {"b", "HS256"}});
  CHECK(outcome_of(one, std::nullopt, algorithm::es256, "ES256") == "ok");
  CHECK(outcome_of(one, std::nullopt, algorithm::hs256, "ES256") == "bad_signature");
  CHECK(outcome_of(one, std::nullopt, algorithm::hs384, "HS384") == "wrong_algorithm");
  const key_set two = with({{"a", "ES256"}, {"b", "ES256"}});
  CHECK(outcome_of(two, std::nullopt, algorithm::es256, "ES256") == "unknown_key");
  CHECK(outcome_of(key_set{}, std::nullopt, algorithm::es256, "ES256") == "unknown_key");
}

TEST_CASE("a set takes so many keys, and each id once", "[access][keys]") {
  key_set keys;
  const auto key = vectors().key("HS256");
  for (std::size_t i = 0; i < access::unnamed_keys_max; ++i) CHECK(keys.add("", key));
  CHECK(keys.add("", key).error().code == errc::quota_exceeded);
  for (std::size_t i = keys.size(); i < access::keys_max; ++i)
    CHECK(keys.add("key " + std::to_string(i), key));
  CHECK(keys.add("one more", key).error().code == errc::quota_exceeded);
  CHECK(keys.size() == access::keys_max);
  key_set other = with({{"a", "HS256"}});
  CHECK(other.add("a", key).error().code == errc::invalid_key);
  CHECK(other.add(std::string(257, 'k'), key).error().code == errc::invalid_key);
  CHECK(other.add(std::string(256, 'k'), key));
}

TEST_CASE("keys of a set go before those that are added from another", "[access][keys]") {
  key_set keys = with({{"a", "HS256"}});
  keys.add_all(with({{"a", "ES256"}, {"b", "ES256"}}));
  CHECK(keys.size() == 2);
  CHECK(outcome_of(keys, "a", algorithm::hs256, "HS256") == "ok");
  CHECK(outcome_of(keys, "b", algorithm::es256, "ES256") == "ok");
}

TEST_CASE("a published set verifies the tokens of its keys", "[access][keys]") {
  const auto made = reading_of(vectors().published());
  CHECK(made.keys.size() == 5);
  CHECK(made.skipped.empty());
  for (const char* const name : {"RS256", "PS256", "ES256", "ES384", "EdDSA"}) {
    INFO(name);
    CHECK(access::verify(vectors().token(name), made.keys, vectors().settings, vectors().now));
  }
  CHECK_FALSE(
      access::verify(vectors().token("HS256"), made.keys, vectors().settings, vectors().now));
}

TEST_CASE("a key without an algorithm is for the one that its type means", "[access][keys]") {
  struct row {
    const char* key;
    algorithm which;
  };
  for (const row& each : {row{"RS256", algorithm::rs256}, row{"PS256", algorithm::rs256},
                          row{"ES256", algorithm::es256}, row{"ES384", algorithm::es384},
                          row{"EdDSA", algorithm::eddsa}}) {
    INFO(each.key);
    const auto made = reading_of({{"keys", {published(each.key, {{"alg", nullptr}})}}});
    CHECK(made.keys.entries().front().key.which() == each.which);
  }
  const auto other_name = reading_of({{"keys", {published("EdDSA", {{"alg", "Ed25519"}})}}});
  CHECK(other_name.keys.size() == 1);
}

TEST_CASE("a key that is not to verify with is left out and named", "[access][keys]") {
  CHECK(skipped(published("ES256", {{"use", "enc"}})) ==
        "key 'key-ES256': invalid_key: use is not sig");
  CHECK(skipped(published("ES256", {{"use", 1}})) ==
        "key 'key-ES256': invalid_key: use is not sig");
  for (const js& operations : {js{"sign"}, js::array(), js("verify"), js{"encrypt"}})
    CHECK(skipped(published("ES256", {{"key_ops", operations}})) ==
          "key 'key-ES256': invalid_key: key_ops has no verify");
  CHECK(reading_of({{"keys", {published("ES256", {{"key_ops", {"sign", "verify"}}})}}})
            .skipped.empty());
  CHECK(reading_of({{"keys", {published("ES256", {{"use", nullptr}})}}}).skipped.empty());
}

TEST_CASE("a key that must not be published is left out", "[access][keys]") {
  CHECK(skipped({{"kty", "oct"}, {"k", "c2VjcmV0"}, {"alg", "HS256"}}) ==
        "key 2: invalid_key: a secret has no place in a published set");
  CHECK(skipped(published("ES256", {{"d", "AA"}})) ==
        "key 'key-ES256': invalid_key: a private key has no place in a published set");
}

TEST_CASE("a key of an unknown kind, or one that is broken, is left out", "[access][keys]") {
  for (const js& change : {js{{"kty", "RSA"}},
                           js{{"kty", "ec"}},
                           js{{"kty", nullptr}},
                           js{{"crv", "P-521"}},
                           js{{"crv", "P-384"}},
                           js{{"crv", nullptr}},
                           js{{"alg", "ES384"}},
                           js{{"alg", "RS256"}},
                           js{{"alg", "HS256"}},
                           js{{"alg", "none"}},
                           js{{"alg", 1}},
                           js{{"x", nullptr}},
                           js{{"x", ""}},
                           js{{"x", "AA"}},
                           js{{"x", "="}},
                           js{{"y", 1}},
                           js{{"y", std::string(43, 'A')}},
                           js{{"kid", 1}},
                           js{{"kid", ""}},
                           js{{"kid", std::string(257, 'k')}}}) {
    INFO(change.dump());
    CHECK(skipped(published("ES256", change)).find("invalid_key") != std::string::npos);
  }
  CHECK(skipped(js(1)).starts_with("key 2: invalid_key: it is no object"));
  CHECK(skipped(published("RS256", {{"n", std::string(172, '_')}})).find("weak_key") !=
        std::string::npos);
  CHECK(skipped(published("RS256", {{"e", "AQ"}})).find("invalid_key") != std::string::npos);
  CHECK(skipped(published("EdDSA", {{"crv", "Ed448"}})).find("invalid_key") != std::string::npos);
  CHECK(skipped(published("ES384")).find("its id stands twice") != std::string::npos);
}

TEST_CASE("an id that is shown cannot break a line of the log", "[access][keys]") {
  CHECK(skipped(published("ES256", {{"kid", "a\nb"}, {"use", "enc"}})) ==
        "key 'a\\x0ab': invalid_key: use is not sig");
}

TEST_CASE("what is no set of keys is refused", "[access][keys]") {
  CHECK(refusal_of("").code == errc::truncated);
  CHECK(refusal_of("{").code == errc::invalid_json);
  CHECK(refusal_of(R"({"keys":[],"keys":[]})").code == errc::invalid_json);
  for (const char* const text : {"[]", "{}", R"({"keys":{}})", R"({"keys":[]})", R"({"keys":[1]})"})
    CHECK(refusal_of(text).code == errc::invalid_key);
  js many{{"keys", js::array()}};
  for (std::size_t i = 0; i < access::keys_max + 1; ++i) many["keys"].push_back(1);
  CHECK(refusal_of(many.dump()).code == errc::quota_exceeded);
  std::string large = vectors().published().dump();
  large.resize(access::key_set_size_bytes_max, ' ');
  CHECK(access::parse_key_set(large).has_value());
  CHECK(refusal_of(large + ' ').code == errc::update_too_large);
}

}  // namespace troupe::key_set_test
