// The files with which nodes are deployed: config/production.yaml, the package, compose.yaml and
// config/kubernetes. Nothing here starts a container; what a node would read is read.
#include <yaml-cpp/yaml.h>

#include <map>
#include <regex>
#include <set>

#include "tests/support/source_tree.hpp"
#include "tests/unit/app/config/support.hpp"

namespace troupe::deployment_files_test {

namespace {

using variables = std::map<std::string, std::string>;

std::vector<std::string> as_environment(const variables& from) {
  std::vector<std::string> lines;
  for (const auto& [name, value] : from) lines.push_back(name + "=" + value);
  return lines;
}

/// What a node with this file and environment would run with. Fails where it would not start.
config loaded_with(const std::string& file, const variables& environment) {
  const config_sources sources{
      .file = file, .environment = as_environment(environment), .settings = {}};
  for (const std::string& line : test::problem_lines(sources)) FAIL_CHECK(line);
  return load_config(sources).settings;
}

std::string source_file(const std::string& path) { return (test::source_root() / path).string(); }

/// Key to value of a unit; of several values the last.
variables read_unit() {
  variables values;
  for (const std::string& line : test::read_lines("packaging/troupe.service"))
    if (const auto equals = line.find('='); equals != std::string::npos && line[0] != '#')
      values[line.substr(0, equals)] = line.substr(equals + 1);
  return values;
}

/// The documents of config/kubernetes/troupe.yaml by "Kind/name".
std::map<std::string, YAML::Node> read_kubernetes() {
  std::map<std::string, YAML::Node> found;
  for (const YAML::Node& each : YAML::LoadAllFromFile(source_file("config/kubernetes/troupe.yaml")))
    found[each["kind"].as<std::string>() + "/" + each["metadata"]["name"].as<std::string>()] = each;
  return found;
}

std::string with_pod_name(const std::string& text, const std::string& pod) {
  return std::regex_replace(text, std::regex{R"(\$\(POD_NAME\))"}, pod);
}

void check_cluster_of_three(const std::vector<config>& nodes) {
  REQUIRE(nodes.size() == 3);
  std::set<std::string> names, advertised;
  for (const config& each : nodes) {
    CHECK(each.cluster.enabled);
    CHECK(each.cluster.name == nodes[0].cluster.name);
    CHECK(each.cluster.seeds == nodes[0].cluster.seeds);
    CHECK_FALSE(each.cluster_tls.certificate.empty());
    names.insert(each.cluster.node);
    advertised.insert(each.cluster.advertise);
  }
  CHECK(names.size() == 3);
  // All nodes are asked at the first start, under the addresses that they have.
  const auto& seeds = nodes[0].cluster.seeds;
  CHECK(advertised == std::set<std::string>{seeds.begin(), seeds.end()});
}

}  // namespace

TEST_CASE("config/production.yaml loads, and closes what the defaults leave open",
          "[config][deployment]") {
  const config node = loaded_with(test::shipped_file("production.yaml"), {});
  CHECK(node.access.mode == access::mode::token);
  CHECK_FALSE(node.server.allowed_origins.empty());
  CHECK_FALSE(node.tls.certificate.empty());
  CHECK(node.admin.address == "127.0.0.1");
  CHECK(node.storage.path == "/var/lib/troupe/data");
}

TEST_CASE("every value of config/production.yaml has a reason beside it", "[config][deployment]") {
  bool is_explained = false;
  for (const std::string& line : test::read_lines("config/production.yaml")) {
    if (line.find('#') != std::string::npos) is_explained = true;
    if (line.empty()) is_explained = false;
    const bool has_value = std::regex_search(line, std::regex{"^ +[a-z_-]+: +[^ #]"});
    INFO(line);
    if (has_value && line.starts_with("    ")) continue;  // explained by what is around it
    if (has_value) CHECK(is_explained);
  }
}

TEST_CASE("the configuration of the package keeps documents where the unit lets it",
          "[config][deployment]") {
  const config node = loaded_with(source_file("packaging/troupe.yaml"), {});
  const variables unit = read_unit();
  CHECK(node.server.address == "127.0.0.1");
  CHECK(node.storage.path == "/var/lib/" + unit.at("StateDirectory") + "/data");
  CHECK(unit.at("WorkingDirectory") == "/var/lib/" + unit.at("StateDirectory"));
  CHECK(test::read_text("packaging/debian/conffiles") == "/etc/troupe/troupe.yaml\n");
  CHECK(unit.at("ExecStart") == "/usr/bin/troupe serve --config /etc/troupe/troupe.yaml");
}

TEST_CASE("the unit gives a node the descriptors and the time that it needs",
          "[config][deployment]") {
  const variables unit = read_unit();
  const config by_default;
  const config large = loaded_with(test::shipped_file("production.yaml"), {});
  const auto descriptors = static_cast<std::size_t>(std::stoul(unit.at("LimitNOFILE")));
  CHECK(descriptors > by_default.limits.max_connections + 1000);
  CHECK(descriptors > large.limits.max_connections + 1000);
  // app/serve.cpp ends a stop by force after so many seconds.
  std::smatch found;
  const std::string serve = test::read_text("app/serve.cpp");
  REQUIRE(std::regex_search(serve, found, std::regex{R"(stop_seconds_max = (\d+))"}));
  CHECK(std::stoi(unit.at("TimeoutStopSec")) > 2 * std::stoi(found[1]));
  CHECK(unit.at("Type") == "notify");
  CHECK(unit.at("Restart") == "on-failure");
  for (const char* hardened : {"NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome",
                               "MemoryDenyWriteExecute", "LockPersonality"})
    CHECK(unit.at(hardened) == "yes");
  CHECK(unit.at("ProtectSystem") == "strict");
}

TEST_CASE("compose.yaml starts three nodes of one cluster", "[config][deployment]") {
  const YAML::Node compose = YAML::LoadFile(source_file("compose.yaml"));
  const YAML::Node common = compose["x-node"];
  std::vector<config> nodes;
  std::set<std::string> published;
  for (const char* name : {"n1", "n2", "n3"}) {
    INFO(name);
    const YAML::Node service = compose["services"][name];
    const auto mounted = service["volumes"][2].as<std::string>();
    CHECK(mounted == "./config/compose/node.yaml:/etc/troupe/node.yaml:ro");
    nodes.push_back(loaded_with(source_file("config/compose/node.yaml"),
                                service["environment"].as<variables>()));
    CHECK(nodes.back().cluster.node == name);
    CHECK(service["volumes"][0].as<std::string>() == std::string{name} + ":/var/lib/troupe");
    CHECK(compose["volumes"][name].IsDefined());
    for (const YAML::Node& port : service["ports"]) {
      const auto text = port.as<std::string>();
      CHECK(published.insert(text.substr(0, text.rfind(':'))).second);
      CHECK(text.starts_with("127.0.0.1:"));
    }
  }
  check_cluster_of_three(nodes);
  CHECK(common["command"][2].as<std::string>() == "/etc/troupe/node.yaml");
  CHECK(common["healthcheck"]["test"][4].as<std::string>() == "/etc/troupe/node.yaml");
}

TEST_CASE("config/kubernetes starts three nodes of one cluster", "[config][deployment]") {
  const auto all = read_kubernetes();
  const test::temporary_file file{
      all.at("ConfigMap/troupe")["data"]["troupe.yaml"].as<std::string>()};
  const YAML::Node set = all.at("StatefulSet/troupe")["spec"];
  const YAML::Node container = set["template"]["spec"]["containers"][0];
  std::vector<config> nodes;
  for (int i = 0; i < set["replicas"].as<int>(); ++i) {
    const std::string pod = "troupe-" + std::to_string(i);
    variables environment;
    for (const YAML::Node& each : container["env"])
      if (each["value"].IsDefined())
        environment[each["name"].as<std::string>()] =
            with_pod_name(each["value"].as<std::string>(), pod);
    nodes.push_back(loaded_with(file.path(), environment));
    CHECK(nodes.back().cluster.node == pod);
    CHECK(nodes.back().cluster_tls.certificate == "/etc/troupe/certificates/" + pod + ".pem");
  }
  check_cluster_of_three(nodes);
  const std::string service = set["serviceName"].as<std::string>();
  CHECK(all.at("Service/" + service)["spec"]["clusterIP"].as<std::string>() == "None");
  CHECK(nodes[0].cluster.advertise ==
        "troupe-0." + service + ":" + std::to_string(nodes[0].cluster.port));
  // Otherwise the second node would wait for the first, which waits for all.
  CHECK(set["podManagementPolicy"].as<std::string>() == "Parallel");
  CHECK(all.at("PodDisruptionBudget/troupe")["spec"]["maxUnavailable"].as<int>() == 1);
}

TEST_CASE("ports, probes and volumes of config/kubernetes fit the node", "[config][deployment]") {
  const auto all = read_kubernetes();
  const test::temporary_file file{
      all.at("ConfigMap/troupe")["data"]["troupe.yaml"].as<std::string>()};
  const config node =
      load_config({.file = file.path(), .environment = {}, .settings = {}}).settings;
  const YAML::Node pod = all.at("StatefulSet/troupe")["spec"]["template"]["spec"];
  const YAML::Node container = pod["containers"][0];
  std::map<std::string, int> ports;
  for (const YAML::Node& port : container["ports"])
    ports[port["name"].as<std::string>()] = port["containerPort"].as<int>();
  CHECK(ports.at("clients") == node.server.port);
  CHECK(ports.at("nodes") == node.cluster.port);
  CHECK(ports.at("metrics") == node.metrics.port);
  const YAML::Node shown = all.at("StatefulSet/troupe")["spec"]["template"]["metadata"];
  CHECK(shown["annotations"]["prometheus.io/port"].as<int>() == node.metrics.port);
  for (const char* probe : {"startupProbe", "livenessProbe", "readinessProbe"}) {
    const YAML::Node request = container[probe]["httpGet"];
    CHECK(request["port"].as<std::string>() == "clients");
    CHECK(test::read_text("net/http_routes.cpp")
              .find('"' + request["path"].as<std::string>() + '"') != std::string::npos);
  }
  std::set<std::string> mounts;
  for (const YAML::Node& mount : container["volumeMounts"])
    mounts.insert(mount["mountPath"].as<std::string>());
  CHECK(mounts.contains("/var/lib/troupe"));
  CHECK(node.storage.path.starts_with("/var/lib/troupe/"));
  CHECK(node.cluster_tls.ca.starts_with("/etc/troupe/certificates/"));
  CHECK(container["args"][2].as<std::string>() == "/etc/troupe/config/troupe.yaml");
  CHECK(pod["terminationGracePeriodSeconds"].as<int>() > 10);
}

TEST_CASE("the Dockerfile copies, runs and names what is there", "[config][deployment]") {
  const std::string text = test::read_text("Dockerfile");
  CHECK(text.find("RUN packaging/build_deb.sh /packages") != std::string::npos);
  CHECK(test::exists("packaging/build_deb.sh"));
  CHECK(text.find("USER 10001:10001") != std::string::npos);
  CHECK(text.find("\"serve\", \"--config\", \"/etc/troupe/troupe.yaml\"") != std::string::npos);
  // The user that the image makes is the one of the pods.
  const auto all = read_kubernetes();
  const YAML::Node pod = all.at("StatefulSet/troupe")["spec"]["template"]["spec"];
  CHECK(pod["securityContext"]["runAsUser"].as<int>() == 10001);
  // Its configuration, with the address that it sets.
  const config node =
      loaded_with(source_file("packaging/troupe.yaml"), {{"TROUPE_SERVER__ADDRESS", "0.0.0.0"}});
  CHECK(node.server.address == "0.0.0.0");
}

}  // namespace troupe::deployment_files_test
