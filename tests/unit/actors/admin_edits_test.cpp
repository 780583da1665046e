#include "actors/admin_edits.hpp"

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

namespace troupe::admin_edits_test {

using json_value = nlohmann::json;

namespace {

http_request request_with(std::string body, std::string type = "application/json") {
  http_request request{"PATCH", "/api/v1/documents/d", std::move(body), "::1"};
  request.content_type = std::move(type);
  return request;
}

json_value refused(const admin::edit_order& order, unsigned status = 400) {
  REQUIRE_FALSE(order);
  CHECK(order.error().status == status);
  return json_value::parse(order.error().body);
}

imported_update outcome(imported_update::outcome what) {
  imported_update made;
  made.what = what;
  made.version = "abc";
  return made;
}

constexpr const char* append = R"({"edits":[{"op":"appendText","path":"/t","text":"x"}]})";

}  // namespace

TEST_CASE("a body of edits becomes an order", "[admin]") {
  const auto order = admin::read_edits(
      request_with(R"({"edits":[{"op":"setText","path":"/t","text":"x"}],"origin":"importer"})"),
      "d");
  REQUIRE(order);
  CHECK(order->document == "d");
  CHECK(order->edits->operations().size() == 1);
  CHECK(order->origin_name == "importer");
  CHECK(order->wants_version);
  CHECK(order->condition.is_any());
}

TEST_CASE("a body that is none is refused with what is wrong", "[admin]") {
  const auto why = [](std::string body) {
    return refused(admin::read_edits(request_with(std::move(body)), "d"))["error"]
        .get<std::string>();
  };
  CHECK(why("").find("not JSON") != std::string::npos);
  CHECK(why("[]") == "the body is not a JSON object");
  CHECK(why("{}") == "edits is missing");
  CHECK(why(R"({"edit":[]})") == "there is no member 'edit' here");
  CHECK(why(R"({"edits":[],"origin":1})") == "origin must be a string");
  CHECK(why(R"({"edits":[],"origin":")" + std::string(200, 'x') + R"("})").find("128") !=
        std::string::npos);
  CHECK(why(R"({"edits":[],"origin":"a\nb"})").find("control") != std::string::npos);
  CHECK(why("{\"edits\":[],\"origin\":\"\xff\"}") == "the body is not UTF-8");
  const json_value of_edit =
      refused(admin::read_edits(request_with(R"({"edits":[{"op":"fly","path":"/t"}]})"), "d"));
  CHECK(of_edit["edit"] == 0);
  CHECK(of_edit["code"] == "invalid_edit");
  CHECK(of_edit["error"] == "edit 0 at /t: there is no op 'fly'");
}

TEST_CASE("conditions are entity tags", "[admin]") {
  const auto read = [](std::string if_match, std::string if_none_match = {}) {
    http_request request = request_with(append);
    request.if_match = std::move(if_match);
    request.if_none_match = std::move(if_none_match);
    return admin::read_condition(request);
  };
  CHECK(read("")->is_any());
  CHECK(read("*")->must_exist);
  CHECK(read("*")->one_of.empty());
  CHECK(read(R"("a")")->one_of == std::vector<std::string>{"a"});
  CHECK(read(R"("a" , W/"b","c")")->one_of == std::vector<std::string>{"a", "", "c"});
  CHECK(read("", "*")->must_be_new);
  CHECK_FALSE(read("a"));
  CHECK_FALSE(read(","));  // its line is there and empty
  CHECK_FALSE(read(R"("a)"));
  CHECK_FALSE(read("", R"("a")"));
}

TEST_CASE("a text is set from JSON or as it is", "[admin]") {
  const auto json = admin::read_text(request_with(R"({"text":"a\u00e4","origin":"o"})"), "d", "t");
  REQUIRE(json);
  CHECK(json->edits->operations()[0].text == "a\u00e4");
  CHECK(json->edits->operations()[0].at.root == "t");
  CHECK(json->origin_name == "o");
  const auto raw = admin::read_text(request_with("raw\n", "application/octet-stream"), "d", "t");
  REQUIRE(raw);
  CHECK(raw->edits->operations()[0].text == "raw\n");
  refused(admin::read_text(request_with("\xff", "application/octet-stream"), "d", "t"));
  refused(admin::read_text(request_with("{}"), "d", "t"));
}

TEST_CASE("a new document has edits, an update or nothing", "[admin]") {
  using policy = import_update::policy;
  const auto empty = admin::read_new_document(request_with(""), "d", 100);
  REQUIRE(empty);
  CHECK(empty->how == policy::create);
  CHECK(empty->edits == nullptr);
  CHECK(admin::read_new_document(request_with(append), "d", 100)->edits != nullptr);
  const auto update = admin::read_new_document(
      request_with(std::string{"\0\0", 2}, "application/octet-stream"), "d", 100);
  CHECK(update->update.size() == 2);
  CHECK(update->how == policy::create);
}

TEST_CASE("a batch has an order for each of its documents, whatever is wrong with one", "[admin]") {
  const auto orders = admin::read_batch(request_with(R"({"documents":[
    {"name":"a","edits":[],"ifMatch":"\"v\""},
    {"name":"","edits":[]},
    {"name":"c","edits":[{"op":"no"}],"origin":"o"},
    {"name":"d","edits":[],"ifMatch":""},
    7]})"));
  REQUIRE(orders);
  REQUIRE(orders->size() == 5);
  CHECK((*orders)[0]->condition.one_of == std::vector<std::string>{"v"});
  for (std::size_t i = 1; i < 5; ++i) CHECK((*orders)[i].error().status == 400);
  std::string many = R"({"documents":[)";
  for (std::size_t i = 0; i <= admin::batch_documents_max; ++i)
    many.append(i == 0 ? "" : ",").append(R"({"name":"a","edits":[]})");
  CHECK_FALSE(admin::read_batch(request_with(many + "]}")));
  CHECK_FALSE(admin::read_batch(request_with("{}")));
}

TEST_CASE("an edit is answered with its version, or with why it was not made", "[admin]") {
  using what = imported_update::outcome;
  const http_answer changed = admin::show_edited("d", outcome(what::changed));
  CHECK(changed.status == 200);
  CHECK(changed.etag == "\"abc\"");
  CHECK(json_value::parse(changed.body) ==
        json_value{{"name", "d"}, {"changed", true}, {"version", "abc"}});
  CHECK(json_value::parse(admin::show_edited("d", outcome(what::known)).body)["changed"] == false);
  CHECK(admin::show_edited("d", outcome(what::changed), 201).status == 201);
  CHECK(admin::show_edited("d", outcome(what::exists)).status == 409);
  CHECK(admin::show_edited("d", outcome(what::unconfirmed)).status == 503);
  const http_answer unmatched = admin::show_edited("d", outcome(what::unmatched));
  CHECK(unmatched.status == 412);
  CHECK(unmatched.etag == "\"abc\"");
  imported_update wrong = outcome(what::refused);
  wrong.refusal = {errc::out_of_range, "edit 2 at /t: too far"};
  wrong.edit_index = 2;
  CHECK(admin::show_edited("d", wrong).status == 422);
  CHECK(json_value::parse(admin::show_edited("d", wrong).body)["edit"] == 2);
  wrong.refusal.code = errc::edit_conflict;
  CHECK(admin::show_edited("d", wrong).status == 409);
  wrong.refusal.code = errc::disk_full;
  CHECK(admin::show_edited("d", wrong).status == 507);
  const auto batch = json_value::parse(admin::show_batch({changed, unmatched}).body);
  CHECK(batch["results"][0]["body"]["name"] == "d");
  CHECK(batch["results"][1]["status"] == 412);
}

}  // namespace troupe::admin_edits_test
