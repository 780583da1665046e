// A store from the files of one whose list of tables is lost: each table and each journal is read
// by itself, and what they have of one key is weighed. Only values that say themselves that they
// are whole are used. Includes RocksDB: for the sources of the RocksDB backend only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "storage/rocksdb_reader.hpp"

namespace troupe::storage {

/// Reads the tables and journals of a directory, which need nothing else in it, into a new store in
/// another. `problems` receives what could not be read.
result<std::unique_ptr<rocksdb_store>> unite_files(const rocksdb_settings& settings,
                                                   const std::string& from, const std::string& to,
                                                   std::vector<std::string>& problems);

}  // namespace troupe::storage
