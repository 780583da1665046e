// Who may ask what of the y-sweet API, among real documents.
#include "actors/y_sweet_handler.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/archive_bed.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/http_bed.hpp"

namespace troupe::y_sweet_handler_test {

using json_value = nlohmann::json;

namespace {

const std::string server_token = "the-server-token-of-the-tests";

std::shared_ptr<access_control> access_in(access::mode how, bool issues_tokens = true) {
  access_settings with;
  auto policy = std::make_shared<access::access_policy>();
  policy->how = how;
  with.policy = std::move(policy);
  if (issues_tokens)
    with.client_tokens = std::make_shared<const access::client_tokens>(secret{server_token});
  return std::make_shared<access_control>(std::move(with));
}

class handler_bed {
 public:
  explicit handler_bed(std::shared_ptr<access_control> with = access_in(access::mode::token),
                       y_sweet_settings settings = {"/y-sweet", {}})
      : access(std::move(with)),
        handler(bed.node.system(), std::move(settings), access, bed.desk, others) {}

  http_answer ask(const std::string& method, const std::string& target,
                  const std::string& token = {}, const std::string& body = {},
                  const std::string& type = "application/json") {
    http_request request{method, target, body, "192.0.2.7"};
    request.host = "docs.example.com";
    if (method != "GET") request.content_type = type;
    if (!token.empty()) request.authorization = "Bearer " + token;
    const body_plan plan = handler.on_head(request);
    if (plan.refusal) return *plan.refusal;
    if (method == "POST") CHECK(plan.bytes_max >= body.size());
    request.asker = plan.asker;
    std::promise<http_answer> promise;
    handler.on_request(request, [&](http_answer answer) { promise.set_value(std::move(answer)); });
    auto answered = promise.get_future();
    return bed.end(answered);
  }
  unsigned status(const std::string& method, const std::string& target,
                  const std::string& token = {}, const std::string& body = {}) {
    return ask(method, target, token, body).status;
  }
  /// A client token, as the application gets it.
  std::string token_for(const std::string& document, const std::string& body = "{}") {
    const http_answer answer =
        ask("POST", "/y-sweet/doc/" + document + "/auth?z=1", server_token, body);
    REQUIRE(answer.status == 200);
    return json_value::parse(answer.body).at("token");
  }

  test::archive_bed bed;
  std::shared_ptr<test::echo_handler> others = std::make_shared<test::echo_handler>();
  std::shared_ptr<access_control> access;
  y_sweet_handler handler;
};

std::string update_of(const std::string& text) {
  test::editing_client client{7};
  return std::string{as_text(client.insert_text("t", 0, text))};
}

}  // namespace

TEST_CASE("only the application asks for documents and tokens", "[y_sweet]") {
  handler_bed bed;
  CHECK(bed.status("GET", "/y-sweet/ready") == 200);
  for (const std::string target :
       {"/y-sweet/doc/new", "/y-sweet/doc/plan/auth", "/y-sweet/check_store"}) {
    CHECK(bed.status("POST", target) == 401);
    CHECK(bed.status("POST", target, "another-server-token") == 401);
    CHECK(bed.status("POST", target, bed.token_for("plan")) == 403);
    CHECK(bed.status("POST", target, server_token) == 200);
  }
  CHECK(bed.others->heads.empty());
}

TEST_CASE("a client token reaches its document and no other", "[y_sweet]") {
  handler_bed bed;
  const std::string full = bed.token_for("plan");
  const std::string reader = bed.token_for("plan", R"({"authorization":"read-only"})");
  CHECK(bed.ask("GET", "/y-sweet/d/plan/as-update?z=1", full).body == std::string(2, '\0'));
  const auto write = [&](const std::string& token, const std::string& to) {
    return bed
        .ask("POST", "/y-sweet/d/" + to + "/update?z=1&origin=x", token, update_of("hello"),
             "application/octet-stream")
        .status;
  };
  CHECK(write(reader, "plan") == 403);
  CHECK(write(full, "other") == 403);
  CHECK(write(full, "plan") == 200);
  CHECK(write(server_token, "other") == 200);
  const http_answer state = bed.ask("GET", "/y-sweet/d/plan/as-update?as=json&z=1", reader);
  CHECK(state.status == 200);
  CHECK(state.body == update_of("hello"));
  CHECK(bed.status("GET", "/y-sweet/d/other/as-update", full) == 403);
  CHECK(bed.status("GET", "/y-sweet/d/plan/as-update") == 401);
  CHECK(bed.status("GET", "/y-sweet/d/plan/as-update", full + "x") == 401);
}

TEST_CASE("what the application changes about a user counts for client tokens", "[y_sweet]") {
  handler_bed bed;
  const std::string token = bed.token_for("plan", R"({"userId":"ada"})");
  const auto now = std::chrono::steady_clock::now();
  CHECK(bed.status("GET", "/y-sweet/d/plan/as-update", token) == 200);
  REQUIRE(bed.access->add({.user = "ada", .token_id = {}, .document = {}, .may = rights{}}, now,
                          now + std::chrono::minutes{1}));
  CHECK(bed.status("GET", "/y-sweet/d/plan/as-update", token) == 403);
}

TEST_CASE("without a server token nobody gets client tokens", "[y_sweet]") {
  handler_bed bed{access_in(access::mode::token, false)};
  CHECK(bed.status("POST", "/y-sweet/doc/new", server_token) == 401);
  CHECK(bed.status("POST", "/y-sweet/doc/plan/auth", server_token) == 401);
  CHECK(bed.status("GET", "/y-sweet/d/plan/as-update", server_token) == 401);
}

TEST_CASE("where everybody may do everything no token is asked for and none given", "[y_sweet]") {
  handler_bed bed{access_in(access::mode::open, false)};
  CHECK(bed.status("POST", "/y-sweet/doc/new", {}, R"({"docId":"plan"})") == 200);
  const auto shown = json_value::parse(bed.ask("POST", "/y-sweet/doc/plan/auth", {}, "{}").body);
  CHECK_FALSE(shown.contains("token"));
  CHECK(shown.at("url") == "ws://docs.example.com/y-sweet/d/plan/ws");
  CHECK(shown.at("docId") == "plan");
  const auto write = [&](const std::string& type) {
    return bed.ask("POST", "/y-sweet/d/plan/update", {}, update_of("a"), type).status;
  };
  // As a page of another site could send it.
  CHECK(write("text/plain") == 415);
  CHECK(write("") == 415);
  CHECK(write("application/octet-stream") == 200);
  CHECK(bed.ask("GET", "/y-sweet/d/plan/as-update").body == update_of("a"));
  CHECK(json_value::parse(bed.ask("POST", "/y-sweet/check_store", {}, "{}").body) ==
        json_value{{"ok", true}});
}

TEST_CASE("what is not y-sweet's is left to others", "[y_sweet]") {
  handler_bed bed;
  CHECK(bed.ask("GET", "/ready").body.starts_with("/ready"));
  CHECK(bed.ask("GET", "/y-sweetready").body.starts_with("/y-sweetready"));
  CHECK(bed.ask("GET", "/y-sweet").body.starts_with("/y-sweet"));
  CHECK(bed.ask("GET", "/y-sweet/d/a/ws/a").body.starts_with("/y-sweet/d/a/ws/a"));
  CHECK(bed.status("GET", "/y-sweet/doc/new") == 405);
  CHECK(bed.status("POST", "/y-sweet/doc/%00/auth", server_token) == 400);
  handler_bed at_root{access_in(access::mode::token), y_sweet_settings{{}, "https://x.example"}};
  CHECK(at_root.status("GET", "/ready") == 200);
  const auto shown =
      json_value::parse(at_root.ask("POST", "/doc/plan/auth", server_token, "{}").body);
  CHECK(shown.at("url") == "wss://x.example/d/plan/ws");
}

TEST_CASE("a document that was removed is neither made nor are tokens given for it", "[y_sweet]") {
  handler_bed bed;
  const auto write = [&](const std::string& to) {
    return bed.ask("POST", "/y-sweet/d/" + to + "/update", server_token, update_of("hello"),
                   "application/octet-stream");
  };
  REQUIRE(write("wiki%2Fplan").status == 200);
  CHECK(bed.status("POST", "/y-sweet/doc/wiki%2Fplan/auth", server_token) == 200);
  REQUIRE(bed.bed.desk->archive().remove("wiki/plan").value());
  const std::string wanted = R"({"docId":"wiki%2Fplan"})";
  for (const auto& [target, body] : {std::pair{"/y-sweet/doc/wiki%2Fplan/auth", std::string{"{}"}},
                                     std::pair{"/y-sweet/doc/new", wanted}}) {
    const http_answer answer = bed.ask("POST", target, server_token, body);
    CHECK(answer.status == 410);
    CHECK(json_value::parse(answer.body).at("error").get<std::string>().find("was removed") !=
          std::string::npos);
  }
  REQUIRE(bed.bed.desk->archive().admit("wiki/plan").value());
  CHECK(bed.status("POST", "/y-sweet/doc/wiki%2Fplan/auth", server_token) == 200);
  CHECK(bed.status("POST", "/y-sweet/doc/new", server_token, wanted) == 200);
}

TEST_CASE("a user asks no more often than allowed", "[y_sweet]") {
  y_sweet_settings settings{"/y-sweet", {}};
  settings.user_rate = {1, 2};
  handler_bed bed{access_in(access::mode::token), settings};
  const std::string token = bed.token_for("plan", R"({"userId":"ada"})");
  CHECK(bed.status("GET", "/y-sweet/d/plan/as-update", token) == 200);
  CHECK(bed.status("GET", "/y-sweet/d/plan/as-update", token) == 200);
  CHECK(bed.status("GET", "/y-sweet/d/plan/as-update", token) == 429);
  CHECK(bed.status("GET", "/y-sweet/d/plan/as-update", server_token) == 200);
}

}  // namespace troupe::y_sweet_handler_test
