#include "protocol/access/access_policy.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/token_vectors.hpp"

namespace troupe::access_policy_test {

using access::access_policy;
using access::document_pattern;
using test::claims_of;

namespace {

access::permission may(std::initializer_list<const char*> words) {
  access::permission made;
  for (const char* const word : words) REQUIRE(made.add(word));
  return made;
}

access::access_rule rule(std::string_view document, access::permission allows,
                         std::vector<access::claim_condition> conditions = {}) {
  auto pattern = document_pattern::named(document);
  REQUIRE(pattern.has_value());
  return {std::move(conditions), *std::move(pattern), allows};
}

access_policy policy_of(std::vector<access::access_rule> rules = {}) {
  access_policy made;
  made.how = access::mode::token;
  made.rules = std::move(rules);
  return made;
}

access::grant_ptr grant_of(const access_policy& policy, const access::claims_ptr& who) {
  auto made = access::make_grant(std::make_shared<const access_policy>(policy), who);
  REQUIRE(made.has_value());
  return *made;
}

std::string rights_of(const access_policy& policy, std::string claims, std::string_view document,
                      std::string user = "ada") {
  return to_string(
      rights_for(*grant_of(policy, claims_of(std::move(user), std::move(claims))), document));
}

}  // namespace

TEST_CASE("a token names documents with rights", "[access][policy]") {
  const access_policy policy = policy_of();
  const char* const claims = R"({"docs":[
      {"name":"notes","rights":["read","presence"]},
      {"prefix":"wiki/","rights":"write"},
      {"glob":"teams/*/plan","rights":["admin","no_presence"],"comment":"ignored"}]})";
  CHECK(rights_of(policy, claims, "notes") == "read, presence");
  CHECK(rights_of(policy, claims, "notes2") == "none");
  CHECK(rights_of(policy, claims, "wiki/a/b") == "read, write, presence");
  CHECK(rights_of(policy, claims, "wiki") == "none");
  CHECK(rights_of(policy, claims, "teams/red/plan") == "read, write, admin");
  CHECK(rights_of(policy, claims, "teams/red/x/plan") == "none");
}

TEST_CASE("a token that names no documents allows none", "[access][policy]") {
  CHECK(rights_of(policy_of(), "{}", "notes") == "none");
  CHECK(rights_of(policy_of(), R"({"docs":[]})", "notes") == "none");
  CHECK(rights_of(policy_of(), R"({"docs":[{"name":"notes","rights":[]}]})", "notes") == "none");
}

TEST_CASE("the documents of a token may stand in another claim", "[access][policy]") {
  access_policy policy = policy_of();
  policy.documents_claim = "app.documents";
  CHECK(rights_of(policy, R"({"app":{"documents":[{"name":"a","rights":"read"}]}})", "a") ==
        "read");
  CHECK(rights_of(policy, R"({"docs":[{"name":"a","rights":"read"}]})", "a") == "none");
}

TEST_CASE("a token whose list of documents is half understood allows nothing", "[access][policy]") {
  const auto policy = std::make_shared<const access_policy>(policy_of({rule("*", may({"write"}))}));
  std::string many = R"({"docs":[{"name":"a","rights":"read"})";
  for (std::size_t i = 0; i < access::document_entries_max; ++i)
    many.append(R"(,{"name":"a","rights":"read"})");
  for (const std::string& claims :
       {std::string{R"({"docs":{"name":"a","rights":"read"}})"}, std::string{R"({"docs":"a"})"},
        std::string{R"({"docs":null})"}, std::string{R"({"docs":["a"]})"},
        std::string{R"({"docs":[{"name":"a"}]})"}, std::string{R"({"docs":[{"rights":"read"}]})"},
        std::string{R"({"docs":[{"name":"a","prefix":"b","rights":"read"}]})"},
        std::string{R"({"docs":[{"name":1,"rights":"read"}]})"},
        std::string{R"({"docs":[{"name":"a","rights":"all"}]})"},
        std::string{R"({"docs":[{"name":"a","rights":["read",1]}]})"},
        std::string{R"({"docs":[{"name":"a","rights":{"read":true}}]})"},
        std::string{R"({"docs":[{"glob":"[","rights":"read"}]})"},
        std::string{R"({"docs":[{"glob":"","rights":"read"}]})"},
        std::string{R"({"docs":[{"name":"a","rights":"read"},{"name":"b","rights":"x"}]})"},
        many + "]}"}) {
    INFO(claims.substr(0, 100));
    const auto made = access::make_grant(policy, claims_of("ada", claims));
    REQUIRE_FALSE(made.has_value());
    CHECK(made.error() == access::token_fault::malformed_claim);
  }
}

TEST_CASE("a rule applies if each of its conditions holds", "[access][policy]") {
  const access_policy policy = policy_of({
      rule("*", may({"read"})),
      rule("wiki/*", may({"write"}), {{"role", {"editor", "owner"}}}),
      rule("*", may({"admin"}), {{"role", {"owner"}}, {"org.id", {"42"}}}),
      rule("staff", may({"write"}), {{"verified", {"true"}}}),
  });
  CHECK(rights_of(policy, "{}", "wiki/a") == "read");
  CHECK(rights_of(policy, R"({"role":"editor"})", "wiki/a") == "read, write, presence");
  CHECK(rights_of(policy, R"({"role":"editor"})", "other") == "read");
  CHECK(rights_of(policy, R"({"role":["guest","editor"]})", "wiki/a") == "read, write, presence");
  CHECK(rights_of(policy, R"({"role":"editors"})", "wiki/a") == "read");
  CHECK(rights_of(policy, R"({"role":{"editor":true}})", "wiki/a") == "read");
  CHECK(rights_of(policy, R"({"role":"owner"})", "other") == "read");
  CHECK(rights_of(policy, R"({"role":"owner","org":{"id":42}})", "other") ==
        "read, write, presence, admin");
  CHECK(rights_of(policy, R"({"role":"owner","org":{"id":43}})", "other") == "read");
  CHECK(rights_of(policy, R"({"verified":true})", "staff") == "read, write, presence");
  CHECK(rights_of(policy, R"({"verified":false})", "staff") == "read");
}

TEST_CASE("rules may name the user and claims in the document", "[access][policy]") {
  const access_policy policy =
      policy_of({rule("home/{user}/*", may({"write"})), rule("teams/{teams}", may({"read"})),
                 rule("orgs/{org.id}", may({"read"}))});
  const char* const claims = R"({"teams":["red","blue"],"org":{"id":42},"user":"eve"})";
  CHECK(rights_of(policy, claims, "home/ada/x") == "read, write, presence");
  CHECK(rights_of(policy, claims, "home/eve/x") == "none");
  CHECK(rights_of(policy, claims, "home/ada/") == "read, write, presence");
  CHECK(rights_of(policy, claims, "teams/blue") == "read");
  CHECK(rights_of(policy, claims, "teams/green") == "none");
  CHECK(rights_of(policy, claims, "orgs/42") == "read");
  CHECK(rights_of(policy, "{}", "home//x", "") == "none");
  CHECK(rights_of(policy, "{}", "home/*/x", "*") == "read, write, presence");
  CHECK(rights_of(policy, "{}", "home/ada/x", "*") == "none");
  CHECK(rights_of(policy, "{}", "home/a/b/x", "a/b") == "none");
}

TEST_CASE("all that matches counts, and a denial of presence against all of it",
          "[access][policy]") {
  const access_policy policy = policy_of(
      {rule("a", may({"write"})), rule("a", may({"no_presence"}), {{"quiet", {"true"}}})});
  CHECK(rights_of(policy, "{}", "a") == "read, write, presence");
  CHECK(rights_of(policy, R"({"quiet":true})", "a") == "read, write");
  CHECK(rights_of(policy, R"({"quiet":true,"docs":[{"name":"a","rights":"admin"}]})", "a") ==
        "read, write, admin");
  CHECK(rights_of(policy, R"({"docs":[{"name":"b","rights":"read"}]})", "b") == "read");
}

TEST_CASE("a token allows what everybody may", "[access][policy]") {
  access_policy policy = policy_of();
  CHECK(to_string(rights_of_anybody(policy)) == "none");
  policy.everybody = access::anonymous::read;
  CHECK(to_string(rights_of_anybody(policy)) == "read");
  CHECK(rights_of(policy, "{}", "a") == "read");
  policy.everybody = access::anonymous::write;
  CHECK(to_string(rights_of_anybody(policy)) == "read, write, presence");
  CHECK(rights_of(policy, R"({"docs":[{"name":"a","rights":["no_presence"]}]})", "a") ==
        "read, write");
}

TEST_CASE("in an open node everybody may do everything but administer", "[access][policy]") {
  CHECK(to_string(rights_of_anybody(access_policy{})) == "read, write, presence");
}

TEST_CASE("a grant keeps the numbers of its rules only", "[access][policy]") {
  const access_policy policy =
      policy_of({rule("a", may({"read"}), {{"x", {"1"}}}), rule("b", may({"read"}), {{"x", {"2"}}}),
                 rule("c", may({"read"}))});
  const auto made = grant_of(policy, claims_of("ada", R"({"x":2})"));
  CHECK(made->rules == std::vector<std::uint16_t>{1, 2});
}

TEST_CASE("a grant keeps the claims only for rules that ask for more than the user",
          "[access][policy]") {
  const auto holds_claims = [](const access_policy& policy, std::string claims) {
    const auto made = grant_of(policy, claims_of("ada", std::move(claims)));
    CHECK(made->who->user == "ada");
    CHECK(made->who->expires == claims_of("ada")->expires);
    return !made->who->all.empty();
  };
  const char* const red = R"({"team":"red","docs":[{"name":"n","rights":"read"}]})";
  CHECK_FALSE(holds_claims(policy_of(), red));
  CHECK_FALSE(holds_claims(policy_of({rule("home/{user}/*", may({"write"}))}), red));
  CHECK(holds_claims(policy_of({rule("teams/{team}/*", may({"write"}))}), red));
  CHECK_FALSE(holds_claims(
      policy_of({rule("teams/{team}/*", may({"write"}), {{"role", {"member"}}})}), red));
  CHECK(rights_of(policy_of({rule("home/{user}/*", may({"write"}))}), red, "home/ada/x") ==
        "read, write, presence");
}

TEST_CASE("a grant says what the presence of its user says", "[access][policy]") {
  access_policy policy = policy_of();
  const char* const claims = R"({"name":"Ada L.","color":"#f00","age":36})";
  CHECK(grant_of(policy, claims_of("ada", claims))->stamp.empty());
  policy.stamp = {"name", "color"};
  CHECK(grant_of(policy, claims_of("ada", claims))->stamp ==
        R"({"id":"ada","name":"Ada L.","color":"#f00"})");
}

}  // namespace troupe::access_policy_test
