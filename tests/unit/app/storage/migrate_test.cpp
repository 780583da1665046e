// The commands on a store in PostgreSQL: its tables are made, it is verified and described, and
// documents move between it and a directory.
#include <fstream>
#include <sstream>

#include <nlohmann/json.hpp>

#include "app/moving/tool.hpp"
#include "app/storage/place.hpp"
#include "app/storage/tool.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/stored_documents.hpp"

namespace troupe::storage_migrate_test {

using namespace troupe::storage;
using test::append_to;
using test::line_update;
using test::postgres_bed;
using test::rocksdb_bed;
using test::text_in;

namespace {

struct outcome {
  int code = 0;
  std::string out;
  std::string err;
};

outcome run(storage_action action, const std::string& path, const std::string& schema) {
  storage_request request;
  request.action = action;
  request.path = path;
  request.schema = schema;
  std::ostringstream out, err;
  const int code = run_storage_command(request, {out, err});
  return {code, out.str(), err.str()};
}

outcome run(storage_action action, const postgres_bed& store) {
  return run(action, store.settings.connection.url, store.settings.connection.schema);
}

bool has(const std::string& text, std::string_view part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the URL of a database is told from a directory", "[storage_tool]") {
  CHECK(is_database_url("postgresql://db/x"));
  CHECK(is_database_url("postgres://db/x"));
  CHECK_FALSE(is_database_url("data"));
  CHECK_FALSE(is_database_url("/postgresql"));
}

TEST_CASE("migrate makes tables, and says when there is nothing to do",
          "[storage_tool][postgresql]") {
  const postgres_bed bed;
  const std::string& url = bed.settings.connection.url;
  const outcome made = run(storage_action::migrate, url, "migrate_test");
  INFO(made.err);
  CHECK(made.code == storage_sound);
  CHECK(made.out == "The tables of the schema migrate_test are made, format 1.\n");
  const outcome again = run(storage_action::migrate, url, "migrate_test");
  CHECK(again.code == storage_sound);
  CHECK(has(again.out, "nothing was changed"));
  bed.execute("UPDATE migrate_test.store SET format = 9");
  const outcome newer = run(storage_action::migrate, url, "migrate_test");
  CHECK(newer.code == storage_refused);
  CHECK(has(newer.err, "the tables have format 9, this server knows up to 1"));
  CHECK(run(storage_action::migrate, "data", "troupe").code == storage_refused);
  CHECK(has(run(storage_action::migrate, url, "No Name").err, "no name of a schema"));
}

TEST_CASE("verify and stats look at a database while a server writes",
          "[storage_tool][postgresql]") {
  postgres_bed store;
  for (sequence number = 1; number <= 3; ++number)
    REQUIRE(append_to(*store, "plan", number, {line_update(number)}));
  const outcome sound = run(storage_action::verify, store);
  INFO(sound.err << sound.out);
  CHECK(sound.code == storage_sound);
  CHECK(has(sound.out, "documents"));
  const outcome described = run(storage_action::stats, store);
  CHECK(described.code == storage_sound);
  CHECK(has(described.out, "'plan', 3 records behind its checkpoint"));
  CHECK_FALSE(has(described.out, "journal"));
  // Bytes that no client could read, under a right checksum.
  REQUIRE(append_to(*store, "plan", 4, {"no update"}));
  const outcome damaged = run(storage_action::verify, store);
  CHECK(damaged.code == storage_damaged);
  CHECK(has(damaged.out, "'plan'"));
  CHECK_FALSE(has(damaged.out, "storage repair"));
}

TEST_CASE("what works on files refuses a database and names its own tools",
          "[storage_tool][postgresql]") {
  for (const storage_action action :
       {storage_action::repair, storage_action::backup, storage_action::restore}) {
    const outcome refused = run(action, "postgresql://db/x", "troupe");
    CHECK(refused.code == storage_refused);
    CHECK(has(refused.err, "PostgreSQL's own tools"));
  }
}

TEST_CASE("documents move from a directory into a database and back", "[moving][postgresql]") {
  postgres_bed database;
  const test::temporary_directory folder;
  rocksdb_bed store;
  for (sequence number = 1; number <= 3; ++number)
    REQUIRE(append_to(*store, "team/plan", number, {line_update(number)}));
  store.close();
  const std::string files = folder.text() + "/files";
  const std::string& url = database.settings.connection.url;
  const std::string& schema = database.settings.connection.schema;
  std::ostringstream out, err;

  REQUIRE(run_export_command({store.settings.path, files, {}, false}, {out, err}) ==
          moving_complete);
  import_request taking;
  taking.from = files;
  taking.store = url;
  taking.schema = schema;
  const int taken = run_import_command(taking, {out, err});
  INFO(out.str() << err.str());
  REQUIRE(taken == moving_complete);
  CHECK(text_in(*database->load("team/plan")) == "1;2;3;");
  // One writer at a time.
  CHECK(run_import_command(taking, {out, err}) == moving_failed);
  CHECK(has(err.str(), "another process writes"));

  REQUIRE(append_to(*database, "other", 1, {line_update(1)}));
  const std::string back = folder.text() + "/back";
  REQUIRE(run_export_command({url, back, {}, false, schema}, {out, err}) == moving_complete);
  taking.from = back;
  taking.store = folder.text() + "/store";
  REQUIRE(run_import_command(taking, {out, err}) == moving_complete);
  rocksdb_settings settings;
  settings.path = taking.store;
  const auto opened = rocksdb_backend::open(settings);
  REQUIRE(opened);
  CHECK(text_in(*(*opened)->load("team/plan")) == "1;2;3;");
  CHECK(text_in(*(*opened)->load("other")) == "1;");
}

}  // namespace troupe::storage_migrate_test
