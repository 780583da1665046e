// The store in PostgreSQL where its connections are cut at every piece of what is said in turn, and
// where the database is killed: what was confirmed is there once, what failed was said to have
// failed, and it goes on when the database does.
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <thread>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/cutting_proxy.hpp"
#include "tests/support/postgres_server.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::postgresql_faults_test {

using namespace troupe::storage;
using test::cutting_proxy;
using test::load_from;
using test::postgres_bed;
using test::postgres_server;
using test::stored_texts;
using moment = cutting_proxy::moment;
using span = cutting_proxy::span;

namespace {

constexpr sequence batches = 20;

std::string update_of(const std::string& document, sequence number) {
  return document + " " + std::to_string(number) + " " +
         test::noise(200, static_cast<std::uint32_t>(number));
}

std::string state_of(const std::string& document, sequence covers) {
  return "state of " + document + " " + std::to_string(covers);
}

/// Batch number n appends the n-th update of "a" and "b"; every fourth announces it, and every
/// seventh compacts "a". The others find what they need without asking the database first.
batch batch_of(sequence number) {
  batch what;
  for (const char* const document : {"a", "b"})
    what.appends.push_back(test::append_of(document, number, {update_of(document, number)}));
  if (number % 7 == 0) what.checkpoints = {{"a", number, test::bytes_of(state_of("a", number))}};
  if (number % 4 != 0) return what;
  announcement said;
  said.number = number;
  said.document = "a";
  what.announcements.push_back(said);
  return what;
}

/// That a document holds the updates up to `last`, by checkpoint and log.
void check_holds(const stored_texts& stored, const std::string& document, sequence last) {
  REQUIRE(stored.last == last);
  sequence covers = last - stored.updates.size();
  CHECK(stored.checkpoint == (covers == 0 ? "" : state_of(document, covers)));
  for (const std::string& update : stored.updates) REQUIRE(update == update_of(document, ++covers));
}

void check_all(postgres_bed& store, sequence last) {
  for (const char* const document : {"a", "b"})
    check_holds(load_from(*store, document), document, last);
  CHECK(store->announcements({0, 1000})->announcements.size() == last / 4);
  CHECK(store->verify({})->damages_in_total == 0);
}

/// Tries until the store can be written again.
void recover(postgresql_backend& store) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{60};
  while (!store.recover()) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

/// The pieces of a run without faults.
std::uint64_t pieces_of_a_run(cutting_proxy& proxy) {
  postgres_bed store;
  store.settings.connection.url = proxy.url();
  proxy.heal();
  for (sequence number = 1; number <= batches; ++number) REQUIRE(store->write(batch_of(number)));
  return proxy.pieces();
}

/// One run that is cut at the nth piece. Returns whether a write failed.
bool run_with_cut(cutting_proxy& proxy, std::uint64_t nth, moment when, span how_long) {
  CAPTURE(nth, static_cast<int>(when), static_cast<int>(how_long));
  postgres_bed store;
  store.settings.connection.url = proxy.url();
  proxy.cut_at(nth, when, how_long);
  if (!store.try_open()) {
    proxy.heal();
    store.open();
  }
  bool has_failed = false;
  for (sequence number = 1; number <= batches; ++number) {
    const auto written = store->write(batch_of(number));
    if (written) continue;
    has_failed = true;
    CHECK(written.error().code == errc::storage_failed);
    CHECK_FALSE(store->stats().value_or(store_stats{.is_writable = false}).is_writable);
    CHECK_FALSE(store->write(batch_of(number)));
    if (how_long == span::until_healed) CHECK_FALSE(store->recover());
    proxy.heal();
    recover(*store);
    // At least what was confirmed, at most what was tried.
    for (const std::string document : {"a", "b"}) {
      const stored_texts stored = load_from(*store, document);
      CHECK((stored.last == number - 1 || stored.last == number));
      check_holds(stored, document, stored.last);
    }
    const auto again = store->write(batch_of(number));
    INFO((again ? "written" : to_string(again.error())));
    REQUIRE(again);
  }
  proxy.heal();
  check_all(store, batches);
  store.open();
  check_all(store, batches);
  return has_failed;
}

/// Which pieces are cut in turn: every so many, or each if TROUPE_FAULTS is "all".
std::uint64_t stride_of(std::uint64_t usual) {
  const char* const wanted = std::getenv("TROUPE_FAULTS");
  return wanted != nullptr && std::string_view{wanted} == "all" ? 1 : usual;
}

}  // namespace

TEST_CASE("a connection that is cut at any piece loses and doubles nothing",
          "[storage][postgresql][faults]") {
  const postgres_bed needed;
  cutting_proxy proxy{postgres_server::shared().socket_folder()};
  const std::uint64_t pieces = pieces_of_a_run(proxy);
  int runs = 0;
  int failed = 0;
  for (std::uint64_t nth = 1; nth <= pieces; nth += stride_of(4)) {
    const span how_long = runs % 4 < 2 ? span::once : span::until_healed;
    const moment when = runs % 2 == 0 ? moment::before : moment::behind;
    failed += run_with_cut(proxy, nth, when, how_long) ? 1 : 0;
    ++runs;
  }
  std::cout << runs << " runs of " << batches << " batches cut at one of " << pieces << " pieces, "
            << failed << " with failed writes, " << runs * 2 * static_cast<int>(batches)
            << " confirmed updates, 0 lost, 0 doubled\n";
  CHECK(failed > runs / 2);
}

TEST_CASE("a database that is killed under load loses nothing that was confirmed",
          "[storage][postgresql][faults]") {
  const postgres_bed needed;
  postgres_server server{{"fsync=on"}};
  postgres_bed store{server};
  store.open();
  const int kills = stride_of(0) == 1 ? 30 : 3;
  sequence number = 1;
  int failed = 0;
  for (int kill = 0; kill < kills; ++kill) {
    std::thread killer{[&server, kill] {
      std::this_thread::sleep_for(std::chrono::milliseconds{20 + kill * 37 % 100});
      kill % 2 == 0 ? server.kill() : server.shut_down_immediately();
    }};
    while (store->write(batch_of(number))) ++number;
    ++failed;
    killer.join();
    CHECK_FALSE(store->recover());
    server.start();
    recover(*store);
    REQUIRE(store->write(batch_of(number)));
    ++number;
  }
  check_all(store, number - 1);
  std::cout << kills << " kills of the database, " << failed << " failed writes, "
            << 2 * (number - 1) << " confirmed updates, 0 lost, 0 doubled\n";
}

TEST_CASE("a database that does not answer fails the write in time",
          "[storage][postgresql][faults]") {
  const postgres_bed needed;
  postgres_server server;
  postgres_bed store{server};
  store.settings.connection.statement_timeout = std::chrono::milliseconds{100};
  REQUIRE(store->write(batch_of(1)));
  server.freeze();
  const auto begun = std::chrono::steady_clock::now();
  const auto written = store->write(batch_of(2));
  const auto lasted = std::chrono::steady_clock::now() - begun;
  server.thaw();
  REQUIRE_FALSE(written);
  CHECK(written.error().detail == "PostgreSQL: no answer for 5100 ms");
  CHECK(lasted < std::chrono::seconds{8});
  recover(*store);
  REQUIRE(store->write(batch_of(2)));
  check_all(store, 2);
}

}  // namespace troupe::postgresql_faults_test
