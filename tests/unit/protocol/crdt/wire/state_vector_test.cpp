#include "protocol/crdt/wire/state_vector.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::state_vector_test {

using crdt::state_vector;
using test::hex;
using test::to_hex;

namespace {

state_vector decoded(std::string_view digits) {
  auto vector = state_vector::decode(hex(digits));
  REQUIRE(vector.has_value());
  return *vector;
}

errc error_of(std::string_view digits) {
  const auto vector = state_vector::decode(hex(digits));
  REQUIRE_FALSE(vector.has_value());
  return vector.error().code;
}

}  // namespace

TEST_CASE("state vector without clients is a single zero", "[crdt]") {
  CHECK(to_hex(state_vector{}.encode()) == "00");
  CHECK(decoded("00").empty());
  CHECK(decoded("00").clock_of(1) == 0);
}

TEST_CASE("state vector is written with clients descending", "[crdt]") {
  state_vector vector;
  vector.add(1, 5);
  vector.add(300, 128);
  vector.add(2, 1);
  vector.sort();
  CHECK(to_hex(vector.encode()) == "03"
                                   "ac028001"
                                   "0201"
                                   "0105");
  CHECK(vector.clock_of(1) == 5);
  CHECK(vector.clock_of(2) == 1);
  CHECK(vector.clock_of(300) == 128);
  CHECK(vector.clock_of(3) == 0);
  CHECK(vector.clock_of(0) == 0);
}

TEST_CASE("state vector is read with clients in any order", "[crdt]") {
  const state_vector ascending = decoded("03 0105 0201 ac028001");
  CHECK(ascending == decoded("03 ac028001 0201 0105"));
  CHECK(ascending.clock_of(300) == 128);
  CHECK(ascending.clock_of(1) == 5);
  CHECK(to_hex(ascending.encode()) == "03ac02800102010105");
}

TEST_CASE("state vector takes client ids of 53 bits", "[crdt]") {
  const state_vector vector = decoded("01 ffffffffffffff0f 07");
  CHECK(vector.clock_of((crdt::client_id{1} << 53) - 1) == 7);
  CHECK(vector.clock_of(0xffff'ffff) == 0);
  CHECK(to_hex(vector.encode()) == "01ffffffffffffff0f07");
}

TEST_CASE("state vector caps clocks that no document here can reach", "[crdt]") {
  CHECK(decoded("01 01 ffffffff0f").clock_of(1) == crdt::clock_max);        // 2^32 - 1
  CHECK(decoded("01 01 ffffffffffffff0f").clock_of(1) == crdt::clock_max);  // 2^53 - 1
  CHECK(decoded("01 01 feffffff0f").clock_of(1) == crdt::clock_max);
  CHECK(decoded("01 01 fdffffff0f").clock_of(1) == crdt::clock_max - 1);
}

TEST_CASE("state vector rejects bytes that are cut short or go on", "[crdt]") {
  CHECK(error_of("") == errc::truncated);
  CHECK(error_of("01") == errc::truncated);
  CHECK(error_of("01 01") == errc::truncated);
  CHECK(error_of("02 01 05 02") == errc::truncated);
  CHECK(error_of("01 01 80") == errc::truncated);
  CHECK(error_of("00 00") == errc::trailing_bytes);
  CHECK(error_of("01 01 05 00") == errc::trailing_bytes);
}

TEST_CASE("state vector rejects a count that its bytes cannot hold without reserving for it",
          "[crdt]") {
  CHECK(error_of("ffffffff0f 01 01") == errc::truncated);
  CHECK(error_of("ffffffffffffff0f") == errc::truncated);
}

TEST_CASE("state vector rejects numbers above 2^53 - 1", "[crdt]") {
  CHECK(error_of("01 8080808080808010 01") == errc::number_too_large);
  CHECK(error_of("01 01 8080808080808010") == errc::number_too_large);
}

}  // namespace troupe::state_vector_test
