// The commands `import` and `export`: documents of another server into a store that no server has
// open, and out of it. A table for people or JSON for programs.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>

#include "app/moving/folder_export.hpp"
#include "app/moving/importer.hpp"

namespace troupe {

enum class import_kind : std::uint8_t {
  y_leveldb,
  hocuspocus_sqlite,
  hocuspocus_s3_dump,
  y_sweet,
  updates,
  postgres_bytea,
  y_websocket,
  hocuspocus
};

/// What the command line asks for.
struct import_request {
  import_kind kind = import_kind::updates;
  std::string from;  ///< Directory, file, or URL of a database or a server.
  /// Directory of the store, which is made if it does not exist; or the URL of a database.
  std::string store;
  std::string schema = "troupe";  ///< Of the tables of a database.
  /// What of it: the table of a database, NAME or SCHEMA.NAME; of a server, a file with the names
  /// of documents, a line each. Empty for all else.
  std::string which;
  moving::source_names names = moving::source_names::of_urls;  ///< Of y-leveldb.
  std::string name_column = "name";                            ///< Of the table.
  std::string data_column = "data";
  std::string token_file;  ///< What a server asks for.
  std::string ca_file;     ///< Whom to trust as a server, in PEM; empty: as the system does.
  moving::existing_document existing = moving::existing_document::merge;
  bool dry_run = false;
  bool as_json = false;
};

struct export_request {
  std::string store;
  std::string to;
  moving::existing_file existing = moving::existing_file::refuse;
  bool as_json = false;
  std::string schema = "troupe";  ///< Of the tables of a database.
};

/// The exit codes of both.
constexpr int moving_complete = 0;  ///< All documents were moved.
constexpr int moving_partial =
    1;  ///< Some could not be read, or were refused; the report says which.
constexpr int moving_failed = 2;  ///< It did not begin, or ended early; standard error says why.

struct moving_streams {
  std::ostream& out;
  std::ostream& err;
};

/// Whether a kind of source needs `which`.
constexpr bool takes_a_part(import_kind kind) {
  return kind == import_kind::postgres_bytea || kind == import_kind::y_websocket ||
         kind == import_kind::hocuspocus;
}

int run_import_command(const import_request& request, const moving_streams& streams);
int run_export_command(const export_request& request, const moving_streams& streams);

}  // namespace troupe
