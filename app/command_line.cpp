#include "app/command_line.hpp"

#include <sstream>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/config_keys.hpp"

namespace troupe {

namespace {

constexpr const char* description = "troupe: a real-time collaboration server for Yjs clients";

constexpr const char* precedence =
    "A value is taken from the last of these that sets it: the default, the file, the\n"
    "environment, --set. The variable of a key is its name in upper case after TROUPE_, with two\n"
    "underscores for each dot: server.port is TROUPE_SERVER__PORT, and caf.scheduler.max-threads\n"
    "is TROUPE_CAF__SCHEDULER__MAX_THREADS.\n";

constexpr const char* general_footer =
    "Examples:\n"
    "  troupe serve                             the defaults: ws://127.0.0.1:3001\n"
    "  troupe serve --config node.yaml --set log.level=debug\n"
    "  TROUPE_SERVER__PORT=3002 troupe serve    the environment overrides the file\n"
    "  troupe check-config node.yaml            report every mistake, start nothing\n"
    "  troupe check-config node.yaml --print    the effective configuration as YAML\n"
    "\n"
    "troupe COMMAND --help explains a command and lists the keys. Exit code 2: the command line\n"
    "or the configuration is wrong; each mistake is one line on the standard error.\n";

/// The table of keys, each with its default and its meaning.
std::string key_list() {
  std::ostringstream text;
  text << "Keys:\n";
  for (const config_key& key : config_keys())
    text << "  " << key.name << " = " << format_value(key, config{}) << "\n      " << key.meaning
         << "\n      allowed: " << allowed_values(key) << "; " << environment_name(key.name)
         << "\n";
  text << "  caf.KEY\n      any option of CAF, the actor library, for example "
          "caf.scheduler.max-throughput=200\n";
  return text.str();
}

std::string footer(const std::string& examples) {
  return "Examples:\n" + examples + "\n" + precedence + "\n" + key_list();
}

void add_settings_option(CLI::App& app, std::vector<std::string>& settings) {
  app.add_option("--set", settings,
                 "Set one key by its dotted name, over the file and the environment; repeatable")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
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
  serve->add_option("--config", file, "Configuration file (YAML); without it, the defaults")
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

  CLI::App* version = app.add_subcommand("version", "Print the version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::ostringstream out;
    std::ostringstream err;
    const int code = app.exit(error, out, err);
    return tl::unexpected(early_exit{code == 0 ? 0 : exit_usage, out.str(), err.str()});
  }
  if (version->parsed()) call.what = command::version;
  if (check->parsed()) call.what = command::check_config;
  if (check->parsed() || serve->count("--config") > 0) call.sources.file = file;
  if (print) call.print = print_effective::yes;
  return call;
}

std::string version_text() { return "troupe " TROUPE_VERSION; }

}  // namespace troupe
