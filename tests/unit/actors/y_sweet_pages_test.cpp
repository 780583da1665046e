#include "actors/y_sweet_pages.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace troupe::y_sweet_pages_test {

using namespace std::chrono_literals;
using json_value = nlohmann::json;
using y_sweet::page;
using authorization = access::client_tokens::authorization;

namespace {

y_sweet::page_request page_at(const std::string& method, const std::string& target) {
  const auto found = y_sweet::find_page(method, target);
  REQUIRE(found.has_value());
  REQUIRE(std::holds_alternative<y_sweet::page_request>(*found));
  return std::get<y_sweet::page_request>(*found);
}

http_answer answer_at(const std::string& method, const std::string& target) {
  const auto found = y_sweet::find_page(method, target);
  REQUIRE(found.has_value());
  REQUIRE(std::holds_alternative<http_answer>(*found));
  return std::get<http_answer>(*found);
}

unsigned refusal_of_auth(const std::string& body) {
  const auto read = y_sweet::read_auth(body, "plan", "n");
  return read ? 0 : read.error().status;
}

http_request request_to(const std::string& host) {
  http_request request{"POST", "/doc/a/auth", {}, "192.0.2.7"};
  request.host = host;
  return request;
}

}  // namespace

TEST_CASE("each page of y-sweet's API has its method and its path", "[y_sweet]") {
  CHECK(page_at("GET", "/ready").to == page::ready);
  CHECK(page_at("POST", "/check_store?z=abc").to == page::check_store);
  CHECK(page_at("GET", "/check_store").to == page::check_store);
  CHECK(page_at("POST", "/doc/new?z=1").to == page::new_document);
  CHECK_FALSE(page_at("POST", "/doc/new").needs.has_value());
  CHECK_FALSE(page_at("POST", "/doc/plan/auth").needs.has_value());
  CHECK(page_at("POST", "/doc/plan/auth?z=1").to == page::auth);
  for (const std::string before : {"/d/", "/doc/"}) {
    const auto state = page_at("GET", before + "plan/as-update?z=1");
    CHECK(state.to == page::as_update);
    CHECK(state.document == "plan");
    CHECK(state.needs == right::read);
    const auto update = page_at("POST", before + "plan/update");
    CHECK(update.to == page::update);
    CHECK(update.needs == right::write);
  }
}

TEST_CASE("a document has its id as it stands in the path, and its name decoded", "[y_sweet]") {
  const auto escaped = page_at("POST", "/doc/wiki%2Fhome/auth");
  CHECK(escaped.document == "wiki/home");
  CHECK(escaped.id == "wiki%2Fhome");
  CHECK(answer_at("POST", "/doc/%00/auth").status == 400);
  CHECK(answer_at("POST", "/doc/a%/auth").status == 400);
  CHECK(answer_at("POST", "/doc/" + std::string(513, 'a') + "/auth").status == 400);
}

TEST_CASE("other paths are not y-sweet's", "[y_sweet]") {
  for (const std::string target :
       {"/", "", "/d", "/d/", "/d//as-update", "/d/a", "/d/a/b/as-update", "/doc//auth", "/doc/a",
        "/ready/", "/doc/new/", "/api/v1/documents", "/d/a/ws/a"})
    CHECK_FALSE(y_sweet::find_page("GET", target).has_value());
  const http_answer refused = answer_at("GET", "/doc/new");
  CHECK(refused.status == 405);
  CHECK(refused.allow == "POST");
  CHECK(answer_at("DELETE", "/check_store").allow == "POST, GET");
}

TEST_CASE("a new document has the id that the application wants, or a random one", "[y_sweet]") {
  CHECK(*y_sweet::read_new_document("{}", "random") == "random");
  CHECK(*y_sweet::read_new_document("", "random") == "random");
  CHECK(*y_sweet::read_new_document(R"({"docId":null})", "random") == "random");
  CHECK(*y_sweet::read_new_document(R"({"docId":"my-plan_1"})", "random") == "my-plan_1");
  for (const std::string body : {R"({"docId":""})", R"({"docId":5})", R"(["a"])", "{",
                                 R"({"docId":"a\u0000"})", R"({"docId":"%"})"})
    CHECK(y_sweet::read_new_document(body, "random").error().status == 400);
  CHECK(json_value::parse(y_sweet::show_new_document("a").body) == json_value{{"docId", "a"}});
}

TEST_CASE("an order for a token says for whom, how long and what", "[y_sweet]") {
  const auto plain = *y_sweet::read_auth("{}", "plan", "n1");
  CHECK(plain.document == "plan");
  CHECK(plain.allows == authorization::full);
  CHECK(plain.user.empty());
  CHECK(plain.valid_for == 1h);
  CHECK(plain.id == "n1");
  const auto other = *y_sweet::read_auth(
      R"({"authorization":"read-only","userId":"ada","validForSeconds":90.5})", "plan", "n");
  CHECK(other.allows == authorization::read_only);
  CHECK(other.user == "ada");
  CHECK(other.valid_for == 90s);
  CHECK(y_sweet::read_auth(R"({"validForSeconds":1e300})", "plan", "n")->valid_for == 24h);
  CHECK(refusal_of_auth(R"({"authorization":"admin"})") == 400);
  CHECK(refusal_of_auth(R"({"authorization":1})") == 400);
  CHECK(refusal_of_auth(R"({"validForSeconds":0})") == 400);
  CHECK(refusal_of_auth(R"({"validForSeconds":-1})") == 400);
  CHECK(refusal_of_auth(R"({"validForSeconds":"60"})") == 400);
  CHECK(refusal_of_auth(R"({"userId":"a\nb"})") == 400);
  CHECK(refusal_of_auth("[]") == 400);
}

TEST_CASE("clients are told where to connect", "[y_sweet]") {
  const auto plain = *y_sweet::addresses_for(request_to("localhost:3001"), "", false, "/y-sweet");
  CHECK(plain.socket == "ws://localhost:3001/y-sweet");
  CHECK(plain.http == "http://localhost:3001/y-sweet");
  const auto tls = *y_sweet::addresses_for(request_to("example.com"), "", true, "");
  CHECK(tls.socket == "wss://example.com");
  CHECK(tls.http == "https://example.com");
  const auto set = *y_sweet::addresses_for(request_to("inside"), "https://docs.example.com/ys",
                                           false, "/y-sweet");
  CHECK(set.socket == "wss://docs.example.com/ys");
  CHECK(set.http == "https://docs.example.com/ys");
  CHECK(y_sweet::addresses_for(request_to(""), "", false, "").error().status == 400);

  const auto shown =
      json_value::parse(y_sweet::show_auth(plain, "a%2Fb", authorization::read_only, "TOK").body);
  CHECK(shown == json_value{{"url", "ws://localhost:3001/y-sweet/d/a%2Fb/ws"},
                            {"baseUrl", "http://localhost:3001/y-sweet/d/a%2Fb"},
                            {"docId", "a%2Fb"},
                            {"token", "TOK"},
                            {"authorization", "read-only"}});
  CHECK_FALSE(json_value::parse(y_sweet::show_auth(plain, "a", authorization::full, "").body)
                  .contains("token"));
}

TEST_CASE("readiness and storage are told as y-sweet tells them", "[y_sweet]") {
  CHECK(json_value::parse(y_sweet::show_ready({}).body) == json_value{{"ok", true}});
  CHECK(y_sweet::show_ready("it stops").status == 503);
  CHECK(json_value::parse(y_sweet::show_store("full").body) ==
        json_value{{"ok", false}, {"error", "full"}});
  CHECK(y_sweet::show_store("full").status == 200);
  http_answer about;
  about.body = R"({"writable": true})";
  CHECK_FALSE(y_sweet::problem_in(about).has_value());
  about.body = R"({"writable": false})";
  CHECK(y_sweet::problem_in(about) == "storage cannot be written");
  about.status = 503;
  about.body = R"({"error": "it burns"})";
  CHECK(y_sweet::problem_in(about) == "it burns");
  about.body = "no JSON";
  CHECK(y_sweet::problem_in(about) == "storage does not answer");
}

TEST_CASE("a document that nobody has written to is an empty one", "[y_sweet]") {
  http_answer none;
  none.status = 404;
  const http_answer empty = y_sweet::show_state(none);
  CHECK(empty.status == 200);
  CHECK(empty.body == std::string(2, '\0'));
  http_answer removed;
  removed.status = 410;
  CHECK(y_sweet::show_state(removed).status == 410);
}

}  // namespace troupe::y_sweet_pages_test
