// Ports that CAF's network layer opens are those of this machine, unless they have TLS.
#include "app/config/port_checks.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/app/config/support.hpp"

namespace troupe::port_checks_test {

using lines = std::vector<std::string>;

namespace {

const std::string cluster_with_tls = "cluster: {enabled: true, name: x, node: n1, "
                                     "tls: {certificate: a, key: b, ca: c}}\n";

}  // namespace

TEST_CASE("without TLS nobody elsewhere reaches the actors", "[config]") {
  CHECK(check_ports(config{}).empty());
  CHECK(test::problem_lines_of_text("inspect:\n  address: 0.0.0.0\n") ==
        lines{"FILE:2: inspect.address: \"0.0.0.0\" can be reached from other machines, which "
              "needs cluster.tls: without it everybody there could reach the actors of this node"});
  CHECK(test::problem_lines_of_text("gateway:\n  enabled: true\n  address: '::'\n").size() == 1);
  CHECK(test::problem_lines_of_text("gateway:\n  address: '::'\n").empty());
  CHECK(test::problem_lines_of_text("inspect:\n  enabled: false\n  address: 0.0.0.0\n").empty());
  CHECK(test::problem_lines_of_text("inspect:\n  address: '::1'\n").empty());
  CHECK(test::problem_lines_of_text(cluster_with_tls + "inspect:\n  address: 0.0.0.0\n").empty());
}

TEST_CASE("two ports are two", "[config]") {
  CHECK(test::problem_lines_of_text("gateway:\n  enabled: true\n  port: 3003\n") ==
        lines{"FILE:3: gateway.port: must not be the same as inspect.port"});
  CHECK(test::problem_lines_of_text("gateway: {enabled: true, port: 0}\ninspect: {port: 0}\n")
            .empty());
}

}  // namespace troupe::port_checks_test
