// What is the PostgreSQL backend's own: who may open it, damage, and what the database does to it
// while it runs. What it shares with other stores is in backend_contract_test.cpp and
// archive_lives_test.cpp.
#include "storage/postgresql/backend.hpp"

#include <atomic>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/postgres_server.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::postgresql_backend_test {

using namespace troupe::storage;
using test::append_of;
using test::append_to;
using test::load_from;
using test::postgres_bed;
using test::stored_texts;
using test::write_checkpoint;

namespace {

std::string why_not_opened(postgres_bed& store) {
  const auto opened = store.try_open();
  return opened ? "" : to_string(opened.error());
}

}  // namespace

TEST_CASE("a store in PostgreSQL has one writer, unless several share it",
          "[storage][postgresql]") {
  postgres_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  const auto second = postgresql_backend::open(store.settings);
  REQUIRE_FALSE(second);
  CHECK(second.error().code == errc::store_in_use);
  // One that only looks is not in the way.
  const auto looking = postgresql_backend::inspect(store.settings);
  REQUIRE(looking);
  CHECK(load_from(**looking, "a") == stored_texts{"", {"u1"}, 1});
  CHECK_FALSE(append_to(**looking, "a", 2, {"u2"}));
  CHECK_FALSE((*looking)->recover());
  store.close();
  postgresql_settings sharing = store.settings;
  sharing.access = postgresql_access::shared;
  const auto one = postgresql_backend::open(sharing);
  const auto other = postgresql_backend::open(sharing);
  REQUIRE((one && other));
  REQUIRE(append_to(**one, "a", next_number, {"u2"}));
  REQUIRE(append_to(**other, "a", next_number, {"u3"}));
  CHECK(load_from(**one, "a") == stored_texts{"", {"u1", "u2", "u3"}, 3});
}

TEST_CASE("several nodes append to one document at once, and nothing is lost or doubled",
          "[storage][postgresql]") {
  postgres_bed store;
  store.settings.access = postgresql_access::shared;
  constexpr int nodes = 3;
  constexpr int appends = 40;
  std::atomic<int> failed = 0;
  std::vector<std::thread> running;
  for (int node = 0; node < nodes; ++node)
    running.emplace_back([&, node] {
      const auto opened = postgresql_backend::open(store.settings);
      if (!opened) return void(++failed);
      for (int i = 0; i < appends; ++i) {
        batch what;
        const std::string update = std::to_string(node) + "." + std::to_string(i);
        // In another order each time, as they come; each makes new documents, too.
        what.appends = {append_of("a", next_number, {update}),
                        append_of("b", next_number, {update})};
        if (i % 2 == 1) std::swap(what.appends[0], what.appends[1]);
        what.appends.push_back(append_of("new " + std::to_string(i), next_number, {update}));
        if (!(*opened)->write(what)) ++failed;
      }
    });
  for (std::thread& each : running) each.join();
  CHECK(failed == 0);
  for (const char* const name : {"a", "b"}) {
    stored_texts stored = load_from(*store, name);
    CHECK(stored.last == nodes * appends);
    std::ranges::sort(stored.updates);
    CHECK(std::ranges::adjacent_find(stored.updates) == stored.updates.end());
    CHECK(stored.updates.size() == nodes * appends);
  }
  CHECK(load_from(*store, "new 7").last == nodes);
  CHECK(store->verify({})->damages_in_total == 0);
}

TEST_CASE("a node that compacts removes what it has merged, and nothing that others append",
          "[storage][postgresql]") {
  postgres_bed bed;
  bed.settings.access = postgresql_access::shared;
  const auto one = postgresql_backend::open(bed.settings);
  const auto other = postgresql_backend::open(bed.settings);
  REQUIRE((one && other));
  REQUIRE(append_to(**one, "a", next_number, {"u1", "u2", "u3"}));
  const sequence merged = load_from(**one, "a").last;
  REQUIRE(append_to(**other, "a", next_number, {"u4", "u5"}));
  REQUIRE(write_checkpoint(**one, "a", merged, "s3"));
  CHECK(load_from(**other, "a") == stored_texts{"s3", {"u4", "u5"}, 5});
  // The second of two that compact at once covers less, and changes nothing.
  REQUIRE(write_checkpoint(**other, "a", 5, "s5"));
  REQUIRE(write_checkpoint(**one, "a", 4, "s4"));
  CHECK(load_from(**one, "a") == stored_texts{"s5", {}, 5});
  CHECK((*one)->verify({})->damages_in_total == 0);
}

TEST_CASE("loads wait for no write, however long the database takes for it",
          "[storage][postgresql]") {
  postgres_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  auto blocker = postgresql::connection::open(store.settings.connection);
  REQUIRE(blocker);
  (*blocker)->send("BEGIN");
  (*blocker)->send("SELECT 1 FROM documents FOR UPDATE");
  REQUIRE((*blocker)->run());
  std::atomic<bool> is_written = false;
  std::thread writer{[&] {
    if (append_to(*store, "a", 2, {"u2"})) is_written = true;
  }};
  // Were one of these to wait for the writer, the test would not end.
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1"}, 1});
  CHECK(load_from(*store, "b") == stored_texts{});
  CHECK(store->list({})->documents.size() == 1);
  CHECK(store->stats()->is_writable);
  CHECK_FALSE(is_written);
  (*blocker)->roll_back();
  writer.join();
  CHECK(is_written);
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2"}, 2});
}

TEST_CASE("a store is not opened before its tables are there, nor after a newer server's",
          "[storage][postgresql]") {
  postgres_bed store;
  store.execute("UPDATE store SET format = 99");
  CHECK(why_not_opened(store) ==
        "newer_format: PostgreSQL: the tables have format 99, this server knows up to 1");
  store.settings.connection.schema = "nothing_here";
  CHECK(why_not_opened(store) ==
        "corrupt_store: PostgreSQL: there are no tables of a store in the schema; `troupe storage "
        "migrate` makes them");
  store.settings.connection.schema = "; DROP SCHEMA public";
  CHECK(why_not_opened(store).starts_with("invalid_config"));
  store.settings.connection.schema = "troupe";
  store.settings.connection.url = "host=/nowhere";
  CHECK(why_not_opened(store).starts_with("storage_failed: PostgreSQL: connection to server"));
}

// --- damage ---

TEST_CASE("a damaged checkpoint costs nothing while the one before it and the log are whole",
          "[storage][postgresql]") {
  postgres_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2"}));
  REQUIRE(write_checkpoint(*store, "a", 2, "s2"));
  REQUIRE(append_to(*store, "a", 3, {"u3"}));
  REQUIRE(write_checkpoint(*store, "a", 3, "s3"));
  REQUIRE(append_to(*store, "a", 4, {"u4"}));
  SECTION("with other bytes") {
    store.execute("UPDATE checkpoints SET data = 'xx' WHERE generation = 2");
  }
  SECTION("that is gone") { store.execute("DELETE FROM checkpoints WHERE generation = 2"); }
  SECTION("that covers something else") {
    store.execute("UPDATE checkpoints SET covers = 2 WHERE generation = 2");
  }
  const stored_texts stored = load_from(*store, "a");
  CHECK(stored.checkpoint == "s2");
  CHECK(stored.updates == std::vector<std::string>{"u3", "u4"});
  CHECK(stored.damage.starts_with("checkpoint generation 2: "));
  const auto report = store->verify({});
  REQUIRE(report->damages_in_total == 1);
  CHECK(report->damages[0].is_readable);
  // What it was read from stays, until there is a better one.
  REQUIRE(write_checkpoint(*store, "a", 4, "s4"));
  CHECK(load_from(*store, "a") == stored_texts{"s4", {}, 4});
  store.execute("DELETE FROM checkpoints WHERE generation = 3");
  CHECK(load_from(*store, "a").checkpoint == "s2");
}

TEST_CASE("a damaged log fails its document alone", "[storage][postgresql]") {
  postgres_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2", "u3"}));
  REQUIRE(append_to(*store, "b", 1, {"b1"}));
  std::string why;
  SECTION("a row with other bytes") {
    store.execute("UPDATE log SET data = 'x' WHERE number = 2");
    why = "record 2: its checksum is wrong";
  }
  SECTION("a row that is gone") {
    store.execute("DELETE FROM log WHERE number = 2");
    why = "record 2 is missing";
  }
  SECTION("the last row is gone") {
    store.execute("DELETE FROM log WHERE number = 3");
    why = "record 3 is missing";
  }
  SECTION("the row of the document is gone") {
    store.execute("DELETE FROM documents WHERE name = 'a'");
    why = "its row in documents is missing, but there is data of it";
  }
  const auto loaded = store->load("a");
  REQUIRE_FALSE(loaded);
  CHECK(to_string(loaded.error()) == "corrupt_document: document 'a': " + why);
  CHECK(load_from(*store, "b") == stored_texts{"", {"b1"}, 1});
  CHECK(store->verify({})->damages_in_total == 1);
  CHECK(store->remove("a") == true);
  CHECK(store->load("a").error().code == errc::document_removed);
  CHECK(store->verify({})->damages_in_total == 0);
}

TEST_CASE("a damaged version fails alone", "[storage][postgresql]") {
  postgres_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  REQUIRE(store->add_version("a", {"first", false, 1, as_bytes("state")}));
  REQUIRE(store->add_version("a", {"second", true, 1, as_bytes(test::noise(2'200'000))}));
  SECTION("a part with other bytes") {
    store.execute("UPDATE version_parts SET data = data || 'x' WHERE number = 2 AND part = 3");
  }
  SECTION("a part that is gone") {
    store.execute("DELETE FROM version_parts WHERE number = 2 AND part = 2");
  }
  CHECK(store->read_version("a", 2).error().code == errc::corrupt_document);
  CHECK(as_text((**store->read_version("a", 1)).state.view()) == "state");
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1"}, 1});
  CHECK(store->verify({})->damages_in_total == 1);
  CHECK(store->remove_version("a", 2) == true);
  CHECK(store->verify({})->damages_in_total == 0);
}

// --- what the database does ---

TEST_CASE("connections that the database ends are opened again", "[storage][postgresql]") {
  postgres_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  CHECK(load_from(*store, "a").last == 1);
  store.cut_connections();
  // Who reads or administers does not notice.
  CHECK(load_from(*store, "a").last == 1);
  store.cut_connections();
  REQUIRE(store->add_version("a", {"v", false, 1, as_bytes("s")}));
  const auto written = append_to(*store, "a", 2, {"u2"});
  REQUIRE_FALSE(written);
  CHECK(written.error().code == errc::storage_failed);
  CHECK_FALSE(store->stats()->is_writable);
  CHECK_FALSE(append_to(*store, "a", 2, {"u2"}));
  REQUIRE(store->recover());
  CHECK(store->stats()->is_writable);
  REQUIRE(append_to(*store, "a", 2, {"u2"}));
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2"}, 2});
}

TEST_CASE("a statement that takes too long fails the write, which can be done again",
          "[storage][postgresql]") {
  postgres_bed store;
  store.settings.connection.statement_timeout = std::chrono::milliseconds{200};
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  auto blocker = postgresql::connection::open(store.settings.connection);
  REQUIRE(blocker);
  (*blocker)->send("SELECT set_config('idle_in_transaction_session_timeout', '0', false)");
  (*blocker)->send("BEGIN");
  (*blocker)->send("SELECT 1 FROM documents FOR UPDATE");
  REQUIRE((*blocker)->run());
  const auto written = append_to(*store, "a", 2, {"u2"});
  REQUIRE_FALSE(written);
  CHECK(to_string(written.error()) ==
        "storage_failed: PostgreSQL: canceling statement due to statement timeout");
  (*blocker)->roll_back();
  REQUIRE(store->recover());
  REQUIRE(append_to(*store, "a", 2, {"u2"}));
  CHECK(load_from(*store, "a").last == 2);
}

TEST_CASE("a commit that the database refuses is a failure, and nothing is there",
          "[storage][postgresql]") {
  postgres_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  REQUIRE(append_to(*store, "a", 2, {"u2"}));
  // Of what an operator has added to the tables, as far as the server knows at all.
  store.execute("CREATE FUNCTION " + store.settings.connection.schema +
                ".refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'not now'; END $$");
  store.execute("CREATE CONSTRAINT TRIGGER refuses AFTER INSERT ON log DEFERRABLE INITIALLY "
                "DEFERRED FOR EACH ROW EXECUTE FUNCTION " +
                store.settings.connection.schema + ".refuse()");
  const auto written = append_to(*store, "a", 3, {"u3"});
  REQUIRE_FALSE(written);
  CHECK(to_string(written.error()) == "storage_failed: PostgreSQL: not now");
  CHECK(load_from(*store, "a").last == 2);
  store.execute("DROP TRIGGER refuses ON log");
  REQUIRE(store->recover());
  REQUIRE(append_to(*store, "a", 3, {"u3"}));
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2", "u3"}, 3});
}

TEST_CASE("a document that the database refuses is not in the way of others",
          "[storage][postgresql]") {
  postgres_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  batch what;
  what.appends = {append_of("a", 2, {"u2"}), append_of("no UTF-8: \xff", 1, {"x"})};
  const auto written = store->write(what);
  REQUIRE_FALSE(written);
  CHECK(written.error().code == errc::storage_conflict);
  REQUIRE(append_to(*store, "a", 2, {"u2"}));
}

}  // namespace troupe::postgresql_backend_test
