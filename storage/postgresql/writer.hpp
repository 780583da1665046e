// Writes a batch into PostgreSQL in one transaction. The long way locks what is stored of its
// documents, plans (write_plan.hpp), and sends all rows and the COMMIT at once. The short way plans
// with what it remembers of them, and sends one statement and the COMMIT. Thread: one at a time.
#pragma once

#include <cstdint>
#include <optional>

#include "storage/postgresql/connection.hpp"
#include "storage/postgresql/known_documents.hpp"
#include "storage/postgresql/write_plan.hpp"

namespace troupe::storage::postgresql {

/// Rows of one statement take so much; further ones go into a statement of their own.
inline constexpr std::size_t statement_size_bytes_max = std::size_t{16} * 1024 * 1024;

/// Of several nodes that write, which batch of which one it is.
struct batch_mark {
  document_id node{};
  std::uint64_t number = 0;
};

/// Whether a batch of a node is there, which must have been its last. Waits until the database has
/// ended the transaction that was to write it.
result<bool> is_written(connection& by, const batch_mark& which);

/// Returns when the batch is durable, as far as the database says so. Fails as backend::write does;
/// where the connection is lost, the batch may be there all the same. After any other failure the
/// transaction is undone.
/// `as`: notes with the batch that it is there.
result<void> write_batch(connection& to, const batch& what, time_ms now,
                         const write_plan::damage_test& is_damaged, known_documents& known,
                         const std::optional<batch_mark>& as = std::nullopt);

/// Adds the statements that put announcements, and replace those that are there.
void send_announcements(connection& to, const std::vector<announcement>& what);

}  // namespace troupe::storage::postgresql
