#include "protocol/route.hpp"

#include <string>

#include <catch2/catch_test_macros.hpp>

#include "protocol/access/access_policy.hpp"
#include "tests/support/token_vectors.hpp"

namespace troupe::route_test {

namespace {

/// The detail of the failure; fails the test if there is none or if it is another one.
std::string refusal_of(const std::string& path) {
  const auto way = route_for({.path = path, .user = {}});
  REQUIRE_FALSE(way.has_value());
  CHECK(way.error().code == errc::invalid_name);
  return way.error().detail;
}

}  // namespace

TEST_CASE("each path leads to its document, in its dialects", "[route]") {
  struct row {
    std::string path;
    std::string document;
    dialect_set dialects;
  };
  const dialect_set both = dialect_set{dialect::y_websocket} | dialect_set{dialect::json};
  const row rows[] = {
      {"/notes", "notes", both},
      {"/team/notes", "team/notes", both},
      {"//notes", "/notes", both},
      {"/notes/", "notes/", both},
      {"//", "/", both},
      {"/a b", "a b", both},
      {"/\xC3\xA9", "\xC3\xA9", both},
      {"/" + std::string(512, 'n'), std::string(512, 'n'), both},
      // No document: each message names its own.
      {"/", "", both},
  };
  for (const row& each : rows) {
    CAPTURE(each.path);
    const auto way = route_for({.path = each.path, .user = {}});
    REQUIRE(way.has_value());
    CHECK(way->document == each.document);
    CHECK(way->dialects == each.dialects);
    CHECK(way->may == rights::all());
  }
}

TEST_CASE("a route knows the user and the address, as far as there are any", "[route]") {
  const auto who = [](const std::string& user, const std::string& address) {
    const auto way = route_for({.path = "/notes", .user = user, .address = address});
    REQUIRE(way.has_value());
    return way->who;
  };
  CHECK(who("", "") == nullptr);
  CHECK(user_of(who("ada", "")) == "ada");
  CHECK(address_of(who("ada", "")).empty());
  CHECK(user_of(who("", "192.0.2.1")).empty());
  CHECK(address_of(who("", "192.0.2.1")) == "192.0.2.1");
  CHECK(user_of(who(std::string(600, 'a'), "192.0.2.1")).empty());
}

TEST_CASE("the empty name is a document where one is configured", "[route]") {
  const route_rules lobby{.empty_document_name = "lobby"};
  CHECK(route_for({.path = "/", .user = {}}, lobby)->document == "lobby");
  CHECK(route_for({.path = "/a", .user = {}}, lobby)->document == "a");
}

TEST_CASE("at and below the path of Hocuspocus the messages name their documents", "[route]") {
  const auto carries = [](const std::string& path, const route_rules& rules = {}) {
    const auto way = route_for({.path = path, .user = {}}, rules);
    REQUIRE(way.has_value());
    if (way->carries_sessions) {
      CHECK(way->document.empty());
      CHECK(way->dialects == dialect::hocuspocus);
    }
    return way->carries_sessions;
  };
  CHECK(carries("/hocuspocus"));
  CHECK(carries("/hocuspocus/"));
  CHECK(carries("/hocuspocus/" + std::string(600, 'a')));
  for (const std::string path :
       {"/", "/hocuspocusy", "/a/hocuspocus", "//hocuspocus", "/Hocuspocus"})
    CHECK_FALSE(carries(path));
  CHECK(carries("/collaboration", {.hocuspocus_path = "/collaboration"}));
  CHECK_FALSE(carries("/hocuspocus", {.hocuspocus_path = "/collaboration"}));
  CHECK_FALSE(carries("/hocuspocus", {.hocuspocus_path = ""}));
  CHECK(carries("/", {.is_hocuspocus_default = true}));
  CHECK_FALSE(carries("/a", {.is_hocuspocus_default = true}));
}

TEST_CASE("below the path of y-sweet a document is named twice", "[route][y_sweet]") {
  const auto document = [](const std::string& path, const route_rules& rules = {}) {
    const auto way = route_for({.path = path, .user = {}}, rules);
    if (!way) return std::string{"refused"};
    return way->dialects == dialect::y_sweet ? way->document : "other " + way->document;
  };
  CHECK(document("/y-sweet/d/plan/ws/plan") == "plan");
  CHECK(document("/y-sweet/d/wiki/home/ws/wiki/home") == "wiki/home");
  CHECK(document("/y-sweet/d/a/ws/a/ws/a/ws/a") == "a/ws/a");
  CHECK(document("/y-sweet/doc/ws/plan") == "plan");
  for (const std::string path :
       {"/y-sweet", "/y-sweet/", "/y-sweet/plan", "/y-sweet/d/plan/ws/other", "/y-sweet/d/plan/ws",
        "/y-sweet/d//ws/", "/y-sweet/doc/ws/", "/y-sweet/d/a/ws/a/", "/y-sweet/d/a\n/ws/a\n"})
    CHECK(document(path) == "refused");
  CHECK(document("/y-sweetd/a/ws/a") == "other y-sweetd/a/ws/a");
  CHECK(document("/d/plan/ws/plan") == "other d/plan/ws/plan");
  const route_rules at_root{.y_sweet_path = "/"};
  CHECK(document("/d/plan/ws/plan", at_root) == "plan");
  CHECK(document("/doc/ws/plan", at_root) == "plan");
  CHECK(document("/d/plan/ws/other", at_root) == "other d/plan/ws/other");
  CHECK(document("/notes", at_root) == "other notes");
  CHECK(document("/y-sweet/d/a/ws/a", {.y_sweet_path = ""}) == "other y-sweet/d/a/ws/a");
}

TEST_CASE("a path that names no valid document is refused with the reason", "[route]") {
  CHECK(refusal_of("/" + std::string(513, 'n')).find("512") != std::string::npos);
  for (const std::string& name : {std::string{"a\0", 2}, std::string{"a\n"}, std::string{"a\x1f"},
                                  std::string{"a\x7f"}, std::string{"a\tb"}})
    CHECK(refusal_of("/" + name).find("control") != std::string::npos);
  for (const std::string name : {"a\xFF", "\xC3", "\xED\xA0\x80", "\xC0\xAF"})
    CHECK(refusal_of("/" + name).find("UTF-8") != std::string::npos);
}

TEST_CASE("the identity of a route is the user of the query, if it can be one", "[route]") {
  const auto user_for = [](const std::string& user) {
    return user_of(route_for({.path = "/notes", .user = user})->who);
  };
  CHECK(user_for("ada l") == "ada l");
  CHECK(user_for("").empty());
  CHECK(user_for("\n").empty());
  CHECK(user_for("\xFF").empty());
  CHECK(user_for(std::string(513, 'a')).empty());
  CHECK(user_for(std::string(512, 'a')).size() == 512);
}

TEST_CASE("a token says who somebody is", "[route][access]") {
  const auto who = test::claims_of("ada");
  const auto allowed = *access::make_grant(std::make_shared<const access::access_policy>(), who);
  const identity_ptr made = identity_of(allowed, "192.0.2.1");
  CHECK(user_of(made) == "ada");
  CHECK(address_of(made) == "192.0.2.1");
  CHECK(made->token_id.empty());
  CHECK(made->grant == allowed);
}

}  // namespace troupe::route_test
