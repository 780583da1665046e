#include "actors/admin_pages.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace troupe::admin_pages_test {

using json_value = nlohmann::json;

namespace {

/// As the listener does: first the page is found, then its request read.
admin::admin_query query_of(std::string method, std::string target, std::string body = {}) {
  auto found = admin::find_page(method, target);
  if (auto* const none = std::get_if<http_answer>(&found)) return *none;
  const http_request request{std::move(method), std::move(target), std::move(body), "::1"};
  const auto& page = std::get<admin::page_request>(found);
  if (page.to != admin::page::documents) return admin::read_request(page, request);
  auto open = admin::read_open_documents(request);
  REQUIRE(open.has_value());
  return *open;
}

http_answer answer_of(std::string method, std::string target, std::string body = {}) {
  const admin::admin_query query = query_of(std::move(method), std::move(target), std::move(body));
  REQUIRE(std::holds_alternative<http_answer>(query));
  return std::get<http_answer>(query);
}

std::string sessions_wanted(std::string target) {
  const admin::admin_query query = query_of("GET", std::move(target));
  REQUIRE(std::holds_alternative<list_sessions>(query));
  return std::get<list_sessions>(query).document;
}

admin::notify_query notification(std::string body) {
  const admin::admin_query query = query_of("POST", "/api/v1/notify", std::move(body));
  REQUIRE(std::holds_alternative<admin::notify_query>(query));
  return std::get<admin::notify_query>(query);
}

/// The text of a refusal, which is JSON as all else.
std::string refusal_of(std::string body) {
  const http_answer answer = answer_of("POST", "/api/v1/notify", std::move(body));
  CHECK(answer.status == 400);
  return json_value::parse(answer.body).at("error").get<std::string>();
}

session_info session_of(session_id id, std::vector<std::string> documents) {
  session_info one;
  one.id = id;
  one.user = "ada";
  one.remote_address = "10.0.0.1";
  one.documents = std::move(documents);
  one.speaks.insert(dialect::json);
  one.connected_since = std::chrono::system_clock::time_point{std::chrono::milliseconds{1234}};
  one.last_pong = std::chrono::system_clock::time_point{std::chrono::seconds{1'700'000'000}};
  one.messages_in = 5;
  one.messages_out = 6;
  one.bytes_in = 7;
  one.bytes_out = 8;
  one.queued_bytes = 9;
  return one;
}

using ids = std::vector<session_id>;
using names = std::vector<std::string>;

ids ids_in(const http_answer& answer) {
  ids found;
  const json_value shown = json_value::parse(answer.body);
  for (const json_value& one : shown.at("sessions")) found.push_back(one.at("id"));
  return found;
}

names names_in(const http_answer& answer) {
  names found;
  const json_value shown = json_value::parse(answer.body);
  for (const json_value& one : shown.at("documents")) found.push_back(one.at("name"));
  return found;
}

}  // namespace

TEST_CASE("the admin pages are found by their path, whatever the query", "[admin]") {
  CHECK(sessions_wanted("/api/v1/sessions").empty());
  CHECK(sessions_wanted("/api/v1/sessions?pretty").empty());
  CHECK(std::holds_alternative<list_documents>(query_of("GET", "/api/v1/documents?open=true")));
  CHECK(std::holds_alternative<list_documents>(query_of("HEAD", "/api/v1/documents?x&open=true")));
  CHECK(answer_of("GET", "/healthz").status == 200);
  CHECK(answer_of("GET", "/healthz").body == "ok\n");
}

TEST_CASE("the sessions of a document are asked for by its encoded name", "[admin]") {
  CHECK(sessions_wanted("/api/v1/documents/notes/sessions") == "notes");
  CHECK(sessions_wanted("/api/v1/documents/team%2Fnotes/sessions") == "team/notes");
  CHECK(sessions_wanted("/api/v1/documents/sessions/sessions") == "sessions");
  CHECK(sessions_wanted("/api/v1/documents/a%20b/sessions?x=1") == "a b");
  for (const char* target :
       {"/api/v1/documents//sessions", "/api/v1/documentsx/sessions",
        "/api/v1/documents/team/notes/sessions", "/api/v1/documents/notes/session"}) {
    CAPTURE(target);
    CHECK(answer_of("GET", target).status == 404);
  }
  for (const char* target : {"/api/v1/documents/%00/sessions", "/api/v1/documents/%zz/sessions"})
    CHECK(answer_of("GET", target).status == 400);
}

TEST_CASE("another page is not there, and another method is not allowed", "[admin]") {
  for (const char* target : {"/dashboard/none.js", "/api", "/api/v1/session", "/notes", ""}) {
    const http_answer answer = answer_of("GET", target);
    CHECK(answer.status == 404);
    CHECK(json_value::parse(answer.body).at("error").is_string());
    CHECK(answer.content_type == "application/json");
  }
  for (const char* method : {"POST", "PUT", "DELETE"})
    for (const char* target : {"/api/v1/sessions", "/api/v1/documents", "/healthz"}) {
      CHECK(answer_of(method, target).status == 405);
      CHECK(answer_of(method, target).allow == "GET, HEAD");
    }
  CHECK(answer_of("GET", "/api/v1/notify").status == 405);
  CHECK(answer_of("GET", "/api/v1/notify").allow == "POST");
  CHECK(answer_of("POST", "/nothing").status == 404);
}

TEST_CASE("a notification names a path, and a document if it is another", "[admin]") {
  CHECK(notification(R"({"path":"notes/a.md"})").document == "notes/a.md");
  CHECK(notification(R"({"path":"notes/a.md"})").path == "notes/a.md");
  const auto both = notification(R"({"path":"a.md","docName":"team/a","more":1})");
  CHECK(both.document == "team/a");
  CHECK(both.path == "a.md");
  CHECK(notification(R"({"path":"a.md","docName":null})").document == "a.md");
}

TEST_CASE("a notification that is wrong is refused with what is wrong", "[admin]") {
  for (const char* body : {"", "{", "[]", "1", "\"a\"", "null", "{\"path\":\"\xFF\"}"})
    CHECK(refusal_of(body).find("not a JSON object") != std::string::npos);
  CHECK(refusal_of(R"({"path":"\ud800"})") == "the body has half of a surrogate pair at byte 9");
  CHECK(refusal_of(R"({"path":"a","x":1e999})") ==
        "the body has a number beyond double at byte 16");
  for (const char* body : {"{}", R"({"path":1})", R"({"path":null})", R"({"path":""})"})
    CHECK(refusal_of(body).find("path must be") == 0);
  CHECK(refusal_of(R"({"path":"a","docName":1})").find("docName must be") == 0);
  CHECK(refusal_of(R"({"path":"a","docName":""})").find("empty") != std::string::npos);
  CHECK(refusal_of(R"({"path":"a\n"})").find("control") != std::string::npos);
  CHECK(refusal_of(json_value{{"path", std::string(4097, 'a')}}.dump()).find("4096") !=
        std::string::npos);
  CHECK(refusal_of(json_value{{"path", std::string(513, 'a')}}.dump()).find("512") !=
        std::string::npos);
  CHECK(notification(json_value{{"path", std::string(4096, 'a')}, {"docName", "d"}}.dump())
            .path.size() == 4096);
}

TEST_CASE("a session is shown with all that an operator may ask", "[admin]") {
  const http_answer answer = admin::show_sessions({{session_of(3, {"a", "b"})}, 1, false},
                                                  {{{3, R"({"cursor":{"line":3}})"}, {4, "{}"}}});
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "application/json");
  CHECK(json_value::parse(answer.body) == json_value::parse(R"({"count":1,"sessions":[{
    "id":3,"userId":"ada","address":"10.0.0.1","documents":["a","b"],
    "presence":{"cursor":{"line":3}},"speaks":["json"],
    "connectedSince":"1970-01-01T00:00:01.234Z","lastPong":"2023-11-14T22:13:20.000Z",
    "messagesIn":5,"messagesOut":6,"bytesIn":7,"bytesOut":8,"queuedBytes":9}]})"));
}

TEST_CASE("presence that not every parser reads is shown as one that does", "[admin]") {
  const listed_presence shown{{{3, R"({"name":"a\ud83d","zoom":1e999})"}}};
  const std::string page = admin::show_sessions({{session_of(3, {})}, 1, false}, shown).body;
  CHECK(json_value::parse(page).at("sessions").at(0).at("presence") ==
        json_value{{"name", "a\xEF\xBF\xBD"}, {"zoom", nullptr}});
}

TEST_CASE("a session that says little is shown with nulls", "[admin]") {
  session_info one = session_of(3, {});
  one.user.clear();
  one.speaks = {};
  for (const char* presence : {"null", "", "{broken", "\"broken"}) {
    const listed_presence others{{{one.id, presence}, {one.id + 1, "{}"}}};
    const json_value shown = json_value::parse(admin::show_sessions({{one}, 1, false}, others).body)
                                 .at("sessions")
                                 .at(0);
    CHECK(shown.at("userId").is_null());
    CHECK(shown.at("presence").is_null());
    CHECK(shown.at("speaks").empty());
    CHECK(shown.at("documents").empty());
  }
  one.user = "\xFF";
  one.speaks = dialect_set{dialect::y_websocket} | dialect_set{dialect::json};
  const json_value shown =
      json_value::parse(admin::show_sessions({{one}, 1, false}, {}).body).at("sessions").at(0);
  CHECK(shown.at("userId") == "\xEF\xBF\xBD");
  CHECK(shown.at("speaks") == json_value{"y-websocket", "json"});
}

TEST_CASE("documents are shown with their sessions and their size", "[admin]") {
  const listed_documents page{{{"a", 2, false, 10, 200, 3, true}, {"idle", 0, true}}, 2, false};
  CHECK(json_value::parse(admin::show_documents(page).body) == json_value::parse(R"({"count":2,
    "documents":[{"name":"a","sessions":2,"unloading":false,"folded":true,
                  "stateBytes":10,"memoryBytes":200,"clientIds":3},
                 {"name":"idle","sessions":0,"unloading":true,"folded":false,
                  "stateBytes":0,"memoryBytes":0,"clientIds":0}]})"));
}

TEST_CASE("a page with more behind it says how to ask for the next", "[admin]") {
  const http_answer sessions =
      admin::show_sessions({{session_of(2, {}), session_of(9, {})}, 7, true}, {});
  CHECK(ids_in(sessions) == ids{2, 9});
  CHECK(json_value::parse(sessions.body).at("count") == 7);
  CHECK(json_value::parse(sessions.body).at("next") == 9);
  const http_answer documents =
      admin::show_documents({{{"a", 0, false}, {"b", 0, false}}, 4, true});
  CHECK(names_in(documents) == names{"a", "b"});
  CHECK(json_value::parse(documents.body).at("next") == "b");
  CHECK(json_value::parse(documents.body).at("count") == 4);
  CHECK_FALSE(json_value::parse(admin::show_sessions({}, {}).body).contains("next"));
  CHECK_FALSE(json_value::parse(admin::show_documents({}).body).contains("next"));
}

TEST_CASE("a page is asked for by limit and after", "[admin]") {
  const auto sessions = std::get<list_sessions>(
      query_of("GET", "/api/v1/documents/a%2Fb/sessions?limit=10&x=1&after=17"));
  CHECK(sessions.document == "a/b");
  CHECK(sessions.limit == 10);
  CHECK(sessions.after == 17);
  const auto documents =
      std::get<list_documents>(query_of("GET", "/api/v1/documents?open=true&after=team%2Fa+b"));
  CHECK(documents.after == "team/a b");
  CHECK(documents.limit == page_size_default);
  const auto from_start =
      std::get<list_sessions>(query_of("GET", "/api/v1/sessions?limit=10000&after="));
  CHECK(from_start.limit == page_size_max);
  CHECK(from_start.after == no_session);
}

TEST_CASE("a page that cannot be is refused with what is allowed", "[admin]") {
  const auto refused = [](std::string target) {
    const http_answer answer = answer_of("GET", std::move(target));
    CHECK(answer.status == 400);
    return json_value::parse(answer.body).at("error").get<std::string>();
  };
  for (const char* limit : {"0", "10001", "-1", "1.5", "ten", "", "%31%zz", "99999999999999999999"})
    for (const char* page : {"/api/v1/sessions?", "/api/v1/documents?open=true&"}) {
      CAPTURE(limit);
      CHECK(refused(std::string{page} + "limit=" + limit) ==
            "limit must be a whole number from 1 to 10000");
    }
  for (const char* after : {"x", "-1", "1x", "+1", "18446744073709551616"})
    CHECK(refused(std::string{"/api/v1/sessions?after="} + after) ==
          "after must be the id of a session");
  CHECK(refused("/api/v1/documents?open=true&after=%zz") == "after is not percent-encoded");
}

TEST_CASE("a notification is answered with whether somebody could hear it", "[admin]") {
  CHECK(json_value::parse(admin::show_notified(true, "a/b").body) ==
        json_value{{"docName", "a/b"}, {"open", true}});
  CHECK(json_value::parse(admin::show_notified(false, "x").body).at("open") == false);
  CHECK(admin::show_failure().status == 503);
  CHECK(json_value::parse(admin::show_failure().body).at("error").is_string());
}

TEST_CASE("the news of a changed file are one line of JSON", "[admin]") {
  CHECK(admin::file_changed_payload("team/notes.md") ==
        R"({"event":"file-changed","path":"team/notes.md"})");
  CHECK(admin::file_changed_payload("a\"b\n") == R"({"event":"file-changed","path":"a\"b\n"})");
}

TEST_CASE("what a session shows is listed by its beginning if it is long", "[admin]") {
  listed_presence::state state{1, R"({"cursor":)", true};
  const json_value shown =
      json_value::parse(admin::show_sessions({{session_of(1, {})}, 1, false}, {{state}}).body)
          .at("sessions")
          .at(0);
  CHECK(shown.at("presence").is_null());
  CHECK(shown.at("presenceCut") == R"({"cursor":)");
}

TEST_CASE("a page whose text grows too large ends early and says where to go on", "[admin]") {
  listed_sessions page{{}, 500, false};
  for (session_id id = 1; id <= 500; ++id)
    page.sessions.push_back(session_of(id, names(100, std::string(500, 'n'))));
  const http_answer answer = admin::show_sessions(page, {});
  CHECK(answer.body.size() > listed_bytes_max);
  CHECK(answer.body.size() < listed_bytes_max + 200'000);
  const ids listed = ids_in(answer);
  REQUIRE_FALSE(listed.empty());
  CHECK(listed.size() < 500);
  CHECK(json_value::parse(answer.body).at("next") == listed.back());
  CHECK(json_value::parse(answer.body).at("count") == 500);
}

TEST_CASE("a percent sign in the name of a document is encoded, too", "[admin]") {
  CHECK(sessions_wanted("/api/v1/documents/100%25/sessions") == "100%");
  CHECK(answer_of("GET", "/api/v1/documents/100%/sessions").status == 400);
}

TEST_CASE("the page of webhooks says how they go, and which were given up", "[admin][webhook]") {
  described_webhooks all;
  all.url = "https://app.example.com/hook";
  all.queued = 3;
  all.dead_count = 200;
  json_value page = json_value::parse(admin::show_webhooks(all).body);
  CHECK(page.at("url") == all.url);
  CHECK(page.at("queued") == 3);
  CHECK(page.at("oldestSince").is_null());
  CHECK(page.at("lastError").is_null());
  CHECK(page.at("deadLetters").empty());
  all.oldest_since = 1'700'000'000'123;
  all.last_failure = "it answered 500";
  all.dead = {{"d1", "document.changed", "plan", 1'700'000'000'123, 61, "it answered 500"}};
  page = json_value::parse(admin::show_webhooks(all).body);
  CHECK(page.at("oldestSince") == "2023-11-14T22:13:20.123Z");
  CHECK(page.at("lastError") == "it answered 500");
  CHECK(page.at("dead") == 200);
  CHECK(page.at("deadLetters").at(0) ==
        json_value::parse(R"({"delivery":"d1","event":"document.changed","document":"plan",)"
                          R"("at":"2023-11-14T22:13:20.123Z","attempts":61,)"
                          R"("error":"it answered 500"})"));
}

TEST_CASE("a request to send webhooks again names one or none", "[admin][webhook]") {
  const auto wanted = [](const std::string& body) {
    admin::page_request page;
    page.to = admin::page::replay_webhooks;
    http_request request;
    request.body = body;
    return admin::read_request(page, request);
  };
  CHECK(std::get<replay_webhooks>(wanted("")).delivery.empty());
  CHECK(std::get<replay_webhooks>(wanted(R"({"delivery":null})")).delivery.empty());
  CHECK(std::get<replay_webhooks>(wanted(R"({"delivery":"d1"})")).delivery == "d1");
  for (const char* const bad :
       {"[]", R"({"delivery":1})", R"({"delivery":""})", R"({"deliverey":"d1"})"})
    CHECK(std::get<http_answer>(wanted(bad)).status == 400);
  CHECK(admin::show_replayed({2}, {}).status == 200);
  CHECK(admin::show_replayed({0}, {}).status == 200);
  CHECK(admin::show_replayed({0}, "d1").status == 404);
  CHECK(admin::show_no_webhooks().status == 404);
}

}  // namespace troupe::admin_pages_test
