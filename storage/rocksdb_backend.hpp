// Documents on the disk of this node, in RocksDB: an acknowledgement means fsynced. One directory,
// one process. What is written and how it is read is in docs/storage-format.md.
//
// Thread: any may load and administer; one at a time writes and recovers. A write that fails stops
// all further ones until recover() succeeds; loads continue meanwhile. The destructor closes the
// directory; nothing needs to be flushed before.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "storage/archive.hpp"
#include "storage/backend.hpp"
#include "storage/outbox.hpp"

namespace rocksdb {
class Env;
}

namespace troupe::storage {

enum class log_level { warning, error };

struct rocksdb_settings {
  std::string path;
  /// Of blocks of the tables that were read last.
  std::size_t cache_size_bytes = 64 * 1024 * 1024;
  /// Of what is in memory before it goes to a table; four of them may be in use. After the disk
  /// was full, as much must be free before writes work again. Smaller ones are written more often.
  std::size_t write_buffer_size_bytes = 16 * 1024 * 1024;
  /// Of the journal (write-ahead log), which is read again after a crash.
  std::size_t journal_size_bytes_max = 256 * 1024 * 1024;
  /// How fast tables are written in the background.
  std::size_t table_bytes_per_second_max = 128 * 1024 * 1024;
  /// Hears what the library warns of, from any thread. Nothing: nobody does.
  std::function<void(log_level, std::string_view)> log;
  /// The clock, in milliseconds since 1970 (UTC). Nothing: the system's.
  std::function<std::uint64_t()> now;
  /// What the library calls the system with. Nothing: the usual. Tests let it fail.
  std::shared_ptr<rocksdb::Env> env;
};

class rocksdb_backend final : public backend, public archive, public outbox {
 public:
  /// Opens the store in a directory, or makes one there if it is empty or does not exist. Nothing
  /// is changed in a directory that is refused. Fails with store_in_use; newer_format;
  /// corrupt_store (damaged, or no store of this server); disk_full; storage_failed. The detail
  /// names the directory and what to do.
  static result<std::unique_ptr<rocksdb_backend>> open(rocksdb_settings settings);

  /// Opens a store that nobody has open, changes nothing in its directory, and keeps others from
  /// opening it: to look at it. What would write fails, backup() included. Fails as open() does,
  /// and with storage_failed if there is no such directory.
  static result<std::unique_ptr<rocksdb_backend>> inspect(rocksdb_settings settings);

  ~rocksdb_backend() override;
  rocksdb_backend(const rocksdb_backend&) = delete;
  rocksdb_backend& operator=(const rocksdb_backend&) = delete;

  result<stored_document> load(const std::string& document) override;
  result<void> write(const batch& what) override;
  result<void> recover() override;

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
  result<store_stats> stats() override;
  result<void> backup(const std::string& directory) override;
  result<verify_report> verify(const verify_progress& progress,
                               const contents_check& check = {}) override;

  result<void> change(const outbox_change& what) override;
  result<outbox_page> announcements(const outbox_query& which) override;

  struct state;

 private:
  explicit rocksdb_backend(std::unique_ptr<state> opened);

  std::unique_ptr<state> state_;
};

}  // namespace troupe::storage
