#include "app/moving/ysweet_checkpoint.hpp"

#include <map>

#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/doc.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/test_data.hpp"

namespace troupe::ysweet_checkpoint_test {

using moving::decode_ysweet_checkpoint;
using test::hex;

namespace {

void append_bytes(byte_buffer& to, byte_view bytes) {
  for (std::size_t i = 0; i < 8; ++i)
    to.push_back(static_cast<std::uint8_t>(std::uint64_t{bytes.size()} >> (8 * i)));
  to.insert(to.end(), bytes.begin(), bytes.end());
}

/// A file with these keys and values, in order.
byte_buffer file_of(const std::map<byte_buffer, byte_buffer>& entries) {
  byte_buffer file(8, 0);
  file[0] = static_cast<std::uint8_t>(entries.size());
  for (const auto& [key, value] : entries) {
    append_bytes(file, key);
    append_bytes(file, value);
  }
  return file;
}

const byte_buffer name_key = hex("00 00 646f63 00");
const byte_buffer state_key = hex("00 01 00000001 00");
const byte_buffer vector_key = hex("00 01 00000001 01");
const byte_buffer update_key = hex("00 01 00000001 02 00646f64 00");
const byte_buffer meta_key = hex("00 01 00000001 03 6f776e6572 00");

errc code_of(const byte_buffer& file) { return decode_ysweet_checkpoint(file).error().code; }

}  // namespace

TEST_CASE("a file of y-sweet has a state, updates behind it, and other values", "[moving]") {
  const byte_buffer file = file_of({{name_key, hex("00000001")},
                                    {state_key, hex("0000")},
                                    {vector_key, hex("00")},
                                    {update_key, hex("aabb")},
                                    {meta_key, hex("cc")}});
  const auto found = decode_ysweet_checkpoint(file);
  REQUIRE(found.has_value());
  REQUIRE(found->updates.size() == 2);
  CHECK(test::to_hex(found->updates[0]) == "0000");
  CHECK(test::to_hex(found->updates[1]) == "aabb");
  CHECK(test::to_hex(found->state_vector) == "00");
}

TEST_CASE("files that y-sweet's own code wrote are read", "[moving]") {
  const std::filesystem::path folder =
      std::filesystem::path{TROUPE_GOLDEN_DIR}.parent_path() / "y-sweet";
  for (const char* const name : {"served", "pushed-only", "with_meta"}) {
    INFO(name);
    const auto file = test::read_file(folder / "store" / name / "data.ysweet");
    const auto state = test::read_file(folder / (std::string{name} + ".v1.bin"));
    REQUIRE((file && state));
    const auto found = decode_ysweet_checkpoint(*file);
    REQUIRE(found.has_value());
    std::vector<crdt::repaired_struct> repaired;
    crdt::doc read{{}}, expected{{}};
    for (const byte_view update : found->updates) REQUIRE(read.load_update(update, repaired));
    REQUIRE(expected.load_update(*state, repaired));
    CHECK(read.snapshot() == expected.snapshot());
    CHECK(read.text("text") == expected.text("text"));
    CHECK(!read.text("text").empty());
  }
}

TEST_CASE("a file of y-sweet may have no state yet", "[moving]") {
  CHECK(decode_ysweet_checkpoint(file_of({}))->updates.empty());
  CHECK(decode_ysweet_checkpoint(file_of({{name_key, hex("00000001")}}))->updates.empty());
}

TEST_CASE("a torn file of y-sweet is refused at every length", "[moving]") {
  const byte_buffer whole = file_of({{name_key, hex("00000001")}, {state_key, hex("0102030405")}});
  REQUIRE(decode_ysweet_checkpoint(whole).has_value());
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    const auto found = decode_ysweet_checkpoint(byte_view{whole}.first(size));
    REQUIRE(!found.has_value());
    CHECK(found.error().code == errc::truncated);
  }
  byte_buffer longer = whole;
  longer.push_back(0);
  CHECK(code_of(longer) == errc::trailing_bytes);
}

TEST_CASE("lengths of a file of y-sweet are bounded by the file", "[moving]") {
  CHECK(code_of(hex("ffffffffffffffff")) == errc::update_too_large);
  CHECK(code_of(hex("0100000000000000 ffffffffffffffff 00")) == errc::truncated);
}

TEST_CASE("keys that y-sweet does not write are refused", "[moving]") {
  for (const char* const key : {"", "00", "01 00 646f63 00", "00 02 00", "00 01 00000001",
                                "00 01 00000001 04 00", "00 01 000001 00"}) {
    INFO(key);
    CHECK(code_of(file_of({{hex(key), hex("0000")}})) == errc::unknown_content);
  }
  const byte_buffer other = hex("00 01 00000002 00");
  CHECK(code_of(file_of({{state_key, hex("0000")}, {other, hex("0000")}})) ==
        errc::unknown_content);
}

}  // namespace troupe::ysweet_checkpoint_test
