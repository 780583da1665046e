#include "protocol/crdt/wire/update_stream.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::update_stream_test {

using crdt::update_container;
using test::hex;

namespace {

const std::string ab_v1 = "01010100 0401 0174 026162 00";
const std::string ab_v2 = "00 00 0101 00 00 0104 06 03746162 0102 0101 00 00 01010000";

failure failure_of(const byte_buffer& bytes, update_container container) {
  const auto list = crdt::read_updates(bytes, container);
  REQUIRE_FALSE(list.has_value());
  return list.error();
}

}  // namespace

TEST_CASE("updates are recognised in each container", "[crdt][update_stream]") {
  const std::pair<std::string, update_container> cases[] = {
      {ab_v1, update_container::v1},
      {ab_v2, update_container::v2},
      {"0c" + ab_v1, update_container::stream},
      {"0c" + ab_v1 + "02 0000" + "0c" + ab_v1, update_container::stream},
      {"0000", update_container::v1},
      {"00 01 01 01 00 01", update_container::v1},  // only a deletion: begins with 0 all the same
      {"00 00 00 00 00 00 01 00 00 00 00 00 00", update_container::v2},
  };
  for (const auto& [digits, expected] : cases) {
    INFO(digits);
    const byte_buffer bytes = hex(digits);
    CHECK(crdt::detect_container(bytes) == expected);
    CHECK(crdt::read_updates(bytes, expected).has_value());
  }
}

TEST_CASE("a stream yields its updates as views, in order", "[crdt][update_stream]") {
  const byte_buffer bytes = hex("0c" + ab_v1 + "02 0000");
  const auto list = crdt::read_updates(bytes, update_container::stream);
  REQUIRE(list.has_value());
  REQUIRE(list->updates.size() == 2);
  CHECK(list->updates[0].data() == bytes.data() + 1);
  CHECK(list->updates[0].size() == 12);
  CHECK(list->updates[1].data() == bytes.data() + 14);
  CHECK(list->updates[1].size() == 2);
  CHECK(list->format() == crdt::update_format::v1);
}

TEST_CASE("bytes that are nothing are told as what they resemble most", "[crdt][update_stream]") {
  const byte_buffer v1 = hex(ab_v1);
  CHECK(crdt::detect_container(byte_view{v1}.first(7)) == update_container::v1);
  const byte_buffer v2 = hex(ab_v2);
  CHECK(crdt::detect_container(byte_view{v2}.first(20)) == update_container::v2);
  const byte_buffer stream = hex("0c" + ab_v1 + "0c" + ab_v1);
  CHECK(crdt::detect_container(byte_view{stream}.first(20)) == update_container::stream);
  CHECK(crdt::detect_container({}) == update_container::v1);
  CHECK(crdt::detect_container(hex("00")) == update_container::v1);
}

TEST_CASE("a failure in a stream names the update and the byte in the whole",
          "[crdt][update_stream]") {
  const failure cut = failure_of(hex("0c" + ab_v1 + "05 0101"), update_container::stream);
  CHECK(to_string(cut) == "truncated: update 2 of the stream, bytes at byte 14");
  const failure wrong =
      failure_of(hex("0c" + ab_v1 + "08 0101 0200 9f0300 00"), update_container::stream);
  CHECK(to_string(wrong) ==
        "unknown_content: update 2 of the stream, content reference at byte 21");
  CHECK(failure_of({}, update_container::stream).code == errc::truncated);
}

TEST_CASE("the offset of a failure in v2 counts from the start of the update",
          "[crdt][update_stream]") {
  // The info column, at bytes 6 to 7, names an unknown content.
  byte_buffer bytes = hex(ab_v2);
  bytes[7] = 0x1f;
  CHECK(failure_of(bytes, update_container::v2).code == errc::unknown_content);
  // The string column loses the varUint that tells the length of "ab", the last of its bytes.
  const byte_buffer short_column = hex("00 00 0101 00 00 0104 05 03746162 01 0101 00 00 01010000");
  const failure what = failure_of(short_column, update_container::v2);
  CHECK(to_string(what.code) == "truncated");
  CHECK(what.offset == 14);
}

}  // namespace troupe::update_stream_test
