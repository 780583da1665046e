#include "app/config/caf_options.hpp"

#include <algorithm>
#include <array>

#include <catch2/catch_test_macros.hpp>

#include "tests/unit/app/config/support.hpp"

namespace troupe::caf_options_test {

using lines = std::vector<std::string>;

namespace {

std::string value_of(const caf_config& caf, std::string_view key) {
  for (const printed_value& value : caf.effective_values())
    if (value.key == key) return value.text;
  return "";
}

caf_config caf_with(std::vector<std::string> settings) {
  return caf_config{
      load_config({.file = {}, .environment = {}, .settings = std::move(settings)}).settings};
}

}  // namespace

TEST_CASE("CAF starts with the scheduler that suits this server", "[caf_config]") {
  const caf_config caf{config{}};
  CHECK(caf.problems().empty());
  CHECK(value_of(caf, "caf.scheduler.policy") == "\"sharing\"");
  CHECK(value_of(caf, "caf.scheduler.max-throughput") == "200");
  const std::size_t workers = std::stoul(value_of(caf, "caf.scheduler.max-threads"));
  CHECK(workers ==
        std::max<std::size_t>(2, core_count()) - std::max<std::size_t>(1, core_count() / 4));
  CHECK(caf.config_file_path.empty());
}

TEST_CASE("more I/O threads than cores leave one worker", "[caf_config]") {
  config settings;
  settings.io.threads = 256;
  CHECK(value_of(caf_config{settings}, "caf.scheduler.max-threads") == "1");
}

TEST_CASE("CAF's logger lets pass what may be wanted later, in the format that is read",
          "[caf_config]") {
  for (const auto level : {log_level::error, log_level::debug}) {
    config settings;
    settings.log.level = level;
    const caf_config caf{settings};
    CHECK(value_of(caf, "caf.logger.console.verbosity") == "\"debug\"");
    CHECK(value_of(caf, "caf.logger.console.format") == "\"%d %p [%c] %m\"");
    CHECK(value_of(caf, "caf.logger.console.excluded-components").empty());
  }
}

TEST_CASE("colours are the node's, so that CAF's do not get into its records", "[caf_config]") {
  CHECK(caf_with({"caf.logger.console.colored=true"}).has_colours());
  const caf_config plain = caf_with({"caf.logger.console.colored=false"});
  CHECK_FALSE(plain.has_colours());
  CHECK(value_of(caf_with({"caf.logger.console.colored=true"}), "caf.logger.console.colored") ==
        "false");
}

TEST_CASE("keys of CAF are taken from file, environment and --set, the later winning",
          "[caf_config]") {
  const test::temporary_file file{R"(
caf:
  scheduler: {policy: stealing, max-threads: 3, max-throughput: 50}
  logger.console.excluded-components: [one, "t\"wo"]
)"};
  const loaded_config loaded = load_config({.file = file.path(),
                                            .environment = {"TROUPE_CAF__SCHEDULER__MAX_THREADS=4"},
                                            .settings = {"caf.scheduler.max-throughput=60"}});
  const caf_config caf{loaded.settings};
  CHECK(loaded.problems.empty());
  CHECK(caf.problems().empty());
  CHECK(value_of(caf, "caf.scheduler.policy") == "\"stealing\"");
  CHECK(value_of(caf, "caf.scheduler.max-threads") == "4");
  CHECK(value_of(caf, "caf.scheduler.max-throughput") == "60");
  CHECK(value_of(caf, "caf.logger.console.excluded-components") == "[\"one\", \"t\\\"wo\"]");
}

TEST_CASE("a list of --set is written in brackets", "[caf_config]") {
  const caf_config caf = caf_with({"caf.logger.console.excluded-components=[\"caf_io\"]"});
  CHECK(value_of(caf, "caf.logger.console.excluded-components") == "[\"caf_io\"]");
}

TEST_CASE("each kind of mistake in a key of CAF is told", "[caf_config]") {
  struct row {
    std::string_view text;
    std::string problem;
  };
  const std::array rows{
      row{"caf:\n  scheduler:\n    polcy: sharing\n",
          "FILE:3: caf.scheduler.polcy: unknown key of CAF; did you mean caf.scheduler.policy?"},
      row{"caf.scheduler.max-throughput: lots\n",
          "FILE:1: caf.scheduler.max-throughput: \"lots\" is not possible; allowed: a whole "
          "number, 0 or more"},
      row{"caf.scheduler.max-throughput: 0\n",
          "FILE:1: caf.scheduler.max-throughput: must be 1 or more"},
      row{"caf.scheduler.policy: roundrobin\n",
          "FILE:1: caf.scheduler.policy: \"roundrobin\" is not known; allowed: sharing, stealing"},
      row{"caf.scheduler.policy: [sharing]\n",
          "FILE:1: caf.scheduler.policy: takes one value, not a list; allowed: a text"},
      row{"caf.scheduler.policy:\n", "FILE:1: caf.scheduler.policy: has no value; allowed: a text"},
      row{"caf.scheduler: 5\n", "FILE:1: caf.scheduler: unknown key of CAF"},
      row{"caf.logger.console.verbosity: loud\n",
          "FILE:1: caf.logger.console.verbosity: \"loud\" is not known; "
          "allowed: quiet, error, warning, info, debug, trace"},
      row{"caf.logger.console.colored: yes\n",
          "FILE:1: caf.logger.console.colored: \"yes\" is not possible; allowed: true or false"},
      row{"caf.logger.console.excluded-components: caf\n",
          "FILE:1: caf.logger.console.excluded-components: \"caf\" is not possible; allowed: a "
          "list such as "
          "[\"a\", \"b\"]"},
      row{"caf.middleman.heartbeat-interval: 10\n",
          "FILE:1: caf.middleman.heartbeat-interval: \"10\" is not "
          "possible; allowed: a duration such as 500ms or 10s"},
      row{"caf.middleman.prometheus-http.port: 70000\n",
          "FILE:1: caf.middleman.prometheus-http.port: \"70000\" is not possible; allowed: a whole "
          "number from 0 "
          "to 65535"},
  };
  for (const row& each : rows) {
    INFO(each.text);
    CHECK(test::problem_lines_of_text(each.text) == lines{each.problem});
  }
}

TEST_CASE("a bad key of CAF is told even if a later source overrides it", "[caf_config]") {
  CHECK(
      caf_with({"caf.scheduler.max-threads=x", "caf.scheduler.max-threads=2"}).problems().size() ==
      1);
}

TEST_CASE("the metrics exporter binds to this machine only unless told otherwise", "[caf_config]") {
  CHECK(value_of(caf_config{config{}}, "caf.middleman.prometheus-http.address").empty());
  const caf_config local = caf_with({"caf.middleman.prometheus-http.port=9100"});
  CHECK(value_of(local, "caf.middleman.prometheus-http.address") == "\"127.0.0.1\"");
  CHECK(value_of(local, "caf.middleman.prometheus-http.reuse") == "true");
  const caf_config open = caf_with(
      {"caf.middleman.prometheus-http.port=9100", "caf.middleman.prometheus-http.address=0.0.0.0"});
  CHECK(value_of(open, "caf.middleman.prometheus-http.address") == "\"0.0.0.0\"");
}

TEST_CASE("metrics.port turns the exporter on, and keys of CAF count before it", "[caf_config]") {
  const caf_config ours = caf_with({"metrics.port=9464", "metrics.address=::1"});
  CHECK(value_of(ours, "caf.middleman.prometheus-http.port") == "9464");
  CHECK(value_of(ours, "caf.middleman.prometheus-http.address") == "\"::1\"");
  CHECK(value_of(ours, "caf.metrics-filters.actors.includes") == "[\"troupe.*\"]");
  CHECK(value_of(ours, "caf.metrics-filters.actors.excludes") == "[\"troupe.session\"]");
  const caf_config both =
      caf_with({"metrics.port=9464", "caf.middleman.prometheus-http.port=9100"});
  CHECK(value_of(both, "caf.middleman.prometheus-http.port") == "9100");
  CHECK(value_of(caf_with({"metrics.port=0"}), "caf.middleman.prometheus-http.port").empty());
}

TEST_CASE("a cluster sets what its connections need, and nothing without one", "[caf_config]") {
  CHECK(value_of(caf_config{config{}}, "caf.middleman.heartbeat-interval").empty());
  config settings;
  settings.cluster.enabled = true;
  const caf_config caf{settings};
  CHECK(value_of(caf, "caf.middleman.heartbeat-interval") == "1s");
  CHECK(value_of(caf, "caf.middleman.connection-timeout") == "5s");
  CHECK(value_of(caf, "caf.middleman.app-identifiers") ==
        "[\"troupe-cluster/1\", \"troupe-inspect/1\"]");
  CHECK(value_of(caf, "caf.middleman.workers") == "2");
  CHECK(value_of(caf, "caf.middleman.enable-automatic-connections") == "false");
  CHECK(value_of(caf, "caf.openssl.certificate").empty());
  CHECK(caf.openssl_certificate.empty());
}

TEST_CASE("each port that is open has an identifier", "[caf_config]") {
  config settings;
  CHECK(value_of(caf_config{settings}, "caf.middleman.app-identifiers") ==
        "[\"troupe-inspect/1\"]");
  settings.gateway.enabled = true;
  settings.inspect.enabled = false;
  CHECK(value_of(caf_config{settings}, "caf.middleman.app-identifiers") ==
        "[\"troupe-gateway/1\"]");
  settings.gateway.enabled = false;
  CHECK(value_of(caf_config{settings}, "caf.middleman.app-identifiers").empty());
}

TEST_CASE("inspection has CAF measure actors, but for those that clients keep busy",
          "[caf_config]") {
  CHECK(value_of(caf_config{config{}}, "caf.metrics-filters.actors.excludes")
            .find("troupe.document") != std::string::npos);
  const caf_config exported = caf_with({"caf.middleman.prometheus-http.port=9100"});
  CHECK(value_of(exported, "caf.metrics-filters.actors.excludes") == "[\"troupe.session\"]");
  config settings;
  settings.inspect.enabled = false;
  CHECK(value_of(caf_config{settings}, "caf.metrics-filters.actors.includes").empty());
}

TEST_CASE("a cluster with TLS gives CAF its certificates", "[caf_config]") {
  config settings;
  settings.cluster.enabled = true;
  settings.cluster_tls = {"n1.pem", "n1.key", "ca.pem"};
  const caf_config caf{settings};
  CHECK(value_of(caf, "caf.openssl.certificate") == "\"n1.pem\"");
  CHECK(value_of(caf, "caf.openssl.key") == "\"n1.key\"");
  CHECK(value_of(caf, "caf.openssl.cafile") == "\"ca.pem\"");
  CHECK(caf.openssl_certificate == "n1.pem");
  CHECK(caf.openssl_key == "n1.key");
  CHECK(caf.openssl_cafile == "ca.pem");
  // An operator may still say more.
  settings.caf.push_back({"caf.openssl.capath", "/etc/ca", "FILE:1", value_shape::single});
  CHECK(caf_config{settings}.problems().empty());
}

}  // namespace troupe::caf_options_test
