// What a PostgreSQL backend owns, and how its functions use the database. For the sources of that
// backend only.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/wall_clock.hpp"
#include "storage/postgresql/backend.hpp"
#include "storage/postgresql/known_documents.hpp"
#include "storage/postgresql/pool.hpp"
#include "storage/postgresql/reader.hpp"

namespace troupe::storage {

struct postgresql_backend::state {
  explicit state(postgresql_settings with)
      : settings(std::move(with)), connections(settings.connection, settings.connections_max) {
    if (!settings.now) settings.now = wall_clock_ms;
  }

  time_ms now() const { return settings.now(); }
  bool is_shared() const noexcept { return settings.access == postgresql_access::shared; }
  result<void> write_marked(batch what);
  result<void> end_doubt();
  bool is_damaged(const std::string& document, generation newest);
  void note_damage(const std::string& document, generation newest);

  /// Connects for writing. Fails with store_in_use where another process has the tables alone, and
  /// keeps them for so long.
  result<std::unique_ptr<postgresql::connection>> connect(std::chrono::milliseconds patience) const;

  /// Does what changes something, in one transaction on a connection of the pool, and commits it
  /// if `how` succeeds. `how` may run several times, if others are in the way.
  template <class Change>
  auto change(const Change& how) -> decltype(how(std::declval<postgresql::connection&>())) {
    constexpr int attempts_max = 5;
    TROUPE_ASSIGN(const postgresql::pool::lease by, connections.take_alive());
    for (int attempt = 1;; ++attempt) {
      by->send("BEGIN");
      auto done = how(*by);
      if (done) {
        by->send("COMMIT");
        if (const auto committed = by->run(); !committed) done = tl::unexpected(committed.error());
      }
      if (done) return done;
      by->roll_back();
      if (by->why() != postgresql::fault::conflict || attempt == attempts_max) return done;
    }
  }

  postgresql_settings settings;
  postgresql::pool connections;

  /// Held by whoever writes batches. What follows belongs to them, but for what is atomic.
  std::mutex writing;
  std::unique_ptr<postgresql::connection> writer;  // null: it was lost, or this only inspects
  postgresql::known_documents known;
  // Where several write; see batch_mark.
  std::uint64_t last_batch = 0;           // that was tried
  std::vector<log_append> doubtful;       // of it, if its outcome is not known
  std::vector<log_append> written_twice;  // that are there, and will be written again
  std::atomic<bool> is_writable = true;
  std::atomic<bool> is_full = false;  // why it is not writable
  bool is_inspected = false;

  std::mutex damages_mutex;
  std::map<std::string, generation> damages;  // newest checkpoints that could not be read
};

namespace postgresql {

/// What is known of a document, which is locked until the transaction ends.
result<std::optional<document_meta>> lock_meta(connection& by, const std::string& name);

/// A document that is there.
inline bool is_present(const std::optional<document_meta>& meta) noexcept {
  return meta && !meta->is_removed;
}

}  // namespace postgresql
}  // namespace troupe::storage
