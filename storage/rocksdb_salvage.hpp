// All that can be read of one document in a damaged database, piece by piece. Includes RocksDB: for
// the sources of the RocksDB backend only.
#pragma once

#include <string>

#include "storage/repair.hpp"
#include "storage/rocksdb_reader.hpp"

namespace troupe::storage {

/// Fills in all but the name and what its meta entry says. Whatever cannot be used is among the
/// damages, and its bytes among the raw values.
broken_document salvage(const rocksdb_store& store, const document_id& id);

}  // namespace troupe::storage
