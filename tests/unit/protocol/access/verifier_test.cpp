#include "protocol/access/verifier.hpp"

#include <atomic>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/token_vectors.hpp"

namespace troupe::verifier_test {

using namespace std::chrono_literals;
using access::token_fault;
using access::verifier;
using test::vectors;

namespace {

verifier make(access::access_policy policy = {}) {
  policy.how = access::mode::token;
  return verifier{std::make_shared<const access::access_policy>(std::move(policy)),
                  vectors().settings, std::make_shared<const access::key_set>(vectors().key_set())};
}

}  // namespace

TEST_CASE("a verifier gives each good token its grant, and the same one again", "[access]") {
  verifier by = make();
  for (const test::token_vector& each : vectors().tokens) {
    INFO(each.name);
    const auto first = by.grant_for(each.token, vectors().now);
    CHECK((first ? "ok" : to_string(first.error())) == each.expected);
    if (!first) continue;
    CHECK((*first)->who->user == each.user);
    const bool is_live = (*first)->who->expires > vectors().now;
    CHECK((by.grant_for(each.token, vectors().now) == first) == is_live);
  }
}

TEST_CASE("a token that is remembered ends all the same", "[access]") {
  verifier by = make();
  const std::string& token = vectors().token("ES256");  // for ten minutes
  CHECK(by.grant_for(token, vectors().now));
  CHECK(by.grant_for(token, vectors().now + 10min + 29s));  // within the skew
  const auto late = by.grant_for(token, vectors().now + 10min + 30s);
  REQUIRE_FALSE(late.has_value());
  CHECK(late.error() == token_fault::expired);
}

TEST_CASE("keys that are taken away end what they have verified", "[access]") {
  verifier by = make();
  const std::string& token = vectors().token("ES256");
  CHECK(by.grant_for(token, vectors().now));
  by.use(std::make_shared<const access::key_set>());
  const auto without = by.grant_for(token, vectors().now);
  REQUIRE_FALSE(without.has_value());
  CHECK(without.error() == token_fault::unknown_key);
  by.use(std::make_shared<const access::key_set>(vectors().key_set()));
  CHECK(by.grant_for(token, vectors().now));
}

TEST_CASE("a token whose documents are malformed is refused each time", "[access]") {
  access::access_policy policy;
  policy.documents_claim = "aud";
  verifier by = make(std::move(policy));
  for (int i = 0; i < 2; ++i) {
    const auto refused = by.grant_for(vectors().token("HS256"), vectors().now);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error() == token_fault::malformed_claim);
  }
}

TEST_CASE("threads verify tokens side by side while keys change", "[access]") {
  verifier by = make();
  const auto all = std::make_shared<const access::key_set>(vectors().key_set());
  std::atomic<std::size_t> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int round = 0; round < 3; ++round)
        for (const test::token_vector& each : vectors().tokens) {
          const auto made = by.grant_for(each.token, vectors().now);
          if ((made ? "ok" : to_string(made.error())) != each.expected) ++wrong;
        }
    });
  for (int i = 0; i < 20; ++i) by.use(std::make_shared<const access::key_set>(*all));
  for (std::thread& each : threads) each.join();
  CHECK(wrong == 0);
}

}  // namespace troupe::verifier_test
