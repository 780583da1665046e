#include "storage/announcement_record.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/crc32c.hpp"
#include "tests/support/storage_bed.hpp"

namespace troupe::announcement_record_test {

using namespace troupe::storage;

namespace {

announcement some() {
  announcement what;
  what.number = 42;
  what.id = {1, 2, 3};
  what.created_at = 1000;
  what.since = 2000;
  what.topic = "document.changed";
  what.document = "plan";
  what.details = "{}";
  return what;
}

/// The value with the checksum that belongs to it.
std::string sealed(const std::string& key, std::string value) {
  std::uint32_t crc = crc32c(as_bytes(key));
  crc = crc32c(as_bytes(value).first(1), crc);
  crc = crc32c(as_bytes(value).subspan(5), crc);
  for (std::size_t i = 0; i < 4; ++i) value[1 + i] = static_cast<char>(crc >> 8 * (3 - i));
  return value;
}

}  // namespace

TEST_CASE("an announcement is read as it was written", "[storage]") {
  announcement what = some();
  for (const bool is_dead : {false, true}) {
    what.is_dead = is_dead;
    const std::string key = announcement_key(what.number);
    CHECK(decode_announcement(key, encode_announcement(key, what)) == what);
  }
  what.document.assign(65'535, 'd');
  what.topic.assign(announcement_topic_size_max, 't');
  what.details.clear();
  REQUIRE(check_announcement(what));
  const std::string key = announcement_key(what.number);
  CHECK(decode_announcement(key, encode_announcement(key, what)) == what);
}

TEST_CASE("an announcement with too long a name is refused", "[storage]") {
  announcement what = some();
  what.document.assign(65'536, 'd');
  CHECK(check_announcement(what).error().code == errc::name_too_long);
  what = some();
  what.topic.assign(announcement_topic_size_max + 1, 't');
  CHECK(check_announcement(what).error().code == errc::name_too_long);
}

TEST_CASE("a damaged announcement is refused, whichever bit has changed", "[storage]") {
  const std::string key = announcement_key(42);
  const std::string whole = encode_announcement(key, some());
  for (std::size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string value = whole;
    value[bit / 8] = static_cast<char>(value[bit / 8] ^ 1 << bit % 8);
    CHECK_FALSE(decode_announcement(key, value).has_value());
  }
  for (std::size_t size = 0; size < whole.size(); ++size)
    CHECK_FALSE(decode_announcement(key, whole.substr(0, size)).has_value());
  CHECK_FALSE(decode_announcement(announcement_key(43), whole).has_value());
  CHECK(decode_announcement("short", whole).error().code == errc::corrupt_store);
}

TEST_CASE("an announcement whose sizes do not fit is refused though its checksum is right",
          "[storage]") {
  const std::string key = announcement_key(42);
  std::string value = encode_announcement(key, some());
  value[38] = 65;
  CHECK(decode_announcement(key, sealed(key, value)).error().code == errc::corrupt_document);
  value[38] = 16;
  value[39] = 1;  // a name of 260 bytes
  CHECK(decode_announcement(key, sealed(key, value)).error().code == errc::corrupt_document);
  value[39] = 0;
  value[5] = 2;
  CHECK(decode_announcement(key, sealed(key, value)).error().code == errc::newer_format);
}

}  // namespace troupe::announcement_record_test
