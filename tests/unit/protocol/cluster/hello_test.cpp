#include "protocol/cluster/hello.hpp"

#include <random>
#include <set>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/hex_bytes.hpp"

namespace troupe::hello_test {

using namespace troupe::cluster;

namespace {

hello example() {
  hello what;
  what.cluster = "x";
  what.id = {1, 2};
  what.incarnation = 3;
  what.run = 0xfedcba9876543210;
  what.name = "n1";
  what.address = "h:1";
  what.moved = 5;
  return what;
}

}  // namespace

TEST_CASE("the bytes of a hello are these", "[hello]") {
  const byte_buffer bytes = encode(example());
  CHECK(bytes == test::hex("02 01 78 00000000000000010000000000000002 0000000000000003"
                           "fedcba9876543210 02 6e31 03 683a31 00 03 02 05 00"));
}

TEST_CASE("a hello is read as it was written", "[hello]") {
  hello what = example();
  what.list = *member_list::make(4, {{{1, 2}, "n1", "h:1"}, {{2, 2}, "n2", "h:2"}});
  const auto read = decode_hello(encode(what));
  REQUIRE(read);
  CHECK(read->cluster == "x");
  CHECK(read->id == what.id);
  CHECK(read->incarnation == 3);
  CHECK(read->run == what.run);
  CHECK(read->name == "n1");
  CHECK(read->address == "h:1");
  CHECK(read->replication == replication{});
  CHECK(read->moved == 5);
  CHECK(read->list == what.list);
}

TEST_CASE("of another version only the version is read", "[hello]") {
  const auto read = decode_hello(test::hex("07 ff ff ff"));
  REQUIRE(read);
  CHECK(read->version == 7);
  CHECK(read->id.is_nil());
}

TEST_CASE("what is no hello is refused, wherever it ends", "[hello]") {
  const byte_buffer bytes = encode(example());
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(decode_hello(byte_view{bytes}.first(size)));
  byte_buffer longer = bytes;
  longer.push_back(0);
  CHECK(decode_hello(longer).error().code == errc::trailing_bytes);
  CHECK_FALSE(decode_hello(byte_buffer(hello_size_bytes_max + 1)));
}

TEST_CASE("a hello has the names and addresses that a node can have", "[hello]") {
  const auto is_read = [](auto change) {
    hello what = example();
    change(what);
    return decode_hello(encode(what)).has_value();
  };
  CHECK(is_read([](hello&) {}));
  CHECK_FALSE(is_read([](hello& what) { what.id = {}; }));
  CHECK_FALSE(is_read([](hello& what) { what.name = "a b"; }));
  CHECK_FALSE(is_read([](hello& what) { what.cluster.clear(); }));
  CHECK_FALSE(is_read([](hello& what) { what.address = "h"; }));
  CHECK_FALSE(is_read([](hello& what) { what.replication.keepers = 0; }));
  CHECK_FALSE(is_read([](hello& what) { what.replication.write_acks = keepers_max + 1; }));
  CHECK(is_read([](hello& what) { what.flags = 1; }));
}

TEST_CASE("changed bytes are a hello or a failure", "[hello]") {
  hello what = example();
  what.list = *member_list::make(4, {{{1, 2}, "n1", "h:1"}, {{2, 2}, "n2", "h:2"}});
  const byte_buffer good = encode(what);
  std::mt19937 random{1};
  for (int i = 0; i < 20'000; ++i) {
    byte_buffer bytes = good;
    for (int changes = 0; changes < 2; ++changes)
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    if (const auto read = decode_hello(bytes); read && read->version == protocol_version)
      CHECK(decode_hello(encode(*read)).has_value());
  }
}

TEST_CASE("each refusal has a label and a text of its own", "[hello]") {
  std::set<std::string_view> labels, texts;
  for (std::size_t i = 0; i < refusal_count; ++i) {
    const refusal why = *read_refusal(i);
    labels.insert(to_string(why));
    texts.insert(describe(why));
  }
  CHECK(labels.size() == refusal_count);
  CHECK(texts.size() == refusal_count);
  CHECK(to_string(refusal::list_conflict) == "list_conflict");
  CHECK_FALSE(read_refusal(refusal_count));
}

}  // namespace troupe::hello_test
