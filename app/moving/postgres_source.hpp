// The documents of a table of PostgreSQL: a column with the name, a column of type bytea with an
// update of format v1, as a Database extension of Hocuspocus stores them. Several rows of one name
// are updates of one document. The table is read row by row in one transaction, which cannot write.
//
// Thread: one.
#pragma once

#include <memory>

#include "app/moving/document_source.hpp"

namespace troupe::moving {

struct postgres_table {
  std::string url;    ///< postgresql://..., or anything that libpq takes. It may hold a password.
  std::string table;  ///< NAME, or SCHEMA.NAME.
  std::string name_column = "name";
  std::string data_column = "data";
};

/// Fails with storage_failed: no connection, or no such table or column. The detail is what the
/// server or libpq says, which does not show a password.
result<std::unique_ptr<document_source>> open_postgres(const postgres_table& from);

}  // namespace troupe::moving
