#include "protocol/access/token.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/token_vectors.hpp"

namespace troupe::token_test {

using namespace std::chrono_literals;
using access::token_fault;
using test::vectors;

namespace {

std::string outcome_of(std::string_view token, const access::token_settings& settings,
                       access::token_time now) {
  static const access::key_set keys = vectors().key_set();
  const auto verified = access::verify(token, keys, settings, now);
  return std::string{verified ? "ok" : to_string(verified.error())};
}

std::string outcome_of(std::string_view token) {
  return outcome_of(token, vectors().settings, vectors().now);
}

}  // namespace

TEST_CASE("tokens that jose has signed are good, and bad ones are refused with their reason",
          "[access][token]") {
  std::size_t good = 0;
  for (const test::token_vector& each : vectors().tokens) {
    INFO(each.name);
    CHECK(outcome_of(each.token) == each.expected);
    good += each.expected == "ok";
  }
  CHECK(good >= 30);
  CHECK(vectors().tokens.size() - good >= 120);
}

TEST_CASE("each reason but a few is shown by a token", "[access][token]") {
  std::set<std::string> seen;
  for (const test::token_vector& each : vectors().tokens) seen.insert(each.expected);
  seen.insert("several_tokens");  // presented_token_test.cpp
  seen.insert("too_old");         // below
  for (std::size_t i = 0; i < access::token_fault_count; ++i)
    CHECK(seen.contains(std::string{to_string(static_cast<token_fault>(i))}));
}

TEST_CASE("the claims of a good token are read", "[access][token]") {
  const auto keys = vectors().key_set();
  for (const test::token_vector& each : vectors().tokens) {
    if (each.expected != "ok") continue;
    INFO(each.name);
    const auto verified = access::verify(each.token, keys, vectors().settings, vectors().now);
    REQUIRE(verified.has_value());
    CHECK((*verified)->user == each.user);
    CHECK((*verified)->token_id == (each.name == "without sub and jti" ? "" : "token-1"));
    CHECK((*verified)->all.root().find("iss")->text() == vectors().settings.issuers.front());
  }
  const auto one =
      access::verify(vectors().token("ES256"), keys, vectors().settings, vectors().now);
  CHECK((*one)->expires == vectors().now + 600s);
  const auto half = access::verify(vectors().token("exp with a fraction"), keys, vectors().settings,
                                   vectors().now);
  CHECK((*half)->expires == vectors().now + 500ms);
}

TEST_CASE("a token with any one bit flipped is refused", "[access][token]") {
  for (const char* const algorithm : {"HS256", "ES256", "EdDSA", "RS256"}) {
    std::string token = vectors().token(algorithm);
    INFO(algorithm);
    REQUIRE(outcome_of(token) == "ok");
    for (std::size_t at = 0; at < token.size(); ++at) {
      for (int bit = 0; bit < 8; ++bit) {
        token[at] = static_cast<char>(token[at] ^ (1 << bit));
        if (outcome_of(token) == "ok") FAIL_CHECK("byte " << at << ", bit " << bit);
        token[at] = static_cast<char>(token[at] ^ (1 << bit));
      }
    }
  }
}

TEST_CASE("a token cut off anywhere is refused", "[access][token]") {
  const std::string token = vectors().token("HS512");
  for (std::size_t size = 0; size < token.size(); ++size)
    if (outcome_of(token.substr(0, size)) == "ok") FAIL_CHECK(size << " bytes");
}

TEST_CASE("a token lives until its expiry and the skew behind it", "[access][token]") {
  const std::string& token = vectors().token("HS256");
  auto settings = vectors().settings;
  const auto expiry = vectors().now + 600s;
  CHECK(outcome_of(token, settings, expiry + 29s) == "ok");
  CHECK(outcome_of(token, settings, expiry + 30s) == "expired");
  settings.clock_skew = 0s;
  CHECK(outcome_of(token, settings, expiry - 1ns) == "ok");
  CHECK(outcome_of(token, settings, expiry) == "expired");
  CHECK(outcome_of(token, settings, vectors().now - 61s) == "not_yet_valid");
  settings.clock_skew = 5min;
  CHECK(outcome_of(token, settings, vectors().now - 6min) == "ok");
  CHECK(outcome_of(token, settings, expiry + 5min) == "expired");
}

TEST_CASE("a token may be used for a limited time after it was issued", "[access][token]") {
  const std::string& token = vectors().token("HS256");  // issued a minute ago
  auto settings = vectors().settings;
  settings.age_max = 100s;
  CHECK(outcome_of(token, settings, vectors().now) == "ok");
  CHECK(outcome_of(token, settings, vectors().now + 69s) == "ok");
  CHECK(outcome_of(token, settings, vectors().now + 70s) == "too_old");
  const auto verified = access::verify(token, vectors().key_set(), settings, vectors().now);
  CHECK((*verified)->expires == vectors().now + 40s);
  settings.age_max = 2h;
  CHECK(outcome_of(token, settings, vectors().now + 700s) == "expired");
}

TEST_CASE("without an audience of its own the server takes no token for somebody",
          "[access][token]") {
  auto settings = vectors().settings;
  settings.audiences.clear();
  CHECK(outcome_of(vectors().token("HS256"), settings, vectors().now) == "wrong_audience");
  CHECK(outcome_of(vectors().token("no aud"), settings, vectors().now) == "ok");
  settings.audiences = {"other", "troupe"};
  CHECK(outcome_of(vectors().token("HS256"), settings, vectors().now) == "ok");
}

TEST_CASE("without a list of issuers any issuer with a key is taken", "[access][token]") {
  auto settings = vectors().settings;
  settings.issuers.clear();
  CHECK(outcome_of(vectors().token("no iss"), settings, vectors().now) == "ok");
  CHECK(outcome_of(vectors().token("iss of somebody else"), settings, vectors().now) == "ok");
  CHECK(outcome_of(vectors().token("iss that is a list"), settings, vectors().now) ==
        "malformed_claim");
}

TEST_CASE("the user may stand in another claim, also in one of an object", "[access][token]") {
  auto settings = vectors().settings;
  settings.user_claim = "jti";
  const auto keys = vectors().key_set();
  CHECK((*access::verify(vectors().token("HS256"), keys, settings, vectors().now))->user ==
        "token-1");
  settings.user_claim = "missing";
  CHECK((*access::verify(vectors().token("HS256"), keys, settings, vectors().now))->user.empty());
}

TEST_CASE("without keys every token is refused", "[access][token]") {
  const access::key_set none;
  for (const test::token_vector& each : vectors().tokens)
    CHECK_FALSE(access::verify(each.token, none, vectors().settings, vectors().now));
  const auto verified =
      access::verify(vectors().token("HS256"), none, vectors().settings, vectors().now);
  CHECK(verified.error() == token_fault::unknown_key);
}

TEST_CASE("a token has three parts of one alphabet", "[access][token]") {
  CHECK(access::looks_like_token("a.b.c"));
  CHECK(access::looks_like_token(".."));
  for (const char* const text : {"", "a.b", "a.b.c.d", "a.b.c=", "a b.c.d", "a%2eb.c.d", "a.b.c\n"})
    CHECK_FALSE(access::looks_like_token(text));
}

TEST_CASE("a header that is known is not read again, and one that differs is", "[access][token]") {
  const access::key_set keys = vectors().key_set();
  access::token_header_ptr last;
  const auto of = [&](std::string_view name) {
    return access::verify(vectors().token(name), keys, vectors().settings, vectors().now, &last);
  };
  REQUIRE(of("HS256"));
  const access::token_header_ptr first = last;
  REQUIRE(first);
  CHECK(first->which == access::algorithm::hs256);
  REQUIRE(of("HS256"));
  CHECK(last == first);
  REQUIRE(of("ES256"));
  CHECK(last != first);
  CHECK(last->which == access::algorithm::es256);
  // All others, whatever header was there before: none is taken for another.
  for (const test::token_vector& each : vectors().tokens) {
    INFO(each.name);
    last = first;
    const auto made = access::verify(each.token, keys, vectors().settings, vectors().now, &last);
    CHECK((made ? "ok" : to_string(made.error())) == each.expected);
  }
}

TEST_CASE("only a header with a good signature is remembered", "[access][token]") {
  access::token_header_ptr last;
  std::string forged = vectors().token("HS256");
  forged.back() = forged.back() == 'A' ? 'E' : 'A';
  CHECK_FALSE(
      access::verify(forged, vectors().key_set(), vectors().settings, vectors().now, &last));
  CHECK(last == nullptr);
}

}  // namespace troupe::token_test
