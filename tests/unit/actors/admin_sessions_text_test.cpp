// Changes of access as text, as one node tells the others.
#include <catch2/catch_test_macros.hpp>

#include "actors/admin_sessions.hpp"

namespace troupe::admin_sessions_text_test {

using namespace std::chrono_literals;

namespace {

admin::access_query there_and_back(const admin::access_query& query) {
  const auto read = admin::from_text(admin::to_text(query));
  INFO(admin::to_text(query));
  REQUIRE(read.has_value());
  return *read;
}

/// Compares what a change is made of.
void check_same(const admin::access_query& query) {
  const admin::access_query read = there_and_back(query);
  CHECK(read.what.user == query.what.user);
  CHECK(read.what.token_id == query.what.token_id);
  CHECK(read.what.document == query.what.document);
  CHECK(read.what.may == query.what.may);
  CHECK(read.lasts == query.lasts);
  CHECK(read.is_lift == query.is_lift);
  CHECK(read.what.is_grant == query.what.is_grant);
  CHECK(read.what.made_at == query.what.made_at);
  CHECK(read.wants_answer == query.wants_answer);
}

}  // namespace

TEST_CASE("a closing reads the same on the other nodes", "[admin][cluster]") {
  check_same({{.user = "ada", .token_id = "t-1", .document = "a/b"}, 7s});
  check_same({{.document = "d"}, 0s});
  check_same({{.token_id = "t"}, 24h});
  check_same({{.token_id = "t"}, 0s});  // not the day that a request without seconds means
  check_same({{.user = "\"\\\n\u00fc"}, 1s});
}

TEST_CASE("a node hears whether an answer is wanted, and answers", "[admin][cluster]") {
  admin::access_query query{{.user = "ada", .made_at = 9}, 7s};
  query.wants_answer = true;
  check_same(query);
  CHECK_FALSE(admin::done_in(admin::to_text(query)));
  for (const bool has_failed : {false, true}) {
    const std::string text = admin::to_text(done_access{9, 2, 1, has_failed});
    CHECK_FALSE(admin::from_text(text).has_value());  // what an earlier version makes of it
    const auto done = admin::done_in(text);
    REQUIRE(done);
    CHECK(done->number == 9);
    CHECK(done->sessions == 2);
    CHECK(done->unfinished == 1);
    CHECK(done->has_failed == has_failed);
  }
  CHECK_FALSE(admin::done_in("no JSON"));
}

TEST_CASE("rights of any kind read the same on the other nodes", "[admin][cluster]") {
  for (const auto& words : {R"([])", R"(["read"])", R"(["write"])", R"(["write","no_presence"])",
                            R"(["read","presence"])", R"(["admin"])", R"(["presence"])"}) {
    http_request request;
    request.body = std::string{R"({"user":"ada","seconds":9,"rights":)"} + words + "}";
    INFO(request.body);
    const auto read = admin::read_rights(request);
    if (!read) continue;
    check_same(*read);
  }
  check_same({{.user = "ada", .may = rights::all()}, 9s});
  check_same({{.user = "ada", .may = rights{}}, 9s});
}

TEST_CASE("why sessions are closed is the same on the other nodes", "[admin][cluster]") {
  for (const auto& body :
       {R"({"user":"ada"})", R"({"tokenId":"t"})", R"({"user":"a","seconds":3})"}) {
    http_request request;
    request.body = body;
    const auto read = admin::read_close(request);
    REQUIRE(read.has_value());
    CHECK(there_and_back(*read).what.why == read->what.why);
  }
}

TEST_CASE("grants and lifts read the same on the other nodes", "[admin][cluster]") {
  check_same({{.user = "ada", .document = "d", .may = rights::all(), .is_grant = true}, 9s});
  check_same({{.user = "ada", .document = "d", .made_at = 1'700'000'000'123}, 9s, true});
  check_same({{.user = "ada", .may = rights{}, .made_at = 7}, 9s});
}

TEST_CASE("a node of an earlier version takes a lift for no closure", "[admin][cluster]") {
  const std::string text = admin::to_text({{.user = "ada"}, 9s, true});
  CHECK(text.find(R"("lift":{"user":"ada"})") != std::string::npos);
  CHECK(text.find(R"("user":"ada")") == text.rfind(R"("user":"ada")"));
}

TEST_CASE("a text of another node is checked like a request", "[admin][cluster]") {
  for (const auto& text : {"", "7", "[]", "{}", R"({"user":"a","seconds":-1})", R"({"user":7})",
                           R"({"user":"a","rights":["fly"]})", R"({"user":"a")", R"({"lift":7})",
                           R"({"lift":{},"user":"a"})"}) {
    INFO(text);
    CHECK_FALSE(admin::from_text(text).has_value());
  }
}

}  // namespace troupe::admin_sessions_text_test
