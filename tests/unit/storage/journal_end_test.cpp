// A record at the end of a journal that a crash has cut short is not one whose length was changed;
// and a store whose journal or list of tables has such a length is refused, and mended by a rescue.
#include "storage/journal_end.hpp"

#include <filesystem>
#include <fstream>

#include <catch2/catch_test_macros.hpp>

#include "base/crc32c.hpp"
#include "storage/repair.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::journal_end_test {

using namespace troupe::storage;
using test::rocksdb_bed;

namespace {

namespace fs = std::filesystem;

/// A full record as RocksDB writes it.
byte_buffer record_of(std::string_view payload) {
  byte_buffer bytes(7);
  bytes[4] = static_cast<std::uint8_t>(payload.size());
  bytes[5] = static_cast<std::uint8_t>(payload.size() >> 8);
  bytes[6] = 1;
  std::uint32_t crc = crc32c(byte_view{bytes}.subspan(6, 1));
  crc = crc32c(as_bytes(payload), crc);
  crc = (crc >> 15 | crc << 17) + 0xa282ead8u;
  for (std::size_t i = 0; i < 4; ++i) bytes[i] = static_cast<std::uint8_t>(crc >> 8 * i);
  bytes.insert(bytes.end(), as_bytes(payload).begin(), as_bytes(payload).end());
  return bytes;
}

byte_buffer block_of(const std::vector<std::string>& payloads) {
  byte_buffer block;
  for (const std::string& payload : payloads) {
    const byte_buffer record = record_of(payload);
    block.insert(block.end(), record.begin(), record.end());
  }
  return block;
}

std::string journal_of(const rocksdb_bed& store) {
  for (const auto& each : fs::directory_iterator{store.settings.path})
    if (each.path().extension() == ".log") return each.path().string();
  return {};
}

void flip_bit(const std::string& path, std::uint64_t at, int bit) {
  std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
  file.seekg(static_cast<std::streamoff>(at));
  const int byte = file.get();
  file.seekp(static_cast<std::streamoff>(at));
  file.put(static_cast<char>(byte ^ (1 << bit)));
}

}  // namespace

TEST_CASE("a journal that was cut short anywhere has no wrong length", "[storage][journal]") {
  const byte_buffer block = block_of({"first", test::noise(300), "third", ""});
  for (std::size_t size = 0; size <= block.size(); ++size) {
    CAPTURE(size);
    CHECK_FALSE(find_wrong_length(byte_view{block}.first(size)).has_value());
  }
}

TEST_CASE("a length that leads beyond the end is found, and what it should be",
          "[storage][journal]") {
  const std::vector<std::string> payloads{"first", test::noise(300), "third"};
  const byte_buffer block = block_of(payloads);
  std::size_t at = 4;
  for (const std::string& payload : payloads) {
    for (int bit = 0; bit < 16; ++bit) {
      byte_buffer damaged = block;
      damaged[at + static_cast<std::size_t>(bit / 8)] ^= static_cast<std::uint8_t>(1 << bit % 8);
      const std::size_t wrong = damaged[at] | damaged[at + 1] << 8;
      CAPTURE(at, bit, wrong);
      const auto found = find_wrong_length(damaged);
      // A length that stays inside is noticed by the checksum of the record, which RocksDB checks.
      CHECK(found.has_value() == (at + 3 + wrong > block.size()));
      if (!found) continue;
      CHECK(found->offset == at);
      CHECK(found->length == payload.size());
    }
    at += 7 + payload.size();
  }
}

TEST_CASE("bytes that are no journal have no wrong length", "[storage][journal]") {
  for (std::uint32_t seed = 1; seed < 200; ++seed) {
    const std::string bytes = test::noise(500, seed);
    CHECK_FALSE(find_wrong_length(as_bytes(bytes)).has_value());
  }
}

TEST_CASE("no bit of a length at the end of a journal loses what was confirmed",
          "[storage][journal]") {
  rocksdb_bed store;
  REQUIRE(test::append_to(*store, "a", 1, {"u1"}));
  store.open();  // begins a new journal
  std::vector<std::uint64_t> ends;
  const std::string path = journal_of(store);
  for (sequence number = 2; number <= 4; ++number) {
    ends.push_back(fs::file_size(path));
    REQUIRE(test::append_to(*store, "a", number, {test::noise(100)}));
  }
  store.close();
  for (const std::uint64_t begin : ends) {
    for (int bit = 0; bit < 16; ++bit) {
      CAPTURE(begin, bit);
      const std::uint64_t at = begin + 4 + static_cast<std::uint64_t>(bit / 8);
      flip_bit(path, at, bit % 8);
      const auto opened = store.try_open();
      REQUIRE_FALSE(opened.has_value());
      CHECK(opened.error().code == errc::corrupt_store);
      if (begin == ends.back() && bit == 10) {
        const auto rescue =
            store_rescue::open({store.settings, journal_extent::up_to_damage, {}, {}});
        REQUIRE(rescue.has_value());
        REQUIRE((*rescue)->problems().size() == 1);
        CHECK((*rescue)->problems()[0].starts_with("the length of a record at the end of "));
        rocksdb_bed copy;
        REQUIRE((*rescue)->save_to(copy.settings.path,
                                   [](const broken_document&) { return treatment{}; }));
        CHECK(test::load_from(*copy, "a").last == 4);
      }
      flip_bit(path, at, bit % 8);
    }
  }
  CHECK(test::load_from(*store, "a").last == 4);
}

}  // namespace troupe::journal_end_test
