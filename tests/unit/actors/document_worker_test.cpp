// Documents on an I/O thread, and what they have done elsewhere because it takes long.
#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "protocol/dialects/dialects.hpp"
#include "protocol/dialects/json_reply.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/update_builder.hpp"
#include "tests/support/written_log.hpp"

namespace troupe::document_worker_test {

using sync::message_kind;
using test::actor_node;
using test::hosting;
using test::payload_of;
using deliveries = std::vector<delivery>;

namespace {

const byte_buffer empty_state_vector{0};
constexpr std::size_t heavy_update_bytes = 64 * 1024;
constexpr std::size_t heavy_state_bytes = 512 * 1024;

sync::message message_in(const delivery& one) {
  const auto message = sync::decode_message(payload_of(one.frames));
  REQUIRE(message.has_value());
  return *message;
}

std::string text_of(byte_view update) {
  crdt::doc seen;
  REQUIRE(seen.apply_update(update));
  return seen.text("text");
}

byte_buffer large_update(crdt::client_id client, std::size_t size) {
  return test::update_builder{}
      .client(client)
      .text(test::in_root("text"), std::string(size, 'x'))
      .build();
}

/// Puts an update into storage as a session would have.
void store_before(actor_node& node, const std::string& document, const byte_buffer& update) {
  storage::batch batch;
  batch.appends = {
      {std::make_shared<const std::string>(document), 1, {shared_bytes::copy_of(update)}}};
  REQUIRE(node.backend->write(batch));
}

/// Opens "d" for session 1, whose stored checkpoint ends with sequence 5.
opened_document open_with_checkpoint(actor_node& node, const byte_buffer& checkpoint) {
  storage::batch batch;
  batch.checkpoints = {{"d", 5, shared_bytes::copy_of(checkpoint)}};
  REQUIRE(node.backend->write(batch));
  auto document = node.open("d", 1);
  REQUIRE(document);
  return *document;
}

/// The delivery of the whole state to a session that asks for it.
delivery whole_state_for(actor_node& node, const opened_document& document, session_id session) {
  node.send(document, session, message_kind::sync_step1, empty_state_vector);
  for (;;)
    for (const auto& each : node.next_deliveries(document))
      if (each.session == session && message_in(each).kind == message_kind::sync_step2) return each;
}

void wait_until_down(actor_node& node, const opened_document& document) {
  caf::scoped_actor waiter{node.system()};
  waiter->wait_for(document.document);
}

}  // namespace

TEST_CASE("a document on an I/O thread does what one on a worker does", "[actors][worker]") {
  for (const hosting where : {hosting::on_workers, hosting::on_unit}) {
    actor_node node{{}, where};
    const auto document = node.open("d", 1);
    REQUIRE(document);
    test::editing_client client{5};
    node.send(*document, 1, message_kind::update, client.insert_text("text", 0, "hello"));
    CHECK(node.next_deliveries()[0].to == audience::all_but_one);
    CHECK(text_of(message_in(whole_state_for(node, *document, 1)).body) == "hello");
  }
}

TEST_CASE("while a document's state is away its events wait in order, and other documents go on",
          "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  const auto busy = node.open("busy", 1);
  REQUIRE(busy);
  REQUIRE(node.open("busy", 2));
  const auto other = node.open("other", 3);
  REQUIRE(other);
  whole_state_for(node, *busy, 1);  // it is loaded
  whole_state_for(node, *other, 3);

  node.occupy_workers();
  const byte_buffer heavy = large_update(8, heavy_update_bytes);
  test::editing_client small{9};
  node.send(*busy, 1, message_kind::update, heavy);
  node.send(*busy, 2, message_kind::update, small.insert_text("text", 0, "a"));
  node.send(*busy, 1, message_kind::update, small.insert_text("text", 1, "b"));
  node.send(*busy, 2, message_kind::query_awareness, {});
  for (int i = 0; i < 3; ++i) {
    node.send(*other, 3, message_kind::query_awareness, {});
    const deliver_batch batch = node.next_batch();
    CHECK(batch.document == other->id);
    CHECK(batch.in(dialect::y_websocket).size() == 1);
  }
  node.release_workers();

  deliveries seen;
  while (seen.empty() || message_in(seen.back()).kind != message_kind::awareness)
    for (auto& each : node.next_deliveries(*busy))
      if (each.to != audience::one || each.what == traffic::presence)
        seen.push_back(std::move(each));
  REQUIRE(seen.size() == 4);
  CHECK(std::ranges::equal(message_in(seen[0]).body, heavy));
  CHECK(seen[0].session == 1);
  CHECK(seen[1].session == 2);
  CHECK(seen[2].session == 1);
  CHECK(seen[3].session == 2);
}

TEST_CASE("the messages of one batch keep their order around one that is done elsewhere",
          "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  test::editing_client client{5};
  std::vector<std::pair<message_kind, byte_buffer>> messages;
  messages.emplace_back(message_kind::update, client.insert_text("text", 0, "a"));
  messages.emplace_back(message_kind::update,
                        client.insert_text("text", 1, std::string(heavy_update_bytes, 'x')));
  messages.emplace_back(message_kind::update,
                        client.insert_text("text", 1 + heavy_update_bytes, "b"));
  messages.emplace_back(message_kind::sync_step1, empty_state_vector);
  node.send(*document, 1, messages);
  std::string whole;
  crdt::doc seen;
  std::size_t handled = 0;
  const std::size_t credit = messages.size() - 1 + question_weight;  // one of them is a sync
  while (whole.empty() || handled < credit) {
    const deliver_batch batch = node.next_batch();
    for (const auto& progress : batch.progress) handled += progress.amount.messages;
    for (const auto& each : batch.in(dialect::y_websocket)) {
      const auto message = message_in(each);
      if (message.kind == message_kind::sync_step2) whole = text_of(message.body);
      if (message.kind == message_kind::update && each.to == audience::all_but_one)
        REQUIRE(seen.apply_update(message.body));
    }
  }
  CHECK(handled == credit);
  CHECK(whole == "a" + std::string(heavy_update_bytes, 'x') + "b");
  CHECK(seen.text("text") == whole);
  CHECK(seen.pending_size() == 0);
}

TEST_CASE("a large document is loaded elsewhere, and answers when it is", "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  store_before(node, "d", large_update(8, heavy_update_bytes));
  const auto document = node.open("d", 1);
  REQUIRE(document);
  const auto whole = whole_state_for(node, *document, 1);
  CHECK(text_of(message_in(whole).body).size() == heavy_update_bytes);
}

TEST_CASE("a document fails if the work that it gave away does", "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  store_before(node, "d", byte_buffer(heavy_update_bytes, 0xFF));
  const auto document = node.open("d", 1);
  REQUIRE(document);
  const close_subscribers closed = node.next_close();
  CHECK(closed.document == document->id);
  CHECK(closed.reason == close_reason::document_failed);
  wait_until_down(node, *document);
}

TEST_CASE("a bad update that is looked at elsewhere closes its session and no other",
          "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  REQUIRE(node.open("d", 2));
  node.send(*document, 1, message_kind::update, byte_buffer(heavy_update_bytes, 0xFF));
  deliver_batch batch = node.next_batch();
  while (batch.closings.empty()) batch = node.next_batch();
  CHECK(batch.closings[0].session == 1);
  CHECK(batch.closings[0].reason == close_reason::invalid_update);
  CHECK(text_of(message_in(whole_state_for(node, *document, 2)).body).empty());
}

TEST_CASE("those who join between two changes share one frame of the whole state",
          "[actors][worker]") {
  for (const std::size_t size : {std::size_t{100}, heavy_state_bytes + 1}) {
    CAPTURE(size);
    actor_node node{{}, hosting::on_unit};
    store_before(node, "d", large_update(8, size));
    const auto document = node.open("d", 1);
    REQUIRE(document);
    REQUIRE(node.open("d", 2));
    const auto first = whole_state_for(node, *document, 1);
    const auto second = whole_state_for(node, *document, 2);
    CHECK(first.frames.view().data() == second.frames.view().data());
    CHECK(text_of(message_in(first).body).size() == size);

    // A change makes a new one.
    test::editing_client client{5};
    node.send(*document, 1, message_kind::update, client.insert_text("other", 0, "y"));
    const auto third = whole_state_for(node, *document, 2);
    CHECK(third.frames.view().data() != first.frames.view().data());
    CHECK(message_in(third).body.size() > message_in(first).body.size());

    // One that nobody needed between two ticks is forgotten, one that somebody did is not.
    node.tell_document(*document, document_tick{});
    CHECK(whole_state_for(node, *document, 1).frames.view().data() == third.frames.view().data());
    node.tell_document(*document, document_tick{});
    CHECK(whole_state_for(node, *document, 1).frames.view().data() == third.frames.view().data());
    node.tell_document(*document, document_tick{});
    node.tell_document(*document, document_tick{});
    CHECK(whole_state_for(node, *document, 1).frames.view().data() != third.frames.view().data());
  }
}

TEST_CASE("a document that is told to unload while its state is away does so when it is back",
          "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  whole_state_for(node, *document, 1);
  node.occupy_workers();
  node.send(*document, 1, message_kind::update, large_update(8, heavy_update_bytes));
  test::editing_client client{9};
  node.send(*document, 1, message_kind::update, client.insert_text("other", 0, "behind it"));
  node.leave(*document, 1);
  node.tell_document(*document, unload_document{});
  CHECK(node.is_quiet());
  CHECK(node.backend->stored("d").last == 0);
  node.release_workers();
  wait_until_down(node, *document);

  // The directory hears of the end at about the same time as we do.
  auto again = node.open("d", 2);
  while (again && again->id == document->id) again = node.open("d", 2);
  REQUIRE(again);
  const auto whole = whole_state_for(node, *again, 2);
  crdt::doc seen;
  REQUIRE(seen.apply_update(message_in(whole).body));
  CHECK(seen.text("text").size() == heavy_update_bytes);
  CHECK(seen.text("other") == "behind it");
  const auto stored = test::stored_without_log(*node.backend, "d");
  CHECK(stored.last == 2);
  CHECK_FALSE(stored.checkpoint.empty());
}

TEST_CASE("a small update that may cause much work is done elsewhere", "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  // A list of 30,000 elements that do not merge, which goes with the item that holds it.
  constexpr std::uint64_t many = 30'000;
  test::update_builder list;
  list.client(7).type(test::in_root("text"), crdt::type_kind::array);
  list.numbers(test::in_type({7, 0}), {1});
  for (std::uint64_t i = 1; i < many; ++i) list.numbers(test::before({7, i}), {1});
  node.send(*document, 1, message_kind::update, list.build());
  node.next_deliveries(*document);
  whole_state_for(node, *document, 1);
  while (!node.is_quiet()) {
  }  // its confirmation, too
  node.occupy_workers();
  const byte_buffer small = test::update_builder{}.erase(7, 0, 1).build();
  node.send(*document, 1, message_kind::update, small);
  REQUIRE(node.open("another", 2));
  CHECK(node.is_quiet());
  node.release_workers();
  CHECK(node.next_deliveries(*document)[0].to == audience::all_but_one);
}

TEST_CASE("a drain does not wait for a worker that does not return, and loses nothing stored",
          "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  test::editing_client client{9};
  node.send(*document, 1, message_kind::update, client.insert_text("text", 0, "kept"));
  while (node.backend->stored("d").last == 0) node.next_batch();
  node.occupy_workers();
  node.send(*document, 1, message_kind::update, large_update(8, heavy_update_bytes));
  // Documents open while all workers are busy.
  const auto other = node.open("other", 2);
  REQUIRE(other);
  node.send(*other, 2, message_kind::update, client.insert_text("text", 4, "!"));
  node.leave(*other, 2);
  node.leave(*document, 1);
  CHECK(node.drain(std::chrono::seconds{5}));
  const auto stored = node.backend->stored("d");
  CHECK(stored.last == 1);
  CHECK(node.backend->stored("other").last == 1);
  node.release_workers();
}

TEST_CASE("a large snapshot is made elsewhere, and loses nothing that is written meanwhile",
          "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = open_with_checkpoint(node, large_update(8, heavy_state_bytes));
  // The log outgrows the snapshot; further updates come while that is folded.
  std::size_t sent = 0;
  for (crdt::client_id client = 100; sent < 20; ++client, ++sent)
    node.send(document, 1, message_kind::update, large_update(client, 40'000));
  while (node.backend->stored("d").last < 5 + sent) node.next_batch();
  node.leave(document, 1);
  node.tell_document(document, unload_document{});
  wait_until_down(node, document);
  const auto stored = test::stored_without_log(*node.backend, "d");
  CHECK(stored.last == 5 + sent);
  CHECK(text_of(stored.checkpoint.view()).size() == heavy_state_bytes + sent * 40'000);
}

TEST_CASE("a checkpoint in the middle of a batch keeps the rest of the batch waiting",
          "[actors][worker]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = open_with_checkpoint(node, large_update(8, heavy_state_bytes));
  std::vector<std::pair<message_kind, byte_buffer>> sent;
  for (crdt::client_id client = 100; client < 140; ++client)
    sent.emplace_back(message_kind::update, large_update(client, 40'000));
  node.send(document, 1, sent);
  while (node.backend->stored("d").last < 5 + sent.size()) node.next_batch();
  node.leave(document, 1);
  CHECK(node.drain(std::chrono::seconds{5}));
  const auto stored = node.backend->stored("d");
  CHECK(stored.last == 5 + sent.size());
}

// --- the JSON dialect in the actor ---

namespace {

std::string update_frame(std::string_view id) {
  return R"({"type":"update","payload":{"update":"AQEBAAQBBHRleHQFaGVsbG8A"},"messageId":")" +
         std::string{id} + "\"}";
}

}  // namespace

TEST_CASE("a JSON update is acknowledged when it is stored, a repetition not before",
          "[actors][json]") {
  for (const hosting where : {hosting::on_workers, hosting::on_unit}) {
    actor_node node{{}, where};
    const auto document = node.open("d", 1);
    REQUIRE(document);
    REQUIRE(node.open("d", 2));
    node.backend->close_gate();
    node.ask(*document, 1, update_frame("u-1"));
    CHECK(
        node.next_texts() ==
        std::vector<std::string>{
            R"({"type":"update","docName":"d","payload":{"update":"AQEBAAQBBHRleHQFaGVsbG8A"}})"});
    node.ask(*document, 1, update_frame("u-1"));
    // Another one with the same contents brings nothing new, and waits as well.
    node.ask(*document, 2, update_frame("u-2"));
    CHECK(node.is_quiet());
    node.backend->open_gate();
    std::vector<std::string> acks;
    while (acks.size() < 3)
      for (const std::string& text : node.next_texts()) acks.push_back(text);
    CHECK(acks == std::vector<std::string>{json::encode_ack("d", "u-1"),
                                           json::encode_ack("d", "u-1"),
                                           json::encode_ack("d", "u-2")});
    // Now that it is stored, a repetition is answered at once.
    node.backend->close_gate();
    node.ask(*document, 1, update_frame("u-1"));
    CHECK(node.next_texts() == std::vector<std::string>{json::encode_ack("d", "u-1")});
    CHECK(node.backend->stored("d").updates.size() == 1);
  }
}

TEST_CASE("each JSON message gives its credit back when it is dealt with", "[actors][json]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  const std::vector<std::string> frames{
      R"({"type":"sync"})",
      update_frame("u-1"),
      update_frame("u-1"),
      R"({"type":"update","payload":{"update":"AQEBAAQBBHRleHQFaGVsbG8A"}})",
      R"({"type":"update","payload":{"update":"AAAA"}})",
      R"({"type":"presence","payload":{}})",
      R"({"type":"update","payload":"event"})"};
  std::size_t bytes = 0;
  decoded_frame decoded;
  for (const std::string& frame : frames) {
    node.ask(*document, 1, frame);
    REQUIRE(codec_of(dialect::json).decode(as_bytes(frame), decoded));
    bytes += decoded.body.size();
  }
  std::size_t messages = 0;
  std::size_t given_back = 0;
  const std::size_t credit = frames.size() - 1 + question_weight;  // one of them is a sync
  while (messages < credit)
    for (const auto& progress : node.next_batch().progress) {
      CHECK(progress.session == 1);
      messages += progress.amount.messages;
      given_back += progress.amount.bytes;
    }
  CHECK(messages == credit);
  CHECK(given_back == bytes);
}

TEST_CASE("an event of the server reaches the JSON sessions of an open document",
          "[actors][json]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  node.ask(*document, 1, R"({"type":"sync"})");
  node.next_texts();
  node.tell_document(*document, document_event{R"({"event":"file-changed"})"});
  CHECK(node.next_texts() ==
        std::vector<std::string>{
            R"({"type":"update","docName":"d","payload":{"event":"file-changed"}})"});
}

TEST_CASE("a session that missed presence hears all of it", "[actors][json]") {
  actor_node node{{}, hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  node.ask(*document, 1, R"({"type":"presence","payload":{"n":1}})");
  const auto told = node.next_texts();
  node.tell_document(*document, presence_missed{1});
  CHECK(node.next_texts() == told);
}

}  // namespace troupe::document_worker_test
