// Bringing back an earlier state: what its subscribers hear and what is stored. What the edit is
// made of is in crdt/edit/edit_restore_test.cpp.
#include <catch2/catch_test_macros.hpp>

#include "protocol/crdt/edit/edit.hpp"
#include "tests/support/document_host.hpp"
#include "tests/support/edit_checks.hpp"

namespace troupe::hosted_document_restore_test {

using namespace troupe::test;

namespace {

byte_buffer text_update(crdt::doc& in, const std::string& text) {
  return edit(
      in, [&](crdt::doc_edit& e) { must(e.insert_text("t", 0, text)); }, 1);
}

}  // namespace

TEST_CASE("a restore is an update of the server's own, for everybody and for storage",
          "[hosted_document]") {
  document_host host;
  crdt::doc client;
  document_effects effects;
  host.document.on_update(origin::of_server(), text_update(client, "old"), effects);
  const byte_buffer then = host.document.whole_state();
  const byte_buffer further = text_update(client, "new ");
  host.document.on_update(origin::of_server(), further, effects);
  REQUIRE(host.document.state().text("t") == "new old");

  effects.clear();
  const std::uint64_t version = host.document.version();
  host.document.on_restore(origin::of_server(), then, effects);
  CHECK(host.document.state().text("t") == "old");
  CHECK(host.document.version() > version);
  REQUIRE(effects.writes.size() == 1);
  CHECK(effects.writes[0].from == origin::of_server());
  CHECK_FALSE(effects.writes[0].confirmation.has_value());
  REQUIRE(effects.deliveries.size() == 1);
  CHECK(effects.deliveries[0].to == audience::all);
  CHECK(effects.deliveries[0].what.kind == notice_kind::update);
  must_apply(client, effects.deliveries[0].what.body.view());
  CHECK(client.text("t") == "old");
  CHECK(effects.refusals.empty());

  effects.clear();
  host.document.on_restore(origin::of_server(), then, effects);
  CHECK(effects.empty());
}

TEST_CASE("a restore of something that is no state changes nothing", "[hosted_document]") {
  document_host host;
  crdt::doc client;
  document_effects effects;
  host.document.on_update(origin::of_server(), text_update(client, "old"), effects);
  effects.clear();
  host.document.on_restore(origin::of_server(), hex("ffff"), effects);
  REQUIRE(effects.refusals.size() == 1);
  CHECK(effects.writes.empty());
  CHECK(effects.deliveries.empty());
  CHECK(host.document.state().text("t") == "old");
}

TEST_CASE("each restore is made by a client that the document did not know", "[hosted_document]") {
  document_host host;
  crdt::doc client;
  document_effects effects;
  host.document.on_update(origin::of_server(), text_update(client, "old"), effects);
  const byte_buffer then = host.document.whole_state();
  for (std::size_t round = 1; round <= 3; ++round) {
    const crdt::doc& state = host.document.state();
    crdt::doc other;
    must_apply(other, state.encode_state_as_update());
    const byte_buffer emptied = edit(
        other, [](crdt::doc_edit& e) { must(e.remove_text("t", 0, 3)); }, 2);
    host.document.on_update(origin::of_server(), emptied, effects);
    host.document.on_restore(origin::of_server(), then, effects);
    CHECK(state.text("t") == "old");
    CHECK(state.client_count() == 1 + round);
  }
}

}  // namespace troupe::hosted_document_restore_test
