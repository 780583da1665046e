// What programs without a Yjs library change in documents, among a real directory, store and
// documents.
#include "tests/support/archive_bed.hpp"
#include "tests/support/editing_client.hpp"

namespace troupe::archivist_edits_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using json_value = nlohmann::json;

namespace {

const std::string page = "/api/v1/documents/notes";

std::string edits_of(const std::string& operations) {
  return R"({"edits":[)" + operations + R"(],"origin":"test"})";
}

const std::string append = R"({"op":"appendText","path":"/text","text":"x"})";

json_value body_of(const http_answer& answer) { return json_value::parse(answer.body); }

http_answer edited(archive_bed& bed, const std::string& operations,
                   const std::string& if_match = {}) {
  return bed.ask("PATCH", page, edits_of(operations), {}, if_match);
}

std::string text_of(archive_bed& bed) { return bed.ask("GET", page + "?as=text&root=text").body; }

}  // namespace

TEST_CASE("edits make a document or change one, and are answered when they are durable",
          "[archivist]") {
  archive_bed bed;
  const http_answer made = edited(bed, append);
  INFO(made.body);
  CHECK(made.status == 200);
  CHECK(body_of(made)["changed"] == true);
  CHECK(made.etag == "\"" + body_of(made)["version"].get<std::string>() + "\"");
  CHECK(bed.node.backend->stored("notes").last == 1);
  CHECK(text_of(bed) == "x");
  CHECK(body_of(edited(bed, R"({"op":"setText","path":"/text","text":"x"})"))["changed"] == false);
  bed.node.backend->close_gate();
  auto waiting = bed.begin("PATCH", page, edits_of(append));
  CHECK(waiting.wait_for(50ms) == std::future_status::timeout);
  bed.node.backend->open_gate();
  CHECK(bed.end(waiting).status == 200);
}

TEST_CASE("an edit that does not fit is refused with its number", "[archivist]") {
  archive_bed bed;
  const http_answer wrong = edited(bed, append + R"(,{"op":"delete","path":"/m/k"})");
  CHECK(wrong.status == 422);
  CHECK(body_of(wrong)["edit"] == 1);
  CHECK(bed.node.backend->stored("notes").last == 0);
  const http_answer conflict = edited(bed, R"({"op":"test","path":"/text","value":"y"})");
  CHECK(conflict.status == 409);
  CHECK(body_of(conflict)["code"] == "edit_conflict");
}

TEST_CASE("an edit is made only of the version that it names", "[archivist]") {
  archive_bed bed;
  CHECK(edited(bed, append, "*").status == 412);  // it is not there
  const std::string first = edited(bed, append).etag;
  const http_answer second = edited(bed, append, first);
  CHECK(second.status == 200);
  CHECK(second.etag != first);
  const http_answer late = edited(bed, append, first);
  CHECK(late.status == 412);
  CHECK(late.etag == second.etag);
  CHECK(text_of(bed) == "xx");
  // What is read has the same version, whether the document is open or not.
  CHECK(bed.ask("GET", page + "?as=json").etag == second.etag);
  CHECK(bed.ask("GET", page + "/export").etag == second.etag);
}

TEST_CASE("a version is the same when the document is read from storage", "[archivist]") {
  archive_bed bed;
  const std::string version =
      edited(bed, append + R"(,{"op":"setText","path":"/text","text":"yz"})").etag;
  bed.node.system().scheduler();  // the directory unloads at the next second
  for (int tries = 0; tries < 200 && bed.get(page)["open"] == true; ++tries) {
    tell_anonymously(bed.node.directory_handle(), second_passed{});
    std::this_thread::sleep_for(5ms);
  }
  CHECK(bed.get(page)["open"] == false);
  CHECK(bed.ask("GET", page + "?as=text&root=text").etag == version);
  CHECK(bed.ask("GET", page + "?as=update").etag == version);
  CHECK(edited(bed, append, version).status == 200);
}

TEST_CASE("a document is created once, with or without contents", "[archivist]") {
  archive_bed bed;
  const http_answer made = bed.ask("POST", page, "{}");
  INFO(made.body);
  CHECK(made.status == 201);
  CHECK(bed.node.backend->stored("notes").last == 1);
  CHECK(bed.get(page)["stored"] == true);
  CHECK(bed.get(page + "?as=json") == json_value::object());
  CHECK(bed.ask("POST", page, "{}").status == 409);
  CHECK(bed.ask("POST", "/api/v1/documents/full", edits_of(append)).status == 201);
  CHECK(bed.ask("GET", "/api/v1/documents/full?as=json").body == "{\"text\":\"x\"}\n");
}

TEST_CASE("a text is set, an update is added, and subscribers hear of both", "[archivist]") {
  archive_bed bed;
  CHECK(bed.ask("PUT", page + "/text/text", R"({"text":"some words"})").status == 200);
  CHECK(
      bed.ask("PUT", page + "/text/text", "some other words", "application/octet-stream").status ==
      200);
  CHECK(text_of(bed) == "some other words");
  editing_client client{5};
  const byte_buffer update = client.insert_text("more", 0, "text");
  const http_answer added =
      bed.ask("POST", page + "/updates", std::string{as_text(update)}, "application/octet-stream");
  CHECK(added.status == 200);
  CHECK(body_of(added)["changed"] == true);
  CHECK(bed.get(page + "?as=json")["more"] == "text");
  CHECK(bed.ask("GET", page + "?as=delta&root=more").body == "[{\"insert\":\"text\"}]\n");
}

TEST_CASE("a batch changes several documents, each for itself", "[archivist]") {
  archive_bed bed;
  const http_answer answer = bed.ask("POST", "/api/v1/batch", R"({"documents":[
    {"name":"a","edits":[{"op":"setText","path":"/t","text":"A"}]},
    {"name":"b","edits":[{"op":"delete","path":"/m/k"}]},
    {"name":"c","edits":[{"op":"fly"}]},
    {"name":"a","edits":[{"op":"appendText","path":"/t","text":"!"}]}]})");
  CHECK(answer.status == 200);
  const json_value results = body_of(answer)["results"];
  REQUIRE(results.size() == 4);
  CHECK(results[0]["status"] == 200);
  CHECK(results[1]["status"] == 422);
  CHECK(results[2]["status"] == 400);
  CHECK(results[3]["status"] == 200);
  CHECK(bed.get("/api/v1/documents/a?as=json") == json_value{{"t", "A!"}});
  CHECK(body_of(bed.ask("POST", "/api/v1/batch", R"({"documents":[]})"))["results"].empty());
}

}  // namespace troupe::archivist_edits_test
