#include "app/command_line.hpp"

#include <sstream>

#include <catch2/catch_test_macros.hpp>

#include "app/config/keys.hpp"
#include "app/config/print.hpp"
#include "tests/unit/app/config/support.hpp"

namespace troupe::command_line_test {

namespace {

auto parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "troupe");
  return parse_command_line(static_cast<int>(arguments.size()), arguments.data());
}

struct outcome {
  int code;
  std::string out, err;
};

outcome check(const config_sources& sources, print_effective print = print_effective::no) {
  std::ostringstream out, err;
  const int code = check_config(sources, print, out, err);
  return {code, out.str(), err.str()};
}

}  // namespace

TEST_CASE("serve takes a file and any number of settings", "[command_line]") {
  const auto call =
      parse({"serve", "--config", "node.yaml", "--set", "a=1", "--set", "b=[\"x\", \"y\"]"});
  REQUIRE(call.has_value());
  CHECK(call->what == command::serve);
  CHECK(call->sources.file == "node.yaml");
  CHECK(call->sources.settings == std::vector<std::string>{"a=1", "b=[\"x\", \"y\"]"});
}

TEST_CASE("serve without a file takes the defaults", "[command_line]") {
  const auto call = parse({"serve"});
  REQUIRE(call.has_value());
  CHECK_FALSE(call->sources.file.has_value());
}

TEST_CASE("check-config takes its file before or after the settings", "[command_line]") {
  for (const auto& arguments :
       {std::vector<const char*>{"check-config", "node.yaml", "--set", "a=1", "--print"},
        std::vector<const char*>{"check-config", "--print", "--set", "a=1", "node.yaml"}}) {
    const auto call = parse(arguments);
    REQUIRE(call.has_value());
    CHECK(call->what == command::check_config);
    CHECK(call->sources.file == "node.yaml");
    CHECK(call->sources.settings == std::vector<std::string>{"a=1"});
    CHECK(call->print == print_effective::yes);
  }
}

TEST_CASE("version is a command", "[command_line]") {
  const auto call = parse({"version"});
  REQUIRE(call.has_value());
  CHECK(call->what == command::version);
  CHECK(version_text().starts_with("troupe "));
}

TEST_CASE("doc takes files and the options of each of its commands", "[command_line]") {
  const auto info = parse({"doc", "info", "a.bin", "b.bin", "--json", "--format", "stream"});
  REQUIRE(info.has_value());
  CHECK(info->what == command::doc);
  CHECK(info->doc.action == doc_action::info);
  CHECK(info->doc.files == std::vector<std::string>{"a.bin", "b.bin"});
  CHECK(info->doc.format == crdt::update_container::stream);
  CHECK(info->doc.as_json);

  const auto text = parse({"doc", "text", "-", "--root", "t", "--format", "auto"});
  REQUIRE(text.has_value());
  CHECK(text->doc.action == doc_action::text);
  CHECK(text->doc.files == std::vector<std::string>{"-"});
  CHECK(text->doc.root == "t");
  CHECK_FALSE(text->doc.format.has_value());

  const auto convert = parse({"doc", "convert", "a", "--to", "v2", "-o", "b"});
  REQUIRE(convert.has_value());
  CHECK(convert->doc.action == doc_action::convert);
  CHECK(convert->doc.to == crdt::update_format::v2);
  CHECK(convert->doc.output == "b");

  const auto diff = parse({"doc", "diff", "a", "--since", "b"});
  REQUIRE(diff.has_value());
  CHECK(diff->doc.action == doc_action::diff);
  CHECK(diff->doc.since == "b");
  CHECK(parse({"doc", "diff", "a", "--state-vector", "00"})->doc.state_vector == "00");
  CHECK(parse({"doc", "json", "a"})->doc.action == doc_action::json);
  CHECK(parse({"doc", "dump", "a"})->doc.action == doc_action::dump);
  CHECK(parse({"doc", "merge", "a", "b"})->doc.action == doc_action::merge);
}

TEST_CASE("doc --help and that of its commands show the files they take", "[command_line]") {
  for (const auto& arguments : {std::vector<const char*>{"doc", "--help"},
                                std::vector<const char*>{"doc", "diff", "--help"},
                                std::vector<const char*>{"doc", "info", "--help"}}) {
    const auto call = parse(arguments);
    REQUIRE_FALSE(call.has_value());
    CHECK(call.error().code == 0);
    CHECK(call.error().out.find("stream of v1 updates") != std::string::npos);
  }
}

TEST_CASE("storage takes directories and the options of each of its commands", "[command_line]") {
  const auto verify = parse({"storage", "verify", "data", "--json"});
  REQUIRE(verify.has_value());
  CHECK(verify->what == command::storage);
  CHECK(verify->storage.action == storage_action::verify);
  CHECK(verify->storage.path == "data");
  CHECK(verify->storage.as_json);

  const auto repair = parse({"storage", "repair", "data", "--dry-run", "--drop", "--past-damage",
                             "--to", "new", "--raw", "raw", "--name", "a", "--name", "b"});
  REQUIRE(repair.has_value());
  CHECK(repair->storage.action == storage_action::repair);
  CHECK(repair->storage.dry_run);
  CHECK(repair->storage.drop);
  CHECK(repair->storage.past_damage);
  CHECK(repair->storage.to == "new");
  CHECK(repair->storage.raw == "raw");
  CHECK(repair->storage.names == std::vector<std::string>{"a", "b"});
  CHECK_FALSE(parse({"storage", "repair", "data"})->storage.drop);

  const auto backup = parse({"storage", "backup", "data", "copy"});
  REQUIRE(backup.has_value());
  CHECK(backup->storage.action == storage_action::backup);
  CHECK(backup->storage.path == "data");
  CHECK(backup->storage.to == "copy");
  const auto restore = parse({"storage", "restore", "copy", "data"});
  REQUIRE(restore.has_value());
  CHECK(restore->storage.action == storage_action::restore);
  CHECK(restore->storage.path == "copy");
  CHECK(restore->storage.to == "data");
  CHECK(parse({"storage", "stats", "data", "--top", "3"})->storage.top == 3);
  const auto migrate = parse({"storage", "migrate", "postgresql://db/x", "--schema", "team"});
  REQUIRE(migrate.has_value());
  CHECK(migrate->storage.action == storage_action::migrate);
  CHECK(migrate->storage.path == "postgresql://db/x");
  CHECK(migrate->storage.schema == "team");

  const auto help = parse({"storage", "repair", "--help"});
  REQUIRE_FALSE(help.has_value());
  CHECK(help.error().code == 0);
  CHECK(help.error().out.find("Exit code 0: done") != std::string::npos);
}

TEST_CASE("wrong arguments exit with 2 and say why on the standard error", "[command_line]") {
  for (const auto& arguments :
       {std::vector<const char*>{},
        std::vector<const char*>{"sing"},
        std::vector<const char*>{"serve", "--bogus"},
        std::vector<const char*>{"serve", "--config"},
        std::vector<const char*>{"serve", "--set", "a=1", "b=2"},
        std::vector<const char*>{"serve", "--config", "a", "--config", "b"},
        std::vector<const char*>{"check-config"},
        std::vector<const char*>{"check-config", "a", "b"},
        std::vector<const char*>{"doc"},
        std::vector<const char*>{"doc", "sing"},
        std::vector<const char*>{"doc", "info"},
        std::vector<const char*>{"doc", "convert", "a"},
        std::vector<const char*>{"doc", "convert", "a", "--to", "v3"},
        std::vector<const char*>{"doc", "convert", "a", "b", "--to", "v1"},
        std::vector<const char*>{"doc", "info", "a", "--format", "v3"},
        std::vector<const char*>{"doc", "info", "a", "--root", "t"},
        std::vector<const char*>{"doc", "diff", "a"},
        std::vector<const char*>{"storage"},
        std::vector<const char*>{"storage", "verify"},
        std::vector<const char*>{"storage", "verify", "a", "b"},
        std::vector<const char*>{"storage", "verify", "a", "--drop"},
        std::vector<const char*>{"storage", "backup", "a"},
        std::vector<const char*>{"storage", "stats", "a", "--top", "x"},
        std::vector<const char*>{"doc", "diff", "a", "--since", "b", "--state-vector", "00"}}) {
    const auto call = parse(arguments);
    REQUIRE_FALSE(call.has_value());
    CHECK(call.error().code == 2);
    CHECK_FALSE(call.error().err.empty());
    CHECK(call.error().out.empty());
  }
}

TEST_CASE("help names every key and its variable and exits with 0", "[command_line]") {
  for (const char* name : {"serve", "check-config"}) {
    const auto call = parse({name, "--help"});
    REQUIRE_FALSE(call.has_value());
    CHECK(call.error().code == 0);
    CHECK(call.error().err.empty());
    for (const config_key& key : config_keys()) {
      INFO(key.name);
      CHECK(call.error().out.find(key.name) != std::string::npos);
      CHECK(call.error().out.find(environment_name(key.name)) != std::string::npos);
    }
  }
}

TEST_CASE("check-config says ok or lists the problems and returns 2", "[command_line]") {
  const test::temporary_file good{"server: {port: 5}\n"};
  const outcome ok = check({.file = good.path(), .environment = {}, .settings = {}});
  CHECK(ok.code == 0);
  CHECK(ok.out == good.path() + ": ok\n");
  CHECK(ok.err.empty());

  const outcome bad =
      check({.file = good.path(), .environment = {}, .settings = {"server.prt=1", "caf.x=1"}});
  CHECK(bad.code == 2);
  CHECK(bad.out.empty());
  CHECK(bad.err == "--set server.prt: unknown key; did you mean server.port?\n--set caf.x: unknown "
                   "key of CAF\n");
}

TEST_CASE("what check-config prints is a file with the same effective configuration",
          "[command_line]") {
  const test::temporary_file file{
      "server: {address: \"::1\"}\nheartbeat: {interval: 1500ms}\n"
      "caf: {logger: {console: {format: \"%p \\\"quoted\\\" \\\\ \\t%m\"}}}\n"};
  const config_sources sources{
      .file = file.path(), .environment = {}, .settings = {"log.level=debug"}};
  const outcome first = check(sources, print_effective::yes);
  REQUIRE(first.code == 0);
  for (const config_key& key : config_keys()) {
    const std::string name{key.name.substr(key.name.rfind('.') + 1)};
    CHECK(first.out.find("  " + name + ": ") != std::string::npos);
  }
  const test::temporary_file printed{first.out};
  const outcome second =
      check({.file = printed.path(), .environment = {}, .settings = {}}, print_effective::yes);
  CHECK(second.err.empty());
  CHECK(second.out.substr(second.out.find('\n')) == first.out.substr(first.out.find('\n')));
}

TEST_CASE("a command that is missing or unknown is answered with those that there are",
          "[command_line]") {
  const auto why = [](const std::vector<const char*>& call) { return parse(call).error().err; };
  CHECK(why({}).starts_with("troupe: a command is missing; there are: serve, check-config, doc,"));
  CHECK(why({"srve"}).starts_with("troupe: 'srve' is no command; there are: serve,"));
  CHECK(why({"a\nb"}).starts_with("troupe: 'a\\x0ab' is no command"));
  CHECK(why({"storage"}).starts_with("storage: a command is missing; there are: verify,"));
  CHECK(why({"inspect", "docs"}).starts_with("inspect: 'docs' is no command; there are: nodes,"));
  CHECK(why({"serve", "node.yaml"}).find("not expected: node.yaml") != std::string::npos);
  CHECK(why({"--frob"}).starts_with("troupe: '--frob' is no option\n"));
  CHECK(why({"inspect", "--frob"}).starts_with("inspect: '--frob' is no option\n"));
}

TEST_CASE("the inspect commands take where to ask, how many and which first", "[command_line]") {
  const auto sessions =
      parse({"inspect", "sessions", "--at", "h:9", "--limit", "5", "--sort", "idle", "--json"});
  REQUIRE(sessions.has_value());
  CHECK(sessions->what == command::inspect);
  CHECK(sessions->inspect.action == inspect_action::sessions);
  CHECK(sessions->inspect.at == "h:9");
  CHECK(sessions->inspect.limit == 5);
  CHECK(sessions->inspect.session_order == "idle");
  CHECK(sessions->inspect.as_json);
  CHECK(parse({"inspect", "documents", "--sort", "memory"})->inspect.document_order == "memory");
  CHECK(parse({"inspect", "document", "a/b"})->inspect.document == "a/b");
  CHECK(parse({"inspect", "nodes", "--config", "n1.yaml"})->inspect.config_file == "n1.yaml");
  for (const auto& asked : {parse({"inspect", "--at", "h:9", "--json"}),
                            parse({"inspect", "--at", "h:9", "nodes", "--json"})}) {
    REQUIRE(asked.has_value());
    CHECK(asked->inspect.action == inspect_action::nodes);
    CHECK(asked->inspect.at == "h:9");
    CHECK(asked->inspect.as_json);
  }
  const auto watched = parse({"inspect", "watch", "--count", "3", "--interval", "0.5"});
  REQUIRE(watched.has_value());
  CHECK(watched->inspect.action == inspect_action::watch);
  CHECK(watched->inspect.count == 3);
  CHECK(watched->inspect.interval == std::chrono::milliseconds{500});
  const std::vector<std::vector<const char*>> wrong_calls{
      {"inspect", "document"},
      {"inspect", "docs"},
      {"inspect", "sessions", "--sort", "size"},
      {"inspect", "sessions", "--limit", "1001"},
      {"inspect", "watch", "--interval", "0"},
      {"inspect", "nodes", "--limit", "1"}};
  for (const std::vector<const char*>& wrong : wrong_calls) {
    const auto refused = parse(wrong);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().code == exit_usage);
  }
}

TEST_CASE("the cluster commands take a name, an address and where to ask", "[command_line]") {
  const auto added = parse({"cluster", "add", "n4", "h:4101", "--uuid", "01", "--force", "--admin",
                            "http://h:1", "--token-file", "t"});
  REQUIRE(added.has_value());
  CHECK(added->what == command::cluster);
  CHECK(added->cluster.action == cluster_action::add);
  CHECK(added->cluster.name == "n4");
  CHECK(added->cluster.address == "h:4101");
  CHECK(added->cluster.uuid == "01");
  CHECK(added->cluster.force);
  CHECK(added->cluster.admin == "http://h:1");
  CHECK(added->cluster.token_file == "t");
  CHECK(parse({"cluster", "add", "n4"})->cluster.address.empty());
  CHECK(parse({"cluster", "members", "--json"})->cluster.as_json);
  CHECK(parse({"cluster", "leave", "n4"})->cluster.action == cluster_action::leave);
  CHECK(parse({"cluster", "remove", "n4"})->cluster.action == cluster_action::remove);
  const auto made = parse({"cluster", "make-certificates", "d", "--node", "a", "--node", "b"});
  REQUIRE(made.has_value());
  CHECK(made->cluster.directory == "d");
  CHECK(made->cluster.nodes == std::vector<std::string>{"a", "b"});
  CHECK(parse({"cluster", "make-certificates", "d"})->cluster.nodes.size() == 3);
  for (const auto& wrong : {std::vector<const char*>{"cluster"},
                            {"cluster", "leave"},
                            {"cluster", "make-certificates"},
                            {"cluster", "leave", "n4", "h:1"}})
    CHECK(parse(wrong).error().code == exit_usage);
}

TEST_CASE("import takes a kind, a source and a store", "[command_line]") {
  const auto plain = parse({"import", "--from", "y-leveldb", "old", "--store", "data"});
  REQUIRE(plain.has_value());
  CHECK(plain->what == command::import_documents);
  CHECK(plain->importing.kind == import_kind::y_leveldb);
  CHECK(plain->importing.from == "old");
  CHECK(plain->importing.store == "data");
  CHECK(plain->importing.existing == moving::existing_document::merge);
  CHECK_FALSE(plain->importing.dry_run);
  CHECK(plain->importing.names == moving::source_names::of_urls);
  CHECK(parse({"import", "--from", "y-leveldb", "old", "--store", "d", "--names", "as-is"})
            ->importing.names == moving::source_names::as_they_are);

  const auto all = parse({"import", "--from", "postgres-bytea", "postgresql://h/d", "app.documents",
                          "--store", "data", "--name-column", "n", "--data-column", "b",
                          "--existing", "refuse", "--dry-run", "--json"});
  REQUIRE(all.has_value());
  CHECK(all->importing.kind == import_kind::postgres_bytea);
  CHECK(all->importing.which == "app.documents");
  CHECK(all->importing.name_column == "n");
  CHECK(all->importing.data_column == "b");
  CHECK(all->importing.existing == moving::existing_document::refuse);
  CHECK(all->importing.dry_run);
  CHECK(all->importing.as_json);
  const auto server = parse({"import", "--from", "hocuspocus", "ws://h:1", "names", "--store", "d",
                             "--token-file", "t", "--ca-file", "c"});
  REQUIRE(server.has_value());
  CHECK(server->importing.kind == import_kind::hocuspocus);
  CHECK(server->importing.which == "names");
  CHECK(server->importing.token_file == "t");
  CHECK(server->importing.ca_file == "c");
  CHECK(parse({"import", "--from", "y-websocket", "ws://h", "n", "--store", "d"})->importing.kind ==
        import_kind::y_websocket);
  const auto kind_of = [](const char* name) {
    return parse({"import", "--from", name, "x", "--store", "d"})->importing.kind;
  };
  CHECK(kind_of("hocuspocus-sqlite") == import_kind::hocuspocus_sqlite);
  CHECK(kind_of("hocuspocus-s3-dump") == import_kind::hocuspocus_s3_dump);
  CHECK(kind_of("y-sweet") == import_kind::y_sweet);
  CHECK(kind_of("updates") == import_kind::updates);
  for (const auto& wrong : {std::vector<const char*>{"import"},
                            {"import", "--from", "redis", "x", "--store", "d"},
                            {"import", "--from", "updates", "--store", "d"},
                            {"import", "--from", "updates", "x"},
                            {"import", "--from", "updates", "x", "table", "--store", "d"},
                            {"import", "--from", "postgres-bytea", "x", "--store", "d"},
                            {"import", "--from", "hocuspocus", "ws://h:1", "--store", "d"}})
    CHECK(parse(wrong).error().code == exit_usage);
}

TEST_CASE("export takes a folder and a store", "[command_line]") {
  const auto call = parse({"export", "--to", "updates", "folder", "--store", "data"});
  REQUIRE(call.has_value());
  CHECK(call->what == command::export_documents);
  CHECK(call->exporting.to == "folder");
  CHECK(call->exporting.store == "data");
  CHECK(call->exporting.existing == moving::existing_file::refuse);
  CHECK(parse({"export", "--to", "updates", "f", "--store", "d", "--existing", "replace"})
            ->exporting.existing == moving::existing_file::replace);
  CHECK(parse({"export", "--to", "y-leveldb", "f", "--store", "d"}).error().code == exit_usage);
}

TEST_CASE("healthcheck takes the sources of a configuration, or a URL", "[command_line]") {
  const auto by_file =
      parse({"healthcheck", "--config", "node.yaml", "--set", "admin.port=4002", "--ready"});
  REQUIRE(by_file.has_value());
  CHECK(by_file->what == command::healthcheck);
  CHECK(by_file->sources.file == "node.yaml");
  CHECK(by_file->sources.settings == std::vector<std::string>{"admin.port=4002"});
  CHECK(by_file->healthcheck.is_ready);
  const auto by_url = parse({"healthcheck", "--url", "http://127.0.0.1:3001"});
  REQUIRE(by_url.has_value());
  CHECK_FALSE(by_url->sources.file.has_value());
  CHECK(by_url->healthcheck.url == "http://127.0.0.1:3001");
  CHECK_FALSE(by_url->healthcheck.is_ready);
}

}  // namespace troupe::command_line_test
