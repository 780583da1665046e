// The entry point of the binary `troupe`: command line, configuration, then the command.
#include <chrono>
#include <cstdlib>
#include <iostream>
#include <optional>
#include <string>

#include <unistd.h>

#include "app/cluster/command.hpp"
#include "app/cluster/published_port.hpp"
#include "app/command_line.hpp"
#include "app/config/caf_options.hpp"
#include "app/config/check.hpp"
#include "app/config/load.hpp"
#include "app/doc/command.hpp"
#include "app/healthcheck.hpp"
#include "app/inspect/connection.hpp"
#include "app/inspect/screen.hpp"
#include "app/moving/tool.hpp"
#include "app/serve.hpp"
#include "app/storage/tool.hpp"

namespace {

/// Starts the server, or reports everything that is wrong with its configuration.
int load_and_serve(const troupe::config_sources& sources) {
  const troupe::loaded_config loaded = troupe::load_config(sources);
  troupe::caf_config caf{loaded.settings};
  troupe::write_problems(loaded.problems, std::cerr);
  troupe::write_problems(caf.problems(), std::cerr);
  if (!loaded.problems.empty() || !caf.problems().empty()) return troupe::exit_usage;
  return troupe::serve(loaded.settings, caf);
}

int check_health(const troupe::invocation& call) {
  const troupe::loaded_config loaded = troupe::load_config(call.sources);
  troupe::write_problems(loaded.problems, std::cerr);
  if (!loaded.problems.empty()) return troupe::exit_usage;
  return troupe::run_healthcheck(call.healthcheck, loaded.settings, troupe::ask_by_http,
                                 {std::cout, std::cerr});
}

/// Asks a running node, as its configuration says if the request names one. Does not wait for what
/// a node that stands still has left behind.
int look_into_node(const troupe::inspect_request& request, const troupe::config_sources& sources) {
  std::optional<troupe::loaded_config> loaded;
  if (!request.config_file.empty()) {
    loaded = troupe::load_config({request.config_file, sources.environment, {}});
    troupe::write_problems(loaded->problems, std::cerr);
    if (!loaded->problems.empty()) return troupe::exit_usage;
  }
  const auto target = troupe::target_of(request, loaded ? &loaded->settings : nullptr);
  if (!target) {
    std::cerr << "troupe: " << target.error().detail << '\n';
    return troupe::exit_usage;
  }
  const bool has_tls = !target->tls.certificate.empty();
  const auto checked = has_tls ? troupe::check_certificates(target->tls) : troupe::result<void>{};
  if (!checked) {
    std::cerr << "troupe: " << checked.error().detail << '\n';
    return troupe::inspect_failed;
  }
  std::optional<troupe::watch_screen> screen;
  const auto show = [&](const std::string& text, std::chrono::milliseconds pause) {
    using kind = troupe::watch_screen::kind;
    const bool is_shown = ::isatty(STDOUT_FILENO) != 0 && !request.as_json;
    if (!screen) screen.emplace(std::cout, is_shown ? kind::terminal : kind::plain);
    return screen->show(text, pause);
  };
  const int code = troupe::run_inspect_command(request, *target, troupe::connect_to_inspector, show,
                                               {std::cout, std::cerr});
  screen.reset();
  std::cout.flush();
  std::_Exit(code);
}

}  // namespace

int main(int argc, char** argv) {
  auto call = troupe::parse_command_line(argc, argv);
  if (!call) {
    std::cout << call.error().out;
    std::cerr << call.error().err;
    return call.error().code;
  }
  call->sources.environment = troupe::process_environment();
  switch (call->what) {
    case troupe::command::serve: return load_and_serve(call->sources);
    case troupe::command::check_config:
      return troupe::check_config(call->sources, call->print, std::cout, std::cerr);
    case troupe::command::doc:
      return troupe::run_doc_command(
          call->doc, {std::cin, std::cout, std::cerr, ::isatty(STDOUT_FILENO) != 0});
    case troupe::command::storage:
      return troupe::run_storage_command(call->storage, {std::cout, std::cerr});
    case troupe::command::cluster: {
      const char* const token = std::getenv(troupe::admin_token_variable);
      return troupe::run_cluster_command(call->cluster, token == nullptr ? "" : token,
                                         troupe::ask_by_http, {std::cout, std::cerr});
    }
    case troupe::command::import_documents:
      return troupe::run_import_command(call->importing, {std::cout, std::cerr});
    case troupe::command::export_documents:
      return troupe::run_export_command(call->exporting, {std::cout, std::cerr});
    case troupe::command::healthcheck: return check_health(*call);
    case troupe::command::inspect: return look_into_node(call->inspect, call->sources);
    case troupe::command::version: std::cout << troupe::version_text() << '\n'; return 0;
  }
  return troupe::exit_usage;
}
