// What other nodes do to a document, and what they must hear of its sessions.
#include <catch2/catch_test_macros.hpp>

#include "protocol/lib0/encoder.hpp"
#include "tests/support/document_host.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::hosted_document_peers_test {

using namespace troupe::test;
using namespace std::chrono_literals;

namespace {

constexpr auto taken = hosted_document::peer_taking::taken;
constexpr auto refused = hosted_document::peer_taking::refused;

constexpr session_id alice = 1;
constexpr std::uint32_t peer = 3;
const document_host::time_point start{1h};

/// Client 1 writes `hello` into the text named `text`.
const byte_buffer hello = hex("01010100040104746578740568656c6c6f00");

byte_buffer awareness_update(std::uint64_t client, std::uint64_t clock, std::string_view state) {
  lib0::encoder out;
  out.write_var_uint(1);
  out.write_var_uint(client);
  out.write_var_uint(clock);
  out.write_var_string(state);
  return out.take();
}

}  // namespace

TEST_CASE("an update of a peer is stored and told to all sessions", "[document][cluster]") {
  document_host host;
  document_effects out;
  CHECK(taken == host.document.on_peer_update(peer, hello, out));
  REQUIRE(out.writes.size() == 1);
  CHECK(out.writes[0].from == origin::of_peer(peer));
  CHECK_FALSE(out.writes[0].confirmation);
  CHECK(out.deliveries.size() == 1);
  CHECK(out.for_peers.empty());
}

TEST_CASE("an update of a peer that is known already writes nothing", "[document][cluster]") {
  document_host host;
  document_effects out;
  host.document.on_peer_update(peer, hello, out);
  out.clear();
  CHECK(taken == host.document.on_peer_update(peer + 1, hello, out));
  CHECK(out.empty());
}

TEST_CASE("an update of a peer that cannot be read did not work", "[document][cluster]") {
  document_host host;
  document_effects out;
  CHECK(refused == host.document.on_peer_update(peer, hex("0101"), out));
  CHECK(out.writes.empty());
  CHECK(out.refusals.size() == 1);
}

TEST_CASE("what a peer has accepted is taken beyond the limits of this node",
          "[document][cluster]") {
  crdt::limits limit;
  limit.document_size_max = 1;
  document_host host{limit};
  document_effects out;
  CHECK(taken == host.document.on_peer_update(peer, hello, out));
  CHECK(out.writes.size() == 1);
}

TEST_CASE("while nothing can be stored, only what is known already works", "[document][cluster]") {
  document_host host;
  document_effects out;
  host.document.on_peer_update(peer, hello, out);
  host.document.refuse_edits(std::make_shared<const failure>(failure{errc::disk_full, {}}));
  out.clear();
  CHECK(taken == host.document.on_peer_update(peer, hello, out));
  CHECK(refused ==
        host.document.on_peer_update(peer, hex("01010200040104746578740568656c6c6f00"), out));
  CHECK(out.writes.empty());
}

TEST_CASE("what a peer lacks is encoded from its state vector", "[document][cluster]") {
  document_host host;
  document_effects out;
  host.document.on_peer_update(peer, hello, out);
  CHECK(host.document.difference({}) == std::vector<byte_buffer>{hello});
  const auto all = crdt::state_vector::decode(host.document.state_vector());
  REQUIRE(all);
  CHECK(host.document.difference(*all) == std::vector<byte_buffer>{hex("0000")});
}

TEST_CASE("presence of sessions here goes to peers, that of peers does not",
          "[document][cluster]") {
  document_host host;
  host.document.expect_peers();
  document_effects out;
  host.document.on_peer_presence(peer, awareness_update(9, 1, "9"), false, start, out);
  host.document.end_turn(out);
  CHECK(out.for_peers.presence.empty());
  CHECK(out.deliveries.size() == 1);
  CHECK(host.document.presence_here() == byte_buffer{0});  // nobody is all there is
  host.receive(alice, sync::message_kind::awareness, awareness_update(5, 1, "5"), start);
  out.clear();
  host.document.end_turn(out);
  REQUIRE(out.for_peers.presence.size() == 1);
  CHECK(out.for_peers.presence[0] == awareness_update(5, 4, "5"));
  CHECK(host.document.presence_here().size() > 1);
}

TEST_CASE("a node alone gathers nothing for peers", "[document][cluster]") {
  document_host host;
  host.receive(alice, sync::message_kind::awareness, awareness_update(5, 1, "5"), start);
  document_effects out;
  host.document.end_turn(out);
  CHECK(out.for_peers.empty());
}

TEST_CASE("presence of a peer goes with it, and sessions hear so", "[document][cluster]") {
  document_host host;
  document_effects out;
  host.document.on_peer_presence(peer, awareness_update(9, 1, "9"), false, start, out);
  host.document.end_turn(out);
  out.clear();
  host.document.on_peer_gone(peer, start);
  CHECK(host.document.has_gathered());
  host.document.end_turn(out);
  CHECK(out.deliveries.size() == 1);
}

TEST_CASE("presence of a peer that finds no room is left out and named", "[document][cluster]") {
  document_host host;
  document_effects out;
  host.document.on_peer_presence(peer, awareness_update(9, 1, "no json"), false, start, out);
  REQUIRE(out.left_out.size() == 1);
  CHECK(out.left_out[0].from == peer_session(peer));
}

TEST_CASE("an event of a peer that has come already is not told again", "[document][cluster]") {
  document_host host;
  host.ask(alice, R"({"type":"sync"})", start);
  document_effects out;
  const auto tell = [&](std::string_view user, std::string_view id) {
    out.clear();
    host.document.on_peer_event(R"({"a":1})", user, id, start, out);
    return out.deliveries.size();
  };
  CHECK(tell("ada", "m-1") == 1);
  CHECK(tell("ada", "m-1") == 0);
  CHECK(tell("bob", "m-1") == 1);
  CHECK(tell("", "m-1") == 1);  // an id of nobody deduplicates nothing
  CHECK(tell("", "m-1") == 1);
}

TEST_CASE("a large difference is several updates, which bring all of it in their order",
          "[hosted_document][cluster]") {
  editing_client client{5};
  document_host host;
  for (int i = 0; i < 50; ++i)
    REQUIRE(host.document.load(client.insert_text("text", 0, std::string(1'000, 'x'))));
  CHECK(host.document.difference({}, 100'000, 4'000).size() == 1);
  const auto parts = host.document.difference({}, 10'000, 4'000);
  CHECK(parts.size() > 5);
  hosted_document other{{}, 2};
  for (const byte_buffer& each : parts) {
    document_effects out;
    CHECK(each.size() < 10'000);
    CHECK(other.on_peer_update(3, each, out) == taken);
  }
  CHECK(other.state_version() == host.document.state_version());
  CHECK_FALSE(other.has_gap());
}

TEST_CASE("an update of a peer that might be much work is deferred, and nothing has happened",
          "[hosted_document][cluster]") {
  // The deletion of an array with many elements, in a few bytes.
  document_host host;
  REQUIRE(host.document.load(
      update_builder{}.client(1).type(in_root("list"), crdt::type_kind::array).build()));
  update_builder children;
  children.client(2).numbers(in_type({1, 0}), {1});
  for (std::uint64_t i = 1; i < 100; ++i) children.numbers(before({2, i - 1}), {1});
  REQUIRE(host.document.load(children.build()));
  const byte_buffer update = update_builder{}.erase(1, 0, 1).build();
  const std::string version = host.document.state_version();
  document_effects out;
  CHECK(host.document.on_peer_update(peer, update, out, 300) ==
        hosted_document::peer_taking::deferred);
  CHECK(out.empty());
  CHECK(host.document.state_version() == version);
  CHECK(host.document.on_peer_update(peer, update, out) == taken);
  CHECK(out.writes.size() == 1);
}

TEST_CASE("an update of a peer that waits for a missing one is taken and stored",
          "[hosted_document][cluster]") {
  document_host host;
  document_effects out;
  const byte_buffer second = update_builder{}.client(7, 1).text(after({7, 0}), "b").build();
  CHECK(host.document.on_peer_update(peer, second, out) == taken);
  CHECK(out.writes.size() == 1);
  CHECK(host.document.has_gap());
}

}  // namespace troupe::hosted_document_peers_test
