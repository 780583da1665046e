// The reader that looks ahead must read what the decoder reads, or say that it cannot.
#include "protocol/lib0/quick_reader.hpp"

#include <catch2/catch_test_macros.hpp>

#include "base/utf8.hpp"
#include "protocol/lib0/decoder.hpp"
#include "protocol/lib0/encoder.hpp"

namespace troupe::quick_reader_test {

TEST_CASE("quick reader reads numbers below 2^28 as the decoder does", "[lib0]") {
  for (std::uint64_t base = 1; base < (std::uint64_t{1} << 40); base *= 2) {
    for (const std::uint64_t value : {base - 1, base, base + 1}) {
      lib0::encoder out;
      out.write_var_uint(value);
      const std::size_t size = out.size();
      out.write_bytes(byte_buffer(8, 0xff));
      const auto check = [&](auto read_with) {
        lib0::quick_reader in{out.view().data()};
        const std::uint32_t read = read_with(in);
        CAPTURE(value);
        REQUIRE(in.is_odd() == (value >= std::uint64_t{1} << 28));
        if (in.is_odd()) return;
        CHECK(read == value);
        CHECK(in.at() == out.view().data() + size);
      };
      check([](lib0::quick_reader& in) { return in.read_small(); });
      check([](lib0::quick_reader& in) { return in.read_mostly_short(); });
    }
  }
}

TEST_CASE("quick reader reads a number that is longer than it had to be", "[lib0]") {
  const byte_buffer padded{0x81, 0x80, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff};
  lib0::quick_reader in{padded.data()};
  CHECK(in.read_small() == 1);
  CHECK_FALSE(in.is_odd());
  CHECK(in.at() == padded.data() + 3);
}

TEST_CASE("few bytes are ASCII if none of those asked for is above 0x7f", "[lib0]") {
  for (std::size_t size = 0; size <= lib0::size_max_of_few; ++size) {
    byte_buffer bytes(lib0::size_max_of_few, 0x7f);
    CHECK(lib0::is_ascii_in_few(bytes.data(), size));
    for (std::size_t at = 0; at < bytes.size(); ++at) {
      bytes[at] = 0x80;
      CHECK(lib0::is_ascii_in_few(bytes.data(), size) == (at >= size));
      bytes[at] = 0x7f;
    }
  }
}

}  // namespace troupe::quick_reader_test
