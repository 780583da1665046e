// `troupe storage migrate`: makes the tables of a store in PostgreSQL, and upgrades them.
#include "app/storage/commands.hpp"
#include "app/storage/place.hpp"
#include "storage/postgresql/schema.hpp"

namespace troupe {

result<storage_outcome> migrate_store(const storage_request& request) {
  namespace postgresql = storage::postgresql;
  if (!is_database_url(request.path))
    return fail(errc::invalid_config,
                "only a store in PostgreSQL has tables to make or upgrade: name its database as "
                "postgresql://USER@HOST/DATABASE");
  const auto settings = database_settings(request.path, request.schema);
  TROUPE_ASSIGN(const auto at, postgresql::connection::open(settings.connection));
  TROUPE_ASSIGN(const postgresql::migration done, postgresql::migrate(*at, request.schema));
  storage_outcome outcome;
  if (request.as_json) {
    json::writer out;
    out.open('{').name("schema").value(request.schema);
    out.name("from").value(std::uint64_t{done.from}).name("to").value(std::uint64_t{done.to});
    outcome.text = out.close('}').take() + "\n";
    return outcome;
  }
  const std::string of_schema = " of the schema " + request.schema;
  if (done.from == 0)
    outcome.text =
        "The tables" + of_schema + " are made, format " + std::to_string(done.to) + ".\n";
  else if (done.from == done.to)
    outcome.text = "The tables" + of_schema + " have format " + std::to_string(done.to) +
                   " already; nothing was changed.\n";
  else
    outcome.text = "The tables" + of_schema + " are upgraded from format " +
                   std::to_string(done.from) + " to " + std::to_string(done.to) + ".\n";
  return outcome;
}

}  // namespace troupe
