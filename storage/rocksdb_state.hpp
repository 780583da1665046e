// What a RocksDB backend owns, and the locks around it. Includes RocksDB: for the sources of the
// RocksDB backend only.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>

#include "storage/rocksdb_backend.hpp"
#include "storage/rocksdb_reader.hpp"
#include "storage/rocksdb_writer.hpp"

namespace troupe::storage {

struct rocksdb_backend::state {
  explicit state(rocksdb_settings with);

  enum class journal { required, may_be_missing };
  /// Opens the directory of the settings. Fails as rocksdb_backend::open does.
  result<std::unique_ptr<rocksdb_store>> open_store(journal wanted = journal::required) const;
  /// For reading only, see rocksdb_backend::inspect.
  result<std::unique_ptr<rocksdb_store>> inspect_store() const;

  /// Keeps the store open while it lives. Tests whether there is one.
  class use {
   public:
    explicit use(state& of);
    explicit operator bool() const noexcept { return store_ != nullptr; }
    const rocksdb_store& operator*() const noexcept { return *store_; }

   private:
    std::shared_lock<std::shared_mutex> lock_;
    const rocksdb_store* store_;
  };
  failure closed() const;

  time_ms now() const { return settings.now(); }
  bool is_damaged(const std::string& document, generation newest);
  void note_damage(const std::string& document, generation newest);

  /// Writes durably, or notes that the store does not take writes any more. Requires writing.
  result<void> commit(rocksdb::WriteBatch& batch);
  result<void> check_writable() const;
  /// How much space the disk has; nothing if it is unknown.
  std::optional<std::uint64_t> free_space() const;
  /// Closes and opens the store. Requires writing.
  result<void> reopen();

  rocksdb_settings settings;

  /// Held by whoever writes. What follows belongs to them, but for what is atomic.
  std::mutex writing;
  head_cache heads;
  std::atomic<bool> is_writable = true;
  std::atomic<bool> is_full = false;  // why it is not writable
  bool is_inspected = false;          // opened for reading only

  /// Who opens or closes holds `opening` exclusively, everybody else shares it. The gate lets them
  /// in front of those who come later.
  std::mutex gate;
  std::shared_mutex opening;
  std::atomic<bool> wants_to_close = false;  // long readers end
  std::unique_ptr<rocksdb_store> store;      // null after an attempt to open it again has failed

  std::mutex damages_mutex;
  std::map<std::string, generation> damages;  // newest checkpoints that could not be read
};

}  // namespace troupe::storage
