#include "protocol/cluster/node_address.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::node_address_test {

using namespace troupe::cluster;

TEST_CASE("an address is a host and a port", "[node_address]") {
  const auto of = [](std::string_view text) {
    const auto read = parse_node_address(text);
    return read ? read->host + " " + std::to_string(read->port) : "none";
  };
  CHECK(of("127.0.0.1:4101") == "127.0.0.1 4101");
  CHECK(of("node-1.example:65535") == "node-1.example 65535");
  CHECK(of("[fd00::1]:4101") == "fd00::1 4101");
  CHECK(of("[fe80::1%eth0]:1") == "fe80::1%eth0 1");
  for (const char* text :
       {"", "host", ":4101", "host:", "host:0", "host:65536", "host:41x", "host:-1", "fd00::1:4101",
        "[]:4101", "a b:4101", "tcp://host:4101", "host/:4101"})
    CHECK(of(text) == "none");
  CHECK(of(std::string(node_address_size_bytes_max - 3, 'a') + ":41") != "none");
  CHECK(of(std::string(node_address_size_bytes_max - 2, 'a') + ":41") == "none");
}

TEST_CASE("a node's name has 1 to 64 harmless characters", "[node_address]") {
  CHECK(check_node_name("n1"));
  CHECK(check_node_name("Node_1.eu-west"));
  CHECK(check_node_name(std::string(64, 'n')));
  for (const std::string& text : {std::string{}, std::string{"a b"}, std::string{"a/b"},
                                  std::string{"\xc3\xa4"}, std::string(65, 'n')})
    CHECK_FALSE(check_node_name(text));
}

}  // namespace troupe::node_address_test
