// The archive in PostgreSQL, but for its versions and its verification.
#include <algorithm>

#include "storage/document_description.hpp"
#include "storage/postgresql/state.hpp"

namespace troupe::storage {

namespace {

using postgresql::connection;
using postgresql::named_meta;
using postgresql::parameters;
using postgresql::row;

constexpr const char* select_for_update =
    "SELECT " TROUPE_META_COLUMNS " FROM documents WHERE id = $1 FOR UPDATE";
constexpr const char* select_page =
    "SELECT " TROUPE_META_COLUMNS " FROM documents WHERE name >= $1 AND name <> $2 AND ($3 OR NOT "
    "is_removed) ORDER BY name LIMIT $4";
constexpr const char* select_whether_any =
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM log WHERE document = $1) OR EXISTS (SELECT 1 FROM "
    "checkpoints WHERE document = $1)";
constexpr const char* bury_document =
    "INSERT INTO documents (" TROUPE_META_COLUMNS ", last_version) VALUES ($1, $2, $3, $4, $5, "
    "true, $6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0) ON CONFLICT (id) DO UPDATE SET created_at = $3, "
    "changed_at = $4, life = $5, is_removed = true, is_admitted = $6, last_number = 0, log_records "
    "= 0, log_bytes = 0, newest = 0, newest_covers = 0, newest_size = 0, previous = 0, "
    "previous_covers = 0, previous_size = 0, last_version = 0";
constexpr const char* select_named_version =
    "SELECT 1 FROM versions WHERE document = $1 AND NOT is_automatic LIMIT 1";
constexpr const char* select_raw_parts =
    "SELECT generation, part, data FROM checkpoints WHERE document = $1 ORDER BY generation, part";
constexpr const char* select_raw_log =
    "SELECT number, crc, data FROM log WHERE document = $1 ORDER BY number";
// Exact while they are few.
constexpr const char* select_stats =
    "SELECT CASE WHEN few.count < 10000 THEN few.count ELSE greatest(10000, (SELECT "
    "reltuples::bigint FROM pg_catalog.pg_class WHERE oid = 'documents'::regclass)) END, "
    "pg_total_relation_size('log'), pg_total_relation_size('checkpoints'), "
    "pg_total_relation_size('documents'), pg_total_relation_size('versions') + "
    "pg_total_relation_size('version_parts') FROM (SELECT count(*) FROM (SELECT 1 FROM documents "
    "LIMIT 10000) AS part) AS few";

std::uint64_t known_generation(const document_meta& meta) {
  return document_generation(meta.life, meta.is_removed, meta.is_admitted);
}

/// Notes that there was a row.
connection::hearer note_row(bool& to) {
  return [&to](const row&) -> result<void> {
    to = true;
    return {};
  };
}

/// All records, checkpoints and versions.
void send_erasure(connection& by, const document_id& id) {
  by.send("DELETE FROM log WHERE document = $1", parameters{}.add(id));
  by.send("DELETE FROM checkpoints WHERE document = $1", parameters{}.add(id));
  by.send("DELETE FROM version_parts WHERE document = $1", parameters{}.add(id));
  by.send("DELETE FROM versions WHERE document = $1", parameters{}.add(id));
}

/// All that is stored of the document goes, and a tombstone is left.
void send_burial(connection& by, const std::string& name, const document_meta& tombstone) {
  send_erasure(by, tombstone.id);
  by.send(bury_document, parameters{}
                             .add(tombstone.id)
                             .add(std::string_view{name})
                             .add(postgresql::moment{tombstone.created_at})
                             .add(postgresql::moment{tombstone.changed_at})
                             .add(tombstone.life)
                             .add(tombstone.is_admitted));
}

template <class T>
result<T> named(const std::string& document, result<T> done) {
  if (done) return done;
  return tl::unexpected(in_document(document, std::move(done).error()));
}

}  // namespace

result<std::optional<document_meta>> postgresql::lock_meta(connection& by,
                                                           const std::string& name) {
  std::optional<named_meta> found;
  by.send(select_for_update, parameters{}.add(id_of(name)), [&](const row& from) -> result<void> {
    found = read_meta(from);
    return {};
  });
  TROUPE_TRY(by.run());
  if (!found) return std::nullopt;
  if (found->name != name)
    return fail(errc::storage_conflict, "its id is that of another document");
  return found->meta;
}

result<document_page> postgresql_backend::list(const document_query& which) {
  return state_->connections.read([&](connection& by) -> result<document_page> {
    document_page page;
    bool is_at_end = false;
    const auto hear = [&](const row& from) -> result<void> {
      const named_meta found = postgresql::read_meta(from);
      is_at_end = is_at_end || !found.name.starts_with(which.prefix);
      if (is_at_end) return {};
      page.has_more = page.documents.size() >= which.limit;
      if (!page.has_more) page.documents.push_back(describe(found.name, found.meta));
      return {};
    };
    by.send(select_page,
            parameters{}
                .add(std::string_view{std::max(which.prefix, which.after)})
                .add(std::string_view{which.after})
                .add(which.with_removed)
                .add(std::uint64_t{which.limit} + 1),
            hear);
    TROUPE_TRY(by.run());
    return page;
  });
}

result<std::optional<document_info>> postgresql_backend::info(const std::string& document) {
  const auto find = [&](connection& by) -> result<std::optional<document_info>> {
    TROUPE_ASSIGN(const auto meta, postgresql::find_meta(by, document));
    if (!meta) return std::nullopt;
    return describe(document, *meta);
  };
  return named(document, state_->connections.read(find));
}

result<bool> postgresql_backend::remove(const std::string& document) {
  const auto bury = [&](connection& by) -> result<bool> {
    TROUPE_ASSIGN(const auto stored, postgresql::lock_meta(by, document));
    document_meta tombstone;
    tombstone.id = id_of(document);
    bool was_there = postgresql::is_present(stored);
    if (!stored) {
      by.send(select_whether_any, parameters{}.add(tombstone.id), note_row(was_there));
      TROUPE_TRY(by.run());
      if (!was_there) return false;
    }
    if (stored && !postgresql::check_present(*stored)) return false;
    tombstone.created_at = stored ? stored->created_at : state_->now();
    tombstone.changed_at = state_->now();
    tombstone.life = stored ? stored->life : 1;
    send_burial(by, document, tombstone);
    return was_there;
  };
  return named(document, state_->change(bury));
}

result<std::uint64_t> postgresql_backend::adopt(const std::string& document, std::uint64_t wanted) {
  const auto bury = [&](connection& by) -> result<std::uint64_t> {
    TROUPE_ASSIGN(const auto stored, postgresql::lock_meta(by, document));
    const std::uint64_t known = stored ? known_generation(*stored) : 0;
    // A document that begins its first life needs no row for that.
    if (wanted <= std::max<std::uint64_t>(known, 2)) return known;
    document_meta tombstone;
    tombstone.id = id_of(document);
    const document_end end = end_of_generation(wanted);
    tombstone.life = end.life;
    tombstone.is_admitted = end.is_admitted;
    tombstone.created_at = tombstone.changed_at = state_->now();
    send_burial(by, document, tombstone);
    return wanted;
  };
  return named(document, state_->change(bury));
}

result<bool> postgresql_backend::forget(const std::string& document) {
  const auto erase = [&](connection& by) -> result<bool> {
    TROUPE_ASSIGN(const auto stored, postgresql::lock_meta(by, document));
    if (!postgresql::is_present(stored)) return false;
    bool is_wanted = false;
    by.send(select_named_version, parameters{}.add(stored->id), note_row(is_wanted));
    TROUPE_TRY(by.run());
    if (is_wanted) return false;
    send_erasure(by, stored->id);
    by.send("DELETE FROM documents WHERE id = $1", parameters{}.add(stored->id));
    return true;
  };
  return named(document, state_->change(erase));
}

result<bool> postgresql_backend::admit(const std::string& document) {
  const auto admit = [&](connection& by) -> result<bool> {
    TROUPE_ASSIGN(const auto stored, postgresql::lock_meta(by, document));
    if (!stored || !stored->is_removed) return false;
    by.send("UPDATE documents SET is_admitted = true WHERE id = $1", parameters{}.add(stored->id));
    return true;
  };
  return named(document, state_->change(admit));
}

result<raw_document> postgresql_backend::raw(const std::string& document, std::size_t bytes_max) {
  const document_id id = id_of(document);
  const auto read = [&](connection& by) -> result<raw_document> {
    raw_document raw;
    std::size_t bytes = 0;
    const auto add = [&](std::string label, std::string_view value, std::string damage) {
      bytes += value.size();
      raw.is_complete = raw.is_complete && bytes <= bytes_max;
      if (raw.is_complete)
        raw.pieces.push_back({std::move(label), std::string{value}, std::move(damage)});
    };
    postgresql::begin_reading(by);
    by.send(select_raw_parts, parameters{}.add(id), [&](const row& from) -> result<void> {
      add("checkpoint " + std::to_string(from.number(0)) + " part " +
              std::to_string(from.number(1)),
          from.text(2), {});
      return {};
    });
    by.send(select_raw_log, parameters{}.add(id), [&](const row& from) -> result<void> {
      const sequence number = from.number(0);
      const bool is_whole = postgresql::crc_of_record(id, number, from.bytes(2)) == from.number(1);
      add("record " + std::to_string(number), from.text(2),
          is_whole ? "" : "its checksum is wrong");
      return {};
    });
    TROUPE_TRY(postgresql::end_reading(by));
    return raw;
  };
  return named(document, state_->connections.read(read));
}

result<store_stats> postgresql_backend::stats() {
  store_stats stats;
  stats.is_writable = state_->is_writable;
  const auto ask = [&](connection& by) -> result<bool> {
    by.send(select_stats, {}, [&](const row& from) -> result<void> {
      stats.documents_estimated = from.number(0);
      stats.log_bytes = from.number(1);
      stats.checkpoint_bytes = from.number(2);
      stats.meta_bytes = from.number(3);
      stats.version_bytes = from.number(4);
      return {};
    });
    TROUPE_TRY(by.run());
    return true;
  };
  TROUPE_TRY(state_->connections.read(ask));
  return stats;
}

result<void> postgresql_backend::backup(const std::string&) {
  return fail(
      errc::invalid_config,
      "documents in PostgreSQL are backed up by its own tools (docs/storage-postgresql.md)");
}

}  // namespace troupe::storage
