// How RocksDB is set up, its log, and its statuses as failures. Includes RocksDB: for the sources
// of the RocksDB backend only.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include <rocksdb/db.h>
#include <rocksdb/options.h>

#include "base/errc.hpp"
#include "storage/rocksdb_backend.hpp"

namespace troupe::storage {

/// The column families, in the order of their handles. "default" must exist and stays empty.
/// A store of an earlier server may lack the last ones.
enum class family : std::size_t { unused, log, checkpoints, meta, versions, announcements };
inline constexpr std::size_t family_count = 6;
std::string_view name_of(family which) noexcept;

rocksdb::DBOptions make_database_options(const rocksdb_settings& settings);
std::vector<rocksdb::ColumnFamilyDescriptor> make_families(const rocksdb_settings& settings);

/// How much of the disk must be free before writes are tried again after it was full: what is in
/// memory must fit into tables, and the journal must continue.
std::uint64_t awaited_space(const rocksdb_settings& settings) noexcept;

rocksdb::WriteOptions durable_write();

/// What a status means for the store as a whole. Never called with an OK.
failure to_failure(const rocksdb::Status& status);
/// The same for what is read of one document: damaged bytes are its damage alone.
failure to_document_failure(const rocksdb::Status& status);

}  // namespace troupe::storage
