// Documents, their directory and their store as actors, driven as sessions would drive them.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/update_builder.hpp"
#include "tests/support/written_log.hpp"

namespace troupe::document_test {

using sync::message_kind;
using test::actor_node;
using test::payload_of;

namespace {

constexpr std::uint8_t empty_state_vector[] = {0};

/// The text of the document's root "text", as a client that joins now would see it.
std::string text_seen_by(actor_node& node, const opened_document& document, session_id session) {
  node.send(document, session, message_kind::sync_step1, empty_state_vector);
  for (;;)
    for (const auto& each : node.next_deliveries()) {
      const auto message = sync::decode_message(payload_of(each.frames));
      REQUIRE(message);
      if (message->kind != message_kind::sync_step2) continue;
      crdt::doc seen;
      REQUIRE(seen.apply_update(message->body));
      return seen.text("text");
    }
}

void wait_until_down(actor_node& node, const opened_document& document) {
  caf::scoped_actor waiter{node.system()};
  waiter->wait_for(document.document);
}

}  // namespace

TEST_CASE("an update reaches the others at once, its sender only when it is stored", "[actors]") {
  actor_node node;
  const auto document = node.open("d", 1);
  REQUIRE(document);
  REQUIRE(node.open("d", 2)->id == document->id);
  node.backend->close_gate();
  test::editing_client client{5};
  const byte_buffer update = client.insert_text("text", 0, "hello");
  node.send(*document, 1, message_kind::update, update);

  const auto first = node.next_deliveries();
  REQUIRE(first.size() == 1);
  CHECK(first[0].to == audience::all_but_one);
  CHECK(first[0].session == 1);
  CHECK(node.backend->stored("d").updates.empty());

  node.backend->open_gate();
  const auto second = node.next_deliveries();
  REQUIRE(second.size() == 1);
  CHECK(second[0].to == audience::one);
  CHECK(second[0].session == 1);
  CHECK(std::ranges::equal(payload_of(second[0].frames), payload_of(first[0].frames)));
  CHECK(node.backend->stored("d").updates.size() == 1);
}

TEST_CASE("a document that was unloaded comes back with its content, folded into a snapshot",
          "[actors]") {
  directory_settings settings;
  settings.idle_grace = std::chrono::milliseconds{0};
  actor_node node{settings};
  const auto before = node.open("d", 1);
  REQUIRE(before);
  test::editing_client client{5};
  node.send(*before, 1, message_kind::update, client.insert_text("text", 0, "kept"));
  node.next_deliveries();
  node.leave(*before, 1);
  // The document tells that it is idle; at some later second it is unloaded.
  while (true) {
    node.pass_second();
    caf::scoped_actor waiter{node.system()};
    bool is_down = false;
    waiter->monitor(before->document);
    waiter->receive([&](const caf::down_msg&) { is_down = true; },
                    caf::after(std::chrono::milliseconds{20}) >> [] {});
    if (is_down) break;
  }
  const auto after = node.open("d", 2);
  REQUIRE(after);
  CHECK(after->id != before->id);
  CHECK(text_seen_by(node, *after, 2) == "kept");
  CHECK_FALSE(test::stored_without_log(*node.backend, "d").checkpoint.empty());
}

TEST_CASE("stored contents that no client could use are repaired, and the checkpoint keeps that",
          "[actors]") {
  const auto subdocument = [](std::string_view options) {
    return test::update_builder{}
        .client(1)
        .subdocument(test::in_root("m", "k"), "guid", test::hex(options))
        .text(test::in_root("text"), "readable")
        .build();
  };
  actor_node node;
  REQUIRE(node.backend->write(
      {.appends = {}, .checkpoints = {{"d", 1, shared_bytes::copy_of(subdocument("7e"))}}}));
  const auto document = node.open("d", 1);
  REQUIRE(document);
  CHECK(text_seen_by(node, *document, 1) == "readable");
  node.send(*document, 1, message_kind::update,
            test::update_builder{}.client(2).text(test::in_root("more"), "x").build());
  node.next_deliveries();
  node.leave(*document, 1);
  node.tell_document(*document, unload_document{});
  wait_until_down(node, *document);
  // What the store was told before the document ended is written by and by.
  const auto is_written = [&] {
    const auto all = node.backend->stored("d");
    return all.last == 2 && all.updates.empty();
  };
  while (!is_written()) std::this_thread::yield();
  crdt::doc stored;
  std::vector<crdt::repaired_struct> repaired;
  REQUIRE(stored.load_update(node.backend->stored("d").checkpoint.view(), repaired));
  CHECK(repaired.empty());
  CHECK(stored.text("text") == "readable");
}

TEST_CASE("a rule decides whether a document keeps what was deleted", "[actors]") {
  directory_settings settings;
  settings.rules = {{"wiki/*", crdt::garbage_collection::off}};
  actor_node node{settings};
  for (const std::string name : {"wiki/page", "else"}) {
    const auto document = node.open(name, 1);
    REQUIRE(document);
    node.send(*document, 1, message_kind::update,
              test::update_builder{}.client(1).text(test::in_root("text"), "a version").build());
    node.send(*document, 1, message_kind::update, test::update_builder{}.erase(1, 0, 9).build());
    CHECK(text_seen_by(node, *document, 1).empty());
    node.send(*document, 1, message_kind::sync_step1, empty_state_vector);
    std::string state;
    while (state.empty())
      for (const auto& each : node.next_deliveries()) {
        const auto message = sync::decode_message(payload_of(each.frames));
        if (message->kind == message_kind::sync_step2) state = as_text(message->body);
      }
    CHECK((state.find("a version") != std::string::npos) == (name == "wiki/page"));
  }
}

TEST_CASE(
    "a document that cannot be loaded closes its subscribers and is tried again at the next open",
    "[actors]") {
  actor_node node;
  node.backend->fail_loads(true);
  const auto failed = node.open("d", 1);
  REQUIRE(failed);
  const close_subscribers closed = node.next_close();
  CHECK(closed.document == failed->id);
  CHECK(closed.reason == close_reason::storage_unavailable);
  wait_until_down(node, *failed);
  node.backend->fail_loads(false);
  // The directory hears of the end at about the same time as we do.
  auto opened = node.open("d", 2);
  while (opened && opened->id == failed->id) opened = node.open("d", 2);
  REQUIRE(opened);
  CHECK(text_seen_by(node, *opened, 2).empty());
}

TEST_CASE("a store that is damaged as a whole confirms nothing and ends", "[actors]") {
  actor_node node;
  const auto document = node.open("d", 1);
  REQUIRE(document);
  node.backend->fail_writes(errc::corrupt_store);
  caf::scoped_actor waiter{node.system()};
  waiter->monitor(node.store_handle());
  test::editing_client client{5};
  node.send(*document, 1, message_kind::update, client.insert_text("text", 0, "lost"));
  waiter->receive([](const caf::down_msg& down) { CHECK(down.reason); },
                  caf::after(std::chrono::seconds{10}) >> [] { FAIL("the store goes on"); });
  for (const auto& each : node.next_deliveries()) CHECK(each.to == audience::all_but_one);
  node.leave(*document, 1);
  caf::anon_send_exit(document->document,
                      caf::exit_reason::kill);  // it would wait for its confirmation
}

TEST_CASE("a bad update closes its session and no other", "[actors]") {
  actor_node node;
  const auto document = node.open("d", 1);
  REQUIRE(document);
  REQUIRE(node.open("d", 2));
  constexpr std::uint8_t garbage[] = {1, 2, 3, 4, 5, 6};
  node.send(*document, 1, message_kind::update, garbage);
  deliver_batch batch = node.next_batch();
  while (batch.closings.empty()) batch = node.next_batch();
  REQUIRE(batch.closings.size() == 1);
  CHECK(batch.closings[0].session == 1);
  CHECK(batch.closings[0].reason == close_reason::invalid_update);
  CHECK(text_seen_by(node, *document, 2).empty());
}

TEST_CASE("a session is closed once for many bad updates, and what it sent behind them is dropped",
          "[actors]") {
  actor_node node;
  const auto document = node.open("d", 1);
  REQUIRE(document);
  REQUIRE(node.open("d", 2));
  test::editing_client client{5};
  std::vector<std::pair<message_kind, byte_buffer>> frame;
  frame.emplace_back(message_kind::update, client.insert_text("text", 0, "a"));
  for (int i = 0; i < 62; ++i) frame.emplace_back(message_kind::update, byte_buffer{1, 2, 3});
  frame.emplace_back(message_kind::update, client.insert_text("text", 1, "b"));
  node.send(*document, 1, frame);
  node.send(*document, 1, {{message_kind::update, byte_buffer{1, 2, 3}}});
  std::size_t closings = 0;
  for (;;) {
    const deliver_batch batch = node.next_batch();
    closings += batch.closings.size();
    if (closings > 0) break;
  }
  CHECK(closings == 1);
  CHECK(text_seen_by(node, *document, 2) == "a");
}

TEST_CASE("documents above the limit are refused unless an idle one can go", "[actors]") {
  directory_settings settings;
  settings.documents_max = 2;
  actor_node node{settings};
  const auto first = node.open("one", 1);
  REQUIRE(first);
  REQUIRE(node.open("two", 2));
  const auto refused = node.open("three", 3);
  REQUIRE_FALSE(refused);
  CHECK(refused.error() == close_reason::too_many_documents);
  node.leave(*first, 1);
  auto third = node.open("three", 3);
  for (int tries = 0; !third && tries < 1000; ++tries)
    third = node.open("three", 3);  // until it is known to be idle
  REQUIRE(third);
  wait_until_down(node, *first);
}

}  // namespace troupe::document_test
