#include "tests/support/postgres_server.hpp"

#include <csignal>
#include <cstdlib>
#include <thread>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <catch2/catch_test_macros.hpp>

#include "storage/postgresql/schema.hpp"

namespace troupe::test {

namespace {

namespace fs = std::filesystem;
using storage::postgresql::connection;

/// Where Debian keeps the programs of the newest version that is there; empty: nowhere.
fs::path find_programs() {
  const fs::path base = "/usr/lib/postgresql";
  fs::path newest;
  std::error_code why;
  for (fs::directory_iterator at{base, why}, end; !why && at != end; at.increment(why))
    if (fs::exists(at->path() / "bin/initdb") && at->path() > newest) newest = at->path();
  return newest.empty() ? newest : newest / "bin";
}

const fs::path& programs() {
  static const fs::path found = find_programs();
  return found;
}

/// PostgreSQL does not run as root; it is then the package's own user.
const passwd* other_user() { return ::getuid() == 0 ? ::getpwnam("postgres") : nullptr; }

/// A process and those that it has begun; PostgreSQL's begin none themselves.
std::vector<pid_t> with_children(pid_t parent) {
  std::vector<pid_t> all{parent};
  const std::string of = std::to_string(parent);
  std::ifstream children{"/proc/" + of + "/task/" + of + "/children"};
  for (pid_t each = 0; children >> each;) all.push_back(each);
  return all;
}

void signal_all(pid_t parent, int signal) {
  for (const pid_t each : with_children(parent)) ::kill(each, signal);
}

std::optional<std::string> look_why_missing() {
  if (programs().empty()) return "there is no /usr/lib/postgresql/*/bin/initdb";
  if (::getuid() == 0 && other_user() == nullptr) return "there is no user postgres";
  return std::nullopt;
}

}  // namespace

const std::optional<std::string>& postgres_server::why_missing() {
  static const std::optional<std::string> why = look_why_missing();
  return why;
}

postgres_server::postgres_server(std::vector<std::string> options) : options_(std::move(options)) {
  if (const passwd* const user = other_user())
    REQUIRE(::chown(folder_.text().c_str(), user->pw_uid, user->pw_gid) == 0);
  run({programs() / "initdb", "-D", folder_.text() + "/data", "-U", "postgres", "-A", "trust", "-E",
       "UTF8", "--no-sync", "--locale=C"});
  start();
}

postgres_server::~postgres_server() {
  if (pid_ != 0) kill();
}

/// Without standard output; its standard error goes to a file in the folder.
pid_t postgres_server::launch(const std::vector<std::string>& command) const {
  std::vector<char*> arguments;
  for (const std::string& each : command) arguments.push_back(const_cast<char*>(each.c_str()));
  arguments.push_back(nullptr);
  const passwd* const user = other_user();
  const std::string log = folder_.text() + "/log";
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child != 0) return child;
  ::setsid();
  if (user != nullptr &&
      (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 || ::setuid(user->pw_uid) != 0))
    ::_exit(126);
  // It ends with the tests, however they end, and holds none of their files open.
  ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
  if (::chdir(folder_.text().c_str()) != 0 || ::close_range(3, ~0U, 0) != 0) ::_exit(126);
  const int to = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  ::dup2(to, STDOUT_FILENO);
  ::dup2(to, STDERR_FILENO);
  ::execv(arguments[0], arguments.data());
  ::_exit(127);
}

void postgres_server::run(const std::vector<std::string>& command) const {
  int status = 0;
  REQUIRE(::waitpid(launch(command), &status, 0) > 0);
  INFO(command[0] << " has failed");
  REQUIRE(status == 0);
}

void postgres_server::start() {
  std::vector<std::string> command{programs() / "postgres", "-D", folder_.text() + "/data", "-k",
                                   folder_.text(),          "-c", "listen_addresses=",      "-c",
                                   "max_connections=60"};
  for (const std::string& each : options_) {
    command.emplace_back("-c");
    command.push_back(each);
  }
  pid_ = launch(command);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  storage::postgresql::connection_settings settings;
  settings.url = url();
  while (!connection::open(settings)) {
    INFO("PostgreSQL does not start; its log is in " << folder_.text());
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(std::chrono::milliseconds{20});
    // A process of the one before may not have noticed yet that it has ended.
    if (::waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = launch(command);
  }
}

void postgres_server::signal_and_wait(int signal) {
  if (signal == SIGKILL)
    signal_all(pid_, signal);
  else
    ::kill(pid_, signal);
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pid_ = 0;
}

void postgres_server::kill() { signal_and_wait(SIGKILL); }
void postgres_server::shut_down_immediately() { signal_and_wait(SIGQUIT); }
void postgres_server::freeze() { signal_all(pid_, SIGSTOP); }
void postgres_server::thaw() { signal_all(pid_, SIGCONT); }

std::string postgres_server::url() const {
  std::string folder;
  for (const char each : folder_.text()) folder += each == '/' ? "%2F" : std::string(1, each);
  return "postgresql://postgres@/postgres?host=" + folder;
}

postgres_server& postgres_server::shared() {
  static postgres_server one;
  return one;
}

// --- a store ---

postgres_bed::postgres_bed() {
  if (const auto& why = postgres_server::why_missing())
    SKIP("no PostgreSQL: " << *why << " (Debian's package postgresql)");
  make_schema(postgres_server::shared().url());
}

postgres_bed::postgres_bed(postgres_server& at) { make_schema(at.url()); }

void postgres_bed::make_schema(const std::string& url) {
  static int number = 0;
  settings.connection.url = url;
  settings.connection.schema = "bed_" + std::to_string(++number);
  auto opened = connection::open(settings.connection);
  INFO((opened ? "" : to_string(opened.error())));
  REQUIRE(opened.has_value());
  const auto made = storage::postgresql::migrate(**opened, settings.connection.schema);
  INFO((made ? "" : to_string(made.error())));
  REQUIRE(made.has_value());
}

result<void> postgres_bed::try_open() {
  close();
  TROUPE_ASSIGN(store_, storage::postgresql_backend::open(settings));
  return {};
}

void postgres_bed::open() {
  const auto opened = try_open();
  INFO((opened ? "" : to_string(opened.error())));
  REQUIRE(opened.has_value());
}

void postgres_bed::execute(const std::string& statement) const {
  auto by = connection::open(settings.connection);
  REQUIRE(by.has_value());
  (*by)->send_text(statement);
  const auto done = (*by)->run();
  INFO((done ? "" : to_string(done.error())));
  REQUIRE(done.has_value());
}

void postgres_bed::cut_connections() const {
  execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid <> "
          "pg_backend_pid() AND backend_type = 'client backend'");
}

}  // namespace troupe::test
