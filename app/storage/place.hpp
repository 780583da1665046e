// Where the store of a command is: a directory, or the URL of a database. Opens either.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "storage/archive.hpp"
#include "storage/backend.hpp"
#include "storage/postgresql/backend.hpp"

namespace troupe {

/// Whether the store of a command lies in PostgreSQL, of which this is the URL.
bool is_database_url(std::string_view path) noexcept;

/// A store, as documents use it and as operators do.
struct opened_store {
  std::shared_ptr<storage::backend> backend;
  std::shared_ptr<storage::archive> archive;
};

/// Opens a store to write into it; a directory that does not exist is made. `schema`: of the tables
/// of a database. Fails as the engine's own function does.
result<opened_store> open_store(const std::string& path, const std::string& schema);
/// The same to look at it. A directory is one that no server has open.
result<opened_store> inspect_store(const std::string& path, const std::string& schema);

/// As the commands connect to a database.
storage::postgresql_settings database_settings(const std::string& url, const std::string& schema);

}  // namespace troupe
