// Which requests of a public listener are for the API.
#include <catch2/catch_test_macros.hpp>

#include "actors/admin.hpp"
#include "tests/support/http_bed.hpp"

namespace troupe::prefixed_handler_test {

namespace {

/// What the API and the others hear of a request for this target: "api /api/v1/x".
std::string heard(const std::string& prefix, const std::string& target) {
  const auto api = std::make_shared<test::echo_handler>();
  const auto others = std::make_shared<test::echo_handler>();
  prefixed_handler handler{prefix, api, others};
  const http_request request{"GET", target, {}, "192.0.2.7"};
  const body_plan plan = handler.on_head(request);
  std::string answered;
  handler.on_request(request, [&](const http_answer& answer) { answered = answer.body; });
  CHECK(api->heads.size() + others->heads.size() == 1);
  CHECK(api->requests.size() == api->heads.size());
  CHECK((plan.bytes_max > 0) == !api->heads.empty());
  answered.pop_back();
  return (api->heads.empty() ? "others " : "api ") + answered;
}

}  // namespace

TEST_CASE("the API stands behind its prefix, and all else elsewhere", "[admin]") {
  CHECK(heard("/back", "/back/api/v1/documents/d?as=json") == "api /api/v1/documents/d?as=json");
  CHECK(heard("/back", "/api/v1/documents/d") == "others /api/v1/documents/d");
  CHECK(heard("/back", "/backapi/v1/documents/d") == "others /backapi/v1/documents/d");
  CHECK(heard("/back", "/back/healthz") == "others /back/healthz");
  CHECK(heard("/back", "/back/api/v1") == "others /back/api/v1");
  CHECK(heard("", "/api/v1/sessions") == "api /api/v1/sessions");
  CHECK(heard("", "/healthz") == "others /healthz");
  CHECK(heard("", "/") == "others /");
}

TEST_CASE("a body for the API has a limit of its own, and a larger one where documents are sent",
          "[admin]") {
  const auto api = std::make_shared<test::echo_handler>();
  prefixed_handler handler{"", api, std::make_shared<test::echo_handler>()};
  const http_request request{"POST", "/api/v1/documents/d", {}, "192.0.2.7"};
  CHECK(handler.on_head(request).bytes_max == prefixed_handler::small_body_bytes_max);
  api->plan.bytes_max = 1'000'000;
  CHECK(handler.on_head(request).bytes_max == 1'000'000);
}

}  // namespace troupe::prefixed_handler_test
