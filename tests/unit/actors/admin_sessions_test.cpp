#include "actors/admin_sessions.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::admin_sessions_test {

using namespace std::chrono_literals;

namespace {

http_request with(std::string body) {
  return {.method = "POST", .target = "/", .body = std::move(body), .remote_address = "::1"};
}

std::string refusal_of(const std::string& body) {
  const auto read = admin::read_rights(with(body));
  return read ? "" : std::to_string(read.error().status) + " " + read.error().body;
}

}  // namespace

TEST_CASE("a request names whom it concerns", "[admin]") {
  const auto read =
      admin::read_close(with(R"({"user":"ada","tokenId":"t","document":"d","seconds":7})"));
  REQUIRE(read.has_value());
  CHECK(read->what.user == "ada");
  CHECK(read->what.token_id == "t");
  CHECK(read->what.document == "d");
  CHECK_FALSE(read->what.may);
  CHECK(read->lasts == 7s);
}

TEST_CASE("how long a change counts depends on what it is", "[admin]") {
  const auto lasts = [](std::string body) {
    return admin::read_close(with(std::move(body)))->lasts;
  };
  CHECK(lasts(R"({"user":"ada"})") == 0s);
  CHECK(lasts(R"({"tokenId":"t"})") == 24h);
  CHECK(lasts(R"({"tokenId":"t","seconds":0})") == 0s);
  CHECK(admin::read_rights(with(R"({"user":"ada","rights":[]})"))->lasts == 24h);
  CHECK(admin::read_close(with(R"({"user":"a"})"))->what.why == close_reason::closed_by_operator);
  CHECK(admin::read_close(with(R"({"tokenId":"a"})"))->what.why == close_reason::access_revoked);
}

TEST_CASE("rights are the words of tokens", "[admin]") {
  const auto may = [](const std::string& words) {
    const auto read = admin::read_rights(with(R"({"user":"ada","rights":)" + words + "}"));
    return to_string(*read->what.may);
  };
  CHECK(may("[]") == "none");
  CHECK(may("\"read\"") == "read");
  CHECK(may(R"(["write","no_presence"])") == "read, write");
}

TEST_CASE("what is wrong with a change is said", "[admin]") {
  struct row {
    std::string body, text;
  };
  for (const row& each :
       {row{"[]", "400"}, row{R"({"rights":["read"]})", "one of user"},
        row{R"({"user":7,"rights":[]})", "user must be"},
        row{R"({"user":"","rights":[]})", "user must be"},
        row{R"({"user":")" + std::string(513, 'a') + R"(","rights":[]})", "user must be"},
        row{R"({"user":"a"})", "rights must be"}, row{R"({"user":"a","rights":7})", "rights must"},
        row{R"({"user":"a","rights":["own"]})", "rights must be"},
        row{R"({"user":"a","rights":[],"seconds":1.5})", "seconds must be"},
        row{R"({"user":"a","rights":[],"seconds":2592001})", "seconds must be"}}) {
    CAPTURE(each.body);
    const std::string refusal = refusal_of(each.body);
    CHECK(refusal.starts_with("400"));
    CHECK(refusal.find(each.text) != std::string::npos);
  }
}

TEST_CASE("a change is told to the operator and in the log", "[admin]") {
  const auto read = admin::read_rights(
      with(R"({"user":"ada","document":"plan","rights":["read"],"seconds":60})"));
  CHECK(admin::describe(*read) ==
        "an operator sets the rights 'read' of user 'ada' in document 'plan', for 60 s");
  const http_answer answer = admin::show_changed(*read, {2, {"plan"}});
  CHECK(answer.status == 200);
  CHECK(answer.body.find("\"sessions\": 2") != std::string::npos);
  CHECK(answer.body.find("\"rights\": \"read\"") != std::string::npos);
}

}  // namespace troupe::admin_sessions_test
