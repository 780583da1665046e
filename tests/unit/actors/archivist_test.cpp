// What operators do with stored documents, among a real directory, store and documents.
#include "actors/archivist.hpp"

#include "base/base64.hpp"
#include "tests/support/archive_bed.hpp"
#include "tests/support/editing_client.hpp"

namespace troupe::archivist_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using json_value = nlohmann::json;

namespace {

byte_buffer hello(std::string_view text = "hello") {
  test::editing_client client{text.size()};
  return client.insert_text("text", 0, text);
}

std::string text_of(archive_bed& bed, const std::string& name) {
  return bed.ask("GET", "/api/v1/documents/" + name + "/export?as=text&root=text").body;
}

}  // namespace

TEST_CASE("an import makes a document, durably, and merges into one that is there", "[archivist]") {
  archive_bed bed;
  const http_answer made = bed.import("notes", hello());
  INFO(made.body);
  CHECK(made.status == 200);
  CHECK(json_value::parse(made.body).at("outcome") == "changed");
  CHECK(bed.node.backend->stored("notes").last > 0);  // it was durable before the answer
  CHECK(text_of(bed, "notes") == "hello");
  CHECK(json_value::parse(bed.import("notes", hello()).body).at("outcome") == "known");
  CHECK(json_value::parse(bed.import("notes", hello("bye")).body).at("outcome") == "changed");
  CHECK(text_of(bed, "notes").size() == 8);
}

TEST_CASE("an import for a new document is refused where there is one", "[archivist]") {
  archive_bed bed;
  CHECK(bed.import("notes", hello(), "?new=true").status == 200);
  CHECK(bed.import("notes", hello("other"), "?new=true").status == 409);
  CHECK(text_of(bed, "notes") == "hello");
}

TEST_CASE("an import that is no update is refused with what is wrong, and makes nothing",
          "[archivist]") {
  archive_bed bed;
  const http_answer answer = bed.import("notes", byte_buffer{1, 2, 3});
  CHECK(answer.status == 422);
  CHECK(answer.body.find("the update is refused: ") != std::string::npos);
  CHECK(bed.node.backend->stored("notes").last == 0);
}

TEST_CASE("an import is not answered before it is durable", "[archivist]") {
  archive_bed bed;
  bed.node.backend->close_gate();
  auto waiting = bed.begin("POST", "/api/v1/documents/notes/import", std::string{as_text(hello())},
                           "application/octet-stream");
  CHECK(waiting.wait_for(50ms) == std::future_status::timeout);
  bed.node.backend->open_gate();
  CHECK(bed.end(waiting).status == 200);
}

TEST_CASE("an import that storage does not write in time is answered, and may yet be done",
          "[archivist]") {
  archive_bed bed{50ms};
  bed.node.backend->close_gate();
  const http_answer late = bed.import("notes", hello());
  CHECK(late.status == 503);
  CHECK(late.body.find("it may yet be done") != std::string::npos);
  bed.node.backend->open_gate();
  for (int tries = 0; tries < 500 && bed.node.backend->stored("notes").last == 0; ++tries)
    std::this_thread::sleep_for(2ms);
  CHECK(bed.node.backend->stored("notes").last == 1);
}

TEST_CASE("subscribers see an import at once", "[archivist]") {
  archive_bed bed;
  const auto opened = bed.node.open("notes", 1);
  REQUIRE(opened.has_value());
  bed.node.send(*opened, 1, sync::message_kind::sync_step1, byte_buffer{0});
  CHECK_FALSE(bed.node.next_deliveries().empty());
  CHECK(bed.import("notes", hello()).status == 200);
  const auto deliveries = bed.node.next_deliveries();
  REQUIRE(deliveries.size() == 1);
  CHECK(deliveries[0].to == audience::all);
}

TEST_CASE("an import during an unload waits for it, and nothing is lost", "[archivist]") {
  archive_bed bed;
  CHECK(bed.import("notes", hello()).status == 200);
  for (int round = 0; round < 20; ++round) {
    bed.node.pass_second();  // it may unload now
    const http_answer answer = bed.import("notes", hello(std::string(10 + round, 'x')));
    INFO(answer.body);
    CHECK(answer.status == 200);
  }
  std::size_t expected = 5;
  for (int round = 0; round < 20; ++round) expected += 10 + round;
  CHECK(text_of(bed, "notes").size() == expected);
}

TEST_CASE("an export of an open document and of the stored one are the same", "[archivist]") {
  archive_bed bed;
  for (int i = 1; i < 6; ++i) CHECK(bed.import("notes", hello(std::string(i, 'a'))).status == 200);
  const std::string live = bed.ask("GET", "/api/v1/documents/notes/export").body;
  CHECK_FALSE(live.empty());
  const std::string live_json = bed.ask("GET", "/api/v1/documents/notes/export?as=json").body;
  const auto is_closed = [&] { return bed.get("/api/v1/documents/notes").at("open") == false; };
  for (int tries = 0; tries < 200 && !is_closed(); ++tries) {
    bed.node.pass_second();
    std::this_thread::sleep_for(5ms);
  }
  REQUIRE(is_closed());
  CHECK(bed.ask("GET", "/api/v1/documents/notes/export").body == live);
  CHECK(bed.ask("GET", "/api/v1/documents/notes/export?as=json").body == live_json);
}

TEST_CASE("what is not there is not exported, copied, removed or admitted", "[archivist]") {
  archive_bed bed;
  const std::string at = "/api/v1/documents/nothing";
  CHECK(bed.ask("GET", at).status == 404);
  CHECK(bed.ask("GET", at + "/export").status == 404);
  CHECK(bed.ask("GET", at + "/export?as=raw").status == 404);
  CHECK(bed.ask("POST", at + "/copy", R"({"to":"a"})").status == 404);
  CHECK(bed.ask("DELETE", at).status == 404);
  CHECK(bed.ask("POST", at + "/admit").status == 404);
  CHECK(bed.node.backend->stored("a").last == 0);
}

TEST_CASE("a copy has the same contents, and only a new name", "[archivist]") {
  archive_bed bed;
  CHECK(bed.import("notes", hello()).status == 200);
  const http_answer copied = bed.ask("POST", "/api/v1/documents/notes/copy", R"({"to":"a/b"})");
  INFO(copied.body);
  CHECK(copied.status == 200);
  CHECK(text_of(bed, "a%2Fb") == "hello");
  CHECK(bed.ask("POST", "/api/v1/documents/notes/copy", R"({"to":"a/b"})").status == 409);
  CHECK(bed.ask("POST", "/api/v1/documents/notes/copy", R"({"to":"notes"})").status == 409);
}

TEST_CASE("a removed document closes its sessions and does not come back", "[archivist]") {
  archive_bed bed;
  const auto opened = bed.node.open("notes", 1);
  REQUIRE(opened.has_value());
  CHECK(bed.import("notes", hello()).status == 200);
  const http_answer removed = bed.ask("DELETE", "/api/v1/documents/notes");
  INFO(removed.body);
  CHECK(removed.status == 200);
  CHECK(json_value::parse(removed.body).at("wasThere") == true);
  const close_subscribers closed = bed.node.next_close();
  CHECK(closed.document == opened->id);
  CHECK(closed.reason == close_reason::document_removed);
  // Whoever joins later is closed for the same reason, when the document could not be loaded.
  const auto late = bed.node.open("notes", 2);
  REQUIRE(late.has_value());
  const close_subscribers refused = bed.node.next_close();
  CHECK(refused.document == late->id);
  CHECK(refused.reason == close_reason::document_removed);
  CHECK(bed.import("notes", hello()).status == 410);
  CHECK(bed.ask("GET", "/api/v1/documents/notes/export").status == 410);
  CHECK(bed.get("/api/v1/documents").at("documents").empty());
  CHECK(bed.get("/api/v1/documents?removed=true").at("documents").at(0).at("removed") == true);
  CHECK(json_value::parse(bed.ask("DELETE", "/api/v1/documents/notes").body).at("wasThere") ==
        false);
}

TEST_CASE("an operator may let a removed document be created again, empty", "[archivist]") {
  archive_bed bed;
  CHECK(bed.import("notes", hello()).status == 200);
  CHECK(bed.ask("POST", "/api/v1/documents/notes/admit").status == 409);
  CHECK(bed.ask("DELETE", "/api/v1/documents/notes").status == 200);
  CHECK(bed.ask("POST", "/api/v1/documents/notes/admit").status == 200);
  CHECK(bed.ask("GET", "/api/v1/documents/notes/export").status == 404);
  CHECK(bed.import("notes", hello("again"), "?new=true").status == 200);
  CHECK(text_of(bed, "notes") == "again");
  CHECK(bed.get("/api/v1/documents/notes").at("life") == 2);
}

TEST_CASE("who joins while a document is being removed hears the outcome", "[archivist]") {
  archive_bed bed;
  CHECK(bed.import("notes", hello()).status == 200);
  bed.node.backend->close_gate();
  auto waits = bed.begin("POST", "/api/v1/documents/notes/import",
                         std::string{as_text(hello("more"))}, "application/octet-stream");
  REQUIRE(bed.node.backend->await_held(10s));
  auto removal = bed.begin("DELETE", "/api/v1/documents/notes");
  auto twice = bed.begin("DELETE", "/api/v1/documents/notes");
  CHECK(removal.wait_for(50ms) == std::future_status::timeout);
  bed.node.backend->open_gate();
  CHECK(bed.end(removal).status == 200);
  CHECK(bed.end(twice).status == 200);
  const unsigned status = bed.end(waits).status;
  CHECK((status == 200 || status == 410));  // in front of the removal, or behind it
  CHECK(bed.import("notes", hello()).status == 410);
}

TEST_CASE("a document that cannot be read is told as such, and can be removed", "[archivist]") {
  archive_bed bed;
  CHECK(bed.import("notes", hello()).status == 200);
  bed.node.backend->fail_loads(true);
  const http_answer failed = bed.import("other", hello());
  CHECK(failed.status == 503);
  CHECK(failed.body.find("the test says so") != std::string::npos);
  bed.node.backend->fail_loads(false);
  CHECK(bed.import("other", hello()).status == 200);
}

TEST_CASE("stored documents are listed by prefix and in pages, with those that are open",
          "[archivist]") {
  archive_bed bed;
  for (const char* name : {"a%2F1", "a%2F2", "a%2F3", "b"})
    CHECK(bed.import(name, hello()).status == 200);
  const json_value page = bed.get("/api/v1/documents?prefix=a%2F&limit=2");
  REQUIRE(page.at("documents").size() == 2);
  CHECK(page.at("next") == "a/2");
  CHECK(page.at("documents").at(0).at("name") == "a/1");
  CHECK(page.at("documents").at(0).at("open") == true);
  CHECK(page.at("documents").at(0).at("bytes") > 0);
  const json_value rest = bed.get("/api/v1/documents?prefix=a%2F&limit=2&after=a%2F2");
  CHECK(rest.at("documents").size() == 1);
  CHECK_FALSE(rest.contains("next"));
}

TEST_CASE("the store tells its figures, and a backup wants a directory", "[archivist]") {
  archive_bed bed;
  CHECK(bed.import("notes", hello()).status == 200);
  CHECK(bed.get("/api/v1/storage").at("writable") == true);
  CHECK(bed.ask("POST", "/api/v1/backup", R"({"directory":"a"})").status == 403);
}

TEST_CASE("there are so many archivists at once, and one backup", "[archivist]") {
  archive_bed bed;
  std::vector<std::shared_ptr<void>> places;
  for (std::size_t i = 0; i < archive_desk::archivists_max; ++i)
    places.push_back(archive_desk::take_place(bed.desk));
  CHECK(places.back() != nullptr);
  CHECK(archive_desk::take_place(bed.desk) == nullptr);
  places.pop_back();
  CHECK(archive_desk::take_place(bed.desk) != nullptr);
  places.clear();
  for (std::size_t i = 0; i < archive_desk::archivists_per_user_max; ++i)
    places.push_back(archive_desk::take_place(bed.desk, "ada"));
  CHECK(places.back() != nullptr);
  CHECK(archive_desk::take_place(bed.desk, "ada") == nullptr);
  CHECK(archive_desk::take_place(bed.desk, "bob") != nullptr);
  CHECK(archive_desk::take_place(bed.desk) != nullptr);
  places.pop_back();
  CHECK(archive_desk::take_place(bed.desk, "ada") != nullptr);
  auto backup = archive_desk::take_backup(bed.desk);
  CHECK(archive_desk::take_backup(bed.desk) == nullptr);
  backup.reset();
  CHECK(archive_desk::take_backup(bed.desk) != nullptr);
}

// --- versions ---

TEST_CASE("a version is kept, listed, read, compared, restored and removed", "[archivist]") {
  archive_bed bed;
  const std::string versions = "/api/v1/documents/notes/versions";
  CHECK(bed.import("notes", hello()).status == 200);
  const http_answer made = bed.ask("POST", versions, R"({"label":"first"})");
  INFO(made.body);
  CHECK(made.status == 201);
  CHECK(json_value::parse(made.body).at("id") == 1);
  CHECK(json_value::parse(made.body).at("automatic") == false);
  CHECK(bed.import("notes", hello("bye")).status == 200);
  CHECK(bed.ask("POST", versions).status == 201);

  const json_value page = bed.get(versions + "?limit=1");
  CHECK(page.at("versions").size() == 1);
  CHECK(page.at("versions").at(0).at("label") == "first");
  CHECK(page.at("next") == 1);
  CHECK(bed.get(versions + "/1?as=json").at("text") == "hello");
  CHECK(bed.ask("GET", versions + "/1?as=update").content_type == "application/octet-stream");
  CHECK(bed.get(versions + "/2").at("updates") == 2);
  CHECK(bed.get(versions + "/1/compare?with=2").at("roots").at("text").at("kind") == "text");
  CHECK(bed.get(versions + "/2/compare").at("unchanged").at(0) == "text");

  const auto stored = bed.node.backend->stored("notes").last;
  CHECK(json_value::parse(bed.ask("POST", versions + "/1/restore").body).at("changed") == true);
  CHECK(bed.node.backend->stored("notes").last > stored);  // durable before the answer
  CHECK(text_of(bed, "notes") == "hello");
  CHECK(json_value::parse(bed.ask("POST", versions + "/1/restore").body).at("changed") == false);
  CHECK(bed.get(versions + "/1/compare").at("roots").empty());

  CHECK(bed.ask("DELETE", versions + "/1").status == 200);
  CHECK(bed.ask("DELETE", versions + "/1").status == 404);
  CHECK(bed.ask("POST", versions + "/1/restore").status == 404);
  CHECK(text_of(bed, "notes") == "hello");
}

TEST_CASE("a version is not made of a document that is not there, nor where there is no room",
          "[archivist]") {
  version_rules rules;
  rules.max_per_document = 1;
  archive_bed bed{60s, without_grace(), rules};
  const std::string versions = "/api/v1/documents/notes/versions";
  CHECK(bed.ask("POST", versions).status == 404);
  CHECK(bed.ask("GET", versions).status == 404);
  CHECK(bed.import("notes", hello()).status == 200);
  CHECK(bed.ask("POST", versions).status == 201);
  CHECK(bed.ask("POST", versions).status == 409);
  CHECK(bed.ask("POST", versions, R"({"label":1})").status == 400);
  CHECK(bed.ask("DELETE", "/api/v1/documents/notes").status == 200);
  CHECK(bed.ask("POST", versions).status == 410);
  CHECK(bed.ask("POST", versions + "/1/restore").status == 410);
}

TEST_CASE("a restore of a version that cannot be read says so and changes nothing", "[archivist]") {
  archive_bed bed;
  CHECK(bed.import("notes", hello()).status == 200);
  REQUIRE(bed.archive->add_version("notes", {"bad", false, 1, as_bytes("no update")}));
  const http_answer answer = bed.ask("POST", "/api/v1/documents/notes/versions/1/restore");
  CHECK(answer.status == 422);
  CHECK(bed.ask("GET", "/api/v1/documents/notes/versions/1?as=json").status == 500);
  CHECK(bed.ask("GET", "/api/v1/documents/notes/versions/1/compare").status == 500);
  CHECK(text_of(bed, "notes") == "hello");
}

// --- in a cluster ---

namespace {

constexpr cluster::node_uuid uuid_of(std::uint64_t number) { return {7, number}; }

/// A node of a cluster of so many, to none of which it has a link.
struct lonely_node {
  explicit lonely_node(std::size_t members) {
    auto made = std::make_shared<cluster_links>();
    std::vector<cluster::member> all;
    for (std::uint64_t i = 1; i <= members; ++i)
      all.push_back({uuid_of(i), "n" + std::to_string(i), "127.0.0.1:" + std::to_string(4000 + i)});
    made->list = *cluster::member_list::make(5, std::move(all));
    made->self = uuid_of(1);
    made->is_member = made->is_widely_known = true;
    made->settings.load_timeout = 1ms;
    homes->set(made);
    settings = without_grace();
    settings.idle_grace = 1h;
    settings.links = made;
    bed = std::make_unique<archive_bed>(60s, settings, version_rules{}, homes);
  }
  ~lonely_node() { homes->set(nullptr); }

  /// The answer to a request; seconds pass meanwhile.
  http_answer ask(const std::string& method, const std::string& target,
                  const std::string& body = {}) {
    auto begun = bed->begin(method, target, body, body.empty() ? "" : "application/octet-stream");
    while (begun.wait_for(5ms) == std::future_status::timeout) bed->node.pass_second();
    return bed->end(begun);
  }

  std::shared_ptr<newest_links> homes = std::make_shared<newest_links>();
  directory_settings settings;
  std::unique_ptr<archive_bed> bed;
};

}  // namespace

TEST_CASE("a document of a cluster is shown with its place, and found by being opened",
          "[archivist][cluster]") {
  lonely_node node{1};
  CHECK(node.ask("GET", "/api/v1/documents/d").status == 404);
  CHECK(node.ask("GET", "/api/v1/documents/d/export").status == 404);
  CHECK(node.ask("DELETE", "/api/v1/documents/d").status == 404);
  CHECK(node.ask("POST", "/api/v1/documents/d/import", std::string{as_text(hello())}).status ==
        200);
  const json_value shown = json_value::parse(node.ask("GET", "/api/v1/documents/d").body);
  CHECK(shown["cluster"]["home"] == "n1");
  CHECK(shown["cluster"]["keepers"] == json_value::array({"n1"}));
  CHECK(shown["cluster"]["role"] == "home");
  CHECK(shown["cluster"]["list"] == 5);
  CHECK(node.ask("GET", "/api/v1/documents/d/export?as=text&root=text").body == "hello");
  CHECK(node.ask("GET", "/api/v1/documents/d/export?as=text&root=text&local=true").body == "hello");
  CHECK(node.ask("DELETE", "/api/v1/documents/d").status == 200);
  CHECK(node.ask("GET", "/api/v1/documents/d/export").status == 410);
  CHECK(node.ask("DELETE", "/api/v1/documents/d").status == 200);  // waits for the others again
}

TEST_CASE("where too few nodes can be reached it is said so by name, after a while",
          "[archivist][cluster]") {
  lonely_node node{3};
  for (const auto& [method, target] :
       {std::pair{"GET", "/api/v1/documents/d"}, std::pair{"GET", "/api/v1/documents/d/export"},
        std::pair{"DELETE", "/api/v1/documents/d"}}) {
    INFO(method << ' ' << target);
    const http_answer answer = node.ask(method, target);
    CHECK(answer.status == 503);
    CHECK(json_value::parse(answer.body)["code"] == "cluster_unavailable");
  }
  const http_answer late =
      node.ask("POST", "/api/v1/documents/d/import", std::string{as_text(hello())});
  CHECK(late.status == 503);
  CHECK(json_value::parse(late.body)["code"] == "cluster_unavailable");
  CHECK(node.ask("GET", "/api/v1/documents/d/export?local=true").status == 404);
}

}  // namespace troupe::archivist_test
