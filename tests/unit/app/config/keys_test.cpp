#include "app/config/keys.hpp"

#include <set>

#include <catch2/catch_test_macros.hpp>

#include "app/config/file.hpp"
#include "tests/unit/app/config/support.hpp"

namespace troupe::keys_test {

TEST_CASE("each key has a name and a variable of its own, a unit and a meaning", "[config]") {
  std::set<std::string> names;
  std::set<std::string> variables;
  for (const config_key& key : config_keys()) {
    INFO(key.name);
    CHECK(names.insert(std::string{key.name}).second);
    CHECK(variables.insert(environment_name(key.name)).second);
    CHECK(key.name.find('.') != std::string_view::npos);
    CHECK_FALSE(key.unit.empty());
    CHECK_FALSE(key.meaning.empty());
    CHECK(find_config_key(key.name) == &key);
  }
}

TEST_CASE("each default is a value that its own key accepts", "[config]") {
  for (const config_key& key : config_keys()) {
    config settings;
    const std::string text = format_value(key, settings);
    INFO(key.name << " = " << text);
    CHECK(set_value(key, text, settings).has_value());
    CHECK(format_value(key, settings) == text);
  }
}

TEST_CASE("no two keys share a field", "[config]") {
  for (const config_key& key : config_keys())
    for (const config_key& other : config_keys()) {
      if (&key == &other) continue;
      config settings;
      const std::string before = format_value(other, settings);
      for (const char* text :
           {"::1", "77", "77KiB", "77s", "77ms", "7s", "debug", "false", "true", "memory",
            "webhook", "write", "available", "shared", "5", "json", "hocuspocus"}) {
        (void)set_value(key, text, settings);
        if (format_value(key, settings) != format_value(key, config{})) break;
      }
      INFO(key.name << " and " << other.name);
      CHECK(format_value(key, settings) != format_value(key, config{}));
      CHECK(format_value(other, settings) == before);
    }
}

TEST_CASE("a value outside the range of its key is refused and changes nothing", "[config]") {
  struct row {
    std::string_view key, text;
  };
  for (const row& each :
       {row{"server.port", "65536"}, row{"limits.max_connections", "0"},
        row{"limits.max_message_size", "1023"}, row{"limits.max_pending_size", "5GiB"},
        row{"limits.max_document_size", "63KiB"}, row{"limits.max_client_ids", "16000001"},
        row{"limits.max_name_size", "17MiB"}, row{"limits.max_nesting", "1001"},
        row{"limits.max_update_work", "0"}, row{"heartbeat.interval", "2h"},
        row{"heartbeat.timeout", "1999ms"}, row{"io.threads", "257"},
        row{"document.idle_grace", "25h"}}) {
    INFO(each.key);
    const config_key* key = find_config_key(each.key);
    REQUIRE(key != nullptr);
    config settings;
    const auto stored = set_value(*key, each.text, settings);
    REQUIRE_FALSE(stored.has_value());
    CHECK(stored.error().detail.find("is out of range; allowed: ") != std::string::npos);
    CHECK(format_value(*key, settings) == format_value(*key, config{}));
  }
}

TEST_CASE("the nearest name is the one that was meant", "[config]") {
  const std::vector<std::string> names = config_key_names();
  CHECK(nearest_name("limits.max_conections", names) == "limits.max_connections");
  CHECK(nearest_name("limit.max_documents", names) == "limits.max_documents");
  CHECK(nearest_name("port", names) == "server.port");
  CHECK(nearest_name("limits.port", names) == "server.port");
  CHECK(nearest_name("something.else", names).empty());
}

TEST_CASE("a variable is the key in upper case with two underscores for a dot", "[config]") {
  CHECK(environment_name("server.port") == "TROUPE_SERVER__PORT");
  CHECK(environment_name("limits.max_message_size") == "TROUPE_LIMITS__MAX_MESSAGE_SIZE");
  CHECK(environment_name("caf.scheduler.max-threads") == "TROUPE_CAF__SCHEDULER__MAX_THREADS");
}

TEST_CASE("io.threads 0 takes a quarter of the cores, at least one", "[config]") {
  config settings;
  CHECK(io_thread_count(settings, 1) == 1);
  CHECK(io_thread_count(settings, 7) == 1);
  CHECK(io_thread_count(settings, 16) == 4);
  settings.io.threads = 3;
  CHECK(io_thread_count(settings, 16) == 3);
}

TEST_CASE("config/reference.yaml holds every key with the default of the code", "[config]") {
  const std::string path = test::shipped_file("reference.yaml");
  const config_entries file = read_config_file(path);
  REQUIRE(file.problems.empty());
  for (const config_key& key : config_keys()) {
    INFO(key.name);
    const auto entry = std::ranges::find_if(
        file.entries, [&](const config_entry& each) { return each.key == key.name; });
    REQUIRE(entry != file.entries.end());
    config settings;
    CHECK(set_value(key, entry->text, settings).has_value());
    CHECK(format_value(key, settings) == format_value(key, config{}));
  }
}

TEST_CASE("config/reference.yaml holds no unknown key and CAF's keys with troupe's defaults",
          "[config]") {
  const config_sources sources{
      .file = test::shipped_file("reference.yaml"), .environment = {}, .settings = {}};
  CHECK(test::problem_lines(sources).empty());
  const caf_config with_file{load_config(sources).settings};
  const caf_config without{config{}};
  const auto values = with_file.effective_values();
  const auto defaults = without.effective_values();
  REQUIRE(values.size() == defaults.size());
  for (std::size_t index = 0; index < values.size(); ++index) {
    CHECK(values[index].key == defaults[index].key);
    CHECK(values[index].text == defaults[index].text);
  }
}

TEST_CASE("config/reference.yaml explains every key and its range in the words of the code",
          "[config]") {
  std::ifstream file{test::shipped_file("reference.yaml")};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  for (const config_key& key : config_keys()) {
    INFO(key.name);
    constexpr std::string_view range_begin = " from ";
    const std::string allowed = allowed_values(key);
    const auto range = allowed.find(range_begin);
    std::string expected = "# " + std::string{key.unit} + ": " + std::string{key.meaning} + ".";
    if (range != std::string::npos)
      expected += " " + allowed.substr(range + range_begin.size()) + ".";
    CHECK(text.find(expected) != std::string::npos);
  }
}

TEST_CASE("config/minimal.yaml is valid and changes no default", "[config]") {
  const config_sources sources{
      .file = test::shipped_file("minimal.yaml"), .environment = {}, .settings = {}};
  CHECK(test::problem_lines(sources).empty());
  const config settings = load_config(sources).settings;
  for (const config_key& key : config_keys()) {
    INFO(key.name);
    CHECK(format_value(key, settings) == format_value(key, config{}));
  }
}

}  // namespace troupe::keys_test
