// Documents that fold because nobody edits them, and what their subscribers see of it: nothing.
#include <algorithm>

#include <catch2/catch_test_macros.hpp>

#include "tests/support/actor_node.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::document_fold_test {

using namespace std::chrono_literals;
using sync::message_kind;
using test::actor_node;
using test::hosting;
using test::payload_of;

namespace {

const byte_buffer empty_state_vector{0};
constexpr std::size_t heavy_update_bytes = 64 * 1024;

directory_settings folding_after(std::chrono::milliseconds time) {
  directory_settings settings;
  settings.fold_after = time;
  return settings;
}

document_info describe(actor_node& node, const opened_document& of) {
  document_info info;
  caf::scoped_actor asking{node.system()};
  asking->request(of.document, 10s, describe_document{})
      .receive([&](const document_info& answer) { info = answer; },
               [](const caf::error& why) { FAIL(caf::to_string(why)); });
  return info;
}

/// Asks until the document says so, and fails after a while.
void wait_until_folded(actor_node& node, const opened_document& document, bool is_folded = true) {
  const auto end = std::chrono::steady_clock::now() + 10s;
  while (describe(node, document).is_folded != is_folded) {
    REQUIRE(std::chrono::steady_clock::now() < end);
    std::this_thread::sleep_for(1ms);
  }
}

/// The messages of a kind to a session that asks for them, or to all, until one has come.
sync::message next_message(actor_node& node, const opened_document& of, message_kind kind,
                           byte_buffer& bytes) {
  for (;;)
    for (const auto& each : node.next_deliveries(of)) {
      const byte_view payload = payload_of(each.frames);
      bytes.assign(payload.begin(), payload.end());
      const auto message = sync::decode_message(bytes);
      REQUIRE(message);
      if (message->kind == kind) return *message;
    }
}

std::string text_for(actor_node& node, const opened_document& document, session_id session) {
  node.send(document, session, message_kind::sync_step1, empty_state_vector);
  byte_buffer bytes;
  crdt::doc seen;
  REQUIRE(seen.apply_update(next_message(node, document, message_kind::sync_step2, bytes).body));
  return seen.text("text");
}

byte_buffer large_update(crdt::client_id client, std::size_t size) {
  return test::update_builder{}
      .client(client)
      .text(test::in_root("text"), std::string(size, 'x'))
      .build();
}

}  // namespace

TEST_CASE("a quiet document folds, serves newcomers, and decodes at the first edit",
          "[actors][fold]") {
  for (const hosting where : {hosting::on_workers, hosting::on_unit}) {
    actor_node node{folding_after(0ms), where};
    const auto document = node.open("d", 1);
    REQUIRE(document);
    REQUIRE(node.open("d", 2));
    test::editing_client writer{5};
    node.send(*document, 1, message_kind::update, writer.insert_text("text", 0, "hello"));
    CHECK(text_for(node, *document, 2) == "hello");
    CHECK_FALSE(describe(node, *document).is_folded);
    while (!node.is_quiet()) {
    }

    node.tell_document(*document, document_tick{});
    const document_info folded = describe(node, *document);
    CHECK(folded.is_folded);
    CHECK(folded.client_ids == 1);
    CHECK(folded.memory_bytes > 0);
    CHECK(node.is_quiet());

    REQUIRE(node.open("d", 3));
    CHECK(text_for(node, *document, 3) == "hello");
    node.send(*document, 3, message_kind::sync_step2, byte_buffer{0, 0});  // its answer
    node.send(*document, 2, message_kind::query_awareness, {});
    byte_buffer bytes;
    next_message(node, *document, message_kind::awareness, bytes);
    CHECK(describe(node, *document).is_folded);

    // A client that was away brings what it has.
    const byte_buffer edit = writer.insert_text("text", 5, "!");
    node.send(*document, 1, message_kind::update, edit);
    CHECK(
        std::ranges::equal(next_message(node, *document, message_kind::update, bytes).body, edit));
    CHECK_FALSE(describe(node, *document).is_folded);
    CHECK(text_for(node, *document, 3) == "hello!");
    node.tell_document(*document, document_tick{});
    CHECK(describe(node, *document).is_folded);
  }
}

TEST_CASE("a document that was edited a moment ago does not fold while anybody is there",
          "[actors][fold]") {
  actor_node node{folding_after(1h)};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  test::editing_client writer{5};
  node.send(*document, 1, message_kind::update, writer.insert_text("text", 0, "hello"));
  REQUIRE(text_for(node, *document, 1) == "hello");  // it is loaded, and has the edit
  node.tell_document(*document, document_tick{});
  CHECK_FALSE(describe(node, *document).is_folded);

  // The last session leaves: the state is encoded for a checkpoint anyway.
  node.leave(*document, 1);
  wait_until_folded(node, *document);
  REQUIRE(node.open("d", 2)->id == document->id);
  CHECK(text_for(node, *document, 2) == "hello");
  while (node.backend->stored("d").checkpoint.empty()) std::this_thread::yield();
  CHECK(describe(node, *document).is_folded);
}

TEST_CASE("a document that is not small waits a while without sessions until it folds",
          "[actors][fold]") {
  for (const auto after : {0ms, 3'600'000ms}) {
    actor_node node{folding_after(after), hosting::on_unit};
    const auto document = node.open("d", 1);
    REQUIRE(document);
    node.send(*document, 1, message_kind::update, large_update(8, heavy_update_bytes));
    CHECK(text_for(node, *document, 1).size() == heavy_update_bytes);
    node.leave(*document, 1);
    while (node.backend->stored("d").checkpoint.empty()) std::this_thread::yield();
    CHECK_FALSE(describe(node, *document).is_folded);
    node.pass_second();
    if (after == 0ms)
      wait_until_folded(node, *document);
    else
      CHECK_FALSE(describe(node, *document).is_folded);
  }
}

TEST_CASE("a large document is folded and decoded elsewhere, and what comes meanwhile waits",
          "[actors][fold]") {
  actor_node node{folding_after(0ms), hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  REQUIRE(node.open("d", 2));
  const auto other = node.open("other", 3);
  REQUIRE(other);
  node.send(*document, 1, message_kind::update, large_update(8, heavy_update_bytes));
  CHECK(text_for(node, *document, 1).size() == heavy_update_bytes);
  CHECK(text_for(node, *other, 3).empty());
  node.tell_document(*document, document_tick{});
  wait_until_folded(node, *document);
  CHECK(text_for(node, *document, 2).size() == heavy_update_bytes);
  while (!node.is_quiet()) {
  }

  node.occupy_workers();
  test::editing_client writer{9};
  const byte_buffer first = writer.insert_text("other", 0, "a");
  const byte_buffer second = writer.insert_text("other", 1, "b");
  node.send(*document, 1, message_kind::update, first);
  node.send(*document, 1, message_kind::update, second);
  CHECK(text_for(node, *other, 3).empty());  // it goes on
  node.release_workers();
  byte_buffer bytes;
  crdt::doc seen;
  while (seen.text("other") != "ab")
    REQUIRE(seen.apply_update(next_message(node, *document, message_kind::update, bytes).body));
  CHECK_FALSE(describe(node, *document).is_folded);
}

TEST_CASE("a folded document that is unloaded comes back whole", "[actors][fold]") {
  directory_settings settings = folding_after(0ms);
  settings.idle_grace = 0ms;
  actor_node node{settings, hosting::on_unit};
  const auto document = node.open("d", 1);
  REQUIRE(document);
  test::editing_client writer{5};
  node.send(*document, 1, message_kind::update, writer.insert_text("text", 0, "kept"));
  CHECK(text_for(node, *document, 1) == "kept");
  node.tell_document(*document, document_tick{});
  CHECK(describe(node, *document).is_folded);
  node.leave(*document, 1);
  node.tell_document(*document, unload_document{});
  {
    caf::scoped_actor waiter{node.system()};
    waiter->wait_for(document->document);
  }
  auto again = node.open("d", 2);
  while (again && again->id == document->id) again = node.open("d", 2);
  REQUIRE(again);
  CHECK(text_for(node, *again, 2) == "kept");
  while (node.backend->stored("d").checkpoint.empty()) std::this_thread::yield();
}

}  // namespace troupe::document_fold_test
