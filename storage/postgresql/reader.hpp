// Reads what is stored of single documents in PostgreSQL, each as of one moment. Thread: any, each
// with a connection of its own. The failures are those of the backend (storage/backend.hpp); their
// details do not name the document, which the caller adds.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "storage/archive.hpp"
#include "storage/postgresql/connection.hpp"
#include "storage/record.hpp"

namespace troupe::storage::postgresql {

/// The columns of `documents` that read_meta() reads, in its order.
#define TROUPE_META_COLUMNS                                                                        \
  "id, name, created_at, changed_at, life, is_removed, is_admitted, last_number, log_records, "    \
  "log_bytes, newest, newest_covers, newest_size, previous, previous_covers, previous_size"

struct named_meta {
  std::string name;
  document_meta meta;
};
named_meta read_meta(const row& from);

/// The checksum of a row of the log, and of a part of a checkpoint: over where it belongs, and what
/// it holds.
std::uint32_t crc_of_record(const document_id& id, sequence number, byte_view update);

/// What is known of a document; nothing if nothing is stored of it. Fails with storage_conflict if
/// its id belongs to another name.
result<std::optional<document_meta>> find_meta(connection& by, const std::string& name);

struct read_document {
  std::optional<document_meta> meta;  ///< Nothing: it was never stored.
  stored_document stored;
};

/// The whole document. Uses the previous checkpoint if the newest is damaged and nothing is lost by
/// it. Of one that was removed, only what is known of it.
result<read_document> load(connection& by, const std::string& name);

/// A checkpoint alone, without its log. Fails with corrupt_document if it is damaged, or not there.
result<shared_bytes> read_checkpoint(connection& by, const document_id& id, generation of,
                                     sequence covers);

/// Fails with document_removed where documents may not be loaded or written.
result<void> check_present(const document_meta& meta);

/// A transaction that sees one moment, and changes nothing; what it reads is sent behind this, and
/// end_reading() last.
void begin_reading(connection& by);
result<void> end_reading(connection& by);

}  // namespace troupe::storage::postgresql
