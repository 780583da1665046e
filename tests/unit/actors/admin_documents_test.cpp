// What is asked of stored documents, and how it is answered.
#include "actors/admin_documents.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "actors/interfaces.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/temporary_directory.hpp"

namespace troupe::admin_documents_test {

using json_value = nlohmann::json;

namespace {

http_request asked(std::string target, std::string body = {}, std::string type = {}) {
  http_request request{"POST", std::move(target), std::move(body), "::1"};
  request.content_type = type.empty() ? "application/json" : std::move(type);
  return request;
}

template <class Read>
std::string refusal(const Read& read, unsigned status = 400) {
  REQUIRE_FALSE(read.has_value());
  CHECK(read.error().status == status);
  return json_value::parse(read.error().body).at("error").template get<std::string>();
}

shared_bytes hello() {
  test::editing_client client{1};
  client.insert_text("text", 0, "hello");
  client.set_key("map", "key", 7);
  return shared_bytes::copy_of(client.doc.encode_state_as_update());
}

http_answer exported(admin::export_form form, std::optional<std::string> root = {}) {
  return admin::show_export({form, std::move(root)}, hello(), {});
}

}  // namespace

TEST_CASE("a list of stored documents has a prefix and a page", "[admin]") {
  const auto query = admin::read_document_list(
      asked("/api/v1/documents?prefix=team%2F&after=team%2Fa&limit=7&removed=true"));
  REQUIRE(query.has_value());
  CHECK(query->prefix == "team/");
  CHECK(query->after == "team/a");
  CHECK(query->limit == 7);
  CHECK(query->with_removed);
  const auto plain = admin::read_document_list(asked("/api/v1/documents?removed=false"));
  REQUIRE(plain.has_value());
  CHECK(plain->limit == 1000);
  CHECK_FALSE(plain->with_removed);
  CHECK(refusal(admin::read_document_list(asked("/x?limit=0"))).starts_with("limit must be"));
  CHECK(refusal(admin::read_document_list(asked("/x?prefix=%zz"))).starts_with("prefix: "));
  CHECK(refusal(admin::read_document_list(asked("/x?removed=yes"))) ==
        "removed must be true or false");
}

TEST_CASE("an export has a form, by default the update", "[admin]") {
  CHECK(admin::read_export(asked("/x"))->form == admin::export_form::update);
  CHECK(admin::read_export(asked("/x?as=json"))->form == admin::export_form::json);
  CHECK(admin::read_export(asked("/x?as=text&root=a%20b"))->root == "a b");
  CHECK(admin::read_export(asked("/x?as=xml&root="))->root == "");
  CHECK(refusal(admin::read_export(asked("/x?as=pdf"))) ==
        "as must be update, json, text, xml, delta or raw");
}

TEST_CASE("an import is bytes, or base64 in JSON", "[admin]") {
  const std::string bytes{"\x00\x01\x02", 3};
  const auto raw = admin::read_import(asked("/x", bytes, "application/octet-stream"), 3);
  REQUIRE(raw.has_value());
  CHECK(as_text(raw->update.view()) == bytes);
  CHECK_FALSE(raw->only_new);
  const auto text = admin::read_import(asked("/x?new=true", R"({"update":"AAEC"})"), 3);
  REQUIRE(text.has_value());
  CHECK(as_text(text->update.view()) == bytes);
  CHECK(text->only_new);
  CHECK(refusal(admin::read_import(asked("/x", bytes, "application/octet-stream"), 2), 413)
            .find("limits.max_sync_size = 2") != std::string::npos);
  CHECK(refusal(admin::read_import(asked("/x", "", "application/octet-stream"), 2)) ==
        "the update is empty");
  CHECK(refusal(admin::read_import(asked("/x", R"({"update":"A"})"), 9))
            .starts_with("update is not base64"));
  for (const char* body : {"", "{}", R"({"update":1})", R"({"update":""})"})
    CHECK(refusal(admin::read_import(asked("/x", body), 9)) ==
          "update must be a string that is not empty");
  CHECK(refusal(admin::read_import(asked("/x", "["), 9)) == "the body is not a JSON object");
  CHECK(refusal(admin::read_import(asked("/x?new=1", bytes), 9)) == "new must be true or false");
}

TEST_CASE("a copy names the document to make", "[admin]") {
  CHECK(*admin::read_copy(asked("/x", R"({"to":"team/b"})")) == "team/b");
  CHECK(refusal(admin::read_copy(asked("/x", "{}"))).starts_with("to must be"));
  CHECK(refusal(admin::read_copy(asked("/x", R"({"to":"a\n"})"))).find("control") !=
        std::string::npos);
}

TEST_CASE("a backup goes below the directory that is set, and nowhere else", "[admin]") {
  const test::temporary_directory directory;
  const auto read = [&](const std::string& name, std::string parent) {
    return admin::read_backup(asked("/x", json_value{{"directory", name}}.dump()), parent);
  };
  CHECK(refusal(read("a", ""), 403).find("admin.backup_directory") != std::string::npos);
  CHECK(*read("a/b", directory.text()) ==
        (std::filesystem::canonical(directory.path()) / "a" / "b").string());
  CHECK(*read("2026-11-29", directory.text()).map([](const std::string& path) {
    return std::filesystem::path{path}.filename().string();
  }) == "2026-11-29");
  for (const char* name : {"..", "../x", "a/../../x", "/tmp/x", ".", "a/.", "a//../x", "a/"}) {
    CAPTURE(name);
    CHECK(refusal(read(name, directory.text())).starts_with("directory must be a path below"));
  }
  std::filesystem::create_directory_symlink("/", directory.path() / "out");
  CHECK(refusal(read("out/x", directory.text())) ==
        "directory leads out of admin.backup_directory");
  CHECK(refusal(read("", directory.text())).starts_with("directory must be a string"));
}

TEST_CASE("an export shows the document in each form", "[admin]") {
  CHECK(exported(admin::export_form::update).body == as_text(hello().view()));
  CHECK(exported(admin::export_form::update).content_type == "application/octet-stream");
  CHECK(json_value::parse(exported(admin::export_form::json).body) ==
        json_value::parse(R"({"map":{"key":7},"text":"hello"})"));
  CHECK(exported(admin::export_form::json, "map").body == "{\"key\":7}\n");
  CHECK(exported(admin::export_form::text, "text").body == "hello");
  CHECK(exported(admin::export_form::text, "text").content_type == "text/plain; charset=utf-8");
  CHECK(exported(admin::export_form::xml, "text").status == 200);
  CHECK(exported(admin::export_form::text).status == 400);  // which of two?
  CHECK(exported(admin::export_form::text, "none").status == 404);
  CHECK(admin::show_export({admin::export_form::json, {}}, {}, {}).body == "{}\n");
  const auto broken = shared_bytes::copy_of(byte_buffer{1, 2, 3});
  CHECK(admin::show_export({admin::export_form::json, {}}, broken, {}).status == 500);
}

TEST_CASE("documents are shown with their sizes, and whether they are open", "[admin]") {
  storage::document_info one;
  one.name = "a";
  one.created_at = 1;
  one.changed_at = 1'700'000'000'000;
  one.last = 3;
  one.checkpoint_size = 10;
  one.log_bytes = 5;
  one.log_records = 2;
  storage::document_info gone;
  gone.name = "b";
  gone.is_removed = true;
  gone.damage = "";
  const json_value shown = json_value::parse(admin::show_stored({{one, gone}, true}, {"a"}).body);
  CHECK(shown.at("next") == "b");
  CHECK(shown.at("documents").at(0) == json_value::parse(R"({"name":"a","open":true,"updates":3,
      "bytes":15,"checkpointBytes":10,"logBytes":5,"logRecords":2,"life":1,
      "createdAt":"1970-01-01T00:00:00.001Z","changedAt":"2023-11-14T22:13:20.000Z"})"));
  CHECK(shown.at("documents").at(1).at("removed") == true);
  CHECK(shown.at("documents").at(1).at("open") == false);
}

TEST_CASE("a document is shown as stored, as open, or both", "[admin]") {
  storage::document_info stored;
  stored.name = "a";
  stored.damage = "record 3 is missing";
  const document_info open{"a", 2, false, 0, 100, 5, true};
  const json_value both = json_value::parse(admin::show_document(stored, open, "a").body);
  CHECK(both.at("stored") == true);
  CHECK(both.at("open") == true);
  CHECK(both.at("sessions") == 2);
  CHECK(both.at("folded") == true);
  CHECK(both.at("damage") == "record 3 is missing");
  const json_value unstored = json_value::parse(admin::show_document({}, open, "a").body);
  CHECK(unstored.at("stored") == false);
  CHECK(unstored.at("name") == "a");
  CHECK_FALSE(json_value::parse(admin::show_document(stored, {}, "a").body).contains("sessions"));
}

TEST_CASE("a document of a cluster is shown with its home and its keepers", "[admin][cluster]") {
  const placed_document place{"n2", {"n2", "n1"}, "keeper", 4};
  const json_value shown =
      json_value::parse(admin::show_document({}, {}, "a", place).body)["cluster"];
  CHECK(shown["home"] == "n2");
  CHECK(shown["keepers"] == json_value::array({"n2", "n1"}));
  CHECK(shown["role"] == "keeper");
  CHECK(shown["list"] == 4);
  const placed_document unknown;
  CHECK(json_value::parse(admin::show_document({}, {}, "a", unknown).body)["cluster"]["home"]
            .is_null());
}

TEST_CASE("what too few nodes can be reached for has a status and a code", "[admin][cluster]") {
  const http_answer answer = admin::answer_unavailable("nothing is done");
  CHECK(answer.status == 503);
  CHECK(json_value::parse(answer.body)["code"] == "cluster_unavailable");
  imported_update late;
  late.what = imported_update::outcome::unconfirmed;
  CHECK(admin::show_imported("a", late).status == 503);
  CHECK(admin::show_copied("a", "b", 1, late).status == 503);
}

TEST_CASE("what lies in the store is shown piece by piece", "[admin]") {
  const json_value shown = json_value::parse(
      admin::show_raw("a",
                      {{{"record 1", "ab", ""}, {"record 2", "\xff", "its checksum"}}, {}, true})
          .body);
  CHECK(shown.at("pieces").at(0) == json_value{{"what", "record 1"}, {"bytes", "YWI="}});
  CHECK(shown.at("pieces").at(1).at("damage") == "its checksum");
  CHECK(shown.at("complete") == true);
  CHECK(json_value::parse(admin::show_raw("a", {{}, {"a gap"}, true}).body).at("complete") ==
        false);
}

TEST_CASE("an import that is not taken says why, by its status", "[admin]") {
  using outcome = imported_update::outcome;
  CHECK(admin::show_imported("a", {outcome::exists, false, {}}).status == 409);
  CHECK(admin::show_imported("a", {outcome::refused, false, {errc::too_deep, ""}}).status == 422);
  // It is as good as any, and can be sent again.
  CHECK(admin::show_imported("a", {outcome::refused, false, {errc::disk_full, ""}}).status == 507);
  CHECK(admin::show_imported("a", {outcome::refused, false, {errc::storage_failed, ""}}).status ==
        503);
  const json_value gap =
      json_value::parse(admin::show_imported("a", {outcome::changed, true, {}}).body);
  CHECK(gap == json_value{{"name", "a"}, {"outcome", "changed"}, {"waitsForMissing", true}});
  CHECK(json_value::parse(admin::show_copied("a", "b", 5, {outcome::changed, false, {}}).body) ==
        json_value{{"name", "b"}, {"outcome", "changed"}, {"from", "a"}, {"bytes", 5}});
  CHECK(admin::show_copied("a", "b", 5, {outcome::exists, false, {}}).body.find("'b'") !=
        std::string::npos);
}

TEST_CASE("nothing is removed while storage cannot be written", "[admin]") {
  storage::store_stats stats;
  CHECK_FALSE(admin::refusal_to_remove(stats).has_value());
  stats.is_writable = false;
  CHECK(admin::refusal_to_remove(stats)->status == 503);
  stats.awaited_bytes = 1;
  CHECK(admin::refusal_to_remove(stats)->status == 507);
}

TEST_CASE("each failure of storage has its status", "[admin]") {
  CHECK(admin::show_storage_failure({errc::disk_full, "x"}).status == 507);
  CHECK(admin::show_storage_failure({errc::document_removed, "x"}).status == 410);
  CHECK(admin::show_storage_failure({errc::corrupt_document, "x"}).status == 500);
  CHECK(admin::show_storage_failure({errc::storage_failed, "x"}).status == 503);
}

}  // namespace troupe::admin_documents_test
