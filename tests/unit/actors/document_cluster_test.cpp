// A document among its replicas on other nodes: when it is shown, what acknowledgements wait for,
// what it takes from peers and tells them, and how its copy goes.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/editing_client.hpp"
#include "tests/support/peer_bed.hpp"

namespace troupe::document_cluster_test {

using namespace troupe::cluster;
using namespace std::chrono_literals;
using sync::message_kind;
using test::fake_peer;
using test::payload_of;
using test::peer_bed;

namespace {

constexpr std::uint8_t empty_state_vector[] = {0};
constexpr session_id ann = 1;
constexpr session_id bob = 2;

/// The text that the answer to a sync step 1 shows; the question has been sent.
std::string next_text_shown(peer_bed& bed) {
  for (;;)
    for (const auto& each : bed.node.next_deliveries()) {
      const auto message = sync::decode_message(payload_of(each.frames));
      REQUIRE(message);
      if (message->kind != message_kind::sync_step2) continue;
      crdt::doc seen;
      REQUIRE(seen.apply_update(message->body));
      return seen.text("text");
    }
}

void ask_for_state(peer_bed& bed, const opened_document& document, session_id session) {
  bed.node.send(document, session, message_kind::sync_step1, empty_state_vector);
}

std::string text_seen_by(peer_bed& bed, const opened_document& document, session_id session) {
  ask_for_state(bed, document, session);
  return next_text_shown(bed);
}

/// Receives batches until the session has got credit back; whether it got its edit back, too.
bool is_acknowledged_with_credit(peer_bed& bed, session_id session) {
  bool is_acknowledged = false;
  for (;;) {
    const deliver_batch batch = bed.node.next_batch();
    for (const auto& each : batch.in(dialect::y_websocket))
      is_acknowledged |= each.to == audience::one && each.session == session;
    for (const auto& each : batch.progress)
      if (each.session == session) return is_acknowledged;
  }
}

/// Receives batches until the session gets its edit back.
void wait_for_acknowledgement(peer_bed& bed, session_id session) {
  for (;;)
    for (const auto& each : bed.node.next_deliveries())
      if (each.to == audience::one && each.session == session) return;
}

byte_buffer typed(test::editing_client& client, std::string_view text) {
  return client.insert_text("text", client.length("text"), text);
}

peer_update as_peer_update(const byte_buffer& update, state_number number) {
  return {shared_bytes::copy_of(update), number};
}

void wait_until_down(peer_bed& bed, const document_actor& which) {
  caf::scoped_actor waiter{bed.node.system()};
  waiter->monitor(which);
  waiter->receive([](const caf::down_msg&) {},
                  caf::after(peer_bed::patience) >> [] { FAIL("the document does not end"); });
}

}  // namespace

// --- opening ---

TEST_CASE("a document is shown once a quorum of its keepers has said what it has",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open("d", ann);
  ask_for_state(bed, document, ann);
  bed.settle(document.document);
  CHECK(bed.node.is_quiet());
  bed.peer(1).answer_load(document.document);
  CHECK(next_text_shown(bed).empty());
}

TEST_CASE("what a keeper has is shown to who opens the document", "[actors][cluster]") {
  peer_bed bed;
  test::editing_client client{5};
  const auto document = bed.open("d", ann);
  ask_for_state(bed, document, ann);
  bed.peer(0).answer_load(document.document, typed(client, "of a keeper"));
  CHECK(next_text_shown(bed) == "of a keeper");
}

TEST_CASE("a document asks with what it has stored, so that a keeper answers what it lacks",
          "[actors][cluster]") {
  peer_bed bed;
  test::editing_client client{5};
  REQUIRE(bed.node.backend->write(
      {.appends = {}, .checkpoints = {{"d", 1, shared_bytes::copy_of(typed(client, "abc"))}}}));
  const auto document = bed.open("d", ann);
  const auto asked = bed.peer(0).next<peer_load>();
  const auto vector = crdt::state_vector::decode(asked.state_vector.view());
  REQUIRE(vector.has_value());
  CHECK(std::ranges::equal(asked.state_vector.view(), client.doc.state_vector().encode()));
}

TEST_CASE("an answer counts only if it is whole, and for this replica and this round",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open("d", ann);
  fake_peer& peer = bed.peer(0);
  const auto round = peer.next<peer_load>().round;
  const replica_life life = peer.document_life;
  ask_for_state(bed, document, ann);
  peer.say(document.document, {peer_loaded{life, {}, false, round}});
  peer.say(document.document, {peer_loaded{life + 1, {}, true, round}});
  peer.say(document.document, {peer_loaded{life, {}, true, round + 1}});
  bed.settle(document.document);
  CHECK(bed.node.is_quiet());
  peer.say(document.document, {peer_loaded{life, {}, true, round}});
  CHECK(next_text_shown(bed).empty());
}

TEST_CASE("an answer under a newer list counts once that list is here", "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open("d", ann);
  ask_for_state(bed, document, ann);
  bed.peer(0).list = 2;
  bed.peer(0).answer_load(document.document);
  bed.settle(document.document);
  CHECK(bed.node.is_quiet());
  bed.use_list(2, 3);
  bed.publish();
  CHECK(next_text_shown(bed).empty());
}

TEST_CASE("a document that nobody else keeps is shown at once", "[actors][cluster]") {
  peer_bed bed{{.nodes = 1}};
  const auto document = bed.open("d", ann);
  CHECK(text_seen_by(bed, document, ann).empty());
}

TEST_CASE("sessions are told to come again if too few keepers answer in time",
          "[actors][cluster]") {
  peer_bed bed{{.settings = {.load_timeout = 1ms}}};
  const auto document = bed.open("d", ann);
  ask_for_state(bed, document, ann);
  caf::scoped_actor waiter{bed.node.system()};
  waiter->monitor(document.document);
  for (bool is_down = false; !is_down;) {
    bed.node.tell_document(document, document_tick{});
    waiter->receive([&](const caf::down_msg&) { is_down = true; }, caf::after(1ms) >> [] {});
  }
  const close_subscribers closed = bed.node.next_close();
  CHECK(closed.document == document.id);
  CHECK(closed.reason == close_reason::cluster_unavailable);
  CHECK(bed.node.backend->stored("d").last == 0);
}

TEST_CASE("where reachable keepers are enough a document is shown when its time is up",
          "[actors][cluster]") {
  peer_bed bed{{.settings = {.load_timeout = 1ms, .is_available = true}}};
  const auto document = bed.open("d", ann);
  ask_for_state(bed, document, ann);
  deliver_batch batch;
  bool is_shown = false;
  while (!is_shown) {
    bed.node.tell_document(document, document_tick{});
    is_shown = !bed.node.is_quiet();
  }
}

TEST_CASE("a node that is no member shows nothing, and says that the cluster is not there",
          "[actors][cluster]") {
  peer_bed bed{{.settings = {.load_timeout = 1ms}}};
  bed.links.is_member = false;
  bed.publish();
  const auto document = bed.open("d", ann);
  caf::scoped_actor waiter{bed.node.system()};
  waiter->monitor(document.document);
  for (bool is_down = false; !is_down;) {
    bed.node.tell_document(document, document_tick{});
    waiter->receive([&](const caf::down_msg&) { is_down = true; }, caf::after(1ms) >> [] {});
  }
  CHECK(bed.node.next_close().reason == close_reason::cluster_unavailable);
}

TEST_CASE("keepers that lose their link during the opening are asked again when it is back",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open("d", ann);
  bed.peer(0).next<peer_load>();
  bed.peer(0).tell(document.document, peer_news::kind::down);
  bed.settle(document.document);
  bed.peer(0).forget();
  bed.peer(0).come_up(document.document);
  bed.peer(0).answer_load(document.document);
  CHECK(text_seen_by(bed, document, ann).empty());
}

// --- edits of sessions ---

TEST_CASE("an edit goes to all keepers and is acknowledged when as many as needed have it",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  for (const auto& each : bed.peers) each->next<peer_compare>();
  test::editing_client client{5};
  const byte_buffer update = typed(client, "hello");
  bed.node.send(document, ann, message_kind::update, update);
  for (const auto& each : bed.peers) {
    const auto sent = each->next<peer_update>();
    CHECK(std::ranges::equal(sent.update.view(), update));
    CHECK(sent.number == 1);
  }
  CHECK_FALSE(is_acknowledged_with_credit(bed, ann));  // it is stored here
  CHECK(bed.node.backend->stored("d").updates.size() == 1);
  bed.settle(document.document);
  CHECK(bed.node.is_quiet());
  bed.peer(1).confirm(document.document, 1);
  wait_for_acknowledgement(bed, ann);
}

TEST_CASE("a keeper's confirmation does not replace the store of this node where both are needed",
          "[actors][cluster]") {
  peer_bed bed{{.nodes = 2}};  // K = W = 2, R = 1
  const auto document = bed.open("d", ann);
  bed.node.backend->close_gate();
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "x"));
  bed.peer(0).next<peer_update>();
  CHECK(bed.node.next_deliveries()[0].to == audience::all_but_one);
  bed.peer(0).confirm(document.document, 1);
  bed.settle(document.document);
  CHECK(bed.node.is_quiet());
  bed.node.backend->open_gate();
  wait_for_acknowledgement(bed, ann);
}

TEST_CASE("a confirmation for another life of the replica acknowledges nothing",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "x"));
  CHECK_FALSE(is_acknowledged_with_credit(bed, ann));
  bed.peer(0).say(document.document, {peer_stored{bed.peer(0).document_life + 1, 1, 1}});
  bed.settle(document.document);
  CHECK(bed.node.is_quiet());
  bed.peer(0).confirm(document.document, 1);
  wait_for_acknowledgement(bed, ann);
}

TEST_CASE("before enough nodes know the list nothing is acknowledged", "[actors][cluster]") {
  peer_bed bed;
  bed.links.is_widely_known = false;
  bed.publish();
  const auto document = bed.open_loaded("d", ann);
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "x"));
  CHECK_FALSE(is_acknowledged_with_credit(bed, ann));
  for (const auto& each : bed.peers) {
    each->next<peer_update>();
    each->confirm(document.document, 1);
  }
  bed.settle(document.document);
  CHECK(bed.node.is_quiet());
  bed.links.is_widely_known = true;
  bed.publish();
  wait_for_acknowledgement(bed, ann);
}

TEST_CASE("where reachable keepers are enough those that are down are not waited for",
          "[actors][cluster]") {
  peer_bed bed{{.settings = {.is_available = true}}};
  const auto document = bed.open_loaded("d", ann);
  for (const auto& each : bed.peers) each->tell(document.document, peer_news::kind::down);
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "x"));
  wait_for_acknowledgement(bed, ann);
}

TEST_CASE("when the last needed keeper goes down what waits for it is acknowledged, if reachable "
          "keepers are enough",
          "[actors][cluster]") {
  peer_bed bed{{.settings = {.is_available = true}}};
  const auto document = bed.open_loaded("d", ann);
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "x"));
  CHECK_FALSE(is_acknowledged_with_credit(bed, ann));
  bed.peer(0).tell(document.document, peer_news::kind::down);
  bed.settle(document.document);
  CHECK(bed.node.is_quiet());
  bed.peer(1).tell(document.document, peer_news::kind::down);
  wait_for_acknowledgement(bed, ann);
}

TEST_CASE("a node that does not keep a document acknowledges what its keepers have",
          "[actors][cluster]") {
  peer_bed bed{{.nodes = 3, .replication = {.keepers = 2, .write_acks = 2}}};
  const std::string name = bed.name_kept_here(false);
  const auto document = bed.open_loaded(name, ann);
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "x"));
  CHECK_FALSE(is_acknowledged_with_credit(bed, ann));
  for (const auto& each : bed.peers) each->next<peer_update>();
  bed.peer(0).confirm(document.document, 1);
  bed.settle(document.document);
  CHECK(bed.node.is_quiet());
  bed.peer(1).confirm(document.document, 1);
  wait_for_acknowledgement(bed, ann);
}

TEST_CASE("edits that were stored and reached nobody are compared with the keepers",
          "[actors][cluster]") {
  peer_bed bed;
  test::editing_client client{5};
  REQUIRE(bed.node.backend->write(
      {.appends = {}, .checkpoints = {{"d", 3, shared_bytes::copy_of(typed(client, "abc"))}}}));
  const auto document = bed.open_loaded("d", ann);
  const auto compare = bed.peer(1).next<peer_compare>();
  CHECK(compare.number == 3);
  CHECK(compare.digest == hash_of_version(version_of(client.doc)));
  bed.peer(1).say(document.document,
                  {peer_ask{bed.peer(1).document_life, shared_bytes::copy_of(byte_buffer{0})}});
  const auto fill = bed.peer(1).next<peer_fill>();
  CHECK(fill.life == bed.peer(1).life);
  CHECK(fill.number == 3);
  crdt::doc seen;
  REQUIRE(seen.apply_update(fill.update.view()));
  CHECK(seen.text("text") == "abc");
}

TEST_CASE("what the link could not carry is compared again", "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  bed.peer(0).next<peer_compare>();
  bed.settle(document.document);
  bed.peer(0).forget();
  bed.peer(0).tell(document.document, peer_news::kind::lost);
  CHECK(bed.peer(0).next<peer_compare>().number == 0);
}

// --- edits of peers ---

TEST_CASE("a peer's update reaches sessions at once and is confirmed when it is stored",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  fake_peer& peer = bed.peer(0);
  CHECK(text_seen_by(bed, document, ann).empty());
  peer.say(document.document, {peer_compare{bed.peer(0).next<peer_compare>().digest, 40}});
  CHECK(peer.next<peer_stored>().up_to == 40);
  bed.node.backend->close_gate();
  test::editing_client client{5};
  const byte_buffer update = typed(client, "of a peer");
  peer.say(document.document, {as_peer_update(update, 41)});
  const auto heard = bed.node.next_deliveries();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].to == audience::all);
  bed.settle(document.document);
  CHECK_FALSE(peer.has<peer_stored>());
  bed.node.backend->open_gate();
  const auto stored = peer.next<peer_stored>();
  CHECK(stored.up_to == 41);
  CHECK(stored.life == peer.life);
  CHECK(bed.node.backend->stored("d").updates.size() == 1);
  CHECK_FALSE(bed.peer(1).has<peer_update>());  // who sent it tells the others
}

TEST_CASE("an update whose flow has not begun is taken, and what may be missing is asked for",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  fake_peer& peer = bed.peer(0);
  test::editing_client client{5};
  const byte_buffer first = typed(client, "a");
  const byte_buffer second = typed(client, "b");
  peer.say(document.document, {as_peer_update(first, 7)});
  const auto asked = peer.next<peer_ask>();
  CHECK(asked.life == peer.life);
  CHECK(text_seen_by(bed, document, ann) == "a");
  CHECK_FALSE(peer.has<peer_stored>());
  peer.say(document.document, {peer_fill{peer.document_life, shared_bytes::copy_of(second), 8}});
  CHECK(peer.next<peer_stored>().up_to == 8);
  CHECK(text_seen_by(bed, document, ann) == "ab");
}

TEST_CASE("an update that cannot be read is asked for again and harms nobody",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  fake_peer& peer = bed.peer(0);
  peer.say(document.document, {peer_compare{peer.next<peer_compare>().digest, 1}});
  peer.next<peer_stored>();
  peer.say(document.document, {as_peer_update({0xff, 0xff}, 2)});
  peer.next<peer_ask>();
  CHECK(text_seen_by(bed, document, ann).empty());
  CHECK_FALSE(peer.has<peer_stored>());
}

TEST_CASE("a peer that lost its link has to compare again before it is confirmed anything",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  fake_peer& peer = bed.peer(0);
  peer.say(document.document, {peer_compare{peer.next<peer_compare>().digest, 1}});
  peer.next<peer_stored>();
  peer.tell(document.document, peer_news::kind::down);
  peer.come_up(document.document);
  test::editing_client client{5};
  peer.say(document.document, {as_peer_update(typed(client, "a"), 2)});
  peer.next<peer_ask>();
  bed.settle(document.document);
  CHECK_FALSE(peer.has<peer_stored>());
}

TEST_CASE("a document answers who asks what is stored here, before it is shown itself",
          "[actors][cluster]") {
  peer_bed bed;
  test::editing_client client{5};
  REQUIRE(bed.node.backend->write(
      {.appends = {}, .checkpoints = {{"d", 1, shared_bytes::copy_of(typed(client, "abc"))}}}));
  const auto document = bed.open("d", ann);
  fake_peer& peer = bed.peer(0);
  peer.say(document.document, {peer_load{{}, shared_bytes::copy_of(byte_buffer{0}), 6}});
  const auto answer = peer.next<peer_loaded>();
  CHECK(answer.is_whole);
  CHECK(answer.life == peer.life);
  CHECK(answer.round == 6);
  crdt::doc seen;
  REQUIRE(seen.apply_update(answer.update.view()));
  CHECK(seen.text("text") == "abc");
}

// --- lives of the document ---

TEST_CASE("what a peer says of an earlier life of the document is not taken", "[actors][cluster]") {
  peer_bed bed;
  REQUIRE(bed.node.backend->archive().adopt("d", 4));
  for (const auto& each : bed.peers) each->generation = 4;
  const auto document = bed.open_loaded("d", ann);
  CHECK(bed.peer(0).next<peer_generation>().generation == 4);
  test::editing_client client{5};
  bed.peer(1).generation = 2;
  bed.peer(1).say(document.document, {as_peer_update(typed(client, "removed"), 1)});
  CHECK(text_seen_by(bed, document, ann).empty());
  CHECK(bed.node.backend->stored("d").updates.empty());
}

TEST_CASE("a removal at another node closes the sessions and removes what is stored here",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "x"));
  CHECK_FALSE(is_acknowledged_with_credit(bed, ann));
  SECTION("while an edit waits for other keepers") {}
  SECTION("when all edits are acknowledged") {
    bed.peer(1).confirm(document.document, 1);
    wait_for_acknowledgement(bed, ann);
  }
  bed.peer(0).generation = 3;
  bed.peer(0).say(document.document, {});
  const close_subscribers closed = bed.node.next_close();
  CHECK(closed.document == document.id);
  CHECK(closed.reason == close_reason::document_removed);
  wait_until_down(bed, document.document);
  const auto end = std::chrono::steady_clock::now() + peer_bed::patience;
  while (!bed.node.backend->archive().info("d")->value().is_removed) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::yield();
  }
}

TEST_CASE("a later life at another node is opened empty here", "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "old"));
  CHECK_FALSE(is_acknowledged_with_credit(bed, ann));
  bed.peer(1).confirm(document.document, 1);
  wait_for_acknowledgement(bed, ann);
  for (const auto& each : bed.peers) each->generation = 4;
  bed.peer(0).say(document.document, {});
  wait_until_down(bed, document.document);
  bed.node.next_close();
  const auto next = bed.open("d", bob);
  bed.peer(0).answer_load(next.document);
  CHECK(text_seen_by(bed, next, bob).empty());
}

TEST_CASE("a removal does not wait for keepers that lack an edit", "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "x"));
  CHECK_FALSE(is_acknowledged_with_credit(bed, ann));
  auto removal = bed.begin_asking(remove_document{"d"});
  CHECK(bed.node.next_close().reason == close_reason::document_removed);
  wait_until_down(bed, document.document);
  bed.say_stored(0, "d", 3);
  removal.receive([](const removed_document& outcome) { CHECK(outcome.was_there); },
                  [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

// --- placement ---

TEST_CASE("under another list everything is compared with its keepers again", "[actors][cluster]") {
  peer_bed bed{{.nodes = 2}};
  const auto document = bed.open("d", ann);
  bed.settle(document.document);
  fake_peer& newcomer = bed.add_peer();
  bed.use_list(2, 3);
  bed.publish();
  CHECK(newcomer.next_attached().name == "d");
  newcomer.come_up(document.document);
  CHECK(newcomer.next<peer_compare>().number == 0);
  CHECK(newcomer.document_list == 2);
}

TEST_CASE("a document ends its subscription to peers, and says what keepers lack",
          "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  test::editing_client client{5};
  bed.node.send(document, ann, message_kind::update, typed(client, "x"));
  CHECK_FALSE(is_acknowledged_with_credit(bed, ann));
  bed.peer(0).confirm(document.document, 1);
  wait_for_acknowledgement(bed, ann);
  bed.node.leave(document, ann);
  bed.node.tell_document(document, unload_document{});
  wait_until_down(bed, document.document);
  for (const auto& each : bed.peers)
    CHECK(each->next_note<detach_document>().document == document.document.id());
  const document_left_behind left = bed.next_left_behind();
  CHECK(left.document == "d");
  CHECK(left.lacking == std::vector<peer_id>{3});
}

TEST_CASE("a keeper stays open while sessions elsewhere use the document", "[actors][cluster]") {
  peer_bed bed;
  const auto document = bed.open_loaded("d", ann);
  bed.peer(0).say(document.document, {peer_opened{}});
  bed.node.leave(document, ann);
  bed.settle(document.document);
  bed.node.tell_document(document, unload_document{});
  bed.settle(document.document);  // it answers, so it is there
  bed.peer(0).say(document.document, {peer_closed{}});
  bed.node.tell_document(document, unload_document{});
  wait_until_down(bed, document.document);
}

}  // namespace troupe::document_cluster_test
