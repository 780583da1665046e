// The documents of a SQLite database as Hocuspocus's extension SQLite keeps them: a table
// `documents` with the columns `name` and `data`, one update of format v1 each. The file is opened
// for reading only; a server may have it open.
//
// Thread: one.
#pragma once

#include <memory>

#include "app/moving/document_source.hpp"

namespace troupe::moving {

/// Fails with corrupt_store (no database, or not such a table) and storage_failed; the detail names
/// the file.
result<std::unique_ptr<document_source>> open_sqlite(const std::string& file);

}  // namespace troupe::moving
