#include "app/config/cluster_checks.hpp"

#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "app/config/to_settings.hpp"
#include "tests/unit/app/config/support.hpp"

namespace troupe::cluster_checks_test {

using lines = std::vector<std::string>;

namespace {

const std::string enabled = "cluster:\n  enabled: true\n  name: x\n  node: n1\n";

lines problems(const std::string& more, const std::string& before = {}) {
  return test::problem_lines_of_text(before + enabled + more);
}

}  // namespace

TEST_CASE("a cluster needs names, and nothing else on one machine", "[config][cluster]") {
  CHECK(problems("").empty());
  CHECK(test::problem_lines_of_text("cluster: {enabled: true}") ==
        lines{"FILE:1: cluster.name: must be set where cluster.enabled is true",
              "FILE:1: cluster.node: must be set where cluster.enabled is true"});
  CHECK(test::problem_lines_of_text("cluster: {enabled: false, name: x}").empty());
}

TEST_CASE("names and addresses are checked, whether or not they are needed", "[config][cluster]") {
  CHECK(test::problem_lines_of_text(
            "cluster:\n  name: a b\n  node: a/b\n  advertise: h\n  seeds: [h:1, 'h:0', h:1]\n") ==
        lines{"FILE:2: cluster.name: \"a b\" must be 1 to 64 letters, digits and characters of -._",
              "FILE:3: cluster.node: \"a/b\" must be 1 to 64 letters, digits and characters of -._",
              "FILE:4: cluster.advertise: \"h\" must be HOST:PORT, such as 10.0.0.1:4101, "
              "node1.example:4101 or [fd00::1]:4101",
              "FILE:5: cluster.seeds: \"h:0\" must be HOST:PORT, such as 10.0.0.1:4101, "
              "node1.example:4101 or [fd00::1]:4101",
              "FILE:5: cluster.seeds: names a node twice"});
}

TEST_CASE("without TLS a node listens to its own machine only", "[config][cluster]") {
  CHECK(problems("  listen: {address: \"::1\"}\n").empty());
  const lines refused = problems("  listen: {address: 10.0.0.1}\n");
  REQUIRE(refused.size() == 1);
  CHECK(refused[0].starts_with("FILE:5: cluster.listen.address: \"10.0.0.1\" can be reached from "
                               "other machines, which needs cluster.tls"));
  const std::string tls = "  tls: {certificate: a.pem, key: a.key, ca: ca.pem}\n";
  CHECK(problems("  listen: {address: 10.0.0.1}\n" + tls).empty());
  CHECK(problems("  listen: {address: 0.0.0.0}\n" + tls) ==
        lines{"FILE:2: cluster.advertise: must be set where cluster.listen.address is 0.0.0.0, to "
              "which nobody can connect"});
  CHECK(problems("  listen: {address: 0.0.0.0}\n  advertise: n1.example:4101\n" + tls).empty());
  CHECK(problems("  listen: {port: 0}\n") ==
        lines{"FILE:5: cluster.listen.port: must not be 0, since other nodes must know it"});
}

TEST_CASE("certificate, key and authority belong together", "[config][cluster]") {
  CHECK(
      problems("  tls: {certificate: a.pem}\n") ==
      lines{"FILE:5: cluster.tls.certificate: needs cluster.tls.key and cluster.tls.ca beside it"});
  CHECK(problems("  tls: {certificate: a.pem, ca: ca.pem}\n") ==
        lines{"FILE:5: cluster.tls.certificate: needs cluster.tls.key beside it"});
}

TEST_CASE("numbers that do not fit each other are told", "[config][cluster]") {
  CHECK(problems("  replication: {keepers: 2, write_acks: 3}\n") ==
        lines{"FILE:5: cluster.replication.write_acks: must not be more than "
              "cluster.replication.keepers, which is 2"});
  CHECK(problems("  replication: {keepers: 1}\n").size() == 1);
  CHECK(
      problems("  heartbeat: {interval: 3s}\n") ==
      lines{"FILE:2: cluster.heartbeat.timeout: must be at least twice cluster.heartbeat.interval, "
            "which is 3s"});
  CHECK(problems("  heartbeat: {interval: 3s, timeout: 6s}\n").empty());
  // A bad value is told once.
  CHECK(problems("  replication: {keepers: 2, write_acks: x}\n").size() == 1);
}

TEST_CASE("memory keeps no promise that documents stay", "[config][cluster]") {
  const std::string memory = "storage: {engine: memory}\n";
  CHECK(problems("", memory).size() == 1);
  CHECK(problems("  replication: {mode: available}\n", memory).empty());
}

TEST_CASE("nodes that keep documents keep them on their own disks", "[config][cluster]") {
  const std::string database =
      "storage: {engine: postgresql, postgresql: {url: \"postgresql://db/x\"}}\n";
  const lines found = problems("", database);
  REQUIRE(found.size() == 1);
  CHECK(found[0].find("storage.engine: postgresql is for a node by itself") != std::string::npos);
}

TEST_CASE("nodes that share a database need one, and do without webhooks and upstream",
          "[config][cluster]") {
  const std::string database =
      "storage: {engine: postgresql, postgresql: {url: \"postgresql://db/x\"}}\n";
  CHECK(problems("  durability: shared\n", database).empty());
  const lines on_disk = problems("  durability: shared\n");
  REQUIRE(on_disk.size() == 1);
  CHECK(on_disk[0].find("cluster.durability: shared needs the database") != std::string::npos);
  const lines with_others =
      problems("  durability: shared\n", database + "webhooks: {url: \"http://127.0.0.1:1/\"}\n"
                                                    "upstream: {url: \"ws://127.0.0.1:1\"}\n");
  const auto tells = [&](std::string_view text) {
    return std::ranges::any_of(
        with_others, [&](const std::string& each) { return each.find(text) != std::string::npos; });
  };
  CHECK(tells("webhooks.url: cannot be used where cluster.durability is shared"));
  CHECK(tells("upstream.url: cannot be used where cluster.durability is shared"));
  CHECK(problems("  durability: x\n").size() == 1);
}

TEST_CASE("config/cluster-shared has a node that shares a database", "[config][cluster]") {
  const config_sources sources{
      .file = test::shipped_file("cluster-shared/node.yaml"), .environment = {}, .settings = {}};
  CHECK(test::problem_lines(sources).empty());
  const config settings = load_config(sources).settings;
  CHECK(settings.cluster.durability == cluster::durability_mode::shared);
  CHECK(to_postgresql_settings(settings).access == storage::postgresql_access::shared);
  CHECK(to_postgresql_settings(config{}).access == storage::postgresql_access::alone);
}

TEST_CASE("the keys of a cluster become what its parts need", "[config][cluster]") {
  const config settings =
      test::loaded(enabled + "  listen: {address: \"::1\", port: 4111}\n"
                             "  seeds: [\"127.0.0.1:4101\", \"[::1]:4111\"]\n"
                             "  replication: {keepers: 5, write_acks: 3, mode: available}\n"
                             "  link: {queue_size: 1MiB, credit: 512KiB}\n"
                             "  load_timeout: 2s\n");
  CHECK(advertised_address(settings) == "[::1]:4111");
  CHECK(to_replication(settings) == cluster::replication{5, 3});
  CHECK(settings.cluster_replication.mode == cluster::replication_mode::available);
  CHECK(settings.cluster.seeds.size() == 2);
  CHECK(settings.cluster_link.queue_size == 1024 * 1024);
  CHECK(settings.cluster.load_timeout == std::chrono::seconds{2});
  CHECK(advertised_address(config{}) == "127.0.0.1:4101");
  CHECK(advertised_address(test::loaded(enabled + "  advertise: n1.example:1\n")) ==
        "n1.example:1");
  CHECK(to_replication(config{}) == cluster::replication{});
}

TEST_CASE("config/cluster-3 has three nodes of one cluster", "[config][cluster]") {
  std::vector<config> nodes;
  for (const char* name : {"cluster-3/n1.yaml", "cluster-3/n2.yaml", "cluster-3/n3.yaml"}) {
    const config_sources sources{
        .file = test::shipped_file(name), .environment = {}, .settings = {}};
    CHECK(test::problem_lines(sources).empty());
    nodes.push_back(load_config(sources).settings);
  }
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    CHECK(nodes[i].cluster.enabled);
    CHECK(nodes[i].cluster.node == "n" + std::to_string(i + 1));
    CHECK(nodes[i].cluster.name == nodes[0].cluster.name);
    CHECK(nodes[i].cluster.seeds == nodes[0].cluster.seeds);
    CHECK(nodes[i].cluster.seeds[i] == advertised_address(nodes[i]));
    CHECK(nodes[i].server.port == 3001 + 10 * i);
    CHECK(nodes[i].admin.port == 3002 + 10 * i);
    CHECK(nodes[i].storage.path == "data/n" + std::to_string(i + 1));
  }
}

}  // namespace troupe::cluster_checks_test
