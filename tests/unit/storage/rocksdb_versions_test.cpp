// Versions on disk: across closing, damaged, and in stores from before there were any.
#include <catch2/catch_test_macros.hpp>

#include "storage/version_record.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::rocksdb_versions_test {

using namespace troupe::storage;
using test::append_to;
using test::load_from;
using test::raw_store;
using test::rocksdb_bed;
using test::stored_texts;

namespace {

/// "a" with two versions, of which the second has three chunks.
void fill_with_versions(rocksdb_bed& store) {
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  REQUIRE(store->add_version("a", {"first", false, 1, as_bytes("state")}));
  REQUIRE(store->add_version("a", {"second", true, 1, as_bytes(test::noise(2'200'000))}));
}

std::string why_unreadable(rocksdb_bed& store, version_number number) {
  const auto found = store->read_version("a", number);
  return found ? "readable" : to_string(found.error());
}

}  // namespace

TEST_CASE("versions are there after the store was closed, and in a backup", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill_with_versions(store);
  rocksdb_bed copy;
  REQUIRE(store->backup(copy.settings.path));
  store.open();
  for (rocksdb_bed* const each : {&store, &copy}) {
    CHECK((*each)->list_versions({"a"})->versions.size() == 2);
    CHECK(as_text((**(*each)->read_version("a", 1)).state.view()) == "state");
    CHECK((**(*each)->read_version("a", 2)).state.size() == 2'200'000);
    CHECK((*each)->verify({})->versions == 2);
  }
}

TEST_CASE("a damaged version fails alone, is found by verify and can be removed",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  fill_with_versions(store);
  const document_id id = id_of("a");
  std::string detail = "readable";
  SECTION("a chunk with a changed bit") {
    store.close();
    raw_store{store.settings}.flip_bit(family::versions, version_key(id, 2, 2));
    detail = "its checksum is";
  }
  SECTION("a chunk that is missing") {
    store.close();
    raw_store{store.settings}.remove(family::versions, version_key(id, 2, 2));
    detail = "chunk 2 of version 2: it is missing";
  }
  SECTION("a last chunk that is missing") {
    store.close();
    raw_store{store.settings}.remove(family::versions, version_key(id, 2, 3));
    detail = "compressed bytes are there";
  }
  SECTION("an entry with a changed bit") {
    store.close();
    raw_store{store.settings}.flip_bit(family::versions, version_key(id, 2, 0));
    detail = "version 2: its checksum is";
  }
  SECTION("an entry that is missing") {
    store.close();
    raw_store{store.settings}.remove(family::versions, version_key(id, 2, 0));
    detail = "version 2: its entry is missing";
  }
  CHECK(why_unreadable(store, 2).find(detail) != std::string::npos);
  CHECK(why_unreadable(store, 1) == "readable");
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1"}, 1});
  CHECK(store->list_versions({"a"})->versions.size() == 2);
  const auto report = store->verify({});
  if (detail != "readable") {
    REQUIRE(report->damages.size() == 1);
    CHECK(report->damages[0].document == "a");
    CHECK(report->damages[0].is_readable);
    CHECK(report->damages[0].what.detail.find(detail) != std::string::npos);
  }
  CHECK(store->remove_version("a", 2) == true);
  CHECK(store->verify({})->damages_in_total == 0);
}

TEST_CASE("versions without a document are found", "[storage][rocksdb]") {
  rocksdb_bed store;
  fill_with_versions(store);
  store.close();
  raw_store{store.settings}.put(family::versions, version_key(id_of("x"), 1, 1), "whatever");
  CHECK(store->verify({})->damages_in_total == 1);
  CHECK(store->load("x").error().code == errc::corrupt_document);
}

TEST_CASE("a store from before there were versions opens and takes some", "[storage][rocksdb]") {
  rocksdb_bed store;
  REQUIRE(append_to(*store, "a", 1, {"u1"}));
  store.close();
  {
    rocksdb::DB* db = nullptr;
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    REQUIRE(rocksdb::DB::Open(make_database_options(store.settings), store.settings.path,
                              make_families(store.settings), &handles, &db)
                .ok());
    REQUIRE(db->DropColumnFamily(handles[static_cast<std::size_t>(family::versions)]).ok());
    const rocksdb_store closing{std::unique_ptr<rocksdb::DB>{db}, handles};
  }
  store.open();
  CHECK(load_from(*store, "a") == stored_texts{"", {"u1"}, 1});
  REQUIRE(store->add_version("a", {"first", false, 1, as_bytes("state")}));
  store.open();
  CHECK(store->list_versions({"a"})->versions.size() == 1);
}

TEST_CASE("a version that could not be written is not there, and writes stop until they work again",
          "[storage][rocksdb]") {
  rocksdb_bed store;
  fill_with_versions(store);
  store.disk->set_free_space(1000);
  store.disk->fail_at(1, test::faulty_file_system::fault::no_space);
  CHECK(store->add_version("a", {"lost", false, 1, as_bytes("state")}).error().code ==
        errc::disk_full);
  CHECK(store->remove_version("a", 1).error().code == errc::disk_full);
  CHECK(why_unreadable(store, 1) == "readable");
  store.disk->heal();
  store.disk->set_free_space(std::nullopt);
  REQUIRE(store->recover());
  CHECK(store->list_versions({"a"})->versions.size() >= 2);
  REQUIRE(store->add_version("a", {"kept", false, 1, as_bytes("state")}));
}

}  // namespace troupe::rocksdb_versions_test
