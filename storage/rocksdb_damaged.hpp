// Opens a damaged store for reading only, as far as that goes: as it is; with tables that are
// missing; up to the damage in its journal, or behind it; at last from its files one by one.
// Nothing changes in the directory. Includes RocksDB: for the sources of the RocksDB backend only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/repair.hpp"
#include "storage/rocksdb_directory.hpp"
#include "storage/rocksdb_reader.hpp"

namespace troupe::storage {

/// A directory beside the store, which is gone when this ends.
class side_directory {
 public:
  explicit side_directory(std::string path) : path_(std::move(path)) {}
  side_directory(const side_directory&) = delete;
  side_directory& operator=(const side_directory&) = delete;
  ~side_directory();

  const std::string& path() const noexcept { return path_; }

 private:
  std::string path_;
};

struct damaged_store {
  std::shared_ptr<directory_lock> lock;
  std::unique_ptr<side_directory> copy;    ///< With mended files; null: not needed.
  std::unique_ptr<side_directory> united;  ///< Made from single files; null: not needed.
  std::unique_ptr<rocksdb_store> store;
  /// The same with what the journal holds behind its damaged place; null: it was not cut.
  std::unique_ptr<rocksdb_store> behind;
  std::vector<std::string> problems;
};

/// Fails as store_rescue::open does.
result<damaged_store> open_damaged(const rescue_settings& settings);

}  // namespace troupe::storage
