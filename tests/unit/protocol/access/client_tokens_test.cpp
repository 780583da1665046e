#include "protocol/access/client_tokens.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/access/verifier.hpp"
#include "tests/support/hex_bytes.hpp"

namespace troupe::client_tokens_test {

using namespace std::chrono_literals;
using access::client_tokens;
using access::token_fault;
constexpr auto read_only = access::client_tokens::authorization::read_only;

namespace {

const access::token_time noon{std::chrono::seconds{1'800'000'000}};

client_tokens tokens_of(const std::string& server_token = "the server token of the tests") {
  return client_tokens{secret{server_token}};
}

/// What a node with this server token makes of a token.
access::token_result<access::grant_ptr> taken_by(const client_tokens& by, const std::string& token,
                                                 access::token_time now = noon,
                                                 access::access_policy of_node = {}) {
  access::verifier with{by.policy(of_node), by.settings(30s), by.keys()};
  return with.grant_for(token, now);
}

std::string fault_of(const access::token_result<access::grant_ptr>& granted) {
  return granted ? "ok" : std::string{to_string(granted.error())};
}

}  // namespace

TEST_CASE("a client token allows one document what its application said", "[access][y_sweet]") {
  const client_tokens tokens = tokens_of();
  const std::string full = tokens.issue({.document = "plan", .user = "ada", .id = "n1"}, noon);
  const auto granted = taken_by(tokens, full);
  REQUIRE(granted.has_value());
  CHECK((*granted)->who->user == "ada");
  CHECK((*granted)->who->token_id == "n1");
  CHECK((*granted)->who->expires == noon + 1h);
  CHECK(to_string(rights_for(**granted, "plan")) == "read, write, presence");
  CHECK(rights_for(**granted, "plan2").empty());
  CHECK(rights_for(**granted, "").empty());

  const auto reading = taken_by(
      tokens,
      tokens.issue({.document = "pl\"an\\/\xC3\xA9", .allows = read_only, .id = "n2"}, noon));
  REQUIRE(reading.has_value());
  CHECK((*reading)->who->user.empty());
  CHECK(to_string(rights_for(**reading, "pl\"an\\/\xC3\xA9")) == "read, presence");
}

TEST_CASE("a name in a client token is no pattern", "[access][y_sweet]") {
  const client_tokens tokens = tokens_of();
  for (const std::string name : {"*", "**", "a/*", "{user}"}) {
    const auto granted =
        taken_by(tokens, tokens.issue({.document = name, .user = "ada", .id = "n"}, noon));
    REQUIRE(granted.has_value());
    CHECK(rights_for(**granted, name).contains(right::write));
    for (const std::string other : {"a", "a/b", "ada"}) CHECK(rights_for(**granted, other).empty());
  }
}

TEST_CASE("the rules of the node give a client token nothing", "[access][y_sweet]") {
  const client_tokens tokens = tokens_of();
  access::access_policy of_node;
  of_node.how = access::mode::token;
  of_node.everybody = access::anonymous::write;
  access::permission may;
  may.add("admin");
  of_node.rules.push_back({{}, access::document_pattern::prefix(""), may});
  const auto granted =
      taken_by(tokens, tokens.issue({.document = "plan", .allows = read_only, .id = "n"}, noon),
               noon, of_node);
  REQUIRE(granted.has_value());
  CHECK(to_string(rights_for(**granted, "plan")) == "read, presence");
  CHECK(rights_for(**granted, "other").empty());
}

TEST_CASE("a client token ends, and lasts for a day at most", "[access][y_sweet]") {
  const client_tokens tokens = tokens_of();
  const std::string brief = tokens.issue({.document = "a", .valid_for = 10s, .id = "n"}, noon);
  CHECK(fault_of(taken_by(tokens, brief, noon + 39s)) == "ok");
  CHECK(fault_of(taken_by(tokens, brief, noon + 40s)) == "expired");
  CHECK(fault_of(taken_by(tokens, brief, noon - 31s)) == "not_yet_valid");
  const std::string lasting =
      tokens.issue({.document = "a", .valid_for = 24h * 365, .id = "n"}, noon);
  CHECK((*taken_by(tokens, lasting))->who->expires == noon + 24h);
}

TEST_CASE("only nodes with the same server token take a client token", "[access][y_sweet]") {
  const client_tokens tokens = tokens_of();
  const std::string token = tokens.issue({.document = "a", .id = "n"}, noon);
  CHECK(client_tokens::claims_to_be(token));
  CHECK(fault_of(taken_by(tokens_of(), token)) == "ok");
  CHECK(fault_of(taken_by(tokens_of("the server token of others"), token)) == "bad_signature");
  std::string changed = token;
  changed[token.find('.') + 5] = changed[token.find('.') + 5] == 'A' ? 'B' : 'A';
  CHECK(fault_of(taken_by(tokens, changed)) == "bad_signature");
  CHECK(fault_of(taken_by(tokens, token.substr(0, token.rfind('.') + 1))) == "bad_signature");
  CHECK_FALSE(client_tokens::claims_to_be("eyJhbGciOiJub25lIn0.e30."));
  CHECK_FALSE(client_tokens::claims_to_be(""));
  // The server token is no key by itself.
  const auto other = access::hmac_sha256("the server token of the tests", token.substr(0, 10));
  CHECK(fault_of(taken_by(tokens, token.substr(0, token.rfind('.') + 1) + test::to_hex(other))) ==
        "bad_signature");
}

TEST_CASE("HMAC-SHA256 is that of RFC 4231", "[access]") {
  CHECK(
      test::to_hex(access::hmac_sha256("Jefe", "what do ya want for nothing?")) ==
      test::to_hex(test::hex("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")));
}

}  // namespace troupe::client_tokens_test
