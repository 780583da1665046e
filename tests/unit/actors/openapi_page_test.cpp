// docs/openapi.yaml beside the table of pages: every route of the server is described, and nothing
// else.
#include <set>
#include <sstream>
#include <string>

#include <catch2/catch_test_macros.hpp>

#include "actors/admin_routes.hpp"
#include "protocol/edits/batch.hpp"
#include "tests/support/test_data.hpp"

namespace troupe::openapi_page_test {

namespace {

std::string text_of_page() {
  const auto bytes = test::read_file(std::string{TROUPE_SOURCE_DIR} + "/docs/openapi.yaml");
  REQUIRE(bytes);
  return std::string{as_text(*bytes)};
}

std::string upper(std::string text) {
  for (char& letter : text)
    if (letter >= 'a' && letter <= 'z') letter = static_cast<char>(letter - 'a' + 'A');
  return text;
}

/// "GET /path" of each method that stands below a path, by the indentation of the page.
std::set<std::string> routes_on_page() {
  std::set<std::string> routes;
  std::istringstream lines{text_of_page()};
  std::string path;
  bool is_inside = false;
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != ' ') is_inside = line == "paths:";
    if (!is_inside) continue;
    if (line.starts_with("  /")) path = line.substr(2, line.size() - 3);
    const bool is_method = line.starts_with("    ") && line[4] != ' ' && line.ends_with(':');
    if (is_method) routes.insert(upper(line.substr(4, line.size() - 5)) + " " + path);
  }
  return routes;
}

}  // namespace

TEST_CASE("the OpenAPI page has the routes of the server and no other", "[admin][docs]") {
  std::set<std::string> routes;
  for (const admin::page_row& each : admin::pages())
    routes.insert(std::string{each.method}.append(" ").append(each.path));
  CHECK(routes_on_page() == routes);
}

TEST_CASE("the OpenAPI page names every edit operation and its limits", "[admin][docs]") {
  const std::string page = text_of_page();
  std::string all;
  for (int i = 0; i <= static_cast<int>(edits::kind::test); ++i)
    all.append(i == 0 ? "" : ", ").append(to_string(static_cast<edits::kind>(i)));
  CHECK(page.find("enum: [" + all + "]") != std::string::npos);
  CHECK(page.find("maxItems: " + std::to_string(edits::operations_max)) != std::string::npos);
  for (const char* type : {"map", "array", "text", "xml", "bytes"})
    CHECK(edits::find_content_type(type));
}

}  // namespace troupe::openapi_page_test
