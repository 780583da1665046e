#include "app/command_line.hpp"

#include <map>
#include <sstream>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/config/keys.hpp"
#include "app/config/sections.hpp"
#include "app/help_texts.hpp"
#include "base/printable.hpp"

namespace troupe {

namespace {

using namespace help_texts;

/// The table of keys, each with its default and its meaning.
std::string key_list() {
  std::ostringstream text;
  text << "Keys:\n";
  for (const config_key& key : config_keys())
    text << "  " << key.name << " = " << format_value(key, config{}) << "\n      " << key.meaning
         << "\n      allowed: " << allowed_values(key) << "; " << environment_name(key.name)
         << "\n";
  for (const section_list& list : section_lists()) {
    text << "  " << list.name << "\n      " << list.meaning << "\n      a list of sections, in the "
         << "file only; keys of a section: " << section_key_names(list) << "\n";
  }
  text << "  caf.KEY\n      any option of CAF, the actor library, for example "
          "caf.scheduler.max-throughput=200\n";
  return text.str();
}

std::string footer(const std::string& examples) {
  return "Examples:\n" + examples + "\n" + precedence + "\n" + key_list();
}

void add_settings_option(CLI::App& app, std::vector<std::string>& settings) {
  app.add_option(
         "--set", settings,
         "Set one key by its dotted name; overrides the file and the environment; repeatable")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

/// Adds an option that accepts one of `names` and stores its value in `to`; "auto" leaves `to` as
/// it is.
template <class Value>
CLI::Option* add_choice(CLI::App& app, const std::string& option, const std::string& meaning,
                        std::vector<std::string> names, std::optional<Value>& to,
                        Value (*of)(const std::string&)) {
  return app
      .add_option_function<std::string>(
          option,
          [&to, of](const std::string& name) {
            if (name != "auto") to = of(name);
          },
          meaning)
      ->type_name("FORMAT")
      ->check(CLI::IsMember(std::move(names)).description(""));
}

crdt::update_container container_named(const std::string& name) {
  if (name == "stream") return crdt::update_container::stream;
  return name == "v2" ? crdt::update_container::v2 : crdt::update_container::v1;
}

crdt::update_format format_named(const std::string& name) {
  return name == "v2" ? crdt::update_format::v2 : crdt::update_format::v1;
}

/// The subcommands of `doc`. Each fills in the request.
class doc_commands {
 public:
  doc_commands(CLI::App& app, doc_request& request) : request_(request) {
    doc_ = app.add_subcommand("doc", "Inspect, convert and merge files of Yjs updates");
    doc_->require_subcommand(1);
    doc_->footer(std::string{doc_files} + "\n" + doc_examples);
    add("info", doc_action::info, "Print sizes, clients, structs, roots and holes", many)
        .add_flag("--json", request_.as_json, "Print JSON instead of a table");
    add_root(add("json", doc_action::json, "Print the contents as JSON", many));
    add_root(add("text", doc_action::text, "Print the plain text of a root", many));
    add("dump", doc_action::dump, "Print each struct and deletion in the files", many);
    add_to(add_output(
               add("convert", doc_action::convert, "Write the update in the other format", one)),
           "Format to write: v1 or v2")
        ->required();
    add_to(add_output(
               add("merge", doc_action::merge, "Write one update with the effect of all", many)),
           written_like_first);
    add_diff();
  }

  bool parsed() const { return doc_->parsed(); }

 private:
  enum file_count { one, many };

  CLI::App& add(const std::string& name, doc_action action, const std::string& what,
                file_count count) {
    CLI::App& app = *doc_->add_subcommand(name, what);
    app.footer(doc_files);
    app.callback([this, action] { request_.action = action; });
    CLI::Option& files =
        *app.add_option("FILE", request_.files,
                        count == one ? "File of updates; - is standard input"
                                     : "Files of updates, in order; - is standard input")
             ->required()
             ->type_name("");
    if (count == one) files.expected(1);
    add_choice(app, "--format", "Format of the files: v1, v2, stream, or auto (the default)",
               {"v1", "v2", "stream", "auto"}, request_.format, container_named);
    return app;
  }

  void add_root(CLI::App& app) {
    app.add_option("--root", request_.root, "Root type to print; default: all, or the only one")
        ->type_name("NAME");
  }

  CLI::App& add_output(CLI::App& app) {
    app.add_flag("--repair", request_.repair,
                 "Write contents that Yjs clients cannot use so that they can; info names them");
    app.add_option("-o,--output", request_.output,
                   "File to write; default: standard output, unless that is a terminal")
        ->type_name("OUT");
    return app;
  }

  CLI::Option* add_to(CLI::App& app, const std::string& meaning) {
    return add_choice(app, "--to", meaning, {"v1", "v2"}, request_.to, format_named);
  }

  void add_diff() {
    CLI::App& app = add("diff", doc_action::diff, "Write what one file has and another lacks", one);
    CLI::Option_group& known =
        *app.add_option_group("known", "State to leave out; exactly one of these");
    known.add_option("--since", request_.since, "Leave out what the document in this file has")
        ->type_name("FILE");
    known
        .add_option("--state-vector", request_.state_vector,
                    "Leave out what this state vector covers; hexadecimal or base64")
        ->type_name("VECTOR");
    known.require_option(1);
    add_to(add_output(app), written_like_first);
  }

  static constexpr const char* written_like_first =
      "Format to write: v1 or v2; default: that of the first file";

  CLI::App* doc_;
  doc_request& request_;
};

/// The subcommands of `storage`. Each fills in the request.
class storage_commands {
 public:
  storage_commands(CLI::App& app, storage_request& request) : request_(request) {
    storage_ = app.add_subcommand("storage", "Check, repair and copy stored documents");
    storage_->require_subcommand(1);
    storage_->footer(std::string{storage_rules} + "\n" + storage_examples);
    add("verify", storage_action::verify,
        "Read everything, check every checksum, and decode every update");
    add_repair();
    add_to(add("backup", storage_action::backup, "Copy a store and check the copy"), "TO",
           "Directory of the copy, which does not exist yet")
        ->required();
    add_to(add("restore", storage_action::restore, "Check a backup and put it in place", "FROM",
               "Directory of the backup"),
           "TO", "Directory of the store, which does not exist yet or is empty")
        ->required();
    CLI::App& stats = add("stats", storage_action::stats,
                          "Print how many documents there are, and how large they are");
    add("migrate", storage_action::migrate,
        "Make the tables of a store in PostgreSQL, or upgrade them", "URL",
        "Database, as postgresql://USER@HOST/DATABASE");
    stats.add_option("--top", request_.top, "How many of the largest documents; default: 10")
        ->type_name("COUNT")
        ->check(CLI::Range(0, 1000).description(""));
  }

  bool parsed() const { return storage_->parsed(); }

 private:
  CLI::App& add(const std::string& name, storage_action action, const std::string& what,
                const char* place = "PATH",
                const char* meaning = "Directory of the store, or URL of its database") {
    CLI::App& app = *storage_->add_subcommand(name, what);
    app.footer(storage_rules);
    app.callback([this, action] { request_.action = action; });
    app.add_option(place, request_.path, meaning)->required()->type_name("");
    app.add_flag("--json", request_.as_json, "Print JSON instead of a table");
    app.add_option("--schema", request_.schema, "Of the tables of a database; default: troupe")
        ->type_name("NAME");
    return app;
  }

  CLI::Option* add_to(CLI::App& app, const char* name, const char* meaning) {
    return app.add_option(name, request_.to, meaning)->type_name("");
  }

  void add_repair() {
    CLI::App& app = add("repair", storage_action::repair,
                        "Save what can be read of a damaged store into a new one");
    app.footer(std::string{repair_rules} + "\n" + storage_rules);
    app.add_flag("--dry-run", request_.dry_run, "Say what would be done and lost, change nothing");
    app.add_flag("--drop", request_.drop,
                 "Remove documents that cannot be read whole; a tombstone takes their place");
    app.add_flag("--past-damage", request_.past_damage,
                 "Also take what the journal holds behind a damaged place");
    app.add_option("--to", request_.to, "Write the new store there and leave the old one in place")
        ->type_name("DIRECTORY");
    app.add_option("--raw", request_.raw, "Write the bytes of broken documents there")
        ->type_name("DIRECTORY");
    app.add_option("--name", request_.names,
                   "Name of a document that verify shows by its id only; repeatable")
        ->type_name("NAME")
        ->allow_extra_args(false);
  }

  CLI::App* storage_;
  storage_request& request_;
};

/// The subcommands of `cluster`. Each fills in the request.
class cluster_commands {
 public:
  cluster_commands(CLI::App& app, cluster_request& request) : request_(request) {
    cluster_ = app.add_subcommand("cluster", "Ask and change which nodes belong to a cluster");
    cluster_->require_subcommand(1);
    cluster_->footer(std::string{cluster_rules} + "\n" + cluster_examples);
    add("members", cluster_action::members, "Print the nodes and how they are")
        .add_flag("--json", request_.as_json, "Print the answer of the node as it is");
    CLI::App& joins = add_change("add", cluster_action::add,
                                 "Add a node that asks, or give a member another address");
    joins.add_option("ADDRESS", request_.address, "HOST:PORT; default: that under which it asks")
        ->type_name("");
    joins.add_option("--uuid", request_.uuid, "Its uuid; default: that of the one that asks")
        ->type_name("UUID");
    add_change("leave", cluster_action::leave, "Let a member hand over its documents and go");
    add_change("remove", cluster_action::remove, "Remove a member that is lost with its data");
    add_certificates();
  }

  bool parsed() const { return cluster_->parsed(); }

 private:
  CLI::App& add(const std::string& name, cluster_action action, const std::string& what) {
    CLI::App& app = *cluster_->add_subcommand(name, what);
    app.footer(cluster_rules);
    app.callback([this, action] { request_.action = action; });
    app.add_option("--admin", request_.admin, "Admin pages of a member; default: " + request_.admin)
        ->type_name("URL");
    app.add_option("--token-file", request_.token_file, "File with the admin token")
        ->type_name("FILE");
    return app;
  }

  CLI::App& add_change(const std::string& name, cluster_action action, const std::string& what) {
    CLI::App& app = add(name, action, what);
    const bool is_new = action == cluster_action::add;
    app.add_option("NAME", request_.name,
                   is_new ? "Name of the node" : "Name or uuid of the member")
        ->required()
        ->type_name("");
    app.add_flag("--force", request_.force,
                 "Even if the node reaches too few members to know that nobody else changes the "
                 "list");
    return app;
  }

  void add_certificates() {
    CLI::App& app = *cluster_->add_subcommand(
        "make-certificates", "Make an authority and certificates of nodes, for trials");
    app.callback([this] { request_.action = cluster_action::make_certificates; });
    app.add_option("DIRECTORY", request_.directory,
                   "Where to write them; an authority that is there is used again")
        ->required()
        ->type_name("");
    app.add_option("--node", request_.nodes, "Name of a node; repeatable; default: n1, n2 and n3")
        ->type_name("NAME")
        ->allow_extra_args(false);
  }

  CLI::App* cluster_;
  cluster_request& request_;
};

const std::map<std::string, import_kind> import_kinds{
    {"y-leveldb", import_kind::y_leveldb},
    {"hocuspocus-sqlite", import_kind::hocuspocus_sqlite},
    {"hocuspocus-s3-dump", import_kind::hocuspocus_s3_dump},
    {"y-sweet", import_kind::y_sweet},
    {"updates", import_kind::updates},
    {"postgres-bytea", import_kind::postgres_bytea},
    {"y-websocket", import_kind::y_websocket},
    {"hocuspocus", import_kind::hocuspocus}};

/// What only some kinds of sources need.
void add_source_options(CLI::App& in, import_request& request) {
  in.add_option_function<std::string>(
        "--names",
        [&request](const std::string& rule) {
          if (rule == "as-is") request.names = moving::source_names::as_they_are;
        },
        "Of y-leveldb: decoded (the default, %20 is a space) or as-is")
      ->type_name("RULE")
      ->check(CLI::IsMember({"decoded", "as-is"}).description(""));
  in.add_option("--name-column", request.name_column, "Of the table; default: name")
      ->type_name("NAME");
  in.add_option("--data-column", request.data_column, "Of the table, of type bytea; default: data")
      ->type_name("NAME");
  in.add_option("--token-file", request.token_file, "A file with a token that a server asks for")
      ->type_name("FILE");
  in.add_option("--ca-file", request.ca_file,
                "Certificates to trust for wss://, in PEM; default: those of the system")
      ->type_name("FILE");
}

void add_store(CLI::App& to, std::string& store, std::string& schema) {
  to.add_option("--store", store, "Directory of the store, or URL of its database")
      ->required()
      ->type_name("PATH");
  to.add_option("--schema", schema, "Of the tables of a database; default: troupe")
      ->type_name("NAME");
}

CLI::App& add_import(CLI::App& app, import_request& request) {
  CLI::App& in = *app.add_subcommand("import", "Take the documents of another server into a store");
  in.add_option_function<std::string>(
        "--from", [&request](const std::string& name) { request.kind = import_kinds.at(name); },
        "What to read: y-leveldb (a directory), hocuspocus-sqlite (a file), hocuspocus-s3-dump, "
        "y-sweet or updates (a folder), postgres-bytea (the URL of a database, and a table), or "
        "y-websocket or hocuspocus (the URL of a server, and a file with a name in each line)")
      ->type_name("KIND")
      ->check(CLI::IsMember(import_kinds).description(""))
      ->required();
  in.add_option("SOURCE", request.from, "Where it is")->required()->type_name("");
  in.add_option("WHICH", request.which,
                "Of a database its table, NAME or SCHEMA.NAME; of a server a file with names")
      ->type_name("");
  add_source_options(in, request);
  add_store(in, request.store, request.schema);
  in.add_option_function<std::string>(
        "--existing",
        [&request](const std::string& rule) {
          if (rule == "refuse") request.existing = moving::existing_document::refuse;
        },
        "Documents that are in the store and lack something: merge (the default) or refuse")
      ->type_name("RULE")
      ->check(CLI::IsMember({"merge", "refuse"}).description(""));
  in.callback([&request] {
    if (takes_a_part(request.kind) == request.which.empty())
      throw CLI::ValidationError("WHICH", "a database needs a table, a server a file with names, "
                                          "and nothing else has either");
  });
  in.add_flag("--dry-run", request.dry_run, "Read and compare everything, write nothing");
  in.add_flag("--json", request.as_json, "Print JSON instead of a table");
  in.footer(std::string{import_rules} + "\n" + import_examples);
  return in;
}

CLI::App& add_export(CLI::App& app, export_request& request) {
  CLI::App& out = *app.add_subcommand("export", "Write the documents of a store into a folder");
  out.add_option("--to", "What to write: updates (a folder)")
      ->type_name("KIND")
      ->check(CLI::IsMember({"updates"}).description(""))
      ->required();
  out.add_option("FOLDER", request.to, "Where to write it")->required()->type_name("");
  add_store(out, request.store, request.schema);
  out.add_option_function<std::string>(
         "--existing",
         [&request](const std::string& rule) {
           if (rule == "replace") request.existing = moving::existing_file::replace;
         },
         "Files that are there with other contents: refuse (the default) or replace")
      ->type_name("RULE")
      ->check(CLI::IsMember({"refuse", "replace"}).description(""));
  out.add_flag("--json", request.as_json, "Print JSON instead of a table");
  out.footer(export_rules);
  return out;
}

CLI::App& add_healthcheck(CLI::App& app, invocation& call, std::string& file) {
  CLI::App& health = *app.add_subcommand("healthcheck", "Ask a node whether it is up");
  health.add_option("--config", file, "Configuration file of the node; default: none")
      ->type_name("FILE");
  add_settings_option(health, call.sources.settings);
  health
      .add_option("--url", call.healthcheck.url,
                  "Ask there; default: the admin pages or the port of the configuration")
      ->type_name("URL");
  health.add_flag("--ready", call.healthcheck.is_ready,
                  "Whether it can take edits (/readyz), not only whether it is up (/healthz)");
  health.footer(healthcheck_rules);
  return health;
}

/// The subcommands of `inspect`. Each fills in the request.
class inspect_commands {
 public:
  inspect_commands(CLI::App& app, inspect_request& request) : request_(request) {
    inspect_ = app.add_subcommand("inspect", "Look into a running node");
    inspect_->require_subcommand(0, 1);
    inspect_->footer(std::string{inspect_rules} + "\n" + inspect_examples);
    add_target(*inspect_);
    add("nodes", inspect_action::nodes, "Print how the node is, and its cluster as it sees it");
    add("actors", inspect_action::actors,
        "Print the actors with their mailboxes, and how long messages wait and take");
    CLI::App& documents = add("documents", inspect_action::documents, "Print the open documents");
    add_limit(documents, "documents");
    add_order(documents, "--sort", request_.document_order, document_orders);
    add("document", inspect_action::document, "Print what is known of one document")
        .add_option("NAME", request_.document, "Name of the document")
        ->required()
        ->type_name("");
    CLI::App& sessions =
        add("sessions", inspect_action::sessions, "Print the sessions, the largest queues first");
    add_limit(sessions, "sessions");
    add_order(sessions, "--sort", request_.session_order, session_orders);
    add_watch();
  }

  bool parsed() const { return inspect_->parsed(); }

 private:
  CLI::App& add(const std::string& name, inspect_action action, const std::string& what) {
    CLI::App& app = *inspect_->add_subcommand(name, what);
    app.footer(inspect_rules);
    app.callback([this, action] { request_.action = action; });
    add_target(app);
    return app;
  }

  void add_target(CLI::App& app) {
    app.add_option("--at", request_.at,
                   "Where the node listens; default: 127.0.0.1:3003, or as --config says")
        ->type_name("HOST:PORT");
    app.add_option("--config", request_.config_file,
                   "Configuration of the node: its port, and certificates to show")
        ->type_name("FILE");
    app.add_flag("--json", request_.as_json, "Print JSON instead of a table");
  }

  void add_limit(CLI::App& app, const char* what) {
    app.add_option("--limit", request_.limit,
                   std::string{"How many "}.append(what).append("; default: 20"))
        ->type_name("COUNT")
        ->check(CLI::Range(std::size_t{1}, inspection::rows_max).description(""));
  }

  template <std::size_t Count>
  static void add_order(CLI::App& app, const char* option, std::string& to,
                        const char* const (&names)[Count]) {
    std::string list;
    for (const char* const each : names) list.append(list.empty() ? "" : ", ").append(each);
    app.add_option(option, to, "Which come first: " + list + "; default: " + to)
        ->type_name("ORDER")
        ->check(CLI::IsMember(std::vector<std::string>(std::begin(names), std::end(names)))
                    .description(""));
  }

  void add_watch() {
    CLI::App& app = add("watch", inspect_action::watch, "Print all of it again and again");
    add_order(app, "--sort-sessions", request_.session_order, session_orders);
    add_order(app, "--sort-documents", request_.document_order, document_orders);
    app.add_option("--count", request_.count, "How often; default: until it is interrupted")
        ->type_name("COUNT");
    app.add_option_function<double>(
           "--interval",
           [this](double seconds) {
             request_.interval = std::chrono::milliseconds{static_cast<int>(seconds * 1000)};
           },
           "Seconds between two; default: 2")
        ->type_name("SECONDS")
        ->check(CLI::Range(0.1, 3600.0).description(""));
  }

  CLI::App* inspect_;
  inspect_request& request_;
};

/// Where a command is missing, or is none that there is: what there is. Empty: that is all right.
std::string why_no_command(const CLI::App& app) {
  const CLI::App* last = &app;
  while (!last->get_subcommands().empty()) last = last->get_subcommands().front();
  std::string names;
  for (const CLI::App* each : last->get_subcommands([](const CLI::App*) { return true; }))
    names.append(names.empty() ? "" : ", ").append(each->get_name());
  const std::vector<std::string> unknown = last->remaining();
  const bool is_option = !unknown.empty() && unknown.front().starts_with('-');
  if (names.empty()) return {};
  if (is_option)
    return last->get_display_name() + ": " + in_single_quotes(unknown.front()) + " is no option";
  const std::string what = unknown.empty() ? "a command is missing"
                                           : in_single_quotes(unknown.front()) + " is no command";
  return last->get_display_name().append(": ").append(what).append("; there are: ").append(names);
}

/// What a wrong command line ends with.
early_exit end_of_wrong_call(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream out;
  std::ostringstream err;
  const int code = app.exit(error, out, err);
  if (code == 0) return {0, out.str(), err.str()};
  const bool lacks_command = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr ||
                             dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  const std::string why = lacks_command ? why_no_command(app) : "";
  if (why.empty()) return {exit_usage, out.str(), err.str()};
  return {exit_usage, out.str(), why + "\nRun with --help for more information.\n"};
}

}  // namespace

tl::expected<invocation, early_exit> parse_command_line(int argc, const char* const* argv) {
  invocation call;
  std::string file;
  bool print = false;

  CLI::App app{description, "troupe"};
  app.require_subcommand(1);
  app.set_version_flag("--version", version_text());
  app.footer(std::string{general_footer} + "\n" + precedence);

  CLI::App* serve = app.add_subcommand("serve", "Start a server and run until SIGINT or SIGTERM");
  serve->add_option("--config", file, "Configuration file (YAML); default: none")
      ->type_name("FILE");
  add_settings_option(*serve, call.sources.settings);
  serve->footer(footer("  troupe serve --config config/minimal.yaml\n"
                       "  troupe serve --set server.port=0 --set limits.max_message_size=4MiB\n"
                       "  TROUPE_LOG__LEVEL=debug troupe serve\n"));

  CLI::App* check =
      app.add_subcommand("check-config", "Check a configuration file and the environment");
  check->add_option("FILE", file, "Configuration file (YAML)")->required()->type_name("");
  add_settings_option(*check, call.sources.settings);
  check->add_flag("--print", print,
                  "Print the effective configuration as YAML: every key with its value");
  check->footer(footer("  troupe check-config config/reference.yaml\n"
                       "  troupe check-config node.yaml --set server.port=80 --print\n"));

  const doc_commands doc{app, call.doc};
  const storage_commands storage{app, call.storage};
  const cluster_commands cluster{app, call.cluster};
  const CLI::App& importing = add_import(app, call.importing);
  const CLI::App& exporting = add_export(app, call.exporting);
  const CLI::App& healthcheck = add_healthcheck(app, call, file);
  const inspect_commands inspect{app, call.inspect};

  CLI::App* version = app.add_subcommand("version", "Print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return tl::unexpected(end_of_wrong_call(app, error));
  }
  if (version->parsed()) call.what = command::version;
  if (doc.parsed()) call.what = command::doc;
  if (storage.parsed()) call.what = command::storage;
  if (cluster.parsed()) call.what = command::cluster;
  if (inspect.parsed()) call.what = command::inspect;
  if (importing.parsed()) call.what = command::import_documents;
  if (exporting.parsed()) call.what = command::export_documents;
  if (check->parsed()) call.what = command::check_config;
  if (healthcheck.parsed()) call.what = command::healthcheck;
  if (check->parsed() || healthcheck.count("--config") > 0 || serve->count("--config") > 0)
    call.sources.file = file;
  if (print) call.print = print_effective::yes;
  return call;
}

std::string version_text() { return "troupe " TROUPE_VERSION; }

}  // namespace troupe
