#include "app/serve.hpp"

#include <sys/resource.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <iostream>
#include <string>
#include <string_view>

#include <caf/init_global_meta_objects.hpp>

#include "actors/log_sink.hpp"
#include "app/config/to_settings.hpp"
#include "app/exporter.hpp"
#include "app/node.hpp"
#include "app/service_manager.hpp"
#include "app/thread_watch.hpp"
#include "base/printable.hpp"
#include "net/address_limits.hpp"

namespace troupe {

namespace {

/// Descriptors that the process needs besides its connections: files, the exporter, those of CAF.
constexpr rlim_t descriptors_besides = 100;
/// The process ends by force when a stop takes longer than this. Every acknowledged update is
/// stored by then.
constexpr unsigned stop_seconds_max = 5;

/// Signals that the node handles. All threads block them; the main thread waits for them.
sigset_t handled_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGINT);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGHUP);   // reads the certificate and opens the logs again
  sigaddset(&signals, SIGUSR1);  // sent by the process itself: an actor has failed
  return signals;
}

void raise_descriptor_limit(std::size_t connections_max) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = limit.rlim_max;
  setrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < connections_max + descriptors_besides)
    std::cerr << "troupe: the hard limit of open files is " << limit.rlim_max
              << ", too few for limits.max_connections = " << connections_max
              << "; raise it (ulimit -Hn) or lower the key\n";
}

void end_by_force(int) {
  constexpr std::string_view text = "troupe: stopping took too long, ending now\n";
  [[maybe_unused]] const auto written = write(STDERR_FILENO, text.data(), text.size());
  _Exit(EXIT_FAILURE);
}

/// From here on a second signal ends the process, as does a stop that takes too long.
void arm_watchdog(const sigset_t& signals) {
  std::signal(SIGALRM, end_by_force);
  std::signal(SIGUSR1, SIG_IGN);
  std::signal(SIGHUP, SIG_IGN);
  std::signal(SIGINT, SIG_DFL);
  std::signal(SIGTERM, SIG_DFL);
  pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
  alarm(stop_seconds_max);
}

/// Ends the process while a worker still works on a document. All that was acknowledged is stored.
[[noreturn]] void end_without_worker(int code) {
  std::cerr << "troupe: ended without the result of work that took long; what was not acknowledged "
               "is not stored\n";
  std::cout.flush();
  std::_Exit(code);
}

/// What an operator should know before others find out.
std::vector<std::string> risks_of(const config& settings) {
  std::vector<std::string> risks;
  const bool is_public = !is_loopback_address(settings.server.address);
  if (is_public && settings.access.mode == access::mode::open)
    risks.push_back("WARNING: listening on " + settings.server.address +
                    " with access.mode open: whoever reaches this port can read and change EVERY "
                    "document; set access.mode to token or webhook (docs/security.md), or let a "
                    "proxy decide who may connect");
  if (is_public && settings.server.allowed_origins.empty())
    risks.push_back("warning: listening on " + settings.server.address +
                    " without server.allowed_origins: browsers can only connect from pages of this "
                    "machine, or of the same host over https; list the origins of your pages");
  if (settings.metrics.port != 0 && !is_loopback_address(settings.metrics.address))
    risks.push_back("warning: the metrics on " + settings.metrics.address +
                    " ask for no password: whoever reaches the port can read them");
  if (settings.admin.enabled && !is_loopback_address(settings.admin.address))
    risks.push_back("warning: the admin pages listen on " + settings.admin.address +
                    " without TLS: whoever can listen on the way there learns the token, and with "
                    "it can read and delete all documents");
  if (settings.access.mode == access::mode::webhook && settings.access_webhook.secret.empty() &&
      settings.access_webhook.secret_file.empty())
    risks.push_back("warning: access.webhook.secret is not set: the application cannot verify that "
                    "requests come from this node");
  return risks;
}

/// On the terminal whatever the log shows, and in the log's file where there is one.
void warn_of_risks(const config& settings, const log_sink& log) {
  for (const std::string& each : risks_of(settings)) {
    std::cerr << "troupe: " << each << '\n';
    if (log.has_file()) log_line(log_severity::warning, each);
  }
}

void reopen_logs(node& running, log_sink& log) {
  auto reopened = running.reopen_logs();
  if (auto log_file = log.has_file() ? log.reopen() : result<void>{}; reopened && !log_file)
    reopened = std::move(log_file);
  if (reopened)
    std::cout << "troupe opened its logs again" << std::endl;
  else
    std::cerr << "troupe: the old logs are kept: " << printable(reopened.error().detail) << '\n';
}

void reload_tls(node& running) {
  const auto reloaded = running.reload_tls();
  if (reloaded)
    std::cout << "troupe read its certificate again" << std::endl;
  else
    std::cerr << "troupe: the certificate was not replaced: " << printable(reloaded.error().detail)
              << '\n';
}

void reload(node& running, log_sink& log) {
  const bool has_logs = running.has_logs() || log.has_file();
  if (has_logs) reopen_logs(running, log);
  if (running.has_tls()) return reload_tls(running);
  if (!has_logs)
    std::cerr << "troupe: SIGHUP changes nothing: there is no certificate to read again "
                 "(server.tls.certificate), and no file to open again (log.file, log.requests, "
                 "log.audit)\n";
}

/// Waits for the next signal. The service manager is told meanwhile that the node lives, as long as
/// its I/O threads do.
int wait_for_signal(const sigset_t& signals, const service_manager& manager,
                    thread_watch& threads) {
  const auto interval = manager.watchdog_interval();
  if (!interval) {
    int signal = 0;
    sigwait(&signals, &signal);
    return signal;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*interval);
  const timespec time{static_cast<std::time_t>(seconds.count()),
                      static_cast<long>(std::chrono::nanoseconds{*interval - seconds}.count())};
  for (;;) {
    if (threads.all_answer()) manager.tell("WATCHDOG=1");
    const int signal = sigtimedwait(&signals, nullptr, &time);
    if (signal > 0) return signal;
  }
}

/// Waits for a signal that ends the node, or for the failure of an actor.
void wait_for_end(const sigset_t& signals, node& running, log_sink& log,
                  const std::atomic<bool>& has_failed, const service_manager& manager,
                  const node::io_units& units) {
  thread_watch threads{units};
  for (;;) {
    const int signal = wait_for_signal(signals, manager, threads);
    if (signal == SIGHUP)
      reload(running, log);
    else if (signal != SIGUSR1 || has_failed)
      return;
  }
}

/// Gives load balancers time to see that the node stops. Another signal ends the wait.
void announce_stop(const sigset_t& signals, node& running, std::chrono::milliseconds delay) {
  running.announce_stop();
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(delay);
  const std::chrono::nanoseconds rest = delay - whole;
  const timespec time{static_cast<time_t>(whole.count()), static_cast<long>(rest.count())};
  if (delay.count() > 0) sigtimedwait(&signals, nullptr, &time);
}

std::string host_for_url(const std::string& address) {
  return address.find(':') != std::string::npos ? "[" + address + "]" : address;
}

/// Null: the file cannot be opened, which is told.
std::unique_ptr<log_sink> open_log(const config& settings, const caf_config& caf) {
  if (const auto choice = to_log_choice(settings)) levels_of_process().choose(*choice);
  const coloured console = caf.has_colours() ? coloured::yes : coloured::no;
  auto opened = log_sink::open(to_log_sink_settings(settings, console));
  if (opened) return *std::move(opened);
  std::cerr << "troupe: log.file: " << printable(opened.error().detail) << '\n';
  return nullptr;
}

/// The token is shown on the terminal, and in nothing that keeps it unless there is no other place.
void print_token(const admin_token& token, const std::string& url) {
  if (token.from == admin_token::source::configured) return;
  const bool is_new = token.from == admin_token::source::made;
  const bool is_shown = is_new && (token.file.empty() || isatty(STDOUT_FILENO) != 0);
  if (!token.file.empty())
    std::cout << "troupe " << (is_new ? "made" : "keeps") << " its admin token in "
              << printable(token.file) << std::endl;
  if (is_shown)
    std::cout << "troupe shows its admin token this once: curl -H 'Authorization: Bearer "
              << token.value.reveal() << "' " << url << "/api/v1/sessions" << std::endl;
}

/// Where a browser on this machine reaches a listener of this address.
std::string host_of_pages(const std::string& address) {
  if (address == "0.0.0.0") return "127.0.0.1";
  return address == "::" ? "[::1]" : host_for_url(address);
}

void print_demo(const config& settings, const node& running) {
  if (!settings.demo.enabled) return;
  std::cout << "troupe shows a demo on " << (running.has_tls() ? "https://" : "http://")
            << host_of_pages(settings.server.address) << ':' << running.port() << "/demo"
            << (settings.demo.remote ? "" : ", to browsers on this machine") << std::endl;
}

void print_addresses(const config& settings, const node& running) {
  const std::string_view scheme = settings.tls.certificate.empty() ? "ws://" : "wss://";
  std::cout << "troupe listening on " << scheme << host_for_url(settings.server.address) << ':'
            << running.port() << std::endl;
  print_demo(settings, running);
  if (running.inspect_port() != 0)
    std::cout << "troupe inspect --at " << host_for_url(settings.inspect.address) << ':'
              << running.inspect_port() << " looks into it" << std::endl;
  if (running.gateway_port() != 0)
    std::cout << "troupe lets programs join at " << host_for_url(settings.gateway.address) << ':'
              << running.gateway_port() << std::endl;
  if (!settings.admin.enabled) return;
  const std::string url =
      "http://" + host_for_url(settings.admin.address) + ":" + std::to_string(running.admin_port());
  print_token(running.token(), url);
  std::cout << "troupe shows its dashboard on "
            << "http://" << host_of_pages(settings.admin.address) << ':' << running.admin_port()
            << "/, to whoever has the admin token" << std::endl;
  std::cout << "troupe serves its admin pages on " << url << std::endl;
}

void print_metrics(caf::actor_system& system) {
  const exporter_place place = place_of_exporter(system);
  if (place.port == 0) return;
  std::cout << "troupe serves its metrics on http://" << host_for_url(place.address) << ':'
            << place.port << "/metrics" << std::endl;
}

/// After the exporter, which does not say that it failed.
result<std::unique_ptr<node>> open_node(const config& settings, caf::actor_system& system,
                                        node::io_units& units, std::function<void()> on_failure) {
  if (auto checked = check_exporter(system); !checked) return tl::unexpected(checked.error());
  return node::open(settings, system, units, std::move(on_failure));
}

}  // namespace

int serve(const config& settings, caf_config& caf) {
  std::signal(SIGPIPE, SIG_IGN);
  const sigset_t signals = handled_signals();
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  raise_descriptor_limit(settings.limits.max_connections);

  const service_manager manager = service_manager::of_this_process();
  caf::init_global_meta_objects<caf::id_block::troupe_wire>();
  caf::init_global_meta_objects<caf::id_block::troupe_inspection>();
  caf::init_global_meta_objects<caf::id_block::troupe_client>();
  caf::init_global_meta_objects<caf::id_block::troupe_actors>();
  std::vector<std::unique_ptr<io_unit>> units;
  for (std::size_t i = 0; i < io_thread_count(settings, core_count()); ++i)
    units.push_back(std::make_unique<io_unit>(settings.io.flush_interval));
  std::atomic<bool> has_failed{false};
  bool has_left_worker = false;
  {
    // Outlives the system, whose logger writes to the end.
    const auto log = open_log(settings, caf);
    if (!log) return EXIT_FAILURE;
    caf::actor_system system{caf};
    warn_of_risks(settings, *log);
    const auto on_failure = [&has_failed] {
      has_failed = true;
      kill(getpid(), SIGUSR1);
    };
    const auto running = open_node(settings, system, units, on_failure);
    if (running) {
      print_metrics(system);
      print_addresses(settings, **running);
      manager.tell("READY=1");
      wait_for_end(signals, **running, *log, has_failed, manager, units);
      manager.tell("STOPPING=1");
      std::cout << "troupe stopping" << std::endl;
      if (!has_failed) announce_stop(signals, **running, settings.server.drain_delay);
    } else {
      std::cerr << "troupe: " << printable(running.error().detail) << '\n';
      has_failed = true;
    }
    arm_watchdog(signals);
    if (running) {
      (*running)->stop();
      has_left_worker = (*running)->has_left_worker();
      if ((*running)->has_left_unstored()) {
        std::cerr << "troupe: edits that were not acknowledged could not be stored; their clients "
                     "still have them\n";
        has_failed = true;
      }
    }
  }
  alarm(0);
  const int code = has_failed ? EXIT_FAILURE : EXIT_SUCCESS;
  if (has_left_worker) end_without_worker(code);
  return code;
}

}  // namespace troupe
