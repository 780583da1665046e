// A document whose log all nodes share: what others write to the log, what acknowledgements wait
// for, and what is written in place of a node that is lost.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/editing_client.hpp"
#include "tests/support/peer_bed.hpp"

namespace troupe::document_shared_test {

using namespace troupe::cluster;
using namespace std::chrono_literals;
using sync::message_kind;
using test::fake_peer;
using test::payload_of;
using test::peer_bed;

namespace {

constexpr std::uint8_t empty_state_vector[] = {0};
constexpr session_id ann = 1;

peer_bed::options shared_log_of(std::size_t nodes) {
  peer_bed::options how;
  how.nodes = nodes;
  how.settings.is_shared = true;
  return how;
}

byte_buffer typed(test::editing_client& client, std::string_view text) {
  return client.insert_text("text", client.length("text"), text);
}

peer_update as_peer_update(const byte_buffer& update, state_number number) {
  return {shared_bytes::copy_of(update), number};
}

/// Another node writes to the log of "d".
void write_elsewhere(peer_bed& bed, const byte_buffer& update) {
  storage::batch what;
  what.appends = {{std::make_shared<const std::string>("d"), storage::next_number, {}, 99}};
  what.appends.front().updates = {shared_bytes::copy_of(update)};
  REQUIRE(bed.node.backend->write(what));
}

std::size_t rows_of(peer_bed& bed) { return bed.node.backend->stored("d").updates.size(); }

std::string text_seen_by(peer_bed& bed, const opened_document& document, session_id session) {
  bed.node.send(document, session, message_kind::sync_step1, empty_state_vector);
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

/// Receives batches until the session gets its edit back.
void wait_for_acknowledgement(peer_bed& bed, session_id session) {
  for (;;)
    for (const auto& each : bed.node.next_deliveries())
      if (each.to == audience::one && each.session == session) return;
}

/// The document looks at the log, and has handled what it found.
void look(peer_bed& bed, const opened_document& document) {
  bed.node.tell_document(document, log_changed{});
  bed.settle(document.document);
  bed.ask<loaded_document>(bed.node.reader_handle(), load_document{"nothing"});
  bed.settle(document.document);
}

}  // namespace

TEST_CASE("where the log is shared a document is shown at once, and peers hear that it is open",
          "[actors][cluster][shared]") {
  peer_bed bed{shared_log_of(3)};
  const auto document = bed.open("d", ann);
  CHECK(text_seen_by(bed, document, ann).empty());
  bed.peer(0).next<peer_opened>();
  CHECK_FALSE(bed.peer(1).has<peer_load>());
}

TEST_CASE("an edit is acknowledged once it is in the shared log, behind what others have written",
          "[actors][cluster][shared]") {
  peer_bed bed{shared_log_of(2)};
  test::editing_client client{1};
  test::editing_client elsewhere{2};
  const auto document = bed.open("d", ann);
  write_elsewhere(bed, typed(elsewhere, "there "));
  bed.node.send(document, ann, message_kind::update, typed(client, "here"));
  wait_for_acknowledgement(bed, ann);
  CHECK(bed.node.backend->stored("d").last == 2);
}

TEST_CASE("a look at the log shows what others have written", "[actors][cluster][shared]") {
  peer_bed bed{shared_log_of(2)};
  test::editing_client elsewhere{2};
  const auto document = bed.open("d", ann);
  CHECK(text_seen_by(bed, document, ann).empty());
  write_elsewhere(bed, typed(elsewhere, "there"));
  look(bed, document);
  CHECK(text_seen_by(bed, document, ann) == "there");
  CHECK(rows_of(bed) == 1);  // nobody writes it again
}

TEST_CASE("an update of a peer is not written here, and what comes behind it waits for the peer",
          "[actors][cluster][shared]") {
  peer_bed bed{shared_log_of(2)};
  test::editing_client client{1};
  test::editing_client elsewhere{2};
  fake_peer& peer = bed.peer(0);
  const auto document = bed.open("d", ann);
  peer.say(document.document, {peer_opened{}});
  const auto theirs = typed(elsewhere, "there ");
  peer.say(document.document, {as_peer_update(theirs, 5)});
  bed.settle(document.document);
  REQUIRE(client.doc.apply_update(theirs));
  bed.node.send(document, ann, message_kind::update, typed(client, "here"));
  // What this node has written is told; that the whole is there is not yet true.
  CHECK(peer.next<peer_update>().number == 2);
  peer_stored said = peer.next<peer_stored>();
  while (said.up_to < 2) said = peer.next<peer_stored>();
  CHECK(rows_of(bed) == 1);
  CHECK(said.life == peer.document_life);
  CHECK(said.whole == 0);
  peer.say(document.document, {peer_stored{peer.life, 5, 5}});
  wait_for_acknowledgement(bed, ann);
  while (said.whole < 2) said = peer.next<peer_stored>();
  CHECK(rows_of(bed) == 1);
}

TEST_CASE("what a node that is lost has not written is written here", "[actors][cluster][shared]") {
  peer_bed bed{shared_log_of(2)};
  test::editing_client elsewhere{2};
  fake_peer& peer = bed.peer(0);
  const auto document = bed.open("d", ann);
  const auto written = typed(elsewhere, "there");
  const auto lost = typed(elsewhere, ", too");
  peer.say(document.document, {peer_opened{}, as_peer_update(written, 5), as_peer_update(lost, 6)});
  write_elsewhere(bed, written);
  bed.settle(document.document);
  CHECK(rows_of(bed) == 1);
  peer.tell(document.document, peer_news::kind::down);
  look(bed, document);
  bed.node.pass_second();
  for (int tries = 0; rows_of(bed) < 2 && tries < 1000; ++tries) bed.settle(document.document);
  REQUIRE(rows_of(bed) == 2);
  CHECK(std::ranges::equal(bed.node.backend->stored("d").updates.back().view(), lost));
}

TEST_CASE("a document that was removed at another node ends with its sessions",
          "[actors][cluster][shared]") {
  peer_bed bed{shared_log_of(2)};
  test::editing_client client{1};
  const auto document = bed.open("d", ann);
  bed.node.send(document, ann, message_kind::update, typed(client, "here"));
  wait_for_acknowledgement(bed, ann);
  REQUIRE(bed.node.backend->archive().remove("d"));
  // The other node says so.
  const auto known = bed.ask_directory<removed_document>(adopt_generation{"d", 3});
  CHECK(known.generation == 3);
  CHECK(bed.node.next_close().reason == close_reason::document_removed);
}

TEST_CASE("what is written for a document that was removed meanwhile ends it",
          "[actors][cluster][shared]") {
  peer_bed bed{shared_log_of(2)};
  test::editing_client client{1};
  const auto document = bed.open("d", ann);
  bed.node.send(document, ann, message_kind::update, typed(client, "here"));
  wait_for_acknowledgement(bed, ann);
  REQUIRE(bed.node.backend->archive().remove("d"));
  REQUIRE(bed.node.backend->archive().admit("d"));
  bed.node.send(document, ann, message_kind::update, typed(client, "late"));
  CHECK(bed.node.next_close().reason == close_reason::document_removed);
  CHECK(bed.node.backend->stored("d").updates.empty());
}

TEST_CASE("who comes to a document that nobody used sees what others have written meanwhile",
          "[actors][cluster][shared]") {
  peer_bed bed{shared_log_of(2)};
  test::editing_client elsewhere{2};
  const auto document = bed.open("d", ann);
  CHECK(text_seen_by(bed, document, ann).empty());
  bed.node.leave(document, ann);
  bed.settle(document.document);
  write_elsewhere(bed, typed(elsewhere, "there"));
  const auto again = bed.node.open("d", 2);
  REQUIRE(again);
  CHECK(text_seen_by(bed, *again, 2) == "there");
}

}  // namespace troupe::document_shared_test
