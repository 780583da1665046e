// What the store on disk keeps over its closing, and what it does where something is damaged. What
// it shares with other stores is in backend_contract_test.cpp, which directories it refuses in
// rocksdb_directory_test.cpp; disks that fail are in rocksdb_faults_test.cpp.
#include "storage/rocksdb_backend.hpp"

#include <filesystem>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/store_files.hpp"

namespace troupe::rocksdb_backend_test {

using namespace troupe::storage;
using test::append_of;
using test::append_to;
using test::files_of;
using test::fill;
using test::flip_bit_of;
using test::load_from;
using test::raw_store;
using test::refused_load;
using test::refused_open;
using test::rocksdb_bed;
using test::stored_texts;
using test::write_checkpoint;

namespace {

namespace fs = std::filesystem;

const document_id a = id_of("a");

}  // namespace

TEST_CASE("a store on disk gives back all that it had when it was closed", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  REQUIRE(append_to(*store, "gone", 1, {"u"}));
  REQUIRE(store->remove("gone"));
  for (int times = 0; times < 2; ++times) {
    store.open();
    CHECK(load_from(*store, "a") == stored_texts{"s4", {"u5"}, 5});
    CHECK(load_from(*store, "b") == stored_texts{"", {"b1"}, 1});
    CHECK(load_from(*store, "new") == stored_texts{});
    CHECK(refused_load(store, "gone").code == errc::document_removed);
    CHECK(store->verify({})->damages_in_total == 0);
  }
  REQUIRE(append_to(*store, "a", 6, {"u6"}));
  CHECK(load_from(*store, "a") == stored_texts{"s4", {"u5", "u6"}, 6});
}

TEST_CASE("a store on disk notes when and by which node an update came", "[storage][rocksdb]") {
  rocksdb_bed store;
  store.settings.now = [] { return std::uint64_t{1'700'000'000'000}; };
  batch what;
  what.appends = {test::append_of("a", 1, {"u1"})};
  what.appends[0].origin = 7;
  REQUIRE(store->write(what));
  CHECK(store->info("a")->value().created_at == 1'700'000'000'000);
  store.settings.now = [] { return std::uint64_t{1'700'000'000'999}; };
  store.open();
  REQUIRE(append_to(*store, "a", 2, {"u2"}));
  CHECK(store->info("a")->value().created_at == 1'700'000'000'000);
  CHECK(store->info("a")->value().changed_at == 1'700'000'000'999);
  store.close();
  raw_store raw{store.settings};
  const std::string key = log_key(a, 1);
  const std::string value = raw.value_of(family::log, key);
  CHECK(decode_record(key, value)->stored_at == 1'700'000'000'000);
  CHECK(decode_record(key, value)->origin == 7);
}

TEST_CASE("a store on disk keeps one checkpoint before the newest, and the log since then",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  REQUIRE(write_checkpoint(*store, "a", 5, test::noise(2 * chunk_size_bytes_max)));
  REQUIRE(write_checkpoint(*store, "a", 5, "s5"));
  REQUIRE(append_to(*store, "a", 6, {"u6"}));
  store.close();
  {
    raw_store raw{store.settings};
    CHECK(raw.count(family::log) == 2);  // of a: 6, of b: 1
    CHECK(raw.count(family::checkpoints) == 3);
    CHECK(raw.count(family::meta) == 5);  // two of each document, and the marker
  }
  REQUIRE(store->remove("a"));
  store.close();
  raw_store raw{store.settings};
  CHECK(raw.count(family::log) == 1);
  CHECK(raw.count(family::checkpoints) == 0);
}

TEST_CASE("a checkpoint is compressed where that makes it smaller", "[storage][rocksdb]") {
  rocksdb_bed store;
  const std::string text(3 * chunk_size_bytes_max / 2, 'x');
  const std::string noise = test::noise(5000);
  REQUIRE(write_checkpoint(*store, "a", 1, text));
  REQUIRE(write_checkpoint(*store, "b", 1, noise));
  store.open();
  CHECK(load_from(*store, "a") == stored_texts{text, {}, 1});
  CHECK(load_from(*store, "b") == stored_texts{noise, {}, 1});
  CHECK(store->info("a")->value().checkpoint_size == text.size());
  store.close();
  raw_store raw{store.settings};
  CHECK(raw.value_of(family::checkpoints, chunk_key(a, 1, 1)).size() < 1000);
  CHECK(raw.value_of(family::checkpoints, chunk_key(id_of("b"), 1, 0)).size() ==
        chunk_header_size + noise.size());
}

TEST_CASE("figures are right without a look at the log, and behind what was written last",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  for (sequence number = 1; number <= 100; ++number)
    REQUIRE(append_to(*store, "a", number, {"12345"}));
  REQUIRE(append_to(*store, "a", 101, {std::string(300'000, 'x')}));
  REQUIRE(append_to(*store, "a", 102, {"12345"}));
  const auto check = [&] {
    const document_info info = **store->info("a");
    CHECK(info.log_records == 102);
    CHECK(info.log_bytes == 300'505);
    CHECK(info.last == 102);
  };
  check();
  store.open();
  check();
  REQUIRE(append_to(*store, "a", 103, {""}));
  CHECK(store->info("a")->value().log_records == 103);
  store.close();
  raw_store raw{store.settings};
  const std::string key = meta_key("a");
  CHECK(decode_meta(key, raw.value_of(family::meta, key))->counted == 101);
}

// --- damage ---

TEST_CASE("a damaged checkpoint is replaced by the one before it and the log",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.close();
  raw_store{store.settings}.flip_bit(family::checkpoints, chunk_key(a, 2, 0));
  const stored_texts loaded = load_from(*store, "a");
  CHECK(loaded.checkpoint == "s2");
  CHECK(loaded.updates == std::vector<std::string>{"u3", "u4", "u5"});
  CHECK(loaded.last == 5);
  CHECK(loaded.damage.starts_with("chunk 0 of checkpoint generation 2: its checksum is "));
  const auto report = *store->verify({});
  REQUIRE(report.damages.size() == 1);
  CHECK(report.damages[0].document == "a");
  CHECK(report.damages[0].is_readable);

  // The next checkpoint takes the place of the damaged one, and what helped stays.
  REQUIRE(write_checkpoint(*store, "a", 5, "s5"));
  CHECK(load_from(*store, "a") == stored_texts{"s5", {}, 5});
  CHECK(store->verify({})->damages_in_total == 0);
  store.close();
  raw_store{store.settings}.flip_bit(family::checkpoints, chunk_key(a, 3, 0));
  CHECK(load_from(*store, "a").updates == std::vector<std::string>{"u3", "u4", "u5"});
}

TEST_CASE("the first checkpoint is replaced by the whole log", "[storage][rocksdb]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2", "u3"}));
  REQUIRE(write_checkpoint(*store, "a", 2, "s2"));
  store.close();
  raw_store{store.settings}.remove(family::checkpoints, chunk_key(a, 1, 0));
  const stored_texts loaded = load_from(*store, "a");
  CHECK(loaded.checkpoint.empty());
  CHECK(loaded.updates == std::vector<std::string>{"u1", "u2", "u3"});
  CHECK(loaded.damage == "checkpoint generation 1: nothing of it is there");
}

TEST_CASE("a document that cannot be read whole fails alone and is never empty",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.close();
  std::string expected;
  {
    raw_store raw{store.settings};
    SECTION("a record is damaged") {
      raw.flip_bit(family::log, log_key(a, 5));
      expected = "document 'a': record 5: its checksum is ";
    }
    SECTION("a record is missing") {
      raw.put(family::log, log_key(a, 7), raw.value_of(family::log, log_key(a, 5)));
      expected = "document 'a': record 6 is missing";
    }
    SECTION("a record stands under the number of another") {
      raw.put(family::log, log_key(a, 6), raw.value_of(family::log, log_key(a, 5)));
      expected = "document 'a': record 6: its checksum is ";
    }
    SECTION("both checkpoints are damaged") {
      raw.remove(family::checkpoints, chunk_key(a, 1, 0));
      raw.flip_bit(family::checkpoints, chunk_key(a, 2, 0));
      expected = "document 'a': chunk 0 of checkpoint generation 2: its checksum is ";
    }
    SECTION("a checkpoint is damaged, and the log before it has a hole") {
      raw.remove(family::log, log_key(a, 3));
      raw.flip_bit(family::checkpoints, chunk_key(a, 2, 0));
      expected = "document 'a': chunk 0 of checkpoint generation 2: its checksum is ";
    }
    SECTION("the meta entry is damaged") {
      raw.flip_bit(family::meta, meta_key("a"));
      expected = "document 'a': its meta entry: its checksum is ";
    }
    SECTION("the meta entry is missing") {
      raw.remove(family::meta, meta_key("a"));
      expected = "document 'a': its meta entry is missing";
    }
    SECTION("the meta entry and its name are missing") {
      raw.remove(family::meta, meta_key("a"));
      raw.remove(family::meta, name_key(a));
      expected = "document 'a': its meta entry is missing, but there is data of it";
    }
    SECTION("the meta entry is that of another document") {
      document_meta other;
      other.id = id_of("b");
      raw.put(family::meta, meta_key("a"), encode_meta(meta_key("a"), other));
      expected = "document 'a': its meta entry: it has the id ";
    }
    SECTION("a checkpoint covers something else than is known") {
      document_meta meta = *decode_meta(meta_key("a"), raw.value_of(family::meta, meta_key("a")));
      meta.covers = 3;
      meta.previous_covers = 1;
      raw.put(family::meta, meta_key("a"), encode_meta(meta_key("a"), meta));
      expected = "document 'a': checkpoint generation 2: it covers 4 and not 3";
    }
  }
  const failure why = refused_load(store, "a");
  CHECK(why.code == errc::corrupt_document);
  CHECK(why.detail.substr(0, expected.size()) == expected);
  CHECK(load_from(*store, "b") == stored_texts{"", {"b1"}, 1});
  CHECK(append_to(*store, "b", 2, {"b2"}));

  const auto report = *store->verify({});
  CHECK(report.damages_in_total >= 1);
  CHECK_FALSE(report.damages.at(0).is_readable);
  // It can be given up by hand, and begun anew.
  CHECK(store->remove("a") == true);
  CHECK(refused_load(store, "a").code == errc::document_removed);
  CHECK(store->verify({})->damages_in_total == 0);
  REQUIRE(store->admit("a"));
  REQUIRE(append_to(*store, "a", 1, {"anew"}));
  CHECK(load_from(*store, "a") == stored_texts{"", {"anew"}, 1});
}

TEST_CASE("a log that ends before what is known of it is noticed", "[storage][rocksdb]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, std::vector<std::string>(70, "u")));
  store.close();
  raw_store{store.settings}.remove(family::log, log_key(a, 70));
  CHECK(refused_load(store, "a").detail == "document 'a': record 70 is missing");
}

TEST_CASE("nothing is written over a document whose entry cannot be read", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.close();
  raw_store{store.settings}.flip_bit(family::meta, meta_key("a"));
  batch what;
  what.appends = {test::append_of("b", 2, {"b2"}), test::append_of("a", 6, {"u6"})};
  const auto written = store->write(what);
  REQUIRE_FALSE(written.has_value());
  CHECK(written.error().code == errc::corrupt_document);
  CHECK(load_from(*store, "b") == stored_texts{"", {"b1"}, 1});
  CHECK(store->list({})->documents.at(0).damage.starts_with("its meta entry: its checksum is "));
  CHECK(store->info("a")->value().damage.starts_with("its meta entry: its checksum is "));
}

TEST_CASE("a name whose id belongs to another document is refused", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.close();
  raw_store{store.settings}.put(family::meta, name_key(id_of("c")),
                                encode_name(name_key(id_of("c")), "b"));
  const failure why = refused_load(store, "c");
  CHECK(why.code == errc::storage_conflict);
  CHECK(why.detail == "document 'c': its id " + to_string(id_of("c")) +
                          " is that of document 'b', so its name cannot be used");
  CHECK(append_to(*store, "c", 1, {"u"}).error().code == errc::storage_conflict);
  CHECK(store->info("c").error().code == errc::storage_conflict);
}

TEST_CASE("data without a document is found", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.close();
  {
    raw_store raw{store.settings};
    raw.put(family::log, log_key(id_of("x"), 1), "whatever");
    raw.put(family::checkpoints, "short", "whatever");
    raw.put(family::meta, "unknown", "whatever");
  }
  const auto report = *store->verify({});
  CHECK(report.documents == 2);
  CHECK(report.damages_in_total == 3);
}

TEST_CASE("a bit that changes in a table fails the document that it belongs to",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  std::vector<std::string> names;
  for (int i = 0; i < 20; ++i) {
    names.push_back("document " + std::to_string(i));
    REQUIRE(
        append_to(*store, names.back(), 1, {test::noise(20'000, static_cast<std::uint32_t>(i))}));
  }
  store.close();
  raw_store{store.settings}.flush();
  fs::path largest = files_of(store, ".sst").at(0);
  for (const fs::path& each : files_of(store, ".sst"))
    if (fs::file_size(each) > fs::file_size(largest)) largest = each;
  flip_bit_of(largest, fs::file_size(largest) / 2);
  store.open();
  int failed = 0;
  for (const std::string& name : names) {
    const auto loaded = store->load(name);
    if (loaded) continue;
    ++failed;
    CHECK(loaded.error().code == errc::corrupt_document);
    CHECK(loaded.error().detail.starts_with("document '" + name + "': record 1: Corruption: "));
  }
  CHECK(failed == 1);
}

TEST_CASE("a bit that changes in the journal stops the store from opening", "[storage][rocksdb]") {
  rocksdb_bed store;
  for (sequence number = 1; number <= 50; ++number)
    REQUIRE(append_to(*store, "a", number, {test::noise(1000)}));
  store.close();
  const fs::path journal = files_of(store, ".log").at(0);
  const std::uint64_t size = fs::file_size(journal);
  flip_bit_of(journal, size / 2);
  const failure why = refused_open(store);
  CHECK(why.code == errc::corrupt_store);
  CHECK(why.detail.ends_with("its files are left as they are: copy them, and restore a backup"));
  // Nothing was lost by the attempt.
  flip_bit_of(journal, size / 2);
  CHECK(load_from(*store, "a").last == 50);
}

TEST_CASE("a journal that ends in the middle of a record lost what was never confirmed",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  store.close();
  store.open();  // what came before is in tables now
  REQUIRE(append_to(*store, "a", 2, {"u2"}));
  REQUIRE(append_to(*store, "a", 3, {test::noise(1000)}));
  store.close();
  const fs::path journal = files_of(store, ".log").at(0);
  fs::resize_file(journal, fs::file_size(journal) - 100);
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1", "u2"}, 2});
}

// --- directories ---

TEST_CASE("a backup is a store with all that was there, made while others write",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  rocksdb_bed copy;
  REQUIRE(store->backup(copy.settings.path));
  REQUIRE(append_to(*store, "a", 6, {"u6"}));
  CHECK(load_from(*copy, "a") == stored_texts{"s4", {"u5"}, 5});
  CHECK(load_from(*copy, "b") == stored_texts{"", {"b1"}, 1});
  CHECK(copy->verify({})->damages_in_total == 0);
  REQUIRE(append_to(*copy, "b", 2, {"only in the copy"}));
  CHECK(load_from(*store, "b").last == 1);

  const auto again = store->backup(copy.settings.path);
  REQUIRE_FALSE(again.has_value());
  CHECK(again.error().detail ==
        "backup to '" + copy.settings.path + "': it exists and is not empty");
  const std::string below = (copy.directory.path() / "new" / "below").string();
  fs::create_directories(below);
  CHECK(store->backup(below));
  CHECK(store->backup(below + "/../other/one"));
}

TEST_CASE("the library writes no log into the directory but hands it over", "[storage][rocksdb]") {
  rocksdb_bed store;
  std::vector<std::string> lines;
  store.settings.log = [&](log_level, std::string_view line) { lines.emplace_back(line); };
  fill(store);
  CHECK(files_of(store, "/LOG").empty());
  store.close();
  const fs::path journal = files_of(store, ".log").at(0);
  flip_bit_of(journal, fs::file_size(journal) / 2);
  (void)refused_open(store);
  CHECK_FALSE(lines.empty());
  for (const std::string& line : lines) CHECK(line.size() < 1024);
}

}  // namespace troupe::rocksdb_backend_test
