// What becomes of edits while storage cannot be written, as sessions see it.
#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/editing_client.hpp"

namespace troupe::store_test {

using sync::message_kind;
using test::actor_node;

namespace {

constexpr session_id ann = 1;
constexpr session_id bob = 2;

/// Waits until the condition holds, ten seconds at most.
template <class Condition>
bool soon(Condition&& holds) {
  for (int i = 0; i < 2000; ++i) {
    if (holds()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
  return false;
}

/// Receives batches until a session is closed; why.
close_reason next_closing(actor_node& node, session_id session) {
  for (;;)
    for (const auto& each : node.next_batch().closings)
      if (each.session == session) return each.reason;
}

/// Receives deliveries until the session hears its own edit back.
void wait_for_confirmation(actor_node& node, session_id session) {
  for (;;)
    for (const auto& each : node.next_deliveries())
      if (each.to == audience::one && each.session == session) return;
}

std::size_t stored_updates(actor_node& node, const std::string& name) {
  return node.backend->stored(name).updates.size();
}

}  // namespace

TEST_CASE("what could not be written is written and confirmed when it can", "[store]") {
  for (const errc why : {errc::disk_full, errc::storage_failed}) {
    actor_node node;
    const auto document = node.open("d", ann);
    REQUIRE(document);
    node.backend->fail_writes(why);
    test::editing_client client{5};
    node.send(*document, ann, message_kind::update, client.insert_text("text", 0, "kept"));
    REQUIRE(soon([&] { return node.health->refusal() != nullptr; }));
    CHECK(node.health->refusal()->code == why);
    CHECK(node.health->waiting() > 0);
    REQUIRE(soon([&] { return node.backend->recoveries() > 2; }));
    CHECK(stored_updates(node, "d") == 0);
    node.backend->end_failing();
    wait_for_confirmation(node, ann);
    CHECK(stored_updates(node, "d") == 1);
    CHECK(soon([&] { return node.health->refusal() == nullptr; }));
    CHECK(node.health->waiting() == 0);
  }
}

TEST_CASE("edits are taken for a while where others keep the store, and wait", "[store]") {
  actor_node node{{}, test::hosting::on_workers, std::chrono::hours{1}};
  const auto document = node.open("d", ann);
  REQUIRE(document);
  REQUIRE(node.open("d", bob));
  node.backend->fail_writes(errc::storage_failed);
  test::editing_client client{5};
  node.send(*document, ann, message_kind::update, client.insert_text("text", 0, "a"));
  REQUIRE(soon([&] { return node.health->problem().has_value(); }));
  CHECK(node.health->problem()->detail.ends_with(", so edits wait to be stored"));
  CHECK(node.health->refusal() == nullptr);
  // Bob sees what is written meanwhile; nobody is told that it is stored.
  node.send(*document, ann, message_kind::update, client.insert_text("text", 1, "b"));
  bool has_seen = false;
  while (!has_seen) {
    const deliver_batch batch = node.next_batch();
    CHECK(batch.closings.empty());
    for (const auto& each : batch.in(dialect::y_websocket)) {
      CHECK((each.to != audience::one || each.session != ann));
      has_seen = has_seen || each.to != audience::one;
    }
  }
  REQUIRE(soon([&] { return node.backend->recoveries() > 2; }));
  CHECK(node.health->refusal() == nullptr);
  CHECK(node.health->waiting() > 0);
  node.backend->end_failing();
  wait_for_confirmation(node, ann);
  CHECK(soon([&] { return !node.health->problem(); }));
  CHECK(soon([&] { return node.health->waiting() == 0; }));
  CHECK(stored_updates(node, "d") == 2);
}

TEST_CASE("edits are refused once the patience with the store is at its end", "[store]") {
  actor_node node{{}, test::hosting::on_workers, std::chrono::milliseconds{50}};
  const auto document = node.open("d", ann);
  REQUIRE(document);
  node.backend->fail_writes(errc::storage_failed);
  test::editing_client client{5};
  node.send(*document, ann, message_kind::update, client.insert_text("text", 0, "a"));
  REQUIRE(soon([&] { return node.health->problem().has_value(); }));
  REQUIRE(soon([&] { return node.health->refusal() != nullptr; }));
  node.send(*document, ann, message_kind::update, client.insert_text("text", 1, "b"));
  CHECK(next_closing(node, ann) == close_reason::storage_unavailable);
  node.backend->end_failing();
  CHECK(soon([&] { return !node.health->problem(); }));
  CHECK(stored_updates(node, "d") == 1);
}

TEST_CASE("a full disk is refused at once, whatever the patience", "[store]") {
  actor_node node{{}, test::hosting::on_workers, std::chrono::hours{1}};
  const auto document = node.open("d", ann);
  REQUIRE(document);
  node.backend->fail_writes(errc::disk_full);
  test::editing_client client{5};
  node.send(*document, ann, message_kind::update, client.insert_text("text", 0, "a"));
  REQUIRE(soon([&] { return node.health->refusal() != nullptr; }));
  node.backend->end_failing();
  CHECK(soon([&] { return node.health->refusal() == nullptr; }));
}

TEST_CASE("new edits are refused while storage cannot be written", "[store]") {
  actor_node node;
  const auto document = node.open("d", ann);
  REQUIRE(document);
  REQUIRE(node.open("d", bob));
  node.backend->fail_writes(errc::disk_full);
  test::editing_client client{5};
  const byte_buffer first = client.insert_text("text", 0, "a");
  node.send(*document, ann, message_kind::update, first);
  REQUIRE(soon([&] { return node.health->refusal() != nullptr; }));

  SECTION("a Yjs client is closed, to come back later") {
    node.send(*document, ann, message_kind::update, client.insert_text("text", 1, "b"));
    CHECK(next_closing(node, ann) == close_reason::storage_unavailable);
  }
  SECTION("a JSON client receives an error") {
    std::string frame = R"({"type":"update","messageId":"m","payload":{"update":")";
    append_base64(test::editing_client{6}.insert_text("text", 0, "b"), frame);
    node.ask(*document, bob, frame + R"("}})");
    std::vector<std::string> texts = node.next_texts();
    while (texts[0].find("STORAGE_UNAVAILABLE") == std::string::npos) texts = node.next_texts();
    CHECK(texts[0].find(R"("messageId":"m")") != std::string::npos);
  }
  SECTION("who brings nothing new stays") {
    node.send(*document, bob, message_kind::sync_step2, first);
    node.send(*document, bob, message_kind::sync_step1, byte_buffer{0});
    bool has_state = false;
    while (!has_state) {
      const deliver_batch batch = node.next_batch();
      CHECK(batch.closings.empty());
      for (const auto& each : batch.in(dialect::y_websocket))
        has_state = has_state || (each.to == audience::one && each.session == bob);
    }
  }
  node.backend->end_failing();
  CHECK(soon([&] { return node.health->refusal() == nullptr; }));
  CHECK(stored_updates(node, "d") == 1);
}

TEST_CASE("an operator's import is refused as long as edits are, and no longer", "[store]") {
  actor_node node;
  const auto document = node.open("d", ann);
  REQUIRE(document);
  const auto import = [&](const std::string& name, crdt::client_id author) {
    imported_update answer;
    caf::scoped_actor asker{node.system()};
    const byte_buffer update = test::editing_client{author}.insert_text("text", 0, "x");
    asker
        ->request(node.directory_handle(), std::chrono::seconds{10},
                  import_update{name, shared_bytes::copy_of(update)})
        .receive([&](const imported_update& outcome) { answer = outcome; },
                 [](const caf::error&) { FAIL("no answer came"); });
    return answer;
  };
  node.backend->fail_writes(errc::disk_full);
  node.send(*document, ann, message_kind::update,
            test::editing_client{5}.insert_text("text", 0, "a"));
  REQUIRE(soon([&] { return node.health->refusal() != nullptr; }));
  for (const char* name : {"d", "another"}) {
    const imported_update refused = import(name, 6);
    CHECK(refused.what == imported_update::outcome::refused);
    CHECK(refused.refusal.code == errc::disk_full);
  }
  node.backend->end_failing();
  REQUIRE(soon([&] { return node.health->refusal() == nullptr; }));
  for (const char* name : {"d", "another"})
    CHECK(import(name, 7).what == imported_update::outcome::changed);
}

TEST_CASE("a document that cannot be stored ends, and the others are stored", "[store]") {
  actor_node node;
  const auto bad = node.open("bad", ann);
  const auto good = node.open("good", bob);
  REQUIRE(bad);
  REQUIRE(good);
  node.backend->fail_document("bad");
  node.backend->close_gate();
  test::editing_client first{5};
  test::editing_client second{6};
  // The first write holds the store; the next two are one batch.
  node.send(*good, bob, message_kind::update, second.insert_text("text", 0, "a"));
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  node.send(*bad, ann, message_kind::update, first.insert_text("text", 0, "b"));
  node.send(*good, bob, message_kind::update, second.insert_text("text", 1, "c"));
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  node.backend->open_gate();
  const close_subscribers closed = node.next_close();
  CHECK(closed.document == bad->id);
  CHECK(closed.reason == close_reason::document_failed);
  CHECK(soon([&] { return stored_updates(node, "good") == 2; }));
  CHECK(node.health->refusal() == nullptr);
  CHECK(soon([&] { return node.health->waiting() == 0; }));
  CHECK(stored_updates(node, "bad") == 0);
}

TEST_CASE("a document that was only read is not written", "[store]") {
  actor_node node;
  const auto unload = [&](const opened_document& document, session_id session) {
    node.leave(document, session);
    node.tell_document(document, unload_document{});
    caf::scoped_actor waiter{node.system()};
    waiter->wait_for(document.document);
    // The directory hears of the end by itself; until then it would hand the dead document out.
    REQUIRE(soon([&] {
      bool is_open = true;
      waiter->request(node.directory_handle(), std::chrono::seconds{10}, find_open{{"d"}})
          .receive([&](const found_open& found) { is_open = !found.names.empty(); },
                   [](const caf::error&) {});
      return !is_open;
    }));
  };
  const auto first = node.open("d", ann);
  REQUIRE(first);
  test::editing_client client{5};
  node.send(*first, ann, message_kind::update, client.insert_text("text", 0, "a"));
  unload(*first, ann);
  REQUIRE(soon([&] { return !node.backend->stored("d").checkpoint.empty(); }));
  const int writes = node.backend->writes();
  const auto second = node.open("d", bob);
  REQUIRE(second);
  node.send(*second, bob, message_kind::sync_step1, byte_buffer{0});
  node.next_deliveries(*second);
  unload(*second, bob);
  const auto third = node.open("other", ann);
  REQUIRE(third);
  node.send(*third, ann, message_kind::update, client.insert_text("text", 0, "b"));
  REQUIRE(soon([&] { return stored_updates(node, "other") == 1; }));
  CHECK(node.backend->writes() == writes + 1);
}

TEST_CASE("a load waits for no write", "[store]") {
  actor_node node;
  const auto first = node.open("first", ann);
  REQUIRE(first);
  node.backend->close_gate();
  test::editing_client client{5};
  node.send(*first, ann, message_kind::update, client.insert_text("text", 0, "a"));
  std::this_thread::sleep_for(std::chrono::milliseconds{20});
  const auto second = node.open("second", bob);
  REQUIRE(second);
  node.send(*second, bob, message_kind::sync_step1, byte_buffer{0});
  CHECK_FALSE(node.next_deliveries(*second).empty());
  CHECK(stored_updates(node, "first") == 0);
}

TEST_CASE("a drain does not wait for a disk that is full", "[store]") {
  actor_node node;
  const auto document = node.open("d", ann);
  REQUIRE(document);
  node.backend->fail_writes(errc::disk_full);
  test::editing_client client{5};
  node.send(*document, ann, message_kind::update, client.insert_text("text", 0, "a"));
  REQUIRE(soon([&] { return node.health->refusal() != nullptr; }));
  node.leave(*document, ann);
  CHECK(node.drain(std::chrono::seconds{5}));
  CHECK(node.health->waiting() > 0);
}

}  // namespace troupe::store_test
