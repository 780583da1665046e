// The tables of a store in PostgreSQL, and how they are made and upgraded. What is in them is in
// docs/storage-postgresql.md.
#pragma once

#include <cstdint>
#include <string>

#include "base/errc.hpp"
#include "storage/postgresql/connection.hpp"

namespace troupe::storage::postgresql {

/// The newest format that this code reads, and the one it writes.
inline constexpr std::uint32_t schema_format = 1;

/// The format of the tables that are there. Fails with corrupt_store if there are none (the detail
/// says what makes them), or if they are not a store; with storage_failed where the schema may not
/// be used.
result<std::uint32_t> find_format(connection& at);

/// That the tables are of schema_format. Fails with corrupt_store (none, or older ones, which
/// `troupe storage migrate` upgrades) and newer_format.
result<void> check_format(connection& at);

/// That whoever is connected may write the tables. Fails with storage_failed, and names the rights
/// that are missing.
result<void> check_rights(connection& at);

struct migration {
  std::uint32_t from = 0;  ///< 0: there were no tables.
  std::uint32_t to = 0;
};

/// Makes the schema and its tables, or brings them to schema_format, all or nothing; one process at
/// a time. Fails with newer_format, and changes nothing then.
result<migration> migrate(connection& at, const std::string& schema);

}  // namespace troupe::storage::postgresql
