// Reads versions in RocksDB, for the backend and for its verification. Includes RocksDB: for the
// sources of the RocksDB backend only. The failures are those of the backend, without the name of
// the document.
#pragma once

#include "storage/rocksdb_reader.hpp"
#include "storage/version_record.hpp"

namespace troupe::storage {

/// The versions behind a number, in order; a damaged one with its damage.
result<version_page> read_versions(const rocksdb_reader& reader, const document_id& id,
                                   version_number after, std::size_t limit);

/// Nothing if it is not there.
result<std::optional<stored_version>> read_version(const rocksdb_reader& reader,
                                                   const document_id& id, version_number number);

}  // namespace troupe::storage
