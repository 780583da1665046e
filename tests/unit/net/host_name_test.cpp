#include "net/host_name.hpp"

#include <catch2/catch_test_macros.hpp>

namespace troupe::host_name_test {

TEST_CASE("a host is told from its port", "[host_name]") {
  const auto split = [](std::string_view text, std::string_view host, std::string_view port) {
    CAPTURE(text);
    CHECK(split_host(text).host == host);
    CHECK(split_host(text).port == port);
  };
  split("app.example.com", "app.example.com", "");
  split("app.example.com:8080", "app.example.com", "8080");
  split("127.0.0.1:80", "127.0.0.1", "80");
  split("[::1]", "[::1]", "");
  split("[::1]:3001", "[::1]", "3001");
  split("h:", "h", "");
  for (const std::string_view bad :
       {"", "[::1", "[::1]x", "h:8a", "::1", "a b", "user@h", "h/p", "h?x", "h#x", "h\\x", "h:1:2"})
    split(bad, "", "");
}

TEST_CASE("names are compared without regard to case", "[host_name]") {
  CHECK(is_same_host("App.Example.COM", "app.example.com"));
  CHECK_FALSE(is_same_host("app.example.com.", "app.example.com"));
  CHECK_FALSE(is_same_host("", "a"));
}

TEST_CASE("addresses are told from names, this machine from others", "[host_name]") {
  for (const std::string_view host : {"127.0.0.1", "10.0.0.1", "[::1]", "[fe80::1]"})
    CHECK(is_ip_address(host));
  for (const std::string_view host : {"", "localhost", "127.0.0.1.example.com", "1.2.3", "::1"})
    CHECK_FALSE(is_ip_address(host));
  for (const std::string_view host : {"localhost", "LOCALHOST", "127.0.0.1", "127.9.8.7", "[::1]"})
    CHECK(is_this_machine(host));
  for (const std::string_view host :
       {"", "localhost.example.com", "127.example.com", "128.0.0.1", "[::2]", "0.0.0.0"})
    CHECK_FALSE(is_this_machine(host));
}

}  // namespace troupe::host_name_test
