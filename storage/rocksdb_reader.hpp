// Reads what is stored of single documents in RocksDB, as of one moment. Includes RocksDB: for the
// sources of the RocksDB backend only. Thread: any, each with a reader of its own. The failures are
// those of the backend; their details do not name the document, which the caller adds.
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>

#include <rocksdb/db.h>

#include "storage/record.hpp"
#include "storage/rocksdb_options.hpp"

namespace troupe::storage {

class directory_lock;

/// An open database. Closes it at its end.
class rocksdb_store {
 public:
  /// `lock`: of a database that is open for reading only, which the library does not lock.
  /// `env`: what the database calls the system with; null: it outlives the database anyway.
  rocksdb_store(std::unique_ptr<rocksdb::DB> db, std::vector<rocksdb::ColumnFamilyHandle*> handles,
                std::shared_ptr<directory_lock> lock = nullptr,
                std::shared_ptr<rocksdb::Env> env = nullptr)
      : lock_(std::move(lock)),
        env_(std::move(env)),
        db_(std::move(db)),
        handles_(std::move(handles)) {}
  rocksdb_store(const rocksdb_store&) = delete;
  rocksdb_store& operator=(const rocksdb_store&) = delete;
  ~rocksdb_store();

  rocksdb::DB& db() const noexcept { return *db_; }
  rocksdb::ColumnFamilyHandle* handle(family which) const noexcept {
    const auto index = static_cast<std::size_t>(which);
    // Of a family that is not there yet the empty one, of a store that is open for reading only.
    return handles_[index < handles_.size() ? index : 0];
  }

 private:
  std::shared_ptr<directory_lock> lock_;
  std::shared_ptr<rocksdb::Env> env_;  // outlives the database
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
};

class rocksdb_reader {
 public:
  enum class caching { yes, no };

  explicit rocksdb_reader(const rocksdb_store& store, caching cached = caching::yes);
  ~rocksdb_reader() { store_.db().ReleaseSnapshot(snapshot_); }
  rocksdb_reader(const rocksdb_reader&) = delete;
  rocksdb_reader& operator=(const rocksdb_reader&) = delete;

  /// What is known of a document; nothing if nothing is stored of it. Fails with corrupt_document,
  /// too, if there are records or chunks of which nothing is known, and with storage_conflict if
  /// its id belongs to another name.
  result<std::optional<document_meta>> find_meta(const std::string& name) const;

  /// Fails with corrupt_document if a chunk is missing, damaged, or of another checkpoint than the
  /// one that covers this much.
  result<shared_bytes> read_checkpoint(const document_id& id, generation of, sequence covers) const;

  struct log_part {
    std::vector<shared_slice> updates;  // parts of one shared buffer
    sequence last = 0;                  ///< The one before the first if there is none.
    std::uint64_t bytes = 0;
    time_ms stored_at = 0;  ///< The last one; 0 if there is none.
  };
  enum class contents { keep, count };

  /// The records from a number on. Fails with corrupt_document if one is missing or damaged, or if
  /// they do not reach up to `last_min`.
  result<log_part> read_log(const document_id& id, sequence from, sequence last_min,
                            contents wanted = contents::keep) const;

  /// The update of one record; nothing if it is not there.
  result<std::optional<std::string>> find_update(const document_id& id, sequence number) const;

  /// Brings the figures of a document up to date with the records that they do not count yet.
  result<void> count_rest(document_meta& meta) const;

  /// The whole document. Uses the previous checkpoint if the newest is damaged and nothing is lost
  /// by it.
  result<stored_document> load(const document_meta& meta) const;

  std::unique_ptr<rocksdb::Iterator> iterate(family which) const;

 private:
  std::unique_ptr<rocksdb::Iterator> iterate_to(family which, const rocksdb::Slice& end) const;
  result<bool> has_any(family which, const document_id& id) const;
  result<void> check_unknown(const std::string& name, const document_id& id) const;

  const rocksdb_store& store_;
  const rocksdb::Snapshot* snapshot_;
  rocksdb::ReadOptions options_;
};

/// Fails with document_removed where documents may not be loaded or written.
result<void> check_present(const document_meta& meta);

}  // namespace troupe::storage
