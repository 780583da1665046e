#include "app/healthcheck.hpp"

#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/app/config/support.hpp"

namespace troupe::healthcheck_test {

namespace {

struct outcome {
  int code;
  std::string asked, out, err;
};

outcome check(const healthcheck_request& request, const config& settings,
              const result<http_reply>& reply) {
  std::ostringstream out, err;
  std::string asked;
  const auto ask = [&](const http_call& call) {
    asked = call.url;
    return reply;
  };
  const int code = run_healthcheck(request, settings, ask, {out, err});
  return {code, asked, out.str(), err.str()};
}

const http_reply well{200, "ok\n"};

}  // namespace

TEST_CASE("a node is asked on its admin pages, else on its port", "[healthcheck]") {
  CHECK(check({}, config{}, well).asked == "http://127.0.0.1:3002/healthz");
  CHECK(check({"", true}, config{}, well).asked == "http://127.0.0.1:3002/readyz");
  const config closed = test::loaded("admin: {enabled: false}\nserver: {address: 0.0.0.0}\n");
  CHECK(check({}, closed, well).asked == "http://127.0.0.1:3001/healthz");
  const config six = test::loaded("admin: {address: \"::\", port: 4002}\n");
  CHECK(check({}, six, well).asked == "http://[::1]:4002/healthz");
  CHECK(check({"https://node.example/", true}, config{}, well).asked ==
        "https://node.example/readyz");
}

TEST_CASE("a node that is well says so", "[healthcheck]") {
  const outcome done = check({}, config{}, well);
  CHECK(done.code == 0);
  CHECK(done.out == "ok\n");
  CHECK(done.err.empty());
}

TEST_CASE("a node that is not well, or does not answer, fails the check", "[healthcheck]") {
  const outcome busy = check({"", true}, config{}, http_reply{503, "storage cannot be written\n"});
  CHECK(busy.code == 1);
  CHECK(busy.err ==
        "troupe: http://127.0.0.1:3002/readyz answers 503: storage cannot be written\n");
  const outcome dead = check({}, config{}, fail(errc::request_failed, "connection refused"));
  CHECK(dead.code == 1);
  CHECK(dead.err == "troupe: http://127.0.0.1:3002/healthz: connection refused\n");
}

TEST_CASE("nobody is asked where the address is not known", "[healthcheck]") {
  const config any_port = test::loaded("admin: {enabled: false}\nserver: {port: 0}\n");
  config with_tls = any_port;
  with_tls.server.port = 3443;
  with_tls.tls.certificate = "chain.pem";
  for (const config& settings : {any_port, with_tls}) {
    const outcome refused = check({}, settings, well);
    CHECK(refused.code == 2);
    CHECK(refused.asked.empty());
    CHECK(refused.err.find("--url") != std::string::npos);
  }
  CHECK(check({"ftp://node"}, config{}, well).code == 2);
}

}  // namespace troupe::healthcheck_test
