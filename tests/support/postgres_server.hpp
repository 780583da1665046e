// A PostgreSQL server of the tests' own, in a temporary folder and on a socket there, from the
// programs of Debian's package `postgresql`. It can be killed and started again.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "storage/postgresql/backend.hpp"
#include "tests/support/temporary_directory.hpp"

namespace troupe::test {

class postgres_server {
 public:
  /// Why there can be none on this machine; nothing: there can.
  static const std::optional<std::string>& why_missing();

  /// Makes an empty server and starts it. Requires: none is missing. `options`: further settings,
  /// such as "fsync=off".
  explicit postgres_server(std::vector<std::string> options = {"fsync=off"});
  ~postgres_server();
  postgres_server(const postgres_server&) = delete;
  postgres_server& operator=(const postgres_server&) = delete;

  /// Ends all its processes at once (SIGKILL).
  void kill();
  /// Ends it without a checkpoint (PostgreSQL's immediate shutdown).
  void shut_down_immediately();
  /// Stops and continues all its processes, as a machine that does not answer.
  void freeze();
  void thaw();
  /// Starts it, and returns when it answers.
  void start();

  std::string url() const;
  /// Where its socket lies.
  std::string socket_folder() const { return folder_.text(); }

  /// One for all tests of the process that do not end it.
  static postgres_server& shared();

 private:
  void run(const std::vector<std::string>& command) const;
  pid_t launch(const std::vector<std::string>& command) const;
  void signal_and_wait(int signal);

  temporary_directory folder_;
  std::vector<std::string> options_;
  pid_t pid_ = 0;
};

/// A store in a schema of its own on the shared server. Where there is none, the test is skipped
/// and says why.
class postgres_bed {
 public:
  postgres_bed();
  explicit postgres_bed(postgres_server& at);

  storage::postgresql_backend& operator*() {
    if (!store_) open();
    return *store_;
  }
  storage::postgresql_backend* operator->() { return &**this; }

  result<void> try_open();
  void open();
  void reopen() { open(); }
  void close() { store_.reset(); }
  /// Does something to the tables, as an operator may.
  void execute(const std::string& statement) const;
  /// Ends the connections of others, as the database does at a failover.
  void cut_connections() const;

  storage::postgresql_settings settings;

 private:
  void make_schema(const std::string& url);

  std::unique_ptr<storage::postgresql_backend> store_;
};

}  // namespace troupe::test
