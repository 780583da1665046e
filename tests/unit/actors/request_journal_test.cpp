#include "actors/request_journal.hpp"

#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <nlohmann/json.hpp>

#include "tests/support/temporary_directory.hpp"

namespace troupe::request_journal_test {

using namespace std::chrono_literals;
using nlohmann::json;

namespace {

constexpr std::uint64_t noon = 1'796'000'000'123;

http_request asking(std::string method, std::string target, std::string body = {}) {
  http_request made{std::move(method), std::move(target), std::move(body), "192.0.2.7"};
  made.asker = {"user", "ada", "t1"};
  made.authorization = "Bearer very.secret.token";
  made.content_type = "application/json";
  return made;
}

request_note note_for(const http_request& request) {
  const auto found = admin::find_page(request.method, request.target);
  return note_of(request, std::get_if<admin::page_request>(&found), noon);
}

http_answer answering(unsigned status, std::string body = {}) {
  return {.status = status, .body = std::move(body), .allow = {}};
}

json line_for(const http_request& request, unsigned status = 200, std::string body = {}) {
  return json::parse(request_line(note_for(request), answering(status, std::move(body)), 1500us));
}

/// Null: there is no event.
json audited(const http_request& request, unsigned status = 200) {
  const request_note note = note_for(request);
  if (note.event.empty()) return nullptr;
  return json::parse(audit_line(note, answering(status)));
}

}  // namespace

TEST_CASE("a request is one line: who, what, of which document, and what became of it",
          "[admin][log]") {
  const json line = line_for(asking("PATCH", "/api/v1/documents/a%2Fb?origin=x", R"({"edits":[]})"),
                             422, "why\n");
  CHECK(line == json{{"time", "2026-11-30T00:53:20.123Z"},
                     {"kind", "request"},
                     {"by", "user"},
                     {"user", "ada"},
                     {"tokenId", "t1"},
                     {"address", "192.0.2.7"},
                     {"method", "PATCH"},
                     {"route", "/api/v1/documents/{name}"},
                     {"document", "a/b"},
                     {"status", 422},
                     {"bytesIn", 12},
                     {"bytesOut", 4},
                     {"ms", 1.5}});
}

TEST_CASE("what nobody asked, or of no page, is a line too", "[admin][log]") {
  http_request lost = asking("GET", "/api/v1/nowhere/secret-in-a-path?token=abc");
  lost.asker = {};
  const std::string line = request_line(note_for(lost), answering(404), 0us);
  CHECK(json::parse(line)["by"] == "nobody");
  CHECK(json::parse(line)["route"].is_null());
  CHECK(json::parse(line)["ms"] == 0);
  CHECK(line.find("secret") == std::string::npos);
  CHECK(line.find("abc") == std::string::npos);
}

TEST_CASE("a line has no control characters, whatever the names have", "[admin][log]") {
  http_request odd = asking("GET", "/api/v1/documents/x%22%5Cy?as=json");
  odd.asker.user = "a\n\x1b[2J\"b";
  odd.asker.token_id = "\xff";
  const std::string line = request_line(note_for(odd), answering(200), 1us);
  CHECK(std::ranges::none_of(line, [](unsigned char c) { return c < 0x20; }));
  CHECK(json::parse(line)["user"] == "a\n\x1b[2J\"b");
  CHECK(json::parse(line)["document"] == "x\"\\y");
}

TEST_CASE("neither tokens nor contents are written down", "[admin][log]") {
  for (const http_request& each :
       {asking("PUT", "/api/v1/documents/d/text/t", R"({"text":"private words"})"),
        asking("POST", "/api/v1/documents/d",
               R"({"edits":[{"op":"setText","text":"private words"}]})"),
        asking("POST", "/api/v1/documents/d/events", R"({"a":"private words"})")}) {
    const request_note note = note_for(each);
    const std::string all = request_line(note, answering(200, "private words"), 1us) +
                            (note.event.empty() ? std::string{} : audit_line(note, answering(200)));
    CHECK(all.find("private") == std::string::npos);
    CHECK(all.find("very.secret") == std::string::npos);
    CHECK(all.find("Bearer") == std::string::npos);
  }
}

TEST_CASE("a batch names its documents", "[admin][log]") {
  const json line = line_for(asking("POST", "/api/v1/batch",
                                    R"({"documents":[{"name":"a","edits":[]},{"name":"b"},{}]})"));
  CHECK(line["documents"] == json{"a", "b"});
  CHECK_FALSE(line.contains("document"));
  CHECK_FALSE(line_for(asking("POST", "/api/v1/batch", "{")).contains("documents"));
}

TEST_CASE("changes of rights and of what there is are audited, readings and edits are not",
          "[admin][log]") {
  const auto event = [](const char* method, const char* target, const char* body = "{}") {
    const json line = audited(asking(method, target, body));
    return line.is_null() ? std::string{} : line["event"].get<std::string>();
  };
  CHECK(event("POST", "/api/v1/sessions/close") == "sessions.closed");
  CHECK(event("POST", "/api/v1/sessions/rights") == "rights.changed");
  CHECK(event("POST", "/api/v1/documents/d") == "document.created");
  CHECK(event("POST", "/api/v1/documents/d/import") == "document.imported");
  CHECK(event("POST", "/api/v1/documents/d/copy") == "document.copied");
  CHECK(event("DELETE", "/api/v1/documents/d") == "document.removed");
  CHECK(event("POST", "/api/v1/documents/d/admit") == "document.admitted");
  CHECK(event("POST", "/api/v1/documents/d/versions") == "version.made");
  CHECK(event("POST", "/api/v1/documents/d/versions/7/restore") == "version.restored");
  CHECK(event("DELETE", "/api/v1/documents/d/versions/7") == "version.removed");
  CHECK(event("POST", "/api/v1/backup") == "backup.made");
  CHECK(event("POST", "/api/v1/webhooks/replay") == "webhooks.replayed");
  CHECK(event("POST", "/api/v1/cluster/members") == "member.added");
  CHECK(event("DELETE", "/api/v1/cluster/members/b") == "member.removed");
  CHECK(event("DELETE", "/api/v1/sessions/changes", R"({"user":"ada"})") == "change.lifted");
  CHECK(event("PUT", "/api/v1/log", R"({"level":"debug"})") == "log.changed");
  std::size_t audited_pages = 0;
  for (const admin::page_row& row : admin::pages())
    audited_pages += row.method != "GET" && !event(row.method.data(), row.path.data()).empty();
  CHECK(audited_pages == 16);
  CHECK(event("PATCH", "/api/v1/documents/d").empty());
  CHECK(event("GET", "/api/v1/documents/d").empty());
}

TEST_CASE("an audit line says whom a change concerns, and whether it was made", "[admin][log]") {
  const json changed =
      audited(asking("POST", "/api/v1/sessions/rights",
                     R"({"user":"eve","document":"d","rights":["read"],"seconds":60})"));
  CHECK(changed ==
        json{{"time", "2026-11-30T00:53:20.123Z"},
             {"kind", "audit"},
             {"event", "rights.changed"},
             {"by", "user"},
             {"user", "ada"},
             {"tokenId", "t1"},
             {"address", "192.0.2.7"},
             {"details", {{"user", "eve"}, {"document", "d"}, {"rights", "read"}, {"seconds", 60}}},
             {"done", true},
             {"status", 200}});
  const json refused = audited(asking("POST", "/api/v1/sessions/close", R"({"nobody":1})"), 400);
  CHECK(refused["done"] == false);
  CHECK_FALSE(refused.contains("details"));
  CHECK(audited(asking("POST", "/api/v1/documents/d/copy", R"({"to":"e"})"))["details"]["to"] ==
        "e");
  CHECK(audited(asking("DELETE", "/api/v1/documents/d/versions/7"))["details"]["version"] == "7");
  CHECK(audited(asking("DELETE", "/api/v1/cluster/members/b"))["details"]["member"] == "b");
  CHECK(
      audited(asking("PUT", "/api/v1/log", R"({"levels":{"caf":"debug"}})"))["details"]["levels"] ==
      "level info, caf=debug");
}

TEST_CASE("both logs may be one file, and either may be missing", "[admin][log]") {
  const test::temporary_directory folder;
  const auto lines_in = [&](const char* name) {
    std::ifstream in{folder.path() / name};
    std::string kinds;
    for (std::string line; std::getline(in, line);)
      kinds += json::parse(line)["kind"].get<std::string>() + " ";
    return kinds;
  };
  const auto open = [&](const char* name) {
    return *line_log::open((folder.path() / name).string(),
                           [](std::uint64_t count) { return gap_line(count, noon); });
  };
  const request_note note = note_for(asking("DELETE", "/api/v1/documents/d"));
  {
    const auto one = open("both");
    request_journal{one, one}.write(note, answering(200), 1us);
    request_journal{open("requests"), nullptr}.write(note, answering(200), 1us);
    request_journal{nullptr, open("audit")}.write(note, answering(200), 1us);
  }
  CHECK(lines_in("both") == "request audit ");
  CHECK(lines_in("requests") == "request ");
  CHECK(lines_in("audit") == "audit ");
  CHECK(json::parse(gap_line(3, noon))["lines"] == 3);
}

}  // namespace troupe::request_journal_test
