// Documents in PostgreSQL, which keeps, copies and backs them up: an acknowledgement means COMMIT,
// with the synchronous_commit that its operator has set. What is in which table is in
// docs/storage-postgresql.md.
//
// Thread: any may load and administer; one at a time writes and recovers. Batches are written on a
// connection of their own, everything else on those of a bounded pool, so that a load waits for no
// commit. A write that fails for want of the database stops all further ones until recover()
// succeeds, which connects anew; loads connect by themselves.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "storage/archive.hpp"
#include "storage/backend.hpp"
#include "storage/node_table.hpp"
#include "storage/outbox.hpp"
#include "storage/postgresql/connection.hpp"

namespace troupe::storage {

/// Who writes into the tables.
enum class postgresql_access : std::uint8_t {
  alone,   ///< This process; another one that tries is refused while this one is connected.
  shared,  ///< Several nodes; one that wants it alone is refused meanwhile.
};

struct postgresql_settings {
  postgresql::connection_settings connection;
  /// Connections at most for all that is not a batch.
  std::size_t connections_max = 4;
  postgresql_access access = postgresql_access::alone;
  /// Of the row in `nodes` that is this process's, where several write; see note_present().
  document_id node{};
  /// The clock, in milliseconds since 1970 (UTC). Nothing: the system's.
  std::function<std::uint64_t()> now = {};
};

class postgresql_backend final : public backend, public archive, public outbox, public node_table {
 public:
  /// Connects to a store whose tables are there. Fails with corrupt_store (no tables, or older
  /// ones: the detail says what makes them), newer_format, store_in_use and storage_failed.
  static result<std::unique_ptr<postgresql_backend>> open(postgresql_settings settings);

  /// The same to look at it, also while a server writes. What would write a batch fails.
  static result<std::unique_ptr<postgresql_backend>> inspect(postgresql_settings settings);

  ~postgresql_backend() override;
  postgresql_backend(const postgresql_backend&) = delete;
  postgresql_backend& operator=(const postgresql_backend&) = delete;

  result<stored_document> load(const std::string& document) override;
  result<void> write(const batch& what) override;
  result<void> recover() override;
  result<std::vector<log_news>> look(const std::vector<read_position>& which) override;

  result<document_page> list(const document_query& which) override;
  result<std::optional<document_info>> info(const std::string& document) override;
  result<bool> remove(const std::string& document) override;
  result<bool> admit(const std::string& document) override;
  result<std::uint64_t> adopt(const std::string& document, std::uint64_t wanted) override;
  result<bool> forget(const std::string& document) override;
  result<version_info> add_version(const std::string& document, const version_draft& what) override;
  result<version_page> list_versions(const version_query& which) override;
  result<std::optional<stored_version>> read_version(const std::string& document,
                                                     version_number number) override;
  result<bool> remove_version(const std::string& document, version_number number) override;
  result<raw_document> raw(const std::string& document, std::size_t bytes_max) override;
  /// Of the disk below the database nothing is known.
  result<store_stats> stats() override;
  /// Fails with invalid_config: the database's own tools make backups.
  result<void> backup(const std::string& directory) override;
  result<verify_report> verify(const verify_progress& progress,
                               const contents_check& check = {}) override;

  result<void> change(const outbox_change& what) override;
  result<outbox_page> announcements(const outbox_query& which) override;

  result<std::vector<node_row>> note_present(const node_row& self,
                                             std::chrono::milliseconds absence_max) override;
  result<void> note_gone(const document_id& id) override;

  struct state;

 private:
  explicit postgresql_backend(std::unique_ptr<state> opened);

  std::unique_ptr<state> state_;
};

}  // namespace troupe::storage
