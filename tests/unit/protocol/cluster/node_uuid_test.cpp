#include "protocol/cluster/node_uuid.hpp"

#include <catch2/catch_test_macros.hpp>

#include "protocol/cluster/uuid_bytes.hpp"

namespace troupe::node_uuid_test {

using namespace troupe::cluster;

TEST_CASE("a uuid is 32 hexadecimal digits, and is read back", "[node_uuid]") {
  const node_uuid id{0x0123456789abcdef, 0xfedcba9876543210};
  CHECK(to_string(id) == "0123456789abcdeffedcba9876543210");
  CHECK(parse_node_uuid(to_string(id)) == id);
  CHECK(parse_node_uuid("0123456789ABCDEFFEDCBA9876543210") == id);
  CHECK(to_string(node_uuid{0, 1}) == "00000000000000000000000000000001");
}

TEST_CASE("a text that is no uuid is refused", "[node_uuid]") {
  for (const char* text : {"", "0", "0123456789abcdeffedcba987654321",
                           "0123456789abcdeffedcba98765432100", "0123456789abcdefgedcba9876543210",
                           "00000000000000000000000000000000", "01234567-89abcdeffedcba9876543210"})
    CHECK_FALSE(parse_node_uuid(text));
}

TEST_CASE("uuids are ordered by their digits", "[node_uuid]") {
  CHECK(node_uuid{1, 9} < node_uuid{2, 0});
  CHECK(node_uuid{1, 8} < node_uuid{1, 9});
  CHECK(node_uuid{}.is_nil());
}

TEST_CASE("a uuid is 16 bytes, the highest first", "[node_uuid]") {
  lib0::encoder out;
  write_uuid(out, {0x0102030405060708, 0x090a0b0c0d0e0f10});
  REQUIRE(out.size() == uuid_size_bytes);
  for (std::size_t i = 0; i < uuid_size_bytes; ++i) CHECK(out.view()[i] == i + 1);
  lib0::decoder in{out.view()};
  CHECK(read_uuid(in) == node_uuid{0x0102030405060708, 0x090a0b0c0d0e0f10});
  CHECK(read_uuid(in).is_nil());
  CHECK_FALSE(in.ok());
}

}  // namespace troupe::node_uuid_test
