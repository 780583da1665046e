// The table of admin pages: which request finds which, and what is told to one that finds none.
#include "actors/admin_routes.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>

namespace troupe::admin_routes_test {

using admin::page;

namespace {

struct row {
  std::string_view method, target;
  page to;
  std::string_view document = {};
  std::string_view id = {};
};

admin::page_request found(std::string_view method, std::string_view target) {
  auto answer = admin::find_page(method, target);
  REQUIRE(std::holds_alternative<admin::page_request>(answer));
  return std::get<admin::page_request>(std::move(answer));
}

http_answer refused(std::string_view method, std::string_view target) {
  auto answer = admin::find_page(method, target);
  REQUIRE(std::holds_alternative<http_answer>(answer));
  return std::get<http_answer>(std::move(answer));
}

}  // namespace

TEST_CASE("each page has a row of its own, and a path below the root", "[admin]") {
  std::set<page> to;
  std::set<std::pair<std::string_view, std::string_view>> rows;
  for (const admin::page_row& each : admin::pages()) {
    CHECK((to.insert(each.to).second || each.to == page::dashboard));
    CHECK(rows.emplace(each.method, each.path).second);
    CHECK(each.path.starts_with('/'));
  }
}

TEST_CASE("a request finds its page by method and path", "[admin]") {
  for (const row& each :
       {row{"GET", "/healthz", page::health},
        row{"HEAD", "/healthz?x", page::health},
        row{"GET", "/readyz", page::readiness},
        row{"GET", "/", page::dashboard},
        row{"GET", "/dashboard/main-1a.js", page::dashboard, {}, "main-1a.js"},
        row{"GET", "/api/v1/metrics", page::metrics},
        row{"GET", "/api/v1/sessions?limit=1", page::sessions},
        row{"POST", "/api/v1/notify", page::notify},
        row{"GET", "/api/v1/documents", page::documents},
        row{"GET", "/api/v1/documents/a", page::document, "a"},
        row{"HEAD", "/api/v1/documents/a", page::document, "a"},
        row{"DELETE", "/api/v1/documents/a", page::remove_document, "a"},
        row{"POST", "/api/v1/documents/a", page::create_document, "a"},
        row{"PATCH", "/api/v1/documents/a", page::edit_document, "a"},
        row{"PUT", "/api/v1/documents/a/text/b%2Fc", page::set_text, "a", "b/c"},
        row{"POST", "/api/v1/documents/a/updates", page::add_update, "a"},
        row{"POST", "/api/v1/documents/a/events", page::send_event, "a"},
        row{"GET", "/api/v1/documents/a/presence", page::document_presence, "a"},
        row{"POST", "/api/v1/batch", page::batch},
        row{"GET", "/api/v1/documents/a/sessions", page::document_sessions, "a"},
        row{"GET", "/api/v1/documents/a/export?as=json", page::export_document, "a"},
        row{"POST", "/api/v1/documents/a/import", page::import_document, "a"},
        row{"POST", "/api/v1/documents/a/copy", page::copy_document, "a"},
        row{"POST", "/api/v1/documents/a/admit", page::admit_document, "a"},
        row{"GET", "/api/v1/documents/a/versions", page::versions, "a"},
        row{"POST", "/api/v1/documents/a/versions", page::make_version, "a"},
        row{"GET", "/api/v1/documents/a/versions/3?as=json", page::version, "a", "3"},
        row{"DELETE", "/api/v1/documents/a/versions/3", page::remove_version, "a", "3"},
        row{"GET", "/api/v1/documents/a/versions/3/compare", page::compare_version, "a", "3"},
        row{"POST", "/api/v1/documents/a/versions/3/restore", page::restore_version, "a", "3"},
        row{"GET", "/api/v1/storage", page::storage},
        row{"POST", "/api/v1/backup", page::backup},
        row{"GET", "/api/v1/webhooks", page::webhooks},
        row{"POST", "/api/v1/webhooks/replay", page::replay_webhooks},
        row{"GET", "http://host:1/api/v1/storage", page::storage}}) {
    CAPTURE(each.method, each.target);
    const admin::page_request request = found(each.method, each.target);
    CHECK(request.to == each.to);
    CHECK(request.document == each.document);
    CHECK(request.id == each.id);
  }
}

TEST_CASE("a name is one part of the path, percent-encoded", "[admin]") {
  CHECK(found("GET", "/api/v1/documents/team%2Fnotes").document == "team/notes");
  CHECK(found("GET", "/api/v1/documents/a%20b+c/export").document == "a b+c");
  CHECK(found("GET", "/api/v1/documents/export/export").document == "export");
  CHECK(found("GET", "/api/v1/documents/%2e%2e").document == "..");
  CHECK(found("DELETE", "/api/v1/documents/%C3%A4%3F").document == "ä?");
  for (const char* target :
       {"/api/v1/documents/team/notes", "/api/v1/documents/", "/api/v1/",
        "/api/v1/documents//export", "/api/v1/documents/a/", "", "/dashboard", "/dashboard/",
        "/dashboard/a/b", "/api/v1/documents/a/export/1", "/api/v1/documentsx", "/healthz/"}) {
    CAPTURE(target);
    CHECK(refused("GET", target).status == 404);
  }
}

TEST_CASE("a name that no document can have is refused with the reason", "[admin]") {
  for (const std::string& name : {std::string{"%00"}, std::string{"%"}, std::string{"%g0"},
                                  std::string{"%ff"}, std::string(513, 'a')}) {
    const http_answer answer = refused("GET", "/api/v1/documents/" + name);
    CAPTURE(name, answer.body);
    CHECK(answer.status == 400);
    CHECK(answer.body.find("the name of the document: ") != std::string::npos);
  }
}

TEST_CASE("another method is told which are understood", "[admin]") {
  CHECK(refused("PUT", "/api/v1/documents/a").status == 405);
  CHECK(refused("PUT", "/api/v1/documents/a").allow == "GET, HEAD, POST, PATCH, DELETE");
  CHECK(refused("GET", "/api/v1/documents/a/import").allow == "POST");
  CHECK(refused("PUT", "/api/v1/sessions").allow == "GET, HEAD");
  CHECK(refused("HEAD", "/api/v1/backup").allow == "POST");
}

TEST_CASE("a page that is not there names all that are", "[admin]") {
  const http_answer answer = refused("GET", "/nothing");
  CHECK(answer.status == 404);
  for (const admin::page_row& each : admin::pages())
    CHECK(answer.body.find(std::string{each.method}.append(" ").append(each.path)) !=
          std::string::npos);
}

}  // namespace troupe::admin_routes_test
