// Which requests of a public listener are for a page.
#include "net/page_handler.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/http_bed.hpp"

namespace troupe::page_handler_test {

namespace {

constexpr page_file files[] = {{"/demo", "text/html; charset=utf-8", "\"1\"", "<p>", false, false}};

/// "page", or what the others answer.
std::string heard(page_audience audience, const http_request& request) {
  const auto others = std::make_shared<test::echo_handler>();
  page_handler handler{files, audience, others};
  const body_plan plan = handler.on_head(request);
  CHECK(plan.bytes_max == 0);
  std::string answered;
  handler.on_request(request, [&](const http_answer& answer) {
    answered = answer.fixed_body == "<p>" ? "page" : answer.body;
  });
  CHECK(others->heads.size() == others->requests.size());
  return answered;
}

http_request asked(std::string method, std::string target, std::string from = "127.0.0.1") {
  return {std::move(method), std::move(target), {}, std::move(from)};
}

}  // namespace

TEST_CASE("a page is shown for a GET or HEAD of its path, and all else is for others", "[pages]") {
  const auto all = page_audience::everybody;
  CHECK(heard(all, asked("GET", "/demo")) == "page");
  CHECK(heard(all, asked("HEAD", "/demo?doc=a")) == "page");
  CHECK(heard(all, asked("POST", "/demo")) == "/demo\n");
  CHECK(heard(all, asked("GET", "/demo/a")) == "/demo/a\n");
  CHECK(heard(all, asked("GET", "/")) == "/\n");
}

TEST_CASE("a page for this machine is not there for others", "[pages]") {
  const auto here = page_audience::this_machine;
  for (const char* address : {"127.0.0.1", "127.1.2.3", "::1"})
    CHECK(heard(here, asked("GET", "/demo", address)) == "page");
  for (const char* address : {"192.0.2.7", "10.0.0.1", "2001:db8::1", ""}) {
    CHECK(heard(here, asked("GET", "/demo", address)) == "/demo\n");
    CHECK(heard(page_audience::everybody, asked("GET", "/demo", address)) == "page");
  }
}

}  // namespace troupe::page_handler_test
