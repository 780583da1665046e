// Reads the versions of a document in PostgreSQL. For the sources of that backend only. Thread:
// any, each with a connection of its own.
#pragma once

#include <optional>

#include "storage/archive.hpp"
#include "storage/postgresql/connection.hpp"

namespace troupe::storage::postgresql {

/// In pages, by their numbers. Whether there is such a document is not looked at.
result<version_page> read_versions(connection& by, const document_id& id, version_number after,
                                   std::size_t limit);

/// Nothing if there is no such version. Fails with corrupt_document, without the document's name.
result<std::optional<stored_version>> read_version(connection& by, const document_id& id,
                                                   version_number number);

}  // namespace troupe::storage::postgresql
