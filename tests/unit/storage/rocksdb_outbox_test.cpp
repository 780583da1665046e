// Announcements of webhooks in the store on disk, over its closing and where they are damaged.
#include "storage/rocksdb_backend.hpp"

#include <catch2/catch_test_macros.hpp>

#include "storage/announcement_record.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::rocksdb_outbox_test {

using namespace troupe::storage;
using test::append_of;
using test::append_to;
using test::load_from;
using test::raw_store;
using test::rocksdb_bed;
using test::stored_texts;

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

}  // namespace troupe::rocksdb_outbox_test
