// The store on disk where the disk fails, is full, or loses power, at every operation in turn: what
// was confirmed is there, what failed was said to have failed, and it goes on when the disk does.
#include <atomic>
#include <cstdlib>
#include <iostream>
#include <string_view>
#include <thread>
#include <vector>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/faulty_file_system.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::rocksdb_faults_test {

using namespace troupe::storage;
using test::append_to;
using test::faulty_file_system;
using test::load_from;
using test::rocksdb_bed;
using test::stored_texts;
using fault = faulty_file_system::fault;
using span = faulty_file_system::span;

namespace {

constexpr sequence batches = 30;

std::string update_of(const std::string& document, sequence number) {
  return document + " " + std::to_string(number) + " " +
         test::noise(200, static_cast<std::uint32_t>(number));
}

std::string state_of(const std::string& document, sequence covers) {
  return "state of " + document + " " + std::to_string(covers);
}

/// Batch number n appends the n-th update of "a" and "b"; every seventh compacts "a".
batch batch_of(sequence number) {
  batch what;
  for (const char* const document : {"a", "b"})
    what.appends.push_back(test::append_of(document, number, {update_of(document, number)}));
  if (number % 7 == 0) what.checkpoints = {{"a", number, test::bytes_of(state_of("a", number))}};
  return what;
}

/// That a document holds the updates up to `last`, by checkpoint and log.
void check_holds(const stored_texts& stored, const std::string& document, sequence last) {
  REQUIRE(stored.last == last);
  sequence covers = last - stored.updates.size();
  CHECK(stored.checkpoint == (covers == 0 ? "" : state_of(document, covers)));
  for (const std::string& update : stored.updates) REQUIRE(update == update_of(document, ++covers));
}

void check_all(rocksdb_bed& store, sequence last) {
  for (const char* const document : {"a", "b"})
    check_holds(load_from(*store, document), document, last);
}

/// Loads that may fail but may not be wrong: at least what was confirmed, at most what was tried.
void check_loads(rocksdb_backend& store, sequence confirmed) {
  for (const std::string document : {"a", "b"}) {
    const auto loaded = store.load(document);
    if (!loaded) continue;
    const stored_texts stored = test::texts_of(*loaded);
    CHECK(stored.last >= confirmed);
    check_holds(stored, document, stored.last);
  }
}

void small_buffers(rocksdb_bed& store) {
  // The smallest that the library takes, so that tables are written on the way.
  store.settings.write_buffer_size_bytes = 64 * 1024;
  store.settings.journal_size_bytes_max = 4 * 1024;
}

/// Operations that a run without faults takes.
std::uint64_t operations_of_a_run() {
  rocksdb_bed store;
  small_buffers(store);
  store.disk->heal();
  for (sequence number = 1; number <= batches; ++number) REQUIRE(store->write(batch_of(number)));
  store.close();
  return store.disk->operations();
}

bool is_expected(const failure& why, fault what) {
  return why.code == (what == fault::no_space ? errc::disk_full : errc::storage_failed);
}

/// One run in which the disk fails at the nth operation and is well again once that was noticed.
/// Returns whether something failed.
bool run_with_fault(std::uint64_t nth, fault what, span how_long) {
  CAPTURE(nth, static_cast<int>(what), static_cast<int>(how_long));
  rocksdb_bed store;
  small_buffers(store);
  store.disk->fail_at(nth, what, how_long);
  if (const auto opened = store.try_open(); !opened) {
    CHECK(is_expected(opened.error(), what));
    store.disk->heal();
    store.open();
  }
  bool has_failed = false;
  for (sequence number = 1; number <= batches; ++number) {
    const auto written = store->write(batch_of(number));
    if (written) continue;
    has_failed = true;
    INFO("batch " << number << ": " << to_string(written.error()));
    CHECK(is_expected(written.error(), what));
    CHECK_FALSE(store->stats()->is_writable);
    CHECK_FALSE(store->write(batch_of(number)).has_value());
    check_loads(*store, number - 1);
    if (how_long == span::all_from_there && nth % 2 == 0) {
      const auto too_early = store->recover();
      if (!too_early) CHECK(is_expected(too_early.error(), what));
      check_loads(*store, number - 1);
    }
    store.disk->heal();
    const auto recovered = store->recover();
    INFO((recovered ? "recovered" : to_string(recovered.error())));
    REQUIRE(recovered.has_value());
    CHECK(store->stats()->is_writable);
    check_loads(*store, number - 1);
    const auto again = store->write(batch_of(number));
    INFO((again ? "written" : to_string(again.error())));
    REQUIRE(again.has_value());
  }
  store.disk->heal();
  check_all(store, batches);
  store.open();
  check_all(store, batches);
  CHECK(store->verify({})->damages_in_total == 0);
  return has_failed;
}

/// Which operations fail in turn: every so many, or each if TROUPE_FAULTS is "all". An odd stride
/// meets all kinds of operations, which come in pairs.
std::uint64_t stride_of(std::uint64_t usual) {
  const char* const wanted = std::getenv("TROUPE_FAULTS");
  return wanted != nullptr && std::string_view{wanted} == "all" ? 1 : usual;
}

void run_all(fault what, std::uint64_t stride) {
  const std::uint64_t operations = operations_of_a_run();
  int failed = 0;
  int runs = 0;
  for (std::uint64_t nth = 1; nth <= operations; nth += stride) {
    const span how_long = runs % 3 == 0 ? span::one : span::all_from_there;
    failed += run_with_fault(nth, what, how_long) ? 1 : 0;
    ++runs;
  }
  std::cout << runs << " runs of " << batches << " batches, " << failed << " with failed writes, "
            << runs * 2 * batches << " confirmed updates, 0 lost\n";
  CHECK(failed > runs / 4);
}

}  // namespace

TEST_CASE("a load waits for no fsync and sees nothing that is not durable",
          "[storage][rocksdb][faults]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  store.disk->hold_syncs();
  result<void> written = fail(errc::storage_failed);
  std::thread writer{[&] {
    batch what;
    what.appends = {test::append_of("a", 2, {"u2"}), test::append_of("b", 1, {"b1"})};
    written = store->write(what);
  }};
  store.disk->await_held_sync();
  // Were one of these to wait for the writer, the test would not end.
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1"}, 1});
  CHECK(load_from(*store, "b") == stored_texts{});
  CHECK(store->list({})->documents.size() == 1);
  CHECK(store->info("a")->value().last == 1);
  CHECK(store->stats()->is_writable);
  store.disk->release_syncs();
  writer.join();
  REQUIRE(written.has_value());
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2"}, 2});
  CHECK(load_from(*store, "b") == stored_texts{"", {"b1"}, 1});
}

TEST_CASE("nothing that was confirmed is lost when the power fails at any operation",
          "[storage][rocksdb][faults]") {
  const std::uint64_t operations = operations_of_a_run();
  int runs = 0;
  std::uint64_t confirmed_in_total = 0;
  for (std::uint64_t nth = 1; nth <= operations; nth += stride_of(3), ++runs) {
    CAPTURE(nth);
    rocksdb_bed store;
    small_buffers(store);
    store.disk->fail_at(nth, fault::power_cut);
    sequence confirmed = 0;
    if (store.try_open())
      while (confirmed < batches && store->write(batch_of(confirmed + 1))) ++confirmed;
    store.close();
    store.disk->lose_unsynced();
    store.disk->heal();
    store.open();
    const sequence last = load_from(*store, "a").last;
    CHECK(last >= confirmed);
    CHECK(last <= confirmed + 1);
    check_all(store, last);
    CHECK(store->verify({})->damages_in_total == 0);
    REQUIRE(store->write(batch_of(last + 1)));
    check_all(store, last + 1);
    confirmed_in_total += confirmed;
  }
  std::cout << runs << " power cuts, 0 of " << confirmed_in_total << " confirmed batches lost\n";
}

TEST_CASE("a power cut of the tests loses what was not synced", "[storage][rocksdb][faults]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  store.close();
  store.open();
  store.close();
  {
    test::raw_store raw{store.settings};
    raw.put(family::meta, "not synced", "value");
  }
  store.disk->lose_unsynced();
  store.open();
  store.close();
  CHECK(test::raw_store{store.settings}.count(family::meta) == 3);
  CHECK(load_from(*store, "a").last == 1);
}

TEST_CASE(
    "an error of the disk at any operation is never a success, and the store goes on after it",
    "[storage][rocksdb][faults]") {
  run_all(fault::io_error, stride_of(5));
}

TEST_CASE("a disk that is full at any operation is never a success, and the store goes on after it",
          "[storage][rocksdb][faults]") {
  run_all(fault::no_space, stride_of(9));
}

TEST_CASE("a store says how much space it waits for", "[storage][rocksdb][faults]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  CHECK(store->stats()->free_bytes > 0);
  store.disk->fail_at(1, fault::no_space);
  store.disk->set_free_space(4096);
  const auto written = append_to(*store, "a", 2, {"u2"});
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().code == errc::disk_full);
  const auto stats = store->stats();
  REQUIRE(stats.has_value());
  CHECK(stats->free_bytes == 4096);
  CHECK(stats->awaited_bytes == awaited_space(store.settings));
  CHECK_FALSE(stats->is_writable);
  const auto waits = store->recover();
  REQUIRE_FALSE(waits.has_value());
  CHECK(to_string(waits.error()) ==
        "disk_full: 4096 bytes are free on the disk of the store, 67108864 are awaited");
  CHECK(load_from(*store, "a").last == 1);
  store.disk->heal();
  store.disk->set_free_space(std::nullopt);
  REQUIRE(store->recover());
  CHECK(store->stats()->awaited_bytes == 0);
  REQUIRE(append_to(*store, "a", 2, {"u2"}));
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2"}, 2});
}

TEST_CASE("a store that cannot be opened again says so until it can",
          "[storage][rocksdb][faults]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  store.disk->fail_at(1, fault::io_error);
  CHECK_FALSE(append_to(*store, "a", 2, {"u2"}).has_value());
  for (int times = 0; times < 3; ++times) {
    CHECK_FALSE(store->recover().has_value());
    const auto loaded = store->load("a");
    if (!loaded) CHECK(loaded.error().code == errc::storage_failed);
    if (loaded) CHECK(loaded->last >= 1);
    CHECK_FALSE(append_to(*store, "a", 2, {"u2"}).has_value());
  }
  store.disk->heal();
  REQUIRE(store->recover());
  REQUIRE(append_to(*store, "a", 2, {"u2"}));
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2"}, 2});
}

TEST_CASE("documents are loaded while the store is opened again", "[storage][rocksdb][faults]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  rocksdb_backend& backend = *store;
  std::atomic<bool> is_done = false;
  std::atomic<int> wrong = 0;
  std::atomic<int> loads = 0;
  std::vector<std::thread> readers;
  for (int i = 0; i < 2; ++i)
    readers.emplace_back([&] {
      while (!is_done) {
        const auto loaded = backend.load("a");
        if (loaded && loaded->last == 0) ++wrong;
        if (!loaded && loaded.error().code != errc::storage_failed) ++wrong;
        loads += loaded ? 1 : 0;
        const auto verified = backend.verify({});
        if (verified && verified->damages_in_total > 0) ++wrong;
      }
    });
  for (sequence number = 2; number < 12; ++number) {
    store.disk->fail_at(1, fault::io_error);
    if (append_to(backend, "a", number, {"u"})) ++wrong;
    (void)backend.recover();  // closes the store, and cannot open it
    store.disk->heal();
    if (!backend.recover()) ++wrong;
    if (!append_to(backend, "a", number, {"u"})) ++wrong;
  }
  is_done = true;
  for (std::thread& reader : readers) reader.join();
  CHECK(wrong == 0);
  CHECK(loads > 0);
  CHECK(load_from(*store, "a").last == 11);
}

}  // namespace troupe::rocksdb_faults_test
