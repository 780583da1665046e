#include "net/private_address.hpp"

#include <array>

#include <catch2/catch_test_macros.hpp>

namespace troupe::private_address_test {

TEST_CASE("addresses of no public host are private", "[private_address]") {
  for (const std::string_view text : {"0.0.0.0",
                                      "10.0.0.1",
                                      "10.255.255.255",
                                      "100.64.0.1",
                                      "100.127.255.255",
                                      "127.0.0.1",
                                      "127.255.0.1",
                                      "169.254.169.254",
                                      "172.16.0.1",
                                      "172.31.255.255",
                                      "192.168.1.1",
                                      "198.18.0.1",
                                      "198.19.255.255",
                                      "224.0.0.1",
                                      "239.255.255.255",
                                      "240.0.0.1",
                                      "255.255.255.255",
                                      "192.0.2.1",
                                      "::",
                                      "::1",
                                      "fe80::1",
                                      "febf::1",
                                      "fc00::1",
                                      "fd12:3456::1",
                                      "ff02::1",
                                      "::ffff:10.0.0.1",
                                      "::ffff:7f00:1",
                                      "64:ff9b::127.0.0.1",
                                      "2002:7f00:1::1",
                                      "2001:db8::1",
                                      "2001::1",
                                      "100::1",
                                      "::10.0.0.1",
                                      "64:ff9b:1::1",
                                      "fec0::1"}) {
    INFO(text);
    CHECK(is_private_address(text));
  }
}

TEST_CASE("addresses of public hosts are not private", "[private_address]") {
  for (const std::string_view text :
       {"1.1.1.1",      "9.255.255.255",  "11.0.0.0",         "100.63.255.255",  "100.128.0.0",
        "126.0.0.1",    "128.0.0.1",      "169.253.0.1",      "172.15.255.255",  "172.32.0.0",
        "192.167.0.1",  "198.17.0.1",     "198.20.0.0",       "223.255.255.255", "2606:4700::1111",
        "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1", "3fff:ffff::1"}) {
    INFO(text);
    CHECK_FALSE(is_private_address(text));
  }
}

TEST_CASE("what is no address is private", "[private_address]") {
  for (const std::string_view text :
       {"", "host", "1.2.3", "1.2.3.4.5", "0x7f000001", "2130706433", "fe80::1%eth0",
        "a text that is longer than any address could possibly be written"}) {
    INFO(text);
    CHECK(is_private_address(text));
  }
  CHECK(is_private_address(byte_view{}));
  const std::array<std::uint8_t, 8> eight{8, 8, 8, 8};
  CHECK(is_private_address(byte_view{eight}));
}

}  // namespace troupe::private_address_test
