#include "app/moving/leveldb_key.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::leveldb_key_test {

using moving::decode_leveldb_key;
using moving::leveldb_key;
using test::hex;

TEST_CASE("keys of y-leveldb are read", "[moving]") {
  // As y-leveldb 0.2.0 wrote them.
  const auto bytes = hex("00 02 7631 | 00 02 6162 | 00 06 757064617465 | 01 000001f5");
  CHECK(decode_leveldb_key(bytes).value() == leveldb_key{leveldb_key::kind::update, "ab", 501});
  CHECK(moving::leveldb_update_key("ab", 501) == as_text(bytes));

  const auto vector = hex("00 05 76315f7376 | 00 02 6162");
  CHECK(decode_leveldb_key(vector).value() ==
        leveldb_key{leveldb_key::kind::state_vector, "ab", 0});
  CHECK(moving::leveldb_state_vector_key("ab") == as_text(vector));

  const auto meta = hex("00 02 7631 | 00 02 6162 | 00 04 6d657461 | 00 01 6b");
  CHECK(decode_leveldb_key(meta).value() == leveldb_key{leveldb_key::kind::meta, "ab", 0});
}

TEST_CASE("a long name has a length of two bytes", "[moving]") {
  const std::string name(300, 'n');
  const std::string key = moving::leveldb_update_key(name, 0xfffffffe);
  const auto read = decode_leveldb_key(as_bytes(key));
  REQUIRE(read.has_value());
  CHECK(read->document == name);
  CHECK(read->number == 0xfffffffe);
}

TEST_CASE("keys of others and damaged keys are refused", "[moving]") {
  const auto whole = hex("00 02 7631 | 00 02 6162 | 00 06 757064617465 | 01 000001f5");
  for (std::size_t size = 0; size < whole.size(); ++size) {
    INFO(size);
    CHECK(!decode_leveldb_key(byte_view{whole}.first(size)).has_value());
  }
  const auto code_of = [](const byte_buffer& key) { return decode_leveldb_key(key).error().code; };
  CHECK(code_of(hex("00 02 7631 0002 6162 0006 757064617465 01 000001f5 00")) ==
        errc::trailing_bytes);
  CHECK(code_of(hex("00 02 7632 0002 6162")) == errc::unknown_content);
  CHECK(code_of(hex("01 00000001 0002 6162")) == errc::unknown_content);
  CHECK(code_of(hex("00 02 7631 0002 6162 0001 78")) == errc::unknown_content);
  CHECK(code_of(hex("00 02 7631 0002 fffe 0006 757064617465 01 00000001")) == errc::invalid_utf8);
}

TEST_CASE("the value of a state vector says which update it was made with", "[moving]") {
  CHECK(moving::decode_leveldb_covered(hex("f503 0100")).value() == 501);
  CHECK(!moving::decode_leveldb_covered(hex("")).has_value());
}

}  // namespace troupe::leveldb_key_test
