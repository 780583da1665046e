// Keys that are lists of texts, switches and pairs: how they are written, and what is told where
// they are wrong.
#include <catch2/catch_test_macros.hpp>

#include "app/config/keys.hpp"
#include "app/config/print.hpp"
#include "app/config/values.hpp"
#include "tests/unit/app/config/support.hpp"

namespace troupe::lists_test {

using texts = std::vector<std::string>;

namespace {

config config_of(std::string_view yaml) {
  const test::temporary_file file{yaml};
  const auto [settings, problems] =
      load_config({.file = file.path(), .environment = {}, .settings = {}});
  CHECK(problems.empty());
  return settings;
}

config config_of_settings(std::vector<std::string> set) {
  const auto [settings, problems] =
      load_config({.file = {}, .environment = {}, .settings = std::move(set)});
  CHECK(problems.empty());
  return settings;
}

texts problems_of_settings(std::vector<std::string> set) {
  return test::problem_lines({.file = {}, .environment = {}, .settings = std::move(set)});
}

}  // namespace

TEST_CASE("a list of texts is a list, or texts with commas between them", "[config]") {
  CHECK(parse_text_list("") == texts{});
  CHECK(parse_text_list("[]") == texts{});
  CHECK(parse_text_list(" [ ] ") == texts{});
  CHECK(parse_text_list("a") == texts{"a"});
  CHECK(parse_text_list("a,b") == texts{"a", "b"});
  CHECK(parse_text_list(" a , b ") == texts{"a", "b"});
  CHECK(parse_text_list("[a, b]") == texts{"a", "b"});
  CHECK(parse_text_list("[\"a\", \"b c\"]") == texts{"a", "b c"});
  CHECK(parse_text_list("\"a\",\"b\"") == texts{"a", "b"});
  CHECK(parse_text_list("https://[::1]:80") == texts{"https://[::1]:80"});
}

TEST_CASE("a comma between quotes is part of a text", "[config]") {
  CHECK(parse_text_list("\"a,b\"") == texts{"a,b"});
  CHECK(parse_text_list("\"a,b\",c") == texts{"a,b", "c"});
  CHECK(parse_text_list("[c , \"a, b\" , \" d \"]") == texts{"c", "a, b", " d "});
  CHECK(parse_text_list("\",\"") == texts{","});
  // Quotes elsewhere than around a text are part of it.
  CHECK(parse_text_list("a\"b,c\"") == texts{"a\"b", "c\""});
}

TEST_CASE("a quote or backslash between quotes stands behind a backslash", "[config]") {
  CHECK(parse_text_list(R"("a\"b")") == texts{"a\"b"});
  CHECK(parse_text_list(R"(["a\\", "b"])") == texts{"a\\", "b"});
  CHECK(parse_text_list(R"("C:\x")") == texts{R"(C:\x)"});
  CHECK(parse_text_list(R"(a\,b)") == texts{R"(a\)", "b"});
}

TEST_CASE("quotes that are not closed, or too early, are refused", "[config]") {
  const auto told = [](std::string_view text) {
    const auto parsed = parse_text_list(text);
    REQUIRE_FALSE(parsed.has_value());
    return parsed.error().detail;
  };
  for (const std::string_view text : {"\"", "\"a", "a,\"b", "[\"a]", R"("a\")"})
    CHECK(told(text).ends_with("has a quote that is not closed"));
  for (const std::string_view text : {"\"a\"b", "\"a\" b, c", "\"a\"\"b\""})
    CHECK(told(text).ends_with("between a closing quote and the next comma"));
}

TEST_CASE("an empty text in a list is refused", "[config]") {
  for (const std::string_view text : {",", "a,,b", "[a,,b]", "\"\"", "[\"\"]", ",a", "a, ,b"}) {
    CAPTURE(text);
    const auto parsed = parse_text_list(text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == errc::invalid_config);
    CHECK(parsed.error().detail.find("empty text") != std::string::npos);
  }
}

TEST_CASE("a list of texts is written so that it reads the same", "[config]") {
  for (const texts& list : {texts{}, texts{"a"}, texts{"a", "b c", "https://x:1"},
                            texts{"a,b", " ", "\"", "\\", "\\\"", "[x]"}})
    CHECK(parse_text_list(format_text_list(list)) == list);
  CHECK(format_text_list({}) == "[]");
  CHECK(format_text_list({"a", "b"}) == "[\"a\", \"b\"]");
}

TEST_CASE("a switch is true or false and nothing else", "[config]") {
  CHECK(parse_switch("true") == true);
  CHECK(parse_switch("false") == false);
  for (const std::string_view text : {"", "True", "yes", "on", "1", "0", "true ", "off"})
    CHECK_FALSE(parse_switch(text).has_value());
}

TEST_CASE("allowed origins come from a file, the environment or --set", "[config]") {
  const texts both{"https://a.example", "http://b:8080"};
  CHECK(config_of("server:\n  allowed_origins: [https://a.example, \"http://b:8080\"]\n")
            .server.allowed_origins == both);
  CHECK(config_of("server:\n  allowed_origins:\n    - https://a.example\n    - http://b:8080\n")
            .server.allowed_origins == both);
  CHECK(config_of("server:\n  allowed_origins: [\"a,b\", 'c\\\"']\n").server.allowed_origins ==
        texts{"a,b", "c\\\""});
  CHECK(config_of_settings({"server.allowed_origins=\"a,b\",c"}).server.allowed_origins ==
        texts{"a,b", "c"});
  CHECK(config_of("server:\n  allowed_origins: []\n").server.allowed_origins.empty());
  CHECK(config_of("server:\n  allowed_origins: https://a.example\n").server.allowed_origins ==
        texts{"https://a.example"});
  CHECK(config_of_settings({"server.allowed_origins=https://a.example,http://b:8080"})
            .server.allowed_origins == both);
  const auto from_environment = load_config(
      {.file = {},
       .environment = {"TROUPE_SERVER__ALLOWED_ORIGINS=https://a.example, http://b:8080"},
       .settings = {}});
  CHECK(from_environment.problems.empty());
  CHECK(from_environment.settings.server.allowed_origins == both);
}

TEST_CASE("a list that is none is told with its place", "[config]") {
  const std::string allowed =
      "allowed: a list such as [\"a\", \"b\"], or texts with commas between them";
  CHECK(test::problem_lines_of_text("server:\n  allowed_origins: {a: b}\n") ==
        texts{"FILE:2: server.allowed_origins.a: unknown key; server.allowed_origins takes one "
              "value"});
  CHECK(test::problem_lines_of_text("server:\n  allowed_origins:\n") ==
        texts{"FILE:2: server.allowed_origins: has no value; " + allowed});
  CHECK(test::problem_lines_of_text("server:\n  allowed_origins: [[a]]\n") ==
        texts{"FILE:2: server.allowed_origins: is a list whose items are not single values"});
  CHECK(problems_of_settings({"server.allowed_origins=a,,b"}) ==
        texts{"--set server.allowed_origins: \"a,,b\" has an empty text in it; " + allowed});
}

TEST_CASE("switches turn parts off", "[config]") {
  CHECK(config{}.admin.enabled);
  CHECK_FALSE(config_of("admin: {enabled: false}\n").admin.enabled);
  CHECK_FALSE(config_of_settings({"document.on_io_threads=false"}).document.on_io_threads);
  CHECK(config_of_settings({"document.on_io_threads=false", "document.on_io_threads=true"})
            .document.on_io_threads);
  CHECK(problems_of_settings({"admin.enabled=no"}) ==
        texts{"--set admin.enabled: \"no\" is neither true nor false; allowed: true or false"});
}

TEST_CASE("a certificate needs its key and a key its certificate", "[config]") {
  const config both = config_of("server:\n  tls: {certificate: a.pem, key: b.pem}\n");
  CHECK(both.tls.certificate == "a.pem");
  CHECK(both.tls.key == "b.pem");
  CHECK(test::problem_lines_of_text("server:\n  tls:\n    certificate: a.pem\n") ==
        texts{"FILE:3: server.tls.certificate: needs server.tls.key beside it"});
  CHECK(problems_of_settings({"server.tls.key=b.pem"}) ==
        texts{"--set server.tls.key: needs server.tls.certificate beside it"});
  // One of them may come from elsewhere, and an empty one is none.
  const test::temporary_file file{"server:\n  tls: {certificate: a.pem}\n"};
  CHECK(load_config(
            {.file = file.path(), .environment = {"TROUPE_SERVER__TLS__KEY=b.pem"}, .settings = {}})
            .problems.empty());
  CHECK(
      load_config({.file = file.path(), .environment = {}, .settings = {"server.tls.certificate="}})
          .problems.empty());
}

TEST_CASE("a token is neither printed nor shown where it is wrong", "[config]") {
  const config settings = config_of_settings({"admin.token=the-token-itself"});
  CHECK(settings.admin.token == "the-token-itself");
  const std::string yaml = to_yaml(printed_values(settings));
  CHECK(yaml.find("the-token-itself") == std::string::npos);
  CHECK(yaml.find("token: \"(hidden)\"") != std::string::npos);
  CHECK(to_yaml(printed_values(config{})).find("token: \"\"") != std::string::npos);
  const std::string rule =
      "must be 16 to 1024 letters, digits and characters of -._~+/=; the value "
      "is not shown";
  CHECK(problems_of_settings({"admin.token=a b"}) == texts{"--set admin.token: " + rule});
  CHECK(problems_of_settings({"admin.token=(hidden)"}) == texts{"--set admin.token: " + rule});
  CHECK(problems_of_settings({"admin.token=the-token-itself", "admin.token_file=x"}) ==
        texts{"--set admin.token_file: cannot be set together with admin.token"});
  CHECK(problems_of_settings({"admin.token=", "admin.token_file=x"}).empty());
}

TEST_CASE("a path and hosts that could not be used are problems", "[config]") {
  CHECK(problems_of_settings({"storage.path="}) ==
        texts{"--set storage.path: must name a directory"});
  CHECK(problems_of_settings({"storage.path=", "storage.engine=memory"}).empty());
  CHECK(problems_of_settings({"admin.allowed_hosts=admin.example,[::1],10.0.0.1"}).empty());
  for (const std::string host : {"https://admin.example", "admin.example:3002", "a b", "a/b"})
    CHECK(
        problems_of_settings({"admin.allowed_hosts=" + host}) ==
        texts{"--set admin.allowed_hosts: has \"" + host + "\", which is no host without a port"});
}

TEST_CASE("webhooks need a URL that is one, a secret, and events that there are", "[config]") {
  const std::string secret = "webhooks.secret=a secret of sixteen";
  CHECK(problems_of_settings({"webhooks.url=https://a/", secret}).empty());
  CHECK(problems_of_settings({"webhooks.url=https://a/", "webhooks.secret_file=x"}).empty());
  CHECK(problems_of_settings({"webhooks.url=https://a/"}) ==
        texts{"--set webhooks.url: needs webhooks.secret or webhooks.secret_file beside it"});
  CHECK(problems_of_settings({"webhooks.url=ftp://a/", secret}) ==
        texts{"--set webhooks.url: the URL must begin with http:// or https://"});
  CHECK(problems_of_settings({"webhooks.secret=short (hidden)"}) ==
        texts{"--set webhooks.secret: must be 16 to 1024 bytes without control characters; the "
              "value is not shown"});
  CHECK(problems_of_settings({secret, "webhooks.secret_file=x"}) ==
        texts{"--set webhooks.secret_file: cannot be set together with webhooks.secret"});
  CHECK(problems_of_settings({"webhooks.events=document.changed,document.renamed"}).size() == 1);
  CHECK(problems_of_settings({"webhooks.debounce=20s"}).size() == 1);
  CHECK(problems_of_settings({"webhooks.debounce=20s", "webhooks.max_delay=20s"}).empty());
  const std::string yaml = to_yaml(printed_values(config_of_settings({secret})));
  CHECK(yaml.find("a secret of sixteen") == std::string::npos);
}

TEST_CASE("new keys have their ranges", "[config]") {
  for (const char* setting :
       {"admin.port=0", "limits.max_connections_per_address=0", "limits.accepts_per_second=0",
        "limits.accept_burst=1", "limits.max_documents_per_session=1", "io.flush_interval=0ms",
        "io.flush_interval=100ms", "admin.address=::1"})
    CHECK(problems_of_settings({setting}).empty());
  for (const char* setting :
       {"admin.port=70000", "limits.accept_burst=0", "limits.max_documents_per_session=0",
        "limits.accepts_per_second=1000001", "io.flush_interval=101ms", "io.flush_interval=5",
        "admin.address=localhost"}) {
    CAPTURE(setting);
    CHECK(problems_of_settings({setting}).size() == 1);
  }
}

TEST_CASE("the document of the empty name must be one that clients can use", "[config]") {
  CHECK(config_of_settings({"server.empty_document_name=lobby"}).server.empty_document_name ==
        "lobby");
  CHECK(problems_of_settings({"server.empty_document_name=" + std::string(513, 'a')}) ==
        texts{"--set server.empty_document_name: the document name is longer than 512 bytes"});
}

TEST_CASE("levels of components are pairs, each of which is known", "[config]") {
  const config settings = config_of_settings({"log.levels=troupe.store=debug,caf=error"});
  CHECK(settings.log.levels == texts{"troupe.store=debug", "caf=error"});
  CHECK(config_of("log: {levels: [troupe.store=debug]}").log.levels == texts{"troupe.store=debug"});
  const texts unknown = problems_of_settings({"log.levels=store=debug"});
  REQUIRE(unknown.size() == 1);
  CHECK(unknown[0].starts_with("--set log.levels: \"store=debug\" is not COMPONENT=LEVEL"));
  CHECK(problems_of_settings({"log.levels=caf=loud"}).size() == 1);
}

TEST_CASE("a log that goes nowhere is a mistake", "[config]") {
  CHECK(problems_of_settings({"log.console=false"}) ==
        texts{"--set log.console: is false, and log.file is empty"});
  CHECK(config_of_settings({"log.console=false", "log.file=log"}).log.file == "log");
}

}  // namespace troupe::lists_test
