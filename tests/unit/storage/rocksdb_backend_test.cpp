// What the store on disk keeps over its closing, what it does where something is damaged, and which
// directories it refuses. What it shares with other stores is in backend_contract_test.cpp; disks
// that fail are in rocksdb_faults_test.cpp.
#include "storage/rocksdb_backend.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crc32c.hpp"
#include "storage/announcement_record.hpp"
#include "storage/rocksdb_journals.hpp"
#include "tests/support/storage_bed.hpp"

using namespace troupe;
using namespace troupe::storage;
using test::append_of;
using test::append_to;
using test::load_from;
using test::raw_store;
using test::rocksdb_bed;
using test::stored_texts;
using test::write_checkpoint;

namespace {

namespace fs = std::filesystem;

/// Document "a" with two checkpoints and a log behind them; "b" is another one.
void fill(rocksdb_bed& store) {
  REQUIRE(append_to(*store, "a", 1, {"u1", "u2", "u3"}));
  REQUIRE(write_checkpoint(*store, "a", 2, "s2"));
  REQUIRE(append_to(*store, "a", 4, {"u4"}));
  REQUIRE(write_checkpoint(*store, "a", 4, "s4"));
  REQUIRE(append_to(*store, "a", 5, {"u5"}));
  REQUIRE(append_to(*store, "b", 1, {"b1"}));
}

const document_id a = id_of("a");

failure refused_load(rocksdb_bed& store, const std::string& document) {
  const auto loaded = store->load(document);
  REQUIRE_FALSE(loaded.has_value());
  return loaded.error();
}

failure refused_open(rocksdb_bed& store) {
  const auto opened = store.try_open();
  REQUIRE_FALSE(opened.has_value());
  CHECK(opened.error().detail.starts_with("'" + store.settings.path + "': "));
  return opened.error();
}

/// The paths of the files of a store whose names end so.
std::vector<fs::path> files_of(const rocksdb_bed& store, std::string_view ending) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator{store.settings.path})
    if (entry.path().string().ends_with(ending)) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

void flip_bit_of(const fs::path& path, std::uint64_t at) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  REQUIRE(byte != std::char_traits<char>::eof());
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ 16));
}

std::string contents_of(const fs::path& path) {
  std::ifstream in{path, std::ios::binary};
  return {std::istreambuf_iterator<char>{in}, {}};
}

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

TEST_CASE("a directory has one store open at a time", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  const auto second = rocksdb_backend::open(store.settings);
  REQUIRE_FALSE(second.has_value());
  CHECK(to_string(second.error()) ==
        "store_in_use: '" + store.settings.path +
            "': it is in use; stop the process that uses it, or name another one");
  CHECK(append_to(*store, "a", 6, {"u6"}));
  store.close();
  CHECK(rocksdb_backend::open(store.settings).has_value());
}

TEST_CASE("a directory that another process uses is refused", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.close();
  int is_locked[2];
  int may_end[2];
  REQUIRE(::pipe(is_locked) == 0);
  REQUIRE(::pipe(may_end) == 0);
  const std::string lock = store.settings.path + "/LOCK";
  const pid_t child = ::fork();
  if (child == 0) {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    const int file = ::open(lock.c_str(), O_RDWR);
    char byte = ::fcntl(file, F_SETLK, &whole) == 0 ? 'y' : 'n';
    ::close(may_end[1]);
    if (::write(is_locked[1], &byte, 1) == 1) (void)!::read(may_end[0], &byte, 1);
    ::_exit(0);
  }
  char byte = 0;
  REQUIRE(::read(is_locked[0], &byte, 1) == 1);
  CHECK(byte == 'y');
  CHECK(refused_open(store).code == errc::store_in_use);
  for (const int end : {may_end[0], may_end[1], is_locked[0], is_locked[1]}) ::close(end);
  ::waitpid(child, nullptr, 0);
  CHECK(load_from(*store, "a").last == 5);
}

TEST_CASE("a store of a newer version is refused and left alone", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.close();
  const std::string key{marker_key};
  SECTION("with another format") {
    raw_store{store.settings}.put(family::meta, key, encode_marker({store_format + 1, 1}));
    const failure why = refused_open(store);
    CHECK(why.code == errc::newer_format);
    CHECK(why.detail == "'" + store.settings.path +
                            "': the store has format 2, this server reads up to 1; run the "
                            "version of the server that wrote it, or restore a backup from "
                            "before");
    raw_store{store.settings}.put(family::meta, key, encode_marker({}));
  }
  SECTION("with data of another kind") {
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    REQUIRE(rocksdb::DB::Open(make_database_options(store.settings), store.settings.path,
                              make_families(store.settings), &handles, &db)
                .ok());
    rocksdb_store raw{std::unique_ptr<rocksdb::DB>{db}, handles};
    REQUIRE(db->CreateColumnFamily({}, "history", &handle).ok());
    const auto refused = rocksdb_backend::open(store.settings);
    CHECK(refused.error().code == errc::newer_format);
    CHECK(refused.error().detail.find("data of the kind 'history'") != std::string::npos);
    REQUIRE(db->DropColumnFamily(handle).ok());
    REQUIRE(db->DestroyColumnFamilyHandle(handle).ok());
  }
  CHECK(load_from(*store, "a").last == 5);
}

TEST_CASE("a record of a newer version fails its document alone", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.close();
  {
    raw_store raw{store.settings};
    const std::string key = log_key(a, 5);
    std::string value = raw.value_of(family::log, key);
    value[5] = 1;  // a flag
    std::uint32_t crc = crc32c(as_bytes(key));
    crc = crc32c(as_bytes(value).first(1), crc);
    crc = crc32c(as_bytes(value).subspan(5), crc);
    for (std::size_t i = 0; i < 4; ++i) value[1 + i] = static_cast<char>(crc >> 8 * (3 - i));
    raw.put(family::log, key, value);
  }
  CHECK(to_string(refused_load(store, "a")) ==
        "newer_format: document 'a': record 5: it has unknown flags at byte 5");
  CHECK(load_from(*store, "b").last == 1);
}

TEST_CASE("a directory that is no store is refused and left alone", "[storage][rocksdb]") {
  rocksdb_bed store;
  fs::create_directories(store.settings.path);
  SECTION("with files of others") {
    std::ofstream{store.settings.path + "/letter.txt"} << "dear";
    const failure why = refused_open(store);
    CHECK(why.code == errc::corrupt_store);
    CHECK(why.detail.ends_with("it is no store, but has the file 'letter.txt'; name a directory "
                               "that is empty or does not exist"));
    CHECK(files_of(store, "").size() == 1);
  }
  SECTION("with a database of another program") {
    rocksdb::DB* db = nullptr;
    rocksdb::Options options;
    options.create_if_missing = true;
    REQUIRE(rocksdb::DB::Open(options, store.settings.path, &db).ok());
    REQUIRE(db->Put({}, "theirs", "value").ok());
    delete db;
    CHECK(refused_open(store).code == errc::corrupt_store);
  }
  SECTION("with a file in its place") {
    fs::remove(store.settings.path);
    std::ofstream{store.settings.path} << "dear";
    CHECK(refused_open(store).code == errc::storage_failed);
    CHECK(contents_of(store.settings.path) == "dear");
  }
}

TEST_CASE("a store that has lost files is refused, never begun anew", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.close();
  raw_store{store.settings}.flush();
  const fs::path path = store.settings.path;
  SECTION("the file CURRENT") {
    fs::remove(path / "CURRENT");
    CHECK(refused_open(store).code == errc::corrupt_store);
  }
  SECTION("a table") {
    fs::remove(files_of(store, ".sst").at(0));
    CHECK(refused_open(store).code == errc::corrupt_store);
  }
  SECTION("the manifest") {
    for (const auto& entry : fs::directory_iterator{path})
      if (entry.path().filename().string().starts_with("MANIFEST")) fs::remove(entry.path());
    const errc code = refused_open(store).code;
    CHECK((code == errc::corrupt_store || code == errc::storage_failed));
  }
  SECTION("the marker") {
    raw_store{store.settings}.remove(family::meta, std::string{marker_key});
    CHECK(refused_open(store).code == errc::corrupt_store);
  }
}

TEST_CASE("a store without its journal is refused", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.open();
  REQUIRE(append_to(*store, "a", 6, {"u6"}));
  const std::string lost = files_of(store, ".log").at(0);
  store.close();
  REQUIRE(fs::file_size(lost) > 0);
  fs::remove(lost);
  CHECK(refused_open(store).code == errc::corrupt_store);
}

TEST_CASE("a store without its newest journal is refused while an older one is there",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  fill(store);
  store.open();
  REQUIRE(append_to(*store, "a", 6, {"u6"}));
  const fs::path newest = files_of(store, ".log").back();
  store.close();
  const fs::path kept = store.directory.path() / "kept";
  fs::rename(newest, kept);
  std::ofstream{store.settings.path + "/000001.log"};
  const failure why = refused_open(store);
  CHECK(why.code == errc::corrupt_store);
  const std::uint64_t number = std::stoull(newest.stem().string());
  CHECK(why.detail.find("it has lost its newest journal, the file with the number " +
                        std::to_string(number) + " that ends with .log") != std::string::npos);
  fs::rename(kept, newest);
  CHECK(load_from(*store, "a").last == 6);
}

TEST_CASE("a note of the newest journal that is missing or damaged stops nothing",
          "[storage][rocksdb]") {
  CHECK(encode_journal_note(12) == "12 1935000672\n");  // as on the page of the format
  CHECK(decode_journal_note("12 1935000672\n") == 12);
  for (const char* const bytes : {"", "x", "12", "12 0\n", " 12", "99999999999999999999 1\n"})
    CHECK(decode_journal_note(bytes) == 0);
  rocksdb_bed store;
  fill(store);
  store.close();
  const fs::path note = fs::path{store.settings.path} / journal_note_name;
  REQUIRE(fs::exists(note));
  flip_bit_of(note, 0);
  CHECK(load_from(*store, "a").last == 5);
  store.close();
  fs::remove(note);
  CHECK(load_from(*store, "a").last == 5);
  CHECK(fs::exists(note));
}

TEST_CASE("a store whose making was cut short is made", "[storage][rocksdb]") {
  rocksdb_bed store;
  fs::create_directories(store.settings.path);
  for (const char* name : {"LOCK", "IDENTITY", "MANIFEST-000001", "000001.dbtmp"})
    std::ofstream{store.settings.path + "/" + name};
  store.open();
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  store.close();
  CHECK(load_from(*store, "a").last == 1);
}

// --- backup and log ---

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

TEST_CASE("announcements outlive a restart, and a damaged one costs nothing else",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  batch written;
  written.appends = {append_of("a", 1, {"u1"})};
  for (const announcement_number number : {1, 2, 3}) {
    announcement what;
    what.number = number;
    what.topic = "document.changed";
    what.document = "a";
    written.announcements.push_back(what);
  }
  REQUIRE(store->write(written));
  store.close();
  raw_store{store.settings}.flip_bit(family::announcements, announcement_key(2));
  store.open();
  const outbox_page page = *store->announcements({});
  REQUIRE(page.announcements.size() == 2);
  CHECK(page.announcements[1].number == 3);
  CHECK(page.damaged == 1);
  const auto report = store->verify({});
  REQUIRE(report->damages_in_total == 1);
  CHECK(report->damages[0].is_readable);
  CHECK(report->damages[0].what.detail.starts_with("announcement 2: its checksum is "));
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1"}, 1});
  REQUIRE(store->change({{}, {1, 2, 3}}));
  CHECK(store->verify({})->damages_in_total == 0);
}

TEST_CASE("an announcement that could not be written stops writes until they work again",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  store.disk->set_free_space(1000);
  store.disk->fail_at(1, test::faulty_file_system::fault::no_space);
  announcement what;
  what.number = 1;
  CHECK(store->change({{what}, {}}).error().code == errc::disk_full);
  CHECK(store->change({{what}, {}}).error().code == errc::disk_full);
  store.disk->heal();
  store.disk->set_free_space(std::nullopt);
  REQUIRE(store->recover());
  REQUIRE(store->change({{what}, {}}));
  CHECK(store->announcements({})->announcements.size() == 1);
}
