// Making and upgrading the tables of a store in PostgreSQL.
#include "storage/postgresql/schema.hpp"

#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/postgres_server.hpp"

namespace troupe::postgresql_schema_test {

using namespace troupe::storage;
using namespace troupe::storage::postgresql;
using test::postgres_bed;

namespace {

std::unique_ptr<connection> connect_to(const connection_settings& settings) {
  auto opened = connection::open(settings);
  REQUIRE(opened.has_value());
  return *std::move(opened);
}

}  // namespace

TEST_CASE("the name of a schema needs no quotes", "[storage][postgresql]") {
  for (const std::string_view good : {"troupe", "_x", "a1", "team_2"}) CHECK(is_schema_name(good));
  for (const std::string_view bad : {"", "1a", "Troupe", "a-b", "a.b", "a\"", "a b"})
    CHECK_FALSE(is_schema_name(bad));
  CHECK(is_schema_name(std::string(63, 'x')));
  CHECK_FALSE(is_schema_name(std::string(64, 'x')));
}

TEST_CASE("what is wrong with the URL of a database is said without its password",
          "[storage][postgresql]") {
  CHECK(check_url("postgresql://u:secret@h:5432/db?sslmode=require"));
  CHECK(check_url("host=h password='sec ret'"));
  for (const char* const url : {"postgresql://u:secret@[::1/db", "postgresql://u:secret%zz@h/db",
                                "host=h password=sec secret", "secret"}) {
    const auto checked = check_url(url);
    INFO(url);
    REQUIRE_FALSE(checked);
    CHECK(checked.error().detail.find("secret") == std::string::npos);
    CHECK(checked.error().detail.find("the URL cannot be read: ") != std::string::npos);
  }
  // As of a password with a slash, and one with an at sign.
  CHECK(explain_refusal("invalid integer value \"secret\" for connection option \"port\"\n") ==
        "invalid integer value \"...\" for connection option \"...\"");
  CHECK(explain_refusal("could not translate host name \"secret@h\" to address: no\n") ==
        "could not translate host name \"...\" to address: no");
  CHECK(explain_refusal("FATAL:  role \"u\" does not exist") == "FATAL: role \"u\" does not exist");
}

TEST_CASE("tables are made once, and stay when they are made again", "[storage][postgresql]") {
  postgres_bed bed;
  connection_settings settings = bed.settings.connection;
  settings.schema = "schema_test_once";
  const auto by = connect_to(settings);
  const auto made = migrate(*by, settings.schema);
  REQUIRE(made);
  CHECK(made->from == 0);
  CHECK(made->to == schema_format);
  const auto again = migrate(*by, settings.schema);
  REQUIRE(again);
  CHECK(again->from == schema_format);
  REQUIRE(check_format(*by));
}

TEST_CASE("two who make the tables at once do not disturb each other", "[storage][postgresql]") {
  postgres_bed bed;
  connection_settings settings = bed.settings.connection;
  settings.schema = "schema_test_twice";
  std::vector<result<migration>> made(4, fail(errc::storage_failed));
  std::vector<std::thread> running;
  for (auto& each : made)
    running.emplace_back([&] {
      if (const auto by = connection::open(settings)) each = migrate(**by, settings.schema);
    });
  for (std::thread& each : running) each.join();
  int first = 0;
  for (const auto& each : made) {
    INFO((each ? "" : to_string(each.error())));
    REQUIRE(each);
    first += each->from == 0 ? 1 : 0;
  }
  CHECK(first == 1);
}

TEST_CASE("a migration that fails changes nothing", "[storage][postgresql]") {
  postgres_bed bed;
  connection_settings settings = bed.settings.connection;
  settings.schema = "schema_test_foreign";
  bed.execute("CREATE SCHEMA schema_test_foreign");
  // A table of somebody else in the way of one of the last.
  bed.execute("CREATE TABLE schema_test_foreign.outbox (x int)");
  const auto by = connect_to(settings);
  CHECK_FALSE(migrate(*by, settings.schema));
  CHECK(find_format(*by).error().code == errc::corrupt_store);
  bed.execute("DROP TABLE schema_test_foreign.outbox");
  CHECK(migrate(*by, settings.schema));
}

TEST_CASE("newer tables are refused and stay as they are", "[storage][postgresql]") {
  postgres_bed bed;
  bed.execute("UPDATE store SET format = 7");
  const auto by = connect_to(bed.settings.connection);
  CHECK(migrate(*by, bed.settings.connection.schema).error().code == errc::newer_format);
  CHECK(find_format(*by) == 7U);
  CHECK(check_format(*by).error().code == errc::newer_format);
}

TEST_CASE("a table of somebody else is not taken for a store", "[storage][postgresql]") {
  postgres_bed bed;
  bed.execute("CREATE SCHEMA schema_test_shop");
  bed.execute("CREATE TABLE schema_test_shop.store (name text)");
  connection_settings settings = bed.settings.connection;
  settings.schema = "schema_test_shop";
  const auto by = connect_to(settings);
  CHECK(migrate(*by, settings.schema).error().code == errc::corrupt_store);
}

TEST_CASE("a role that may not read or write the tables is told so", "[storage][postgresql]") {
  const postgres_bed made;
  const std::string& schema = made.settings.connection.schema;
  const auto execute = [&](const std::string& statement) { made.execute(statement); };
  const std::string role = "role_of_" + schema;
  execute("CREATE ROLE " + role + " LOGIN");
  postgresql_settings theirs = made.settings;
  theirs.connection.url.replace(theirs.connection.url.find("postgres@"), 8, role);
  const auto why = [&] {
    const auto opened = postgresql_backend::open(theirs);
    return opened ? std::string{} : opened.error().detail;
  };
  CHECK(why() == "PostgreSQL: the role of this connection may not use the schema " + schema);
  const auto by = connect_to(theirs.connection);
  CHECK(migrate(*by, schema).error().detail == why());
  execute("GRANT USAGE ON SCHEMA " + schema + " TO " + role);
  execute("GRANT SELECT ON ALL TABLES IN SCHEMA " + schema + " TO " + role);
  CHECK(why().starts_with("PostgreSQL: the role of this connection lacks rights to tables ("));
  CHECK(why().find("log: INSERT") != std::string::npos);
  CHECK(why().find("SELECT") == std::string::npos);
  execute("GRANT ALL ON ALL TABLES IN SCHEMA " + schema + " TO " + role);
  CHECK(why().empty());
  execute("REVOKE ALL ON ALL TABLES IN SCHEMA " + schema + " FROM " + role);
  execute("REVOKE ALL ON SCHEMA " + schema + " FROM " + role);
  execute("DROP ROLE " + role);
}

}  // namespace troupe::postgresql_schema_test
