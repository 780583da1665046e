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
        row{R"({"user":"a","rights":[],"until":"now"})", "'until' is no member"},
        row{R"({"user":"a","docment":"d","rights":[]})", "'docment' is no member"},
        row{R"({"user":"a","document":"d","rights":[],"grant":1})", "grant must be"},
        row{R"({"user":"a","rights":["read"],"grant":true})", "a grant needs"},
        row{R"({"document":"d","rights":["read"],"grant":true})", "a grant needs"},
        row{R"({"user":"a","document":"d","rights":[],"grant":true,"seconds":0})", "above 0"},
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
        "an operator leaves only the rights 'read' of user 'ada' in document 'plan', for 60 s");
  const http_answer answer = admin::show_changed(*read, {.sessions = 2, .unfinished = 0});
  CHECK(answer.status == 200);
  CHECK(answer.body.find("\"sessions\": 2") != std::string::npos);
  CHECK(answer.body.find("\"rights\": \"read\"") != std::string::npos);
  CHECK(answer.body.find("unfinished") == std::string::npos);
}

TEST_CASE("what a change has not waited for is named", "[admin]") {
  const auto read = admin::read_close(with(R"({"user":"ada"})"));
  const http_answer late = admin::show_changed(*read, {.sessions = 0, .unfinished = 3});
  CHECK(late.status == 200);
  CHECK(late.body.find("\"requests\": 3") != std::string::npos);
  CHECK(late.body.find("\"nodes\": []") != std::string::npos);
  const http_answer silent =
      admin::show_changed(*read, {.sessions = 0, .unfinished = 0, .silent = {"n2"}});
  CHECK(silent.body.find("\"requests\": 0") != std::string::npos);
  CHECK(silent.body.find("\"n2\"") != std::string::npos);
}

TEST_CASE("a grant is for somebody in one document", "[admin]") {
  for (const auto& who : {R"("user":"a")", R"("tokenId":"t")"}) {
    const auto read = admin::read_rights(with(std::string{"{"}.append(who).append(
        R"(,"document":"d","rights":["write"],"grant":true,"seconds":9})")));
    REQUIRE(read.has_value());
    CHECK(read->what.is_grant);
    CHECK(admin::describe(*read).starts_with("an operator grants the rights"));
  }
  CHECK_FALSE(admin::read_rights(with(R"({"user":"a","rights":[],"grant":false})"))->what.is_grant);
}

TEST_CASE("a change without seconds to come is for those who are here", "[admin]") {
  CHECK(admin::read_rights(with(R"({"user":"a","rights":[],"seconds":0})"))->what.is_passing);
  CHECK_FALSE(admin::read_rights(with(R"({"user":"a","rights":[]})"))->what.is_passing);
}

TEST_CASE("closing names no member that it does not know", "[admin]") {
  const auto read = admin::read_close(with(R"({"user":"a","rights":["read"]})"));
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().status == 400);
  CHECK(read.error().body.find("'rights' is no member") != std::string::npos);
}

TEST_CASE("a lift names its subject in the query", "[admin]") {
  const auto lift = [](std::string query) {
    return admin::read_lift({.method = "DELETE",
                             .target = "/api/v1/sessions/changes" + query,
                             .body = {},
                             .remote_address = "::1"});
  };
  const auto read = lift("?user=ada%20b&tokenId=&document=a%2Fb");
  REQUIRE(read.has_value());
  CHECK(read->is_lift);
  CHECK(read->what.user == "ada b");
  CHECK(read->what.token_id.empty());
  CHECK(read->what.document == "a/b");
  for (const auto& bad : {"", "?user=", "?usr=ada&document=d", "?user=ada&document=d&seconds=1"}) {
    CAPTURE(bad);
    const auto refused = lift(bad);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().status == 400);
  }
}

TEST_CASE("the kept changes are listed, without those that were lifted", "[admin]") {
  const std::vector<access_changes::counting> all{
      {{.user = "ada", .may = rights{right::read}}, 9s, false, 3},
      {{.user = "bob"}, 9s, true, 4},
      {{.document = "d"}, 8s, false, 5},
      {{.token_id = "t", .document = "d", .may = rights::all(), .is_grant = true}, 7s, false, 6}};
  const std::string body = admin::show_changes(all, {}).body;
  CHECK(body.find(R"("count": 3)") != std::string::npos);
  CHECK(body.find("bob") == std::string::npos);
  CHECK(body.find(R"("closed": true)") != std::string::npos);
  CHECK(body.find(R"("grant": true)") != std::string::npos);
  CHECK(body.find("next") == std::string::npos);
  const std::string page = admin::show_changes(all, {.after = 3, .limit = 1}).body;
  CHECK(page.find("ada") == std::string::npos);
  CHECK(page.find(R"("next": 5)") != std::string::npos);
  CHECK(admin::show_lifted(std::nullopt).status == 404);
  CHECK(admin::show_lifted(9s).status == 200);
}

}  // namespace troupe::admin_sessions_test
