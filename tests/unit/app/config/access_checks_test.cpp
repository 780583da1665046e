#include "app/config/access_checks.hpp"

#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "app/config/check.hpp"
#include "app/config/print.hpp"
#include "app/config/sections.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/token_vectors.hpp"
#include "tests/unit/app/config/support.hpp"

namespace troupe::access_checks_test {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

const std::string secret(32, 's');
const std::string token_mode = "access:\n  mode: token\n  jwks_url: https://a.example/keys\n";

lines problems(const std::string& access) {
  return test::problem_lines_of_text("access:\n" + access);
}

/// The problem of one entry of access.keys, which begins in line 3.
std::string problem_of_key(const std::string& key) {
  const lines all = problems("  keys:\n    - " + key + "\n");
  REQUIRE(all.size() == 1);
  return all.front();
}

std::string problem_of_rule(const std::string& rule) {
  const lines all = problems("  rules:\n    - " + rule + "\n");
  REQUIRE(all.size() == 1);
  return all.front();
}

std::string pem_of(std::string_view algorithm) {
  for (const auto& each : test::vectors().keys)
    if (each["algorithm"] == algorithm) return each["pem"];
  return {};
}

std::string replaced(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

rights rights_of(const config& settings, const std::string& claims, std::string_view document) {
  const auto made = access::make_grant(to_access_policy(settings), test::claims_of("ada", claims));
  REQUIRE(made.has_value());
  return rights_for(**made, document);
}

}  // namespace

TEST_CASE("access is open by default", "[config][access]") {
  const config settings = test::loaded("server: {}\n");
  CHECK(to_access_policy(settings)->how == access::mode::open);
  CHECK(to_key_set(settings)->empty());
  CHECK(to_cookie_rule(settings).name.empty());
}

TEST_CASE("keys come from the configuration and from files", "[config][access]") {
  const test::temporary_directory at;
  at.write("secret", secret + "!\n");
  at.write("issuer.pem", pem_of("ES256"));
  std::string inline_pem = "      public_key: |\n";
  std::istringstream pem{pem_of("EdDSA")};
  for (std::string line; std::getline(pem, line);) inline_pem += "        " + line + "\n";
  const config settings = test::loaded(
      "access:\n  mode: token\n  keys:\n    - {id: a, algorithm: HS256, secret: " + secret +
      "}\n    - {algorithm: HS256, secret_file: " + at.text() +
      "/secret}\n    - {id: key-ES256, algorithm: ES256, public_key_file: " + at.text() +
      "/issuer.pem}\n    - id: key-EdDSA\n      algorithm: EdDSA\n" + inline_pem);
  const auto keys = to_key_set(settings);
  REQUIRE(keys.has_value());
  REQUIRE(keys->size() == 4);
  CHECK(keys->entries()[0].id == "a");
  CHECK(keys->entries()[1].id.empty());
  for (const char* const name : {"ES256", "EdDSA"})
    CHECK(access::verify(test::vectors().token(name), *keys, test::vectors().settings,
                         test::vectors().now));
  at.remove("secret");
  CHECK(to_key_set(settings).error().detail.find("/secret") != std::string::npos);
}

TEST_CASE("questions are signed with the secret of a file", "[config][access]") {
  const test::temporary_directory at;
  const auto read = [&] {
    return read_webhook_secret(test::loaded(
        "access: {mode: webhook, webhook: {url: http://app/, secret_file: " + at.text() +
        "/secret}}\n"));
  };
  const std::string where = "access.webhook.secret_file: the file \"" + at.text() + "/secret\"";
  CHECK(read().error().detail == where + ": No such file or directory");
  at.write("secret", "short\n");
  CHECK(read().error().detail == where + " must hold one line of 32 bytes or more");
  at.write("secret", std::string(32, 's') + "\r\n");
  CHECK(read()->reveal() == std::string(32, 's'));
  CHECK(read_webhook_secret(test::loaded("server: {}\n"))->empty());
}

TEST_CASE("a line end behind the secret of a file does not count", "[config][access]") {
  for (const char* const end : {"", "\n", "\r\n"}) {
    const test::temporary_directory at;
    std::string right;
    for (const auto& each : test::vectors().keys)
      if (each["algorithm"] == "HS256") right = each["secret"];
    at.write("secret", right + end);
    const auto keys = to_key_set(test::loaded(
        "access: {keys: [{algorithm: HS256, secret_file: " + at.text() + "/secret}]}\n"));
    CHECK(access::verify(test::vectors().token("typ JWT"), *keys, test::vectors().settings,
                         test::vectors().now));
  }
}

TEST_CASE("a mistake in a key is told with its line, and without the secret", "[config][access]") {
  const std::string key = "FILE:3: access.keys[0]: ";
  CHECK(problem_of_key("{secret: " + secret + "}") == key + "has no algorithm");
  CHECK(problem_of_key("{algorithm: none, secret: " + secret + "}") ==
        "FILE:3: access.keys[0].algorithm: \"none\" is no algorithm that is accepted; allowed: "
        "HS256, HS384, HS512, RS256, PS256, ES256, ES384 or EdDSA");
  for (const std::string& sources : {std::string{}, ", secret: " + secret + ", secret_file: /x",
                                     std::string{", secret: x, public_key: y"}})
    CHECK(problem_of_key("{algorithm: HS256" + sources + "}") ==
          key + "needs exactly one of secret, secret_file, public_key and public_key_file");
  CHECK(problem_of_key("{algorithm: HS256, public_key: x}") ==
        key + "HS256 needs a secret, not a public key");
  CHECK(problem_of_key("{algorithm: ES256, secret: " + secret + "}") ==
        key + "ES256 needs a public key, not a secret");
  CHECK(problem_of_key("{algorithm: HS256, secret: hunter2hunter2}") ==
        key + "weak_key: HS256 needs a secret of 32 bytes or more");
  CHECK(problem_of_key("{algorithm: HS512, secret: " + secret + "}") ==
        key + "weak_key: HS512 needs a secret of 64 bytes or more");
  CHECK(problem_of_key("{algorithm: ES256, public_key: x}") ==
        key + "invalid_key: no public key in PEM, which begins with -----BEGIN PUBLIC KEY-----");
  CHECK(problem_of_key("{algorithm: ES256, public_key_file: /nowhere/at/all}") ==
        key + "the file \"/nowhere/at/all\": No such file or directory");
  CHECK(problem_of_key("{algorithm: ES256, public_key_file: [x]}")
            .starts_with("FILE:3: access.keys[0].public_key_file: takes one text"));
  CHECK(problem_of_key("{id: \"\", algorithm: HS256, secret: " + secret + "}") ==
        "FILE:3: access.keys[0].id: must have 1 to 256 bytes");
  CHECK(problem_of_key("{algorithm: HS256, secret: [a]}")
            .starts_with("FILE:3: access.keys[0].secret: takes one text"));
}

TEST_CASE("a key of another kind than its algorithm is told with its file", "[config][access]") {
  const test::temporary_directory at;
  at.write("rsa.pem", pem_of("RS256"));
  at.write("large", std::string(65 * 1024, 'x'));
  const std::string file = "the file \"" + at.text();
  CHECK(problem_of_key("{algorithm: ES256, public_key_file: " + at.text() + "/rsa.pem}") ==
        "FILE:3: access.keys[0]: " + file +
            "/rsa.pem\": invalid_key: ES256 needs a key on a curve");
  CHECK(problem_of_key("{algorithm: HS256, secret_file: " + at.text() + "/large}") ==
        "FILE:3: access.keys[0]: " + file + "/large\" has more than 64 KiB");
}

TEST_CASE("two keys cannot have one id", "[config][access]") {
  const std::string key = "    - {id: a, algorithm: HS256, secret: " + secret + "}\n";
  CHECK(problems("  keys:\n" + key + key) ==
        lines{"FILE:4: access.keys[1]: invalid_key: its id stands twice"});
}

TEST_CASE("a secret is never printed", "[config][access]") {
  const test::temporary_file file{"access:\n  webhook: {secret: " + secret +
                                  "}\n  keys:\n    - {algorithm: HS256, secret: " + secret + "}\n"};
  std::ostringstream out, err;
  const config_sources sources{.file = file.path(), .environment = {}, .settings = {}};
  CHECK(check_config(sources, print_effective::yes, out, err) == 0);
  CHECK(out.str().find(secret) == std::string::npos);
  CHECK(out.str().find("    - algorithm: \"HS256\"\n      secret: \"(hidden)\"\n  rules:") !=
        std::string::npos);
  CHECK(out.str().find("  webhook:\n    url: \"\"\n    secret: \"(hidden)\"\n") !=
        std::string::npos);
}

TEST_CASE("rules become rights", "[config][access]") {
  const config settings = test::loaded(
      token_mode +
      "  rules:\n    - document: \"*\"\n      rights: [read]\n"
      "    - claims: {role: [editor, owner], org.id: \"42\"}\n      document: \"wiki/*\"\n"
      "      rights: [write, no_presence]\n"
      "    - claims:\n        org:\n          id: \"43\"\n      glob: \"home/{user}/*\"\n"
      "      rights: [admin]\n");
  REQUIRE(settings.access.rules.size() == 3);
  CHECK(to_string(rights_of(settings, "{}", "wiki/a")) == "read");
  const char* const editor = R"({"role":"editor","org":{"id":42}})";
  CHECK(to_string(rights_of(settings, editor, "wiki/a/b")) == "read, write");
  CHECK(to_string(rights_of(settings, editor, "other")) == "read");
  CHECK(to_string(rights_of(settings, R"({"role":"editor"})", "wiki/a")) == "read");
  const char* const other = R"({"org":{"id":"43"}})";
  CHECK(to_string(rights_of(settings, other, "home/ada/x")) == "read, write, presence, admin");
  CHECK(to_string(rights_of(settings, other, "home/ada/x/y")) == "read");
}

TEST_CASE("a mistake in a rule of access is told with its line", "[config][access]") {
  const std::string rule = "FILE:3: access.rules[0]";
  CHECK(problem_of_rule("{document: a}") == rule + ": has no rights");
  CHECK(problem_of_rule("{rights: [read]}") == rule + ": needs either document or glob");
  CHECK(problem_of_rule("{document: a, glob: b, rights: [read]}") ==
        rule + ": needs either document or glob");
  CHECK(problem_of_rule("{document: a, rights: [all]}") ==
        rule +
            ".rights: \"all\" is no right; allowed: read, write, presence, admin or no_presence");
  CHECK(problem_of_rule("{document: a, rights: read}").starts_with(rule + ".rights: takes a list"));
  CHECK(problem_of_rule("{document: \"\", rights: [read]}") == rule + ".document: \"\" is empty");
  CHECK(problem_of_rule("{document: \"{user\", rights: [read]}") ==
        rule + ".document: \"{user\" has a '{' without its '}'");
  CHECK(problem_of_rule("{glob: \"[a]\", rights: [read]}") ==
        rule + ".glob: \"[a]\" has a '[' that has no meaning; write \\[ for the character");
  CHECK(problem_of_rule("{document: a, rights: [read], claims: x}") ==
        rule + ".claims: takes a map such as {role: editor}, not one value");
  CHECK(problem_of_rule("{document: a, rights: [read], claims: {role: []}}") ==
        rule + ".claims.role: takes 1 to 100 values");
  CHECK(problem_of_rule("{document: a, rights: [read], claims: {role: [[x]]}}") ==
        rule + ".claims.role: is a list whose items are not single values");
  CHECK(problem_of_rule("{document: a, rights: [read], role: x}") ==
        rule + ".role: unknown key; the keys of a section: claims, document, glob, rights");
}

TEST_CASE("a rule has at most so many conditions", "[config][access]") {
  std::string rule = "{document: a, rights: [read], claims: {";
  for (int i = 0; i < 17; ++i) rule += (i == 0 ? "c" : ", c") + std::to_string(i) + ": x";
  CHECK(problem_of_rule(rule + "}}") ==
        "FILE:3: access.rules[0].claims.c16: is one too many; allowed: 16");
}

TEST_CASE("rules are printed as they can be read again", "[config][access]") {
  const test::temporary_file file{
      "access:\n  rules:\n    - {claims: {role: [editor, \"o\\\"x\"], org.id: 42}, document: "
      "\"wiki/*\", rights: [write]}\n    - {glob: \"a/**\", rights: [read, presence]}\n"};
  std::ostringstream out, err;
  const config_sources sources{.file = file.path(), .environment = {}, .settings = {}};
  REQUIRE(check_config(sources, print_effective::yes, out, err) == 0);
  CHECK(out.str().find("    - claims: {\"role\": [\"editor\", \"o\\\"x\"], \"org.id\": [\"42\"]}\n"
                       "      document: \"wiki/*\"\n") != std::string::npos);
  CHECK(out.str().find("glob: \"\"") == std::string::npos);
  const config again = test::loaded(out.str());
  REQUIRE(again.access.rules.size() == 2);
  CHECK(again.access.rules[0].claims == std::vector<config::access_rule_section::condition>{
                                            {"role", {"editor", "o\"x"}}, {"org.id", {"42"}}});
  CHECK(again.access.rules[1].glob == "a/**");
}

TEST_CASE("what belongs together is checked", "[config][access]") {
  CHECK(problems("  mode: token\n") ==
        lines{"FILE:2: access.mode: token needs keys to verify tokens: access.keys or "
              "access.jwks_url, or dialects.y_sweet_token"});
  CHECK(problems("  mode: webhook\n") ==
        lines{"FILE:2: access.mode: webhook needs access.webhook.url"});
  CHECK(problems("  anonymous: read\n") ==
        lines{"FILE:2: access.anonymous: has a meaning only where access.mode is token"});
  CHECK(problems("  mode: token\n  anonymous: read\n  jwks_url: https://a.example/keys\n").empty());
  CHECK(problems("  mode: webhook\n  webhook: {url: http://app:8080/access}\n").empty());
  CHECK(problems("  mode: maybe\n") ==
        lines{"FILE:2: access.mode: \"maybe\" is no way to decide about access; allowed: open, "
              "token or webhook"});
  CHECK(problems("  webhook: {secret: short}\n") ==
        lines{"FILE:2: access.webhook.secret: must have 32 bytes or more; the value is not shown"});
  CHECK(problems("  webhook: {secret: " + std::string(32, 's') + ", secret_file: /x}\n") ==
        lines{"FILE:2: access.webhook.secret_file: cannot be set together with "
              "access.webhook.secret"});
  CHECK(problems("  clock_skew: 6m\n") ==
        lines{"FILE:2: access.clock_skew: \"6m\" is out of range; allowed: a duration from 0s to "
              "5m"});
  CHECK(problems("  user_claim: \"\"\n") ==
        lines{"FILE:2: access.user_claim: must be the name of a claim, of 1 to 256 bytes"});
}

TEST_CASE("the keys of y-sweet's dialect fit together", "[config][access][y_sweet]") {
  const std::string token = "y_sweet_token: a-token-of-the-application";
  const auto told = [](const std::string& mode, const std::string& dialects) {
    return test::problem_lines_of_text("access: {mode: " + mode + "}\ndialects: {" + dialects +
                                       "}\n");
  };
  CHECK(told("token", token).empty());
  CHECK(told("token", "y_sweet_token_file: token.txt, y_sweet_path: /").empty());
  CHECK(told("open", "y_sweet_url: \"https://docs.example.com/ys\", y_sweet_path: \"\"").empty());
  CHECK(told("open", token) == lines{"FILE:2: dialects.y_sweet_token: protects nothing where "
                                     "access.mode is open; set it to token"});
  CHECK(told("open", "y_sweet_token_file: token.txt") ==
        lines{"FILE:2: dialects.y_sweet_token_file: protects nothing where access.mode is open; "
              "set it to token"});
  CHECK(told("token", token + ", y_sweet_token_file: token.txt") ==
        lines{"FILE:2: dialects.y_sweet_token_file: cannot be set together with "
              "dialects.y_sweet_token"});
  CHECK(told("token", token + ", y_sweet_path: \"\"") ==
        lines{"FILE:2: dialects.y_sweet_token: has no meaning without dialects.y_sweet_path"});
  CHECK(told("token", "y_sweet_token: short") ==
        lines{"FILE:2: dialects.y_sweet_token: must be 16 to 1024 letters, digits and characters "
              "of -._~+/=; the value is not shown"});
  CHECK(told("open", "y_sweet_path: /hocuspocus") ==
        lines{"FILE:2: dialects.y_sweet_path: is that of dialects.hocuspocus_path, too"});
  CHECK(told("open", "y_sweet_path: y-sweet").size() == 1);
  for (const std::string url : {"wss://a", "https://a/", "https://a?b", "https://", "a"})
    CHECK(told("open", "y_sweet_url: \"" + url + "\"").size() == 1);
}

TEST_CASE("keys are fetched over TLS, or from this machine", "[config][access]") {
  for (const char* const url : {"https://issuer.example/keys", "http://localhost:8080/keys",
                                "http://127.0.0.1/keys", "http://[::1]:80/keys"}) {
    INFO(url);
    CHECK(problems("  jwks_url: \"" + std::string{url} + "\"\n").empty());
  }
  for (const char* const url :
       {"http://issuer.example/keys", "ftp://localhost/keys", "https://", "https:///keys", "keys",
        "http://localhost@evil.example/keys", "https://a b/", "http://localhost.evil.example/"}) {
    INFO(url);
    CHECK(problems("  jwks_url: \"" + std::string{url} + "\"\n") ==
          lines{"FILE:2: access.jwks_url: must be an https:// URL, or an http:// URL of this "
                "machine"});
  }
}

TEST_CASE("a cookie needs a list of origins without a star", "[config][access]") {
  const auto with_origins = [](const std::string& origins) {
    return test::problem_lines_of_text("server: {allowed_origins: " + origins +
                                       "}\naccess: {cookie: session}\n");
  };
  CHECK(with_origins("[https://app.example]").empty());
  for (const char* const origins : {"[]", "[\"*\"]", "[https://app.example, \"*\"]"}) {
    const lines told = with_origins(origins);
    REQUIRE(told.size() == 1);
    CHECK(told.front().starts_with("FILE:2: access.cookie: needs server.allowed_origins"));
  }
  CHECK(problems("  cookie: \"a=b\"\n").front() ==
        "FILE:2: access.cookie: \"a=b\" cannot be the name of a cookie");
}

TEST_CASE("settings of tokens reach the verifier", "[config][access]") {
  const config settings = test::loaded(
      "access: {audience: [a, b], issuer: c, clock_skew: 1500ms, max_token_age: 1500ms, "
      "user_claim: email}\n");
  const access::token_settings to = to_token_settings(settings);
  CHECK(to.audiences == lines{"a", "b"});
  CHECK(to.issuers == lines{"c"});
  CHECK(to.clock_skew == 1s);
  CHECK(to.age_max == 2s);
  CHECK(to.user_claim == "email");
}

TEST_CASE("the examples of access in config/reference.yaml hold every key and work",
          "[config][access]") {
  const test::temporary_directory at;
  at.write("secret", std::string(64, 's'));
  at.write("issuer.pem", pem_of("ES256"));
  const std::string rules = test::example_in_reference("access.rules");
  std::string keys = test::example_in_reference("access.keys");
  INFO(keys << rules);
  for (const char* const list : {"access.keys", "access.rules"})
    for (const section_key& key : find_section_list(list)->keys)
      CHECK((keys + rules).find(std::string{key.name} + ":") != std::string::npos);
  for (int i = 0; i < 2; ++i) keys = replaced(keys, "/etc/troupe", at.text());
  const config settings = test::loaded(token_mode + keys + rules);
  CHECK(to_key_set(settings)->size() == 4);
  const char* const editor = R"({"role":"owner","org":{"id":"42"},"teams":["red"]})";
  CHECK(to_string(rights_of(settings, editor, "wiki/a")) == "read, write, presence");
  CHECK(to_string(rights_of(settings, editor, "teams/red/x/notes")) == "read, presence");
  CHECK(to_string(rights_of(settings, editor, "home/ada/x")) == "read, write, presence, admin");
}

}  // namespace troupe::access_checks_test
