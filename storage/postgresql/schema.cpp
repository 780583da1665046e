#include "storage/postgresql/schema.hpp"

#include <array>
#include <optional>
#include <vector>

namespace troupe::storage::postgresql {
namespace {

constexpr std::string_view no_tables =
    "PostgreSQL: there are no tables of a store in the schema; `troupe storage migrate` makes them";

/// What makes format n of format n - 1; the first makes all. A step that was released is never
/// changed.
const std::vector<std::vector<const char*>> steps = {
    {
        R"(CREATE TABLE store (
             is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
             format integer NOT NULL,
             made_at timestamptz NOT NULL DEFAULT now()))",
        R"(CREATE TABLE documents (
             id uuid PRIMARY KEY,
             name text COLLATE "C" NOT NULL UNIQUE,
             created_at timestamptz NOT NULL,
             changed_at timestamptz NOT NULL,
             life bigint NOT NULL,
             is_removed boolean NOT NULL,
             is_admitted boolean NOT NULL,
             last_number bigint NOT NULL,
             log_records bigint NOT NULL,
             log_bytes bigint NOT NULL,
             newest bigint NOT NULL,
             newest_covers bigint NOT NULL,
             newest_size bigint NOT NULL,
             previous bigint NOT NULL,
             previous_covers bigint NOT NULL,
             previous_size bigint NOT NULL,
             last_version bigint NOT NULL) WITH (fillfactor = 70))",
        R"(CREATE TABLE log (
             document uuid NOT NULL,
             number bigint NOT NULL,
             stored_at timestamptz NOT NULL,
             origin bigint NOT NULL,
             crc integer NOT NULL,
             data bytea NOT NULL,
             PRIMARY KEY (document, number)))",
        R"(CREATE TABLE checkpoints (
             document uuid NOT NULL,
             generation bigint NOT NULL,
             part integer NOT NULL,
             covers bigint NOT NULL,
             state_size bigint NOT NULL,
             state_crc integer NOT NULL,
             data bytea NOT NULL,
             PRIMARY KEY (document, generation, part)))",
        R"(CREATE TABLE versions (
             document uuid NOT NULL,
             number bigint NOT NULL,
             label text NOT NULL,
             created_at timestamptz NOT NULL,
             is_automatic boolean NOT NULL,
             covers bigint NOT NULL,
             state_size bigint NOT NULL,
             frame_size bigint NOT NULL,
             frame_crc integer NOT NULL,
             authors text[] NOT NULL,
             origins text[] NOT NULL,
             PRIMARY KEY (document, number)))",
        R"(CREATE TABLE version_parts (
             document uuid NOT NULL,
             number bigint NOT NULL,
             part integer NOT NULL,
             data bytea NOT NULL,
             PRIMARY KEY (document, number, part)))",
        R"(CREATE TABLE outbox (
             number bigint PRIMARY KEY,
             id uuid NOT NULL,
             created_at timestamptz NOT NULL,
             since timestamptz NOT NULL,
             is_dead boolean NOT NULL,
             topic text NOT NULL,
             document text NOT NULL,
             details text NOT NULL))",
        R"(CREATE TABLE nodes (
             id uuid PRIMARY KEY,
             cluster text NOT NULL,
             name text NOT NULL,
             address text NOT NULL,
             batch bigint NOT NULL,
             joined_at timestamptz NOT NULL,
             seen_at timestamptz NOT NULL) WITH (fillfactor = 50))",
    },
};
static_assert(schema_format == 1, "a new format needs its step");

constexpr const char* insert_format = "INSERT INTO store (format) VALUES ($1::bigint)";
constexpr const char* update_format = "UPDATE store SET format = $1::bigint";

tl::unexpected<failure> newer(std::uint32_t format) {
  return fail(errc::newer_format, "PostgreSQL: the tables have format " + std::to_string(format) +
                                      ", this server knows up to " + std::to_string(schema_format));
}

/// Whose tables one may not use looks as if it had none.
result<void> check_usage(connection& at) {
  std::string kept_from;
  at.send("SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname = "
          "current_setting('search_path') AND NOT has_schema_privilege(oid, 'USAGE')",
          {}, [&](const row& found) -> result<void> {
            kept_from = found.text(0);
            return {};
          });
  TROUPE_TRY(at.run());
  if (kept_from.empty()) return {};
  return fail(errc::storage_failed,
              "PostgreSQL: the role of this connection may not use the schema " + kept_from);
}

/// 0: there are no tables.
result<std::uint32_t> read_format(connection& at) {
  std::uint64_t has_table = 0;
  at.send("SELECT count(*) FROM pg_catalog.pg_class WHERE oid = to_regclass('store')", {},
          [&](const row& found) -> result<void> {
            has_table = found.number(0);
            return {};
          });
  TROUPE_TRY(at.run());
  if (has_table == 0) return std::uint32_t{0};
  std::optional<std::uint64_t> format;
  at.send("SELECT format FROM store", {}, [&](const row& found) -> result<void> {
    format = found.number(0);
    return {};
  });
  const auto read = at.run();
  if ((!read && at.why() == fault::missing) || (read && !format))
    return fail(errc::corrupt_store,
                "PostgreSQL: the schema has a table `store` that is not troupe's; name another "
                "schema in storage.postgresql.schema");
  TROUPE_TRY(read);
  return static_cast<std::uint32_t>(*format);
}

result<migration> step_up(connection& at, const std::string& schema) {
  // Who may make no schemas is given one.
  bool has_schema = false;
  at.send("SELECT 1 FROM pg_catalog.pg_namespace WHERE nspname = $1::text",
          parameters{}.add(std::string_view{schema}), [&](const row&) -> result<void> {
            has_schema = true;
            return {};
          });
  TROUPE_TRY(at.run());
  if (has_schema) TROUPE_TRY(check_usage(at));
  if (!has_schema) at.send_text("CREATE SCHEMA " + schema);  // is_schema_name() holds: no quotes
  TROUPE_TRY(at.run());
  migration done;
  TROUPE_ASSIGN(done.from, read_format(at));
  if (done.from > schema_format) return newer(done.from);
  done.to = schema_format;
  for (std::size_t i = done.from; i < steps.size(); ++i)
    for (const char* const each : steps[i]) at.send_text(each);
  at.send(done.from == 0 ? insert_format : update_format,
          parameters{}.add(std::uint64_t{schema_format}));
  TROUPE_TRY(at.run());
  return done;
}

}  // namespace

result<std::uint32_t> find_format(connection& at) {
  TROUPE_ASSIGN(const std::uint32_t format, read_format(at));
  if (format != 0) return format;
  TROUPE_TRY(check_usage(at));
  return fail(errc::corrupt_store, no_tables);
}

result<void> check_rights(connection& at) {
  std::string refused;
  at.send("SELECT t || ': ' || r FROM unnest(ARRAY['documents', 'log', 'checkpoints', 'versions', "
          "'version_parts', 'outbox', 'nodes']) AS tables(t), unnest(ARRAY['SELECT', 'INSERT', "
          "'UPDATE', 'DELETE']) AS rights(r) WHERE NOT has_table_privilege(t, r)",
          {}, [&](const row& found) -> result<void> {
            refused.append(refused.empty() ? "" : ", ").append(found.text(0));
            return {};
          });
  TROUPE_TRY(at.run());
  if (refused.empty()) return {};
  return fail(errc::storage_failed,
              "PostgreSQL: the role of this connection lacks rights to tables (" + refused + ")");
}

result<void> check_format(connection& at) {
  TROUPE_ASSIGN(const std::uint32_t format, find_format(at));
  if (format > schema_format) return newer(format);
  if (format == schema_format) return {};
  return fail(errc::corrupt_store, "PostgreSQL: the tables have format " + std::to_string(format) +
                                       ", this server needs " + std::to_string(schema_format) +
                                       "; `troupe storage migrate` upgrades them");
}

result<migration> migrate(connection& at, const std::string& schema) {
  at.send("BEGIN");
  // Two at once would both make the tables.
  at.send("SELECT pg_advisory_xact_lock(hashtext('troupe migrate'))");
  TROUPE_TRY(at.run());
  auto done = step_up(at, schema);
  if (!done) {
    at.roll_back();
    return done;
  }
  at.send("COMMIT");
  TROUPE_TRY(at.run());
  return done;
}

}  // namespace troupe::storage::postgresql
