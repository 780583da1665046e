#include "app/storage/tool.hpp"

#include <ostream>

#include "app/storage/commands.hpp"
#include "app/storage/place.hpp"
#include "base/printable.hpp"

namespace troupe {

namespace {

/// What works on the files of a store. A database has tools of its own for it.
bool needs_directory(storage_action action) noexcept {
  return action == storage_action::repair || action == storage_action::backup ||
         action == storage_action::restore;
}

result<storage_outcome> run(const storage_request& request) {
  if (needs_directory(request.action) && is_database_url(request.path))
    return fail(errc::invalid_config,
                "a store in PostgreSQL is copied and repaired with PostgreSQL's own tools "
                "(docs/storage-postgresql.md)");
  switch (request.action) {
    case storage_action::verify: return verify_store(request);
    case storage_action::repair: return repair_store(request);
    case storage_action::backup: return backup_store(request);
    case storage_action::restore: return restore_store(request);
    case storage_action::stats: return describe_store(request);
    case storage_action::migrate: return migrate_store(request);
  }
  return fail(errc::storage_failed, "unknown command");
}

}  // namespace

int run_storage_command(const storage_request& request, const storage_streams& streams) {
  const auto outcome = run(request);
  if (!outcome) {
    streams.err << printable(outcome.error().detail);
    // Repair itself is at its end.
    if (request.action != storage_action::repair && !is_database_url(request.path))
      streams.err << storage_advice(outcome.error().code, request.path);
    streams.err << '\n';
    return storage_refused;
  }
  streams.out << outcome->text << std::flush;
  if (streams.out) return outcome->code;
  streams.err << "standard output: cannot be written\n";
  return storage_refused;
}

std::string storage_advice(errc why, std::string_view path) {
  if (why != errc::corrupt_store && why != errc::corrupt_document) return {};
  const std::string quoted = in_single_quotes(path);
  return "; `troupe storage verify " + quoted + "` says what is damaged, `troupe storage repair " +
         quoted + "` saves what can be read, `troupe storage restore BACKUP DIRECTORY` puts a " +
         "backup in place";
}

}  // namespace troupe
