// The three messages between nodes, as CAF's network layer writes and reads them.
#include "actors/peer_wire.hpp"

#include <caf/scoped_actor.hpp>
#include <catch2/catch_test_macros.hpp>

#include "tests/support/wire_bed.hpp"

namespace troupe::peer_wire_test {

using test::wire_bed;

namespace {

caf::strong_actor_ptr link_of(caf::scoped_actor& self) {
  return caf::actor_cast<caf::strong_actor_ptr>(self.ptr());
}

const std::string every_byte = [] {
  std::string all;
  for (int i = 0; i < 256; ++i) all.push_back(static_cast<char>(i));
  return all;
}();

}  // namespace

TEST_CASE("a batch comes out of the network layer as it went in", "[peer_wire]") {
  wire_bed bed;
  const peer_batch sent{{0x8000'0000'0000'0001, 7, 5, every_byte}, true};
  const peer_batch read = bed.there_and_back(sent);
  CHECK(read.what == sent.what);
  CHECK(read.is_reset);
  CHECK(bed.there_and_back(peer_batch{}).what == cluster::batch{});
}

TEST_CASE("the bytes of a batch are copied as a whole", "[peer_wire]") {
  wire_bed bed;
  const std::size_t empty = bed.write(peer_batch{}).size();
  const peer_batch large{{0, 0, 0, std::string(100'000, 'x')}, false};
  CHECK(bed.write(large).size() < empty + 100'000 + 10);
}

TEST_CASE("a greeting comes out of the network layer as it went in", "[peer_wire]") {
  wire_bed bed;
  caf::scoped_actor link{*bed.system};
  const peer_hello sent{every_byte, 77, link_of(link)};
  const peer_hello read = bed.there_and_back(sent);
  CHECK(read.hello == every_byte);
  CHECK(read.epoch == 77);
  CHECK(read.link == sent.link);
  CHECK(bed.there_and_back(peer_hello{}).link == nullptr);
}

TEST_CASE("an answer to a greeting comes out of the network layer as it went in", "[peer_wire]") {
  wire_bed bed;
  caf::scoped_actor link{*bed.system};
  const peer_welcome read = bed.there_and_back(peer_welcome{every_byte, 3, "why", link_of(link)});
  CHECK(read.hello == every_byte);
  CHECK(read.refusal == 3);
  CHECK(read.text == "why");
  CHECK(read.link == link_of(link));
  const peer_welcome empty = bed.there_and_back(peer_welcome{});
  CHECK(empty.refusal == peer_welcome::not_refused);
  CHECK(empty.link == nullptr);
}

TEST_CASE("a message that is cut short is not read", "[peer_wire]") {
  wire_bed bed;
  const caf::byte_buffer whole = bed.write(peer_batch{{1, 2, 3, "payload"}, true});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    peer_batch read;
    CHECK_FALSE(bed.read({whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size)}, read));
  }
}

TEST_CASE("a greeting and its answer have limits", "[peer_wire]") {
  peer_hello hello{std::string(cluster::hello_size_bytes_max, 'x'), 1, nullptr};
  CHECK(hello.is_well_formed());
  hello.hello.push_back('x');
  CHECK_FALSE(hello.is_well_formed());

  peer_welcome welcome;
  welcome.hello.assign(cluster::hello_size_bytes_max, 'x');
  welcome.text.assign(peer_welcome::text_size_bytes_max, 'x');
  CHECK(welcome.is_well_formed());
  welcome.text.push_back('x');
  CHECK_FALSE(welcome.is_well_formed());
  welcome.text.clear();
  welcome.hello.push_back('x');
  CHECK_FALSE(welcome.is_well_formed());
}

}  // namespace troupe::peer_wire_test
