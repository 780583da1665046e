// What a hosted document does about updates that leave a gap, and how much may wait.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/document_host.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::hosted_document_gap_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using sync::message_kind;

namespace {

constexpr session_id alice = 1;
constexpr session_id bob = 2;
const hosted_document::time_point start{};

/// Client 7 sets a key, and at clock 2 inserts a child of the type at clock 0; clock 1 was lost.
const byte_buffer first = hex("010107002801036d61700179017d0000");
const byte_buffer third = hex("01010702a80700017d88030107010001");

/// The state vectors of the questions to a session.
std::vector<std::string> questions(const document_host& host, session_id to) {
  std::vector<std::string> vectors;
  for (const auto& each : host.effects.deliveries)
    if (each.session == to && each.to == audience::one && each.kind == message_kind::sync_step1)
      vectors.push_back(to_hex(each.body.view()));
  return vectors;
}

std::vector<std::string> questions_later(document_host& host, session_id to,
                                         hosted_document::time_point now) {
  document_effects out;
  host.document.ask_again(now, out);
  host.effects = heard_effects::of(out, host.document, "d");
  return questions(host, to);
}

byte_buffer letter(crdt::client_id client, std::uint64_t clock) {
  return update_builder{}
      .client(client, clock)
      .text(in_root("r" + std::to_string(clock)), "x")
      .build();
}

}  // namespace

TEST_CASE("whoever leaves a gap is asked, though the neighbours of the update are known",
          "[document]") {
  document_host host;
  host.receive(alice, message_kind::update, first, start);
  CHECK(questions(host, alice).empty());
  host.receive(alice, message_kind::update, third, start);
  CHECK(questions(host, alice) == std::vector<std::string>{"010701"});
  CHECK(host.effects.writes.size() == 1);
}

TEST_CASE("a second loser is asked while something waits", "[document]") {
  document_host host;
  host.receive(alice, message_kind::update, letter(7, 3), start);
  CHECK(questions(host, alice).size() == 1);
  host.receive(bob, message_kind::update, letter(8, 3), start);
  CHECK(questions(host, bob).size() == 1);
}

TEST_CASE("deletions of what is not known leave a gap", "[document]") {
  document_host host;
  host.receive(alice, message_kind::update, update_builder{}.erase(9, 0, 5).build(), start);
  CHECK(questions(host, alice) == std::vector<std::string>{"00"});
}

TEST_CASE("a session is asked once a second, and not forgotten in between", "[document]") {
  document_host host;
  host.receive(alice, message_kind::update, letter(7, 3), start);
  host.receive(alice, message_kind::update, letter(7, 6), start + 100ms);
  CHECK(questions(host, alice).empty());
  host.receive(alice, message_kind::update, letter(7, 9), start + 1s);
  CHECK(questions(host, alice).size() == 1);
  CHECK(questions_later(host, alice, start + 2s).empty());  // it was asked behind that one
  host.receive(alice, message_kind::update, letter(7, 12), start + 1100ms);
  CHECK(questions_later(host, alice, start + 3s).size() == 1);
  CHECK(questions_later(host, alice, start + 4s).empty());
}

TEST_CASE("nobody is asked later for what has come meanwhile, or after leaving", "[document]") {
  document_host host;
  host.receive(alice, message_kind::update, letter(7, 1), start);
  host.receive(alice, message_kind::update, letter(7, 3), start);
  host.receive(alice, message_kind::update, letter(7, 0), start);
  host.receive(alice, message_kind::update, letter(7, 2), start);
  CHECK(questions_later(host, alice, start + 3s).empty());
  host.receive(bob, message_kind::update, letter(8, 1), start);
  host.receive(bob, message_kind::update, letter(8, 3), start);
  host.leave(bob);
  CHECK(questions_later(host, bob, start + 3s).empty());
}

TEST_CASE("a client that tells the same again is not asked again", "[document]") {
  document_host host;
  host.receive(alice, message_kind::update, letter(7, 3), start);
  host.receive(alice, message_kind::update, letter(7, 3), start + 5s);
  CHECK(host.is_quiet());
  const byte_buffer waits = update_builder{}.client(2).text(after({1, 4}), "!").build();
  host.receive(alice, message_kind::update, waits, start + 10s);
  CHECK(questions(host, alice).size() == 1);
  host.receive(alice, message_kind::update, waits, start + 20s);
  CHECK(host.is_quiet());
}

TEST_CASE("an update in order leaves no gap, though another client has one", "[document]") {
  document_host host;
  host.receive(alice, message_kind::update, letter(7, 3), start);
  host.receive(bob, message_kind::update, letter(8, 0), start);
  CHECK(questions(host, bob).empty());
  // The quick path of a keystroke notices, too.
  host.receive(alice, message_kind::update,
               update_builder{}.client(7, 4).text(after({7, 3}), "y").build(), start + 2s);
  CHECK(questions(host, alice).size() == 1);
}

TEST_CASE("what an update brings to effect that waited goes to its author, too", "[document]") {
  const byte_buffer waits = update_builder{}.client(7, 0).text(after({8, 0}), "x").build();
  const byte_buffer erases = update_builder{}.erase(8, 0, 1).build();
  for (const byte_buffer& early : {waits, erases}) {
    document_host host;
    host.receive(alice, message_kind::update, early, start);
    host.receive(bob, message_kind::update, letter(8, 0), start);
    REQUIRE(host.effects.deliveries.size() == 1);
    CHECK(host.effects.deliveries[0].to == audience::all);
    // Otherwise its author has it.
    host.receive(bob, message_kind::update, letter(8, 1), start);
    REQUIRE(host.effects.deliveries.size() == 1);
    CHECK(host.effects.deliveries[0].to == audience::all_but_one);
    CHECK(host.effects.deliveries[0].session == bob);
  }
}

TEST_CASE("what waits is dropped an hour after its last sender has left", "[document]") {
  const byte_buffer waits = update_builder{}.client(2).text(after({1, 4}), "!").build();
  document_host host;
  host.receive(alice, message_kind::update, waits, start);
  host.receive(bob, message_kind::update, waits, start);
  host.receive(bob, message_kind::update, letter(8, 3), start);
  CHECK(host.document.drop_abandoned(start + 5h) == 0);
  host.leave(alice);
  CHECK(host.document.drop_abandoned(start + 5h) == 0);
  host.leave(bob);
  CHECK(host.document.drop_abandoned(start + 5h) == 0);
  CHECK(host.document.drop_abandoned(start + 6h - 1s) == 0);
  const std::uint64_t version = host.document.version();
  const std::size_t size = host.document.state().pending_size();
  CHECK(host.document.drop_abandoned(start + 6h) == size);
  CHECK(host.document.state().pending_size() == 0);
  CHECK(host.document.version() > version);
  CHECK(host.document.state().text("r3") == "x");  // behind a hole, but everybody has seen it
  CHECK(host.document.drop_abandoned(start + 9h) == 0);
  // It may come again.
  host.receive(alice, message_kind::update, waits, start + 10h);
  CHECK(host.document.state().pending_size() > 0);
}

TEST_CASE("what waits in all documents together is limited", "[document]") {
  const auto shared = std::make_shared<budget>(4096);
  const byte_buffer waits =
      update_builder{}.client(2).text(after({1, 4}), std::string(2000, 'x')).build();
  document_effects out;
  hosted_document other{crdt::doc_settings{}, 0, nullptr, shared};
  {
    hosted_document full{crdt::doc_settings{}, 0, nullptr, shared};
    full.on_update(origin::of_server(), waits, out);
    CHECK(shared->used() > 2000);
    CHECK(shared->used() == full.state().pending_size());
    out.clear();
    other.on_update(origin::of_server(), waits, out);
    REQUIRE(out.refusals.size() == 1);
    CHECK(out.refusals[0].why.code == errc::quota_exceeded);
    CHECK(other.state().pending_size() == 0);
    // What does not wait is taken.
    out.clear();
    other.on_update(origin::of_server(), letter(9, 0), out);
    CHECK(out.refusals.empty());
  }
  CHECK(shared->used() == 0);
  out.clear();
  other.on_update(origin::of_server(), waits, out);
  CHECK(out.refusals.empty());
  CHECK(shared->used() > 2000);
  other.on_update(origin::of_server(),
                  update_builder{}.client(1).text(in_root("t"), "hello").build(), out);
  CHECK(shared->used() == 0);
}

}  // namespace troupe::hosted_document_gap_test
