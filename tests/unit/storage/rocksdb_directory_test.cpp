// Which directories the store on disk opens, and which it refuses and leaves alone.
#include "storage/rocksdb_backend.hpp"

#include <filesystem>
#include <fstream>
#include <map>

#include <catch2/catch_test_macros.hpp>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/crc32c.hpp"
#include "storage/rocksdb_journals.hpp"
#include "tests/support/store_files.hpp"

namespace troupe::rocksdb_directory_test {

using namespace troupe::storage;
using test::append_to;
using test::contents_of;
using test::files_of;
using test::fill;
using test::flip_bit_of;
using test::load_from;
using test::raw_store;
using test::refused_load;
using test::refused_open;
using test::rocksdb_bed;

namespace {

namespace fs = std::filesystem;

const document_id a = id_of("a");

/// Every file of a store with its bytes.
std::map<std::string, std::string> all_of(const rocksdb_bed& store) {
  std::map<std::string, std::string> files;
  for (const fs::path& each : files_of(store, ""))
    files.emplace(each.filename().string(), contents_of(each));
  return files;
}

/// Neither opening nor looking changes a byte, or makes a file.
failure refused_and_left_alone(rocksdb_bed& store) {
  const auto before = all_of(store);
  const auto looked = rocksdb_backend::inspect(store.settings);
  REQUIRE_FALSE(looked.has_value());
  CHECK(all_of(store) == before);
  const failure why = refused_open(store);
  CHECK(all_of(store) == before);
  CHECK(why.detail == looked.error().detail);
  return why;
}

void write(const rocksdb_bed& store, const char* name, std::string_view bytes) {
  std::ofstream{fs::path{store.settings.path} / name, std::ios::binary} << bytes;
}

/// A database as this program begins one, or as another one does.
void begin_database(const rocksdb_bed& store, const rocksdb::DBOptions& like,
                    const std::vector<std::string>& families = {"default"}) {
  rocksdb::Options options{like, {}};
  options.create_if_missing = options.create_missing_column_families = true;
  std::vector<rocksdb::ColumnFamilyDescriptor> wanted;
  for (const std::string& each : families)
    wanted.emplace_back(each, rocksdb::ColumnFamilyOptions{});
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  REQUIRE(rocksdb::DB::Open(options, store.settings.path, wanted, &handles, &db).ok());
  const rocksdb_store closes{std::unique_ptr<rocksdb::DB>{db}, handles};
}

}  // namespace

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
    const failure why = refused_and_left_alone(store);
    CHECK(why.code == errc::corrupt_store);
    CHECK(why.detail.find("it is a database of another program, which is left as it is") !=
          std::string::npos);
  }
  SECTION("with a database of another program that knows other kinds of data") {
    begin_database(store, {}, {"default", "books"});
    const failure why = refused_and_left_alone(store);
    CHECK(why.code == errc::corrupt_store);
    CHECK(why.detail.find("another program, which is left as it is: it has data of the kind "
                          "'books'") != std::string::npos);
  }
  SECTION("with a file in its place") {
    fs::remove(store.settings.path);
    std::ofstream{store.settings.path} << "dear";
    CHECK(refused_open(store).code == errc::storage_failed);
    CHECK(contents_of(store.settings.path) == "dear");
  }
}

TEST_CASE("a store of LevelDB is refused and left alone", "[storage][rocksdb]") {
  rocksdb_bed store;
  fs::create_directories(store.settings.path);
  write(store, "CURRENT", "MANIFEST-000002\n");
  write(store, "MANIFEST-000002", "as LevelDB writes it");
  write(store, "LOCK", "");
  SECTION("a young one") {
    write(store, "LOG", "2026/11/30 Delete type=3 #1");
    write(store, "000003.log", "documents");
  }
  SECTION("an old one") { write(store, "000005.ldb", "documents"); }
  const failure why = refused_and_left_alone(store);
  CHECK(why.code == errc::corrupt_store);
  CHECK(why.detail ==
        "'" + store.settings.path +
            "': it is a store of LevelDB, which is left as it is; name a directory that is empty "
            "or does not exist, and bring the documents of y-leveldb along by: troupe import "
            "--from y-leveldb");
}

TEST_CASE("a store whose making was cut short behind its first file is made",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  fs::create_directories(store.settings.path);
  rocksdb_settings noting = store.settings;
  noting.env = make_noting_env(nullptr);
  begin_database(store, make_database_options(noting), {"default", "log"});
  const auto looked = rocksdb_backend::inspect(store.settings);
  REQUIRE_FALSE(looked.has_value());
  CHECK(looked.error().detail.find("its making was cut short") != std::string::npos);
  store.open();
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  store.close();
  CHECK(load_from(*store, "a").last == 1);
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

}  // namespace troupe::rocksdb_directory_test
