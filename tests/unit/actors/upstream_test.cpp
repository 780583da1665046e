// Documents that were never stored here and that another server may have, at a node alone: who is
// asked, who waits, what is stored, and what happens if nobody answers.
#include "actors/upstream.hpp"

#include <catch2/catch_test_macros.hpp>

#include "actors/failure_codes.hpp"
#include "tests/support/actor_node.hpp"
#include "tests/support/editing_client.hpp"
#include "tests/support/fake_upstream.hpp"

namespace troupe::upstream_test {

using namespace std::chrono_literals;
using sync::message_kind;
using test::fake_upstream;
using test::payload_of;

namespace {

constexpr std::chrono::seconds patience{10};
constexpr std::uint8_t empty_state_vector[] = {0};
constexpr session_id ann = 1;
constexpr session_id bob = 2;

byte_buffer typed(std::string_view text, std::uint64_t client_id = 5) {
  test::editing_client client{client_id};
  return client.insert_text("text", 0, text);
}

/// A node that has documents whose names begin with d from a fake.
class upstream_bed {
 public:
  opened_document open(const std::string& name, session_id session) {
    const auto opened = node.open(name, session);
    REQUIRE(opened.has_value());
    return *opened;
  }
  /// The text that a session is shown.
  std::string text_seen(const opened_document& of, session_id session) {
    node.send(of, session, message_kind::sync_step1, empty_state_vector);
    for (;;)
      for (const auto& each : node.next_deliveries(of)) {
        const auto message = sync::decode_message(payload_of(each.frames));
        REQUIRE(message);
        if (message->kind != message_kind::sync_step2) continue;
        crdt::doc seen;
        REQUIRE(seen.apply_update(message->body));
        return seen.text("text");
      }
  }
  /// Waits until so many updates of a document are stored; returns all that is.
  storage::stored_document stored(const std::string& name, storage::sequence last) {
    const auto until = std::chrono::steady_clock::now() + patience;
    for (;;) {
      auto is = node.backend->load(name).value();
      if (is.last >= last || std::chrono::steady_clock::now() > until) return is;
      std::this_thread::yield();
    }
  }
  bool is_stored(const std::string& name) { return node.backend->load(name).value().last > 0; }
  void store(const std::string& name, const byte_buffer& state) {
    REQUIRE(node.backend->write(
        {.appends = {}, .checkpoints = {{name, 1, shared_bytes::copy_of(state)}}}));
  }
  /// Reads a document without a session.
  auto read(const std::string& name) {
    return self_->request(node.directory_handle(), patience,
                          export_state{.document = name, .is_opened = true});
  }
  bool remove(const std::string& name) {
    bool was_there = false;
    self_->request(node.store_handle(), patience, remove_document{name})
        .receive([&](const removed_document& outcome) { was_there = outcome.was_there; },
                 [](const caf::error& why) { FAIL(caf::to_string(why)); });
    return was_there;
  }

 private:
  static directory_settings settings() {
    directory_settings how;
    how.upstream_documents = upstream_names{{"d*"}};
    how.idle_grace = 0ms;
    return how;
  }

 public:
  fake_upstream old;
  test::actor_node node{settings(), test::hosting::on_workers, {}, old.spawner()};

 private:
  caf::scoped_actor self_{node.system()};
};

}  // namespace

TEST_CASE("a document that was never stored is fetched before it is shown, and stored",
          "[actors][upstream]") {
  upstream_bed bed;
  const auto document = bed.open("d", ann);
  auto question = bed.old.next();
  CHECK(question.document == "d");
  question.answer(fake_upstream::found({typed("of the old server")}));
  CHECK(bed.text_seen(document, ann) == "of the old server");
  CHECK(bed.stored("d", 1).last == 1);
  // Who comes later is shown it, too, and nobody asks again.
  bed.open("d", bob);
  CHECK(bed.text_seen(document, bob) == "of the old server");
  CHECK_FALSE(bed.old.is_asked());
}

TEST_CASE("several updates of the old server are one document", "[actors][upstream]") {
  upstream_bed bed;
  test::editing_client client{5};
  const byte_buffer first = client.insert_text("text", 0, "one ");
  const byte_buffer second = client.insert_text("text", 4, "two");
  const auto document = bed.open("d", ann);
  bed.old.next().answer(fake_upstream::found({first, second}));
  CHECK(bed.text_seen(document, ann) == "one two");
  CHECK(bed.stored("d", 2).last == 2);
}

TEST_CASE("what a session says while the document is fetched comes behind it",
          "[actors][upstream]") {
  upstream_bed bed;
  const auto document = bed.open("d", ann);
  auto question = bed.old.next();
  bed.node.send(document, ann, message_kind::update, typed("too early? ", 6));
  CHECK_FALSE(bed.is_stored("d"));
  question.answer(fake_upstream::found({typed("first ")}));
  const auto stored = bed.stored("d", 2);
  REQUIRE(stored.updates.size() == 2);
  crdt::doc fetched;
  REQUIRE(fetched.apply_update(stored.updates[0].view()));
  CHECK(fetched.text("text") == "first ");
}

TEST_CASE("a document that is stored is never fetched", "[actors][upstream]") {
  upstream_bed bed;
  bed.store("d", typed("ours"));
  const auto document = bed.open("d", ann);
  CHECK(bed.text_seen(document, ann) == "ours");
  CHECK_FALSE(bed.old.is_asked());
}

TEST_CASE("a document whose name is not listed is not fetched", "[actors][upstream]") {
  upstream_bed bed;
  const auto document = bed.open("other", ann);
  CHECK(bed.text_seen(document, ann).empty());
  CHECK_FALSE(bed.old.is_asked());
}

TEST_CASE("a document that was empty there exists once a session has opened it",
          "[actors][upstream]") {
  upstream_bed bed;
  const auto document = bed.open("d", ann);
  bed.old.next().answer(fake_upstream::found({{0, 0}}));
  CHECK(bed.text_seen(document, ann).empty());
  const auto stored = bed.stored("d", 1);
  REQUIRE(stored.updates.size() == 1);
  CHECK(std::ranges::equal(stored.updates[0].view(), cluster::update_without_contents));
}

TEST_CASE("if the old server cannot be asked, sessions are told to come again",
          "[actors][upstream]") {
  upstream_bed bed;
  const auto first = bed.open("d", ann);
  bed.old.next().answer(fake_upstream::failed());
  const auto closed = bed.node.next_close();
  CHECK(closed.document == first.id);
  CHECK(closed.reason == close_reason::upstream_unavailable);
  CHECK_FALSE(bed.is_stored("d"));
  // The next one asks again.
  const auto again = bed.open("d", ann);
  bed.old.next().answer(fake_upstream::found({typed("there")}));
  CHECK(bed.text_seen(again, ann) == "there");
}

TEST_CASE("what is no document is not taken over, nor any part of it", "[actors][upstream]") {
  upstream_bed bed;
  bed.open("d", ann);
  bed.old.next().answer(fake_upstream::found({typed("good"), {1, 2, 3}}));
  CHECK(bed.node.next_close().reason == close_reason::upstream_unavailable);
  CHECK_FALSE(bed.is_stored("d"));
}

TEST_CASE("nothing is taken over while nothing can be stored", "[actors][upstream]") {
  upstream_bed bed;
  bed.node.health->note_unwritable({errc::disk_full, "no space"});
  bed.open("d", ann);
  bed.old.next().answer(fake_upstream::found({typed("there")}));
  CHECK(bed.node.next_close().reason == close_reason::upstream_unavailable);
}

TEST_CASE("who reads a document without a session is shown what the old server has",
          "[actors][upstream]") {
  upstream_bed bed;
  auto asked = bed.read("d");
  bed.old.next().answer(fake_upstream::found({typed("there")}));
  asked.receive(
      [](const exported_state& got) {
        CHECK(got.exists);
        crdt::doc seen;
        REQUIRE(seen.apply_update(got.state.view()));
        CHECK(seen.text("text") == "there");
      },
      [](const caf::error& why) { FAIL(caf::to_string(why)); });
}

TEST_CASE("to read what the old server has not creates nothing", "[actors][upstream]") {
  upstream_bed bed;
  auto asked = bed.read("d");
  bed.old.next().answer(fake_upstream::found({{0, 0}}));
  asked.receive([](const exported_state& got) { CHECK_FALSE(got.exists); },
                [](const caf::error& why) { FAIL(caf::to_string(why)); });
  CHECK_FALSE(bed.is_stored("d"));
}

TEST_CASE("a reader is told if the old server cannot be asked", "[actors][upstream]") {
  upstream_bed bed;
  auto asked = bed.read("d");
  bed.old.next().answer(fake_upstream::failed());
  asked.receive([](const exported_state&) { FAIL("it is shown"); },
                [](const caf::error& why) {
                  CHECK(to_close_reason(why) == close_reason::upstream_unavailable);
                });
}

TEST_CASE("a document that was removed, or admitted again, is not fetched", "[actors][upstream]") {
  upstream_bed bed;
  bed.store("d", typed("ours"));
  CHECK(bed.remove("d"));
  bed.open("d", ann);
  CHECK(bed.node.next_close().reason == close_reason::document_removed);
  REQUIRE(bed.node.backend->archive().admit("d").value());
  const auto document = bed.open("d", ann);
  CHECK(bed.text_seen(document, ann).empty());
  CHECK_FALSE(bed.old.is_asked());
}

TEST_CASE("a document that was removed before it was ever stored is not fetched",
          "[actors][upstream]") {
  upstream_bed bed;
  CHECK(bed.remove("d"));
  CHECK_FALSE(bed.remove("d"));
  CHECK_FALSE(bed.remove("other"));
  bed.open("d", ann);
  CHECK(bed.node.next_close().reason == close_reason::document_removed);
  CHECK_FALSE(bed.old.is_asked());
}

TEST_CASE("a document whose session has left stays until it is fetched", "[actors][upstream]") {
  upstream_bed bed;
  const auto document = bed.open("d", ann);
  auto question = bed.old.next();
  bed.node.leave(document, ann);
  bed.node.pass_second();
  bed.node.pass_second();
  CHECK(bed.open("d", bob).id == document.id);
  question.answer(fake_upstream::found({typed("there")}));
  CHECK(bed.text_seen(document, bob) == "there");
  CHECK_FALSE(bed.old.is_asked());
}

// --- the actor ---

TEST_CASE("a document for which there is no connection waits for its turn", "[actors][upstream]") {
  test::actor_node node;
  caf::scoped_actor self{node.system()};
  upstream_server server;
  server.url = parse_websocket_url("ws://127.0.0.1:1").value();
  server.timeout = 1s;
  const auto fetching = node.system().spawn<upstream>(
      upstream_settings{std::make_shared<const upstream_server>(server), 1}, nullptr);
  std::size_t failures = 0;
  for (int i = 0; i < 5; ++i) self->send(fetching, fetch_document{"d" + std::to_string(i)});
  for (int i = 0; i < 5; ++i)
    self->receive([&](const fetched_document& got) { failures += got.why ? 1 : 0; },
                  caf::after(patience) >> [] { FAIL("nobody answers"); });
  CHECK(failures == 5);
  // No client has used such a name there.
  self->request(fetching, patience, fetch_document{".."})
      .receive([](const fetched_document& got) { CHECK((!got.why && got.updates.empty())); },
               [](const caf::error& why) { FAIL(caf::to_string(why)); });
  caf::anon_send_exit(fetching, caf::exit_reason::user_shutdown);
  self->wait_for(fetching);
}

}  // namespace troupe::upstream_test
