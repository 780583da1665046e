#include "storage/postgresql/writer.hpp"

#include "base/crc32c.hpp"
#include "base/printable.hpp"
#include "storage/announcement_record.hpp"
#include "storage/postgresql/reader.hpp"

namespace troupe::storage::postgresql {
namespace {

constexpr const char* lock_documents =
    "SELECT " TROUPE_META_COLUMNS " FROM documents WHERE id = ANY($1) ORDER BY id FOR UPDATE";
constexpr const char* select_claimed =
    "SELECT document, number, data FROM log JOIN unnest($1, $2) AS claimed(d, n) ON document = d "
    "AND number = n";
constexpr const char* insert_records =
    "INSERT INTO log (document, number, stored_at, origin, crc, data) SELECT d, n, $1, o, c, u "
    "FROM unnest($2, $3, $4, $5, $6) AS new(d, n, o, c, u)";
constexpr const char* update_logs =
    "UPDATE documents SET last_number = l, log_records = log_records + r, log_bytes = log_bytes + "
    "b, changed_at = $1 FROM unnest($2, $3, $4, $5) AS new(d, l, r, b) WHERE id = d";
// Both at once, where the numbers of all documents are known: else the statement fails, with this
// text in the log of the database, and changes nothing.
#define TROUPE_APPEND_KNOWN(MORE)                                                                  \
  "WITH moved AS (UPDATE documents SET last_number = l, log_records = log_records + r, log_bytes " \
  "= log_bytes + b, changed_at = $1 FROM unnest($2, $3, $4, $5, $6) AS new(d, l, r, b, v) WHERE "  \
  "id = d AND last_number = l - r AND life = v AND NOT is_removed RETURNING id), " MORE            \
  "checked AS (SELECT CASE WHEN count(*) = cardinality($2) THEN 1 ELSE ('another one writes '"     \
  "'this document as well, so the batch comes again; known: ' || count(*))::integer END AS one "   \
  "FROM moved) INSERT INTO log (document, number, stored_at, origin, crc, data) SELECT d, n, $1, " \
  "o, c, u FROM checked, unnest($7, $8, $9, $10, $11) AS new(d, n, o, c, u) WHERE one = 1"
constexpr const char* append_known = TROUPE_APPEND_KNOWN("");
constexpr const char* append_known_as =
    TROUPE_APPEND_KNOWN("noted AS (UPDATE nodes SET batch = $13 WHERE id = $12), ");
// The same for one update of one document, of which nothing is there instead.
#define TROUPE_APPEND_ONE(MORE)                                                                    \
  "WITH moved AS (UPDATE documents SET last_number = $3, log_records = log_records + 1, "          \
  "log_bytes = log_bytes + octet_length($7), changed_at = $1 WHERE id = $2 AND last_number = $3 "  \
  "- 1 AND life = $4 AND NOT is_removed RETURNING 1)" MORE                                         \
  " INSERT INTO log (document, number, stored_at, origin, crc, data) SELECT $2, $3, $1, $5, $6, "  \
  "$7 FROM moved RETURNING number"
constexpr const char* append_one = TROUPE_APPEND_ONE("");
constexpr const char* append_one_as =
    TROUPE_APPEND_ONE(", noted AS (UPDATE nodes SET batch = $9 FROM moved WHERE id = $8)");
constexpr const char* insert_document =
    "INSERT INTO documents (" TROUPE_META_COLUMNS ", last_version) VALUES ($1, $2, $3, $4, $5, $6, "
    "$7, $8, $9, $10, $11, $12, $13, $14, $15, $16, 0)";
// Another life begins with other versions.
constexpr const char* update_document =
    "UPDATE documents SET last_version = CASE WHEN life = $5 THEN last_version ELSE 0 END, "
    "created_at = $3, changed_at = $4, life = $5, is_removed = $6, is_admitted = $7, last_number = "
    "$8, log_records = $9, log_bytes = $10, newest = $11, newest_covers = $12, newest_size = $13, "
    "previous = $14, previous_covers = $15, previous_size = $16 WHERE id = $1 AND name = $2";
constexpr const char* delete_checkpoint =
    "DELETE FROM checkpoints WHERE document = $1 AND generation = $2";
constexpr const char* delete_records = "DELETE FROM log WHERE document = $1 AND number <= $2";
constexpr const char* insert_parts =
    "INSERT INTO checkpoints (document, generation, part, covers, state_size, state_crc, data) "
    "SELECT $1, $2, p, $3, $4, $5, b FROM unnest($6, $7) AS new(p, b)";
constexpr const char* count_records =
    "UPDATE documents SET log_records = there.records, log_bytes = there.bytes FROM (SELECT "
    "count(*) AS records, coalesce(sum(octet_length(data)), 0) AS bytes FROM log WHERE document = "
    "$1 AND number > $2) AS there WHERE id = $1";
constexpr const char* update_batch = "UPDATE nodes SET batch = $2 WHERE id = $1";
constexpr const char* select_batch = "SELECT batch FROM nodes WHERE id = $1 FOR UPDATE";
constexpr const char* upsert_announcement =
    "INSERT INTO outbox (number, id, created_at, since, is_dead, topic, document, details) VALUES "
    "($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (number) DO UPDATE SET id = excluded.id, "
    "created_at = excluded.created_at, since = excluded.since, is_dead = excluded.is_dead, topic = "
    "excluded.topic, document = excluded.document, details = excluded.details";

/// One row for each value of each column.
template <class... Columns>
void send_columns(connection& to, const char* statement, parameters with, Columns... columns) {
  (std::move(columns).finish(with), ...);
  to.send(statement, std::move(with));
}

/// Locks the documents of a batch, and tells the plan how they are.
result<void> lock_all(connection& to, const batch& what, write_plan& plan, known_documents& known) {
  const auto names = documents_of(what);
  column ids{type_id::uuid};
  for (const auto& [id, name] : names) ids.add(id);
  std::optional<failure> stranger;
  parameters with;
  std::move(ids).finish(with);
  to.send("BEGIN");
  to.send(lock_documents, std::move(with), [&](const row& from) -> result<void> {
    const named_meta found = read_meta(from);
    const std::string& name = names.at(found.meta.id);
    if (found.name != name)
      stranger = in_document(name, {errc::storage_conflict,
                                    "its id belongs to document " + in_single_quotes(found.name)});
    plan.know(name, found.meta);
    known.note_read(name, found.meta);
    return {};
  });
  TROUPE_TRY(to.run());
  if (stranger) return tl::unexpected(*stranger);
  return {};
}

/// What the batch says to be stored, as it is.
result<std::map<claimed_record, std::string>>
read_claimed(connection& from, const std::vector<claimed_record>& claimed) {
  std::map<claimed_record, std::string> stored;
  if (claimed.empty()) return stored;
  column ids{type_id::uuid};
  column numbers{type_id::int8};
  for (const claimed_record& each : claimed) {
    ids.add(each.id);
    numbers.add(each.number);
  }
  parameters with;
  std::move(ids).finish(with);
  std::move(numbers).finish(with);
  from.send(select_claimed, std::move(with), [&](const row& found) -> result<void> {
    stored.emplace(claimed_record{found.id(0), found.number(1)}, std::string{found.text(2)});
    return {};
  });
  TROUPE_TRY(from.run());
  return stored;
}

/// Rows of the log, as columns.
struct record_columns {
  column ids{type_id::uuid};
  column numbers{type_id::int8};
  column origins{type_id::int8};
  column crcs{type_id::int4};
  column updates{type_id::bytes};

  void add(const planned_record& each) {
    ids.add(each.id);
    numbers.add(each.number);
    origins.add(each.origin);
    crcs.add(std::uint64_t{crc_of_record(each.id, each.number, each.update.view())});
    updates.add(each.update.view());
  }
  void finish(parameters& into) && {
    for (column* const each : {&ids, &numbers, &origins, &crcs, &updates})
      std::move(*each).finish(into);
  }
};

void send_records(connection& to, const std::vector<planned_record>& records, time_ms now) {
  for (auto at = records.begin(); at != records.end();) {
    record_columns rows;
    for (; at != records.end() && rows.updates.size() < statement_size_bytes_max; ++at)
      rows.add(*at);
    send_columns(to, insert_records, parameters{}.add(moment{now}), std::move(rows));
  }
}

/// How far the logs of documents have grown, as columns.
struct growth_columns {
  column ids{type_id::uuid};
  column lasts{type_id::int8};
  column records{type_id::int8};
  column bytes{type_id::int8};

  void add(const document_id& id, const planned_document& each) {
    ids.add(id);
    lasts.add(each.meta.counted);
    records.add(each.records);
    bytes.add(each.bytes);
  }
  void finish(parameters& into) && {
    for (column* const each : {&ids, &lasts, &records, &bytes}) std::move(*each).finish(into);
  }
};

void send_documents(connection& to, const std::map<document_id, planned_document>& all,
                    time_ms now) {
  growth_columns grown;
  for (const auto& [id, each] : all) {
    const document_meta& meta = each.meta;
    if (each.is_new || each.is_rewritten) {
      parameters with;
      with.add(id).add(std::string_view{each.name}).add(moment{meta.created_at});
      with.add(moment{meta.changed_at}).add(meta.life).add(meta.is_removed).add(meta.is_admitted);
      for (const std::uint64_t number :
           {meta.counted, meta.log_records, meta.log_bytes, meta.newest, meta.covers,
            meta.checkpoint_size, meta.previous, meta.previous_covers, meta.previous_size})
        with.add(number);
      to.send(each.is_new ? insert_document : update_document, std::move(with));
    } else if (each.records > 0) {
      grown.add(id, each);
    }
  }
  if (grown.ids.count() > 0)
    send_columns(to, update_logs, parameters{}.add(moment{now}), std::move(grown));
}

void send_parts(connection& to, const planned_checkpoint& of) {
  const byte_view all = of.state.view();
  const std::uint64_t count = chunk_count(all.size());
  for (std::uint32_t part = 0; part < count;) {
    column numbers{type_id::int4};
    column parts{type_id::bytes};
    for (; part < count && parts.size() < statement_size_bytes_max; ++part) {
      numbers.add(std::uint64_t{part});
      parts.add(all.subspan(part * chunk_size_bytes_max, part_size(all.size(), part)));
    }
    parameters with;
    with.add(of.id).add(of.of).add(of.covers).add(std::uint64_t{all.size()});
    with.add_int4(crc32c(all));
    send_columns(to, insert_parts, std::move(with), std::move(numbers), std::move(parts));
  }
}

/// Behind the rows of the log, which it may drop.
void send_checkpoint(connection& to, const planned_checkpoint& of) {
  if (of.dropped != 0) to.send(delete_checkpoint, parameters{}.add(of.id).add(of.dropped));
  if (of.dropped_up_to != 0) to.send(delete_records, parameters{}.add(of.id).add(of.dropped_up_to));
  send_parts(to, of);
}

/// Sends what is left, and waits for the commit.
result<void> finish(connection& to) {
  TROUPE_TRY(to.run());
  // As where an operator ends the wait for a copy that is to have it as well.
  if (!to.warning().empty())
    return fail(errc::storage_failed, "PostgreSQL warns at a commit: " + to.warning());
  return {};
}

void note_written(const write_plan& plan, known_documents& known) {
  for (const auto& [id, each] : plan.documents()) known.note_written(each);
}

/// Whether one statement can write it all.
bool is_short(const write_plan& plan) {
  std::size_t size = 0;
  for (const planned_record& each : plan.records()) size += each.update.size;
  return size > 0 && size < statement_size_bytes_max;
}

void send_known(connection& to, const write_plan& plan, time_ms now,
                const std::optional<batch_mark>& as) {
  growth_columns grown;
  column lives{type_id::int8};
  for (const auto& [id, each] : plan.documents()) {
    grown.add(id, each);
    lives.add(each.meta.life);
  }
  record_columns rows;
  for (const planned_record& each : plan.records()) rows.add(each);
  parameters with;
  with.add(moment{now});
  std::move(grown).finish(with);
  std::move(lives).finish(with);
  std::move(rows).finish(with);
  if (as) with.add(as->node).add(as->number);
  to.send(as ? append_known_as : append_known, std::move(with));
}

void send_one(connection& to, const write_plan& plan, time_ms now,
              const std::optional<batch_mark>& as, bool& is_there) {
  const planned_record& record = plan.records().front();
  const std::uint32_t crc = crc_of_record(record.id, record.number, record.update.view());
  parameters with;
  with.add(moment{now}).add(record.id).add(record.number);
  with.add(plan.documents().begin()->second.meta.life).add(record.origin);
  with.add_int4(crc).add(record.update.view());
  if (as) with.add(as->node).add(as->number);
  to.send(as ? append_one_as : append_one, std::move(with), [&](const row&) -> result<void> {
    is_there = true;
    return {};
  });
}

/// The short way, for a batch that only appends to documents that are remembered. Nothing: it has
/// to go the long way. One statement is one transaction.
std::optional<result<void>> try_known(connection& to, const batch& what, time_ms now,
                                      known_documents& known, const std::optional<batch_mark>& as) {
  if (!what.checkpoints.empty() || !what.announcements.empty()) return std::nullopt;
  write_plan plan{now, {}};
  if (!known.recall(documents_of(what), plan)) return std::nullopt;
  for (const log_append& each : what.appends)
    if (!plan.add(each, [](const claimed_record&) { return std::nullopt; })) return std::nullopt;
  if (!is_short(plan)) return std::nullopt;
  const bool is_one = plan.records().size() == 1;
  bool is_there = !is_one;
  if (is_one)
    send_one(to, plan, now, as, is_there);
  else
    send_known(to, plan, now, as);
  auto written = finish(to);
  if (written && !is_there) return std::nullopt;
  if (written) note_written(plan, known);
  if (written || to.why() == fault::none || to.why() == fault::connection) return written;
  const bool is_outdated =
      to.why() == fault::conflict || written.error().code == errc::storage_conflict;
  if (to.is_lost() || !is_outdated) return written;
  return std::nullopt;
}

result<void> plan_and_send(connection& to, const batch& what, time_ms now,
                           const write_plan::damage_test& is_damaged, known_documents& known,
                           const std::optional<batch_mark>& as) {
  write_plan plan{now, is_damaged};
  TROUPE_TRY(lock_all(to, what, plan, known));
  TROUPE_ASSIGN(const auto stored, read_claimed(to, plan.claimed_by(what.appends)));
  const auto find = [&](const claimed_record& which) -> std::optional<std::string_view> {
    const auto found = stored.find(which);
    return found == stored.end() ? std::nullopt : std::optional<std::string_view>{found->second};
  };
  for (const log_append& each : what.appends) TROUPE_TRY(plan.add(each, find));
  for (const checkpoint_write& each : what.checkpoints) TROUPE_TRY(plan.add(each));
  send_records(to, plan.records(), now);
  send_documents(to, plan.documents(), now);
  for (const planned_checkpoint& each : plan.checkpoints()) send_checkpoint(to, each);
  // Anew, since a part of the log is behind the checkpoint.
  for (const planned_checkpoint& each : plan.checkpoints())
    to.send(count_records, parameters{}.add(each.id).add(each.covers));
  send_announcements(to, what.announcements);
  if (as) to.send(update_batch, parameters{}.add(as->node).add(as->number));
  to.send("COMMIT");
  TROUPE_TRY(finish(to));
  note_written(plan, known);
  return {};
}

}  // namespace

void send_announcements(connection& to, const std::vector<announcement>& what) {
  for (const announcement& each : what)
    to.send(upsert_announcement, parameters{}
                                     .add(each.number)
                                     .add(each.id)
                                     .add(moment{each.created_at})
                                     .add(moment{each.since})
                                     .add(each.is_dead)
                                     .add(std::string_view{each.topic})
                                     .add(std::string_view{each.document})
                                     .add(std::string_view{each.details}));
}

result<bool> is_written(connection& by, const batch_mark& which) {
  bool is_there = false;
  by.send(select_batch, parameters{}.add(which.node), [&](const row& found) -> result<void> {
    is_there = found.number(0) == which.number;
    return {};
  });
  TROUPE_TRY(by.run());
  return is_there;
}

result<void> write_batch(connection& to, const batch& what, time_ms now,
                         const write_plan::damage_test& is_damaged, known_documents& known,
                         const std::optional<batch_mark>& as) {
  // Another node may have made the same document first, or wants the same ones: then again.
  constexpr int attempts_max = 5;
  for (const announcement& each : what.announcements) TROUPE_TRY(check_announcement(each));
  if (auto written = try_known(to, what, now, known, as)) {
    if (!*written) known.note_failure();
    return *std::move(written);
  }
  for (int attempt = 1;; ++attempt) {
    auto written = plan_and_send(to, what, now, is_damaged, known, as);
    if (written) return written;
    known.note_failure();
    to.roll_back();
    if (to.why() != fault::conflict || attempt == attempts_max) return written;
  }
}

}  // namespace troupe::storage::postgresql
