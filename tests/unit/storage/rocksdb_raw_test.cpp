// What the store on disk shows of a document of which something is damaged.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/storage_bed.hpp"

namespace troupe::rocksdb_raw_test {

using namespace troupe::storage;

TEST_CASE("what lies in the store of a damaged document is shown with what is wrong with it",
          "[storage][rocksdb]") {
  test::rocksdb_bed store;
  REQUIRE(test::append_to(*store, "a", 1, {"u1", "u2", "u3"}));
  REQUIRE(test::write_checkpoint(*store, "a", 2, "s2"));
  REQUIRE(test::append_to(*store, "a", 4, {"u4", "u5"}));
  store.close();
  test::raw_store{store.settings}.flip_bit(family::log, log_key(id_of("a"), 5));
  const auto raw = *store->raw("a", 1'000'000);
  CHECK(raw.is_complete);
  std::size_t damaged = 0;
  std::size_t records = 0;
  for (const raw_piece& piece : raw.pieces) {
    records += piece.label.starts_with("record ");
    if (piece.damage.empty()) continue;
    ++damaged;
    CHECK(piece.label == "record 5");
    CHECK(piece.damage.find("its checksum is ") != std::string::npos);
    CHECK_FALSE(piece.value.empty());
  }
  CHECK(damaged == 1);
  CHECK(records >= 2);
}

}  // namespace troupe::rocksdb_raw_test
