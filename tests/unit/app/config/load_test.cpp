#include "app/config/load.hpp"

#include <catch2/catch_test_macros.hpp>

#include "app/config/keys.hpp"
#include "tests/unit/app/config/support.hpp"

namespace troupe::load_test {

using namespace std::chrono_literals;
using lines = std::vector<std::string>;

namespace {

struct row {
  std::string_view text;
  lines problems;
};

lines problems_of_environment(std::vector<std::string> variables) {
  return test::problem_lines({.file = {}, .environment = std::move(variables), .settings = {}});
}

lines problems_of_settings(std::vector<std::string> settings) {
  return test::problem_lines({.file = {}, .environment = {}, .settings = std::move(settings)});
}

}  // namespace

TEST_CASE("without any source the configuration is the defaults", "[config]") {
  const loaded_config loaded = load_config({});
  CHECK(loaded.problems.empty());
  CHECK(loaded.settings.server.port == 3001);
  CHECK(loaded.settings.limits.max_message_size == 1024 * 1024);
  CHECK(loaded.settings.heartbeat.timeout == 60s);
  CHECK(loaded.settings.caf.empty());
}

TEST_CASE("every section of a file reaches its field", "[config]") {
  const test::temporary_file file{R"(
server: {address: "::1", port: 0}
limits:
  max_connections: 5
  max_message_size: 64KiB
  max_update_size: 3MiB
  max_sync_size: 4MiB
  max_large_messages: 5MiB
  messages_per_second: 0
  message_burst: 7
  max_documents: 8
  max_pending_size: 2MB
  max_document_size: 3MB
  max_client_ids: 4
  max_new_client_ids: 5
  max_name_size: 6KiB
  max_nesting: 10
  max_update_work: 5000000
  write_queue_size: 4096
heartbeat: {interval: 100ms, timeout: 2s}
io: {threads: 2}
log: {level: debug}
document.idle_grace: 5m
)"};
  const auto [settings, problems] =
      load_config({.file = file.path(), .environment = {}, .settings = {}});
  REQUIRE(problems.empty());
  CHECK(settings.server.address == "::1");
  CHECK(settings.server.port == 0);
  CHECK(settings.limits.max_connections == 5);
  CHECK(settings.limits.max_message_size == 65536);
  CHECK(settings.limits.max_update_size == 3U << 20);
  CHECK(settings.limits.max_sync_size == 4U << 20);
  CHECK(settings.limits.max_large_messages == 5U << 20);
  CHECK(settings.limits.messages_per_second == 0);
  CHECK(settings.limits.message_burst == 7);
  CHECK(settings.limits.max_documents == 8);
  CHECK(settings.limits.max_pending_size == 2'000'000);
  CHECK(settings.limits.max_document_size == 3'000'000);
  CHECK(settings.limits.max_client_ids == 4);
  CHECK(settings.limits.max_new_client_ids == 5);
  CHECK(settings.limits.max_name_size == 6144);
  CHECK(settings.limits.max_nesting == 10);
  CHECK(settings.limits.max_update_work == 5'000'000);
  CHECK(settings.limits.write_queue_size == 4096);
  CHECK(settings.heartbeat.interval == 100ms);
  CHECK(settings.heartbeat.timeout == 2s);
  CHECK(settings.io.threads == 2);
  CHECK(settings.log.level == log_level::debug);
  CHECK(settings.document.idle_grace == 5min);
}

TEST_CASE("the file wins over the defaults, the environment over the file, --set over all",
          "[config]") {
  const test::temporary_file file{
      "server: {port: 1}\nlimits: {max_connections: 1, max_documents: 1}\n"};
  const auto [settings, problems] = load_config(
      {.file = file.path(),
       .environment = {"PATH=/bin", "TROUPE_SERVER__PORT=2", "TROUPE_LIMITS__MAX_DOCUMENTS=2"},
       .settings = {"server.port=3", "server.port=4"}});
  CHECK(problems.empty());
  CHECK(settings.server.port == 4);
  CHECK(settings.limits.max_documents == 2);
  CHECK(settings.limits.max_connections == 1);
  CHECK(settings.limits.message_burst == 200);
}

TEST_CASE("each key can be set by its variable and by --set", "[config]") {
  for (const config_key& key : config_keys()) {
    INFO(key.name);
    const std::string text = format_value(key, config{});
    CHECK(problems_of_environment({environment_name(key.name) + "=" + text}).empty());
    CHECK(problems_of_settings({std::string{key.name} + "=" + text}).empty());
  }
}

TEST_CASE("each kind of mistake in a file is told with its line", "[config]") {
  const std::vector<row> rows{
      {"server:\n  port: 70000\n",
       {"FILE:2: server.port: \"70000\" is out of range; allowed: a whole number from 0 to 65535"}},
      {"limits:\n  max_conections: 5\n",
       {"FILE:2: limits.max_conections: unknown key; did you mean limits.max_connections?"}},
      {"nothing:\n  alike: 5\n",
       {"FILE:2: nothing.alike: unknown key; troupe serve --help lists all keys"}},
      {"nothing: {}\n", {"FILE:1: nothing: unknown key; troupe serve --help lists all keys"}},
      {"server: 5\n",
       {"FILE:1: server: is a section, not a value; its keys: address, port, "
        "allowed_origins, subprotocols, empty_document_name, api_prefix, drain_delay, "
        "tls.certificate, "
        "tls.key"}},
      {"server:\n  port: {number: 5}\n",
       {"FILE:2: server.port.number: unknown key; server.port takes one value"}},
      {"server:\n  port: {}\n",
       {"FILE:2: server.port: takes one value, not a section; allowed: a whole number from 0 to "
        "65535"}},
      {"server:\n  port: [5]\n",
       {"FILE:2: server.port: takes one value, not a list; allowed: a whole number from 0 to "
        "65535"}},
      {"server:\n  port: [[5]]\n",
       {"FILE:2: server.port: is a list whose items are not single values"}},
      {"server:\n  port:\n",
       {"FILE:2: server.port: has no value; allowed: a whole number from 0 to 65535"}},
      {"server:\n  port: 1\n  port: 2\n",
       {"FILE:3: server.port: stands here twice; first in line 2"}},
      {"server: {port: 1}\nserver.port: 2\n",
       {"FILE:2: server.port: stands here twice; first in line 1"}},
      {"server: {}\nserver: {}\n", {"FILE:2: server: stands here twice; first in line 1"}},
      {"server:\n  [a]: 1\n", {"FILE:2: server: has a key that is not a plain word"}},
      {"- server\n", {"FILE:1: must hold sections with keys, for example \"server:\""}},
      {"server: {port: 1}\n---\nserver: {port: 2}\n",
       {"FILE:3: is a second YAML document; a configuration is one"}},
      {"heartbeat:\n  interval: 30\n",
       {"FILE:2: heartbeat.interval: \"30\" has no unit; write 30s or 30ms; allowed: a duration "
        "from 10ms to 1h"}},
      {"server: &self\n  inner: *self\n",
       {"FILE:2: server.inner.inner.inner.inner.inner.inner.inner.inner: is nested too deep"}},
  };
  for (const row& each : rows) {
    INFO(each.text);
    CHECK(test::problem_lines_of_text(each.text) == each.problems);
  }
}

TEST_CASE("all mistakes of a file are told, not just the first", "[config]") {
  CHECK(
      test::problem_lines_of_text(
          "server:\n  port: x\n  adress: ::1\nlog:\n  level: loud\ncaf:\n  nix: 1\n") ==
      lines{
          "FILE:2: server.port: \"x\" is not a whole number; allowed: a whole number from 0 to "
          "65535",
          "FILE:3: server.adress: unknown key; did you mean server.address?",
          "FILE:5: log.level: \"loud\" is not a log level; allowed: error, warning, info or debug",
          "FILE:7: caf.nix: unknown key of CAF"});
}

TEST_CASE("a syntax error is told with line and column", "[config]") {
  const lines problems = test::problem_lines_of_text("server:\n  port: [1,\n");
  REQUIRE(problems.size() == 1);
  CHECK(problems[0].starts_with("FILE:3:1: is not valid YAML: "));
}

TEST_CASE("an empty file and sections without keys are valid", "[config]") {
  for (const std::string_view text :
       {"", "# nothing\n", "server:\nlimits: {}\ncaf:\n", "caf:\n  scheduler:\n"}) {
    INFO(text);
    CHECK(test::problem_lines_of_text(text).empty());
  }
}

TEST_CASE("a file that is missing or a directory is told", "[config]") {
  CHECK(test::problem_lines({.file = "/nowhere/node.yaml", .environment = {}, .settings = {}}) ==
        lines{"FILE: cannot be read: No such file or directory"});
  CHECK(test::problem_lines({.file = "/", .environment = {}, .settings = {}}) ==
        lines{"FILE: is a directory, not a configuration file"});
}

TEST_CASE("mistakes in the environment are told with the variable", "[config]") {
  CHECK(problems_of_environment({"TROUPE_SERVER__PORT=x"}) ==
        lines{"TROUPE_SERVER__PORT: server.port: \"x\" is not a whole number; allowed: a whole "
              "number from 0 to 65535"});
  CHECK(
      problems_of_environment({"TROUPE_SERVER__PROT=1"}) ==
      lines{
          "TROUPE_SERVER__PROT: unknown environment variable; did you mean TROUPE_SERVER__PORT?"});
  CHECK(problems_of_environment({"TROUPE_SERVER__PORT="}).size() == 1);
  CHECK(problems_of_environment({"TROUPE_server__port=1"}).size() == 1);
  CHECK(problems_of_environment({"TROUPE_CAF__=1"}).size() == 1);
}

TEST_CASE("the variables of the scripts and those of others are passed over", "[config]") {
  CHECK(problems_of_environment({"TROUPE_DEPS_DIR=/x", "TROUPE_JOBS=2", "TROUPE_DEBIAN_MIRROR=x",
                                 "TROUPER=1", "HOME=/", "no_equals_sign"})
            .empty());
}

TEST_CASE("mistakes of --set are told with the key", "[config]") {
  CHECK(problems_of_settings({"server.prt=1"}) ==
        lines{"--set server.prt: unknown key; did you mean server.port?"});
  CHECK(problems_of_settings({"server.port=x"}) ==
        lines{"--set server.port: \"x\" is not a whole number; allowed: a whole number from 0 to "
              "65535"});
  CHECK(problems_of_settings({"server.port"}) ==
        lines{"--set server.port: must be of the form key=value"});
  CHECK(problems_of_settings({"=1"}) == lines{"--set =1: must be of the form key=value"});
  CHECK(problems_of_settings({"caf=1"}) == lines{"--set caf: is a section, not a value"});
}

TEST_CASE("the heartbeat timeout must be longer than the interval, by a second that somebody looks",
          "[config]") {
  const std::string why =
      ", by a second or more, since pings and pongs are looked at once a second";
  CHECK(test::problem_lines_of_text("heartbeat:\n  interval: 20s\n  timeout: 20s\n") ==
        lines{"FILE:3: heartbeat.timeout: must be longer than heartbeat.interval, which is 20s" +
              why});
  CHECK(problems_of_settings({"heartbeat.interval=90s"}) ==
        lines{"--set heartbeat.interval: must be shorter than heartbeat.timeout, which is 60s" +
              why});
  // The wrong one alone is told, not that it also does not fit the other.
  CHECK(problems_of_settings({"heartbeat.interval=90s", "heartbeat.timeout=x"}).size() == 1);
  CHECK(problems_of_settings({"heartbeat.interval=90s", "heartbeat.timeout=91s"}).empty());
  CHECK(problems_of_settings({"heartbeat.interval=90s", "heartbeat.timeout=90900ms"}).size() == 1);
  CHECK(problems_of_settings({"heartbeat.interval=10ms", "heartbeat.timeout=2s"}).empty());
  CHECK(problems_of_settings({"heartbeat.interval=1500ms", "heartbeat.timeout=2s"}).size() == 1);
  CHECK(problems_of_settings({"heartbeat.interval=1500ms", "heartbeat.timeout=3s"}).empty());
}

TEST_CASE("what is wrong with upstream is said, and its token is not shown", "[config]") {
  CHECK(problems_of_settings({"upstream.url=wss://old:1234/rooms?team=1", "upstream.token=secret",
                              "upstream.protocol=hocuspocus", "upstream.documents=[\"wiki/*\"]"})
            .empty());
  CHECK(problems_of_settings({"upstream.url=http://old"}) ==
        lines{"--set upstream.url: the URL does not begin with ws:// or wss://"});
  CHECK(problems_of_settings({"upstream.url=ws://old", "storage.engine=memory"}) ==
        lines{"--set upstream.url: needs a store that stays: with storage.engine: memory all "
              "edits would be lost at a restart, and the documents of the old server come again"});
  CHECK(problems_of_settings({"upstream.protocol=yjs"}) ==
        lines{"--set upstream.protocol: must be y-websocket or hocuspocus"});
  CHECK(problems_of_settings({"upstream.token=a\nb"}) ==
        lines{"--set upstream.token: must be 1 to 16384 bytes without control characters; the "
              "value is not shown"});
  CHECK(problems_of_settings({"upstream.token=a", "upstream.token_file=b"}) ==
        lines{"--set upstream.token_file: cannot be set together with upstream.token"});
  CHECK(problems_of_settings({"upstream.url=ws://old", "upstream.timeout=1s"}) ==
        lines{"--set upstream.timeout: upstream.settle_time must be shorter than "
              "upstream.timeout"});
}

TEST_CASE("a database needs a URL, and a schema and a mode that can be used", "[config]") {
  const auto problems_of = [](std::vector<std::string> settings) {
    config_sources sources;
    sources.settings = std::move(settings);
    return load_config(sources).problems;
  };
  CHECK(problems_of({"storage.engine=postgresql"}).size() == 1);
  const std::string url = "storage.postgresql.url=postgresql://db/x";
  CHECK(problems_of({"storage.engine=postgresql", url}).empty());
  CHECK(problems_of({url, "storage.postgresql.schema=My-Schema"}).size() == 1);
  CHECK(problems_of({url, "storage.postgresql.tls=perhaps"}).size() == 1);
  CHECK(problems_of({url, "storage.postgresql.tls=verify-full"}).empty());
}

}  // namespace troupe::load_test
