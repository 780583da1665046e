// What sessions show and say, between the nodes whose sessions use a document.
#include <catch2/catch_test_macros.hpp>

#include "actors/document_peers.hpp"
#include "protocol/lib0/encoder.hpp"
#include "protocol/sync/awareness.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/peer_bed.hpp"

namespace troupe::document_peers_test {

using namespace troupe::cluster;
using test::fake_peer;
using test::peer_bed;

namespace {

constexpr session_id ann = 1;
constexpr session_id bob = 2;

/// The clients that are present, with what they show.
std::vector<std::string> shown(peer_bed& bed, const opened_document& document) {
  bed.settle(document.document);
  std::vector<std::string> all;
  list_clients which;
  which.document = "d";
  for (const auto& each : bed.ask<listed_clients>(document.document, which).clients)
    all.push_back(each.json);
  return all;
}

/// What an awareness update shows.
std::vector<std::string> states_of(const peer_presence& presence) {
  sync::awareness seen;
  seen.apply_of_peer(presence.update.view(), 77, presence.is_all, {});
  std::vector<std::string> all;
  for (const auto id : seen.shown()) all.emplace_back(seen.state_of(id));
  return all;
}

/// An awareness update by which a client shows a state.
shared_bytes showing(sync::awareness::client_id client, std::uint64_t clock,
                     std::string_view state) {
  lib0::encoder to;
  to.write_var_uint(1);
  to.write_var_uint(client);
  to.write_var_uint(clock);
  to.write_var_string(state);
  return shared_bytes::copy_of(to.take());
}

using texts = std::vector<std::string>;

/// A session of the JSON dialect that hears of everything, and whose peer 2 has sessions as well.
opened_document open_used(peer_bed& bed) {
  const auto document = bed.open_loaded("d", ann);
  bed.node.ask(document, ann, R"({"type":"sync"})");
  bed.node.next_texts();
  bed.peer(0).say(document.document, {peer_opened{}});
  bed.settle(document.document);
  bed.peer(0).forget();
  bed.peer(1).forget();
  return document;
}

}  // namespace

// --- the state, as a replica asks for it ---

TEST_CASE("a replica's digest is that of the state version", "[cluster]") {
  test::editing_client client{5};
  const byte_buffer update = client.insert_text("text", 0, "abc");
  hosted_document document{{}, 1};
  CHECK(hosted_state{document}.digest() == hash_of_version(version_of(crdt::doc{})));
  REQUIRE(document.load(update));
  CHECK(hosted_state{document}.digest() == hash_of_version(version_of(client.doc)));
  CHECK(std::ranges::equal(hosted_state{document}.state_vector(),
                           client.doc.state_vector().encode()));
}

TEST_CASE("a difference is what a state vector lacks, and fails with what is none", "[cluster]") {
  test::editing_client client{5};
  hosted_document document{{}, 1};
  REQUIRE(document.load(client.insert_text("text", 0, "abc")));
  const auto all = hosted_state{document}.difference(byte_buffer{0});
  REQUIRE(all.has_value());
  REQUIRE(all->size() == 1);
  crdt::doc seen;
  REQUIRE(seen.apply_update(all->front()));
  CHECK(seen.text("text") == "abc");
  CHECK_FALSE(hosted_state{document}.difference(byte_buffer{0xff}).has_value());
  result<std::vector<byte_buffer>> encoded_before = std::vector<byte_buffer>{{1, 2}};
  CHECK(*hosted_state{document, &encoded_before}.difference(byte_buffer{0}) ==
        std::vector<byte_buffer>{{1, 2}});
}

TEST_CASE("the store of a peer is another keeper than this node's", "[cluster]") {
  CHECK(keeper_of(0) != durability::local_store);
  CHECK(keeper_of(1) != keeper_of(2));
}

TEST_CASE("what a turn has for a peer is several blocks where one would be too large",
          "[actors][cluster]") {
  peer_bed bed{{.nodes = 2}};
  const auto document = bed.open("d", ann);
  bed.peer(0).next<peer_compare>();
  test::editing_client client{5};
  std::vector<std::pair<sync::message_kind, byte_buffer>> messages;
  for (int i = 0; i < 3; ++i)
    messages.emplace_back(sync::message_kind::update,
                          client.insert_text("text", 0, std::string(7'000'000, 'x')));
  bed.node.send(document, ann, messages);
  for (state_number i = 1; i <= 3; ++i) CHECK(bed.peer(0).next<peer_update>().number == i);
}

// --- presence ---

TEST_CASE("what a session shows goes to the peers whose sessions use the document",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  bed.node.ask(document, ann, R"({"type":"presence","payload":{"n":1}})");
  const auto heard = bed.peer(0).next<peer_presence>();
  CHECK(states_of(heard) == texts{R"({"n":1})"});
  bed.settle(document.document);
  CHECK_FALSE(bed.peer(1).has<peer_presence>());
}

TEST_CASE("a peer that begins to use the document hears of all who are present",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  bed.node.ask(document, ann, R"({"type":"presence","payload":{"n":1}})");
  bed.peer(0).next<peer_presence>();
  bed.peer(1).say(document.document, {peer_opened{}});
  const auto heard = bed.peer(1).next<peer_presence>();
  CHECK(heard.is_all);
  CHECK(states_of(heard) == texts{R"({"n":1})"});
}

TEST_CASE("all presence is all of it, however much there is", "[actors][cluster]") {
  // More than clients are sent at once.
  peer_bed bed;
  const auto document = open_used(bed);
  const std::string much(40'000, 'x');
  for (session_id session = 10; session < 14; ++session) {
    REQUIRE(bed.node.open("d", session).has_value());
    bed.node.ask(document, session, R"({"type":"sync"})");
    bed.node.ask(document, session, R"({"type":"presence","payload":{"much":")" + much + "\"}}");
  }
  bed.settle(document.document);
  bed.peer(1).say(document.document, {peer_opened{}});
  const auto heard = bed.peer(1).next<peer_presence>();
  CHECK(heard.is_all);
  CHECK(states_of(heard).size() == 4);
  bed.settle(document.document);
  CHECK_FALSE(bed.peer(1).has<peer_presence>());
}

TEST_CASE("a link that lost presence brings all of it again", "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  bed.node.ask(document, ann, R"({"type":"presence","payload":{"n":1}})");
  bed.peer(0).next<peer_presence>();
  bed.peer(0).tell(document.document, peer_news::kind::presence_lost);
  CHECK(bed.peer(0).next<peer_presence>().is_all);
}

TEST_CASE("what a peer's sessions show is shown, and is not told to other peers",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  bed.peer(1).say(document.document, {peer_opened{}});
  bed.settle(document.document);
  bed.peer(1).forget();
  bed.peer(0).say(document.document, {peer_presence{showing(900, 1, R"({"n":2})"), false}});
  CHECK(shown(bed, document) == texts{R"({"n":2})"});
  CHECK_FALSE(bed.peer(1).has<peer_presence>());
  CHECK_FALSE(bed.peer(0).has<peer_presence>());
}

TEST_CASE("whatever a whole presence does not show is gone", "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  bed.peer(0).say(document.document, {peer_presence{showing(900, 1, R"({"n":2})"), false}});
  bed.peer(0).say(document.document, {peer_presence{showing(901, 1, R"({"n":3})"), true}});
  CHECK(shown(bed, document) == texts{R"({"n":3})"});
}

TEST_CASE("the presence of a peer's sessions goes with them, with its replica and with its link",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  fake_peer& peer = bed.peer(0);
  peer.say(document.document, {peer_presence{showing(900, 1, R"({"n":2})"), false}});
  REQUIRE(shown(bed, document).size() == 1);
  SECTION("none of its sessions uses the document any longer") {
    peer.say(document.document, {peer_closed{}});
  }
  SECTION("its replica has ended") { peer.tell(document.document, peer_news::kind::gone); }
  SECTION("its link is lost") { peer.tell(document.document, peer_news::kind::down); }
  CHECK(shown(bed, document).empty());
}

TEST_CASE("peers hear when sessions begin to use a document, and when the last has left",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  bed.peer(1).next<peer_opened>();
  bed.node.leave(document, ann);
  bed.peer(1).next<peer_closed>();
}

// --- events ---

TEST_CASE("an event of a session goes to the peers whose sessions use the document",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  bed.node.ask(document, ann, R"({"type":"update","payload":{"n":1}})");
  const auto heard = bed.peer(0).next<peer_event>();
  CHECK(as_text(heard.payload.view()) == R"({"n":1})");
  bed.settle(document.document);
  CHECK_FALSE(bed.peer(1).has<peer_event>());
}

TEST_CASE("an event of a peer reaches the sessions here, and no other node", "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  bed.peer(1).say(document.document, {peer_opened{}});
  bed.peer(0).say(document.document,
                  {peer_event{shared_bytes::copy_of(as_bytes(R"({"n":1})")), {}, {}}});
  CHECK(bed.node.next_texts() == texts{R"({"type":"update","docName":"d","payload":{"n":1}})"});
  bed.settle(document.document);
  CHECK_FALSE(bed.peer(1).has<peer_event>());
}

TEST_CASE("an event that comes twice from a peer is heard once", "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  const peer_event event{shared_bytes::copy_of(as_bytes(R"("a")")), "ada", "m1"};
  bed.peer(0).say(document.document, {event});
  bed.peer(0).say(document.document, {event});
  bed.peer(0).say(document.document,
                  {peer_event{shared_bytes::copy_of(as_bytes(R"("b")")), "ada", "m2"}});
  texts all;
  while (all.size() < 2)
    for (std::string& each : bed.node.next_texts()) all.push_back(std::move(each));
  CHECK(all == texts{R"({"type":"update","docName":"d","payload":"a"})",
                     R"({"type":"update","docName":"d","payload":"b"})"});
}

TEST_CASE("an event of the server reaches the sessions of all nodes", "[actors][cluster]") {
  peer_bed bed;
  const auto document = open_used(bed);
  CHECK(bed.ask_directory<notified_document>(notify_document{"d", R"({"n":1})"}).is_open);
  CHECK(as_text(bed.peer(0).next<peer_event>().payload.view()) == R"({"n":1})");
  CHECK(bed.node.next_texts().size() == 1);
}

TEST_CASE("an event of the server for a document that is not open here reaches other nodes",
          "[actors][cluster]") {
  peer_bed bed;
  CHECK_FALSE(bed.ask_directory<notified_document>(notify_document{"d", R"({"n":1})"}).is_open);
  for (const auto& each : bed.peers) {
    CHECK(as_text(each->next<peer_event>().payload.view()) == R"({"n":1})");
    CHECK(each->document == "d");
  }
}

}  // namespace troupe::document_peers_test
