// A connection to PostgreSQL that sends several statements at once and then receives their answers
// (libpq's pipeline mode). Its source is the only one of the storage that includes libpq, and shows
// nothing of it here.
//
// Thread: one at a time. Every wait is bounded: where nothing comes for the timeout of a statement
// and reply_margin, the connection counts as lost. One that is lost stays so; the outcome of what
// it was at is not known then.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/errc.hpp"
#include "storage/postgresql/parameters.hpp"

namespace troupe::storage::postgresql {

struct connection_settings {
  /// As libpq takes it: postgresql://USER@HOST/DATABASE?..., or "host=... dbname=...".
  std::string url;
  /// Of the tables; see is_schema_name().
  std::string schema = "troupe";
  /// For each statement, its waits for locks included; the database ends it then.
  std::chrono::milliseconds statement_timeout{10'000};
  /// libpq's sslmode; empty: as the URL says.
  std::string tls;
};

/// Beside the timeout of a statement: for the way, and for a COMMIT, which the database does not
/// bound.
inline constexpr std::chrono::seconds reply_margin{5};
inline constexpr std::chrono::seconds connect_timeout{10};

/// Whether a name needs no quotes in SQL: small letters, digits and _, up to 63, no digit first.
bool is_schema_name(std::string_view name) noexcept;

/// Fails with storage_failed if it is neither a URL nor a list of settings; says why without
/// showing it, as it may have a password.
result<void> check_url(const std::string& url);

/// What libpq says of a connection that it could not open, as one line and without what may be a
/// password.
std::string explain_refusal(const char* of_libpq);

/// What kind of failure a statement had, for whoever may try again.
enum class fault : std::uint8_t {
  none,
  connection,  ///< It is lost; what was under way may have happened or not.
  conflict,  ///< Another transaction was in the way, and this one is undone: the same may work now.
  missing,   ///< There is no such table or schema.
  other,
};

class connection {
 public:
  /// Hears one row of an answer.
  using hearer = std::function<result<void>(const row&)>;

  /// Fails with storage_failed if the database cannot be reached, or is not one that takes writes.
  static result<std::unique_ptr<connection>> open(const connection_settings& settings);
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Adds a statement to those of the next run(). The database prepares it once for a connection.
  /// Requires: `statement` is a literal.
  void send(const char* statement, parameters with = {}, hearer hears = {});
  /// The same without preparing it, and without parameters.
  void send_text(std::string statement);

  /// Sends what was added and receives all answers. After the first statement that fails, or whose
  /// hearer does, the database does none of the rest. Fails with disk_full, storage_failed, or as a
  /// hearer did.
  result<void> run();

  /// Of the last run().
  fault why() const noexcept;
  /// What the database warned of in the last run(); empty: nothing.
  const std::string& warning() const noexcept;
  bool is_lost() const noexcept;
  /// The process of the database that serves this, as it was told; a pooler tells another number.
  std::uint64_t process() const noexcept;

  /// Ends a transaction of which nothing shall be there.
  void roll_back();

 private:
  struct state;
  explicit connection(std::unique_ptr<state> opened);

  std::unique_ptr<state> state_;
};

}  // namespace troupe::storage::postgresql
