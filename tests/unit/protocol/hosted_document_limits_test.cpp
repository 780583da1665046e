// What a hosted document refuses of a session because it is full, and what it repairs when it is
// loaded.
#include <catch2/catch_test_macros.hpp>

#include "base/base64.hpp"
#include "tests/support/document_host.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::hosted_document_limits_test {

using namespace troupe::test;
using sync::message_kind;

namespace {

constexpr session_id alice = 1;
constexpr session_id bob = 2;

/// So many clients from `first` on, each with a collected unit.
byte_buffer many_clients(crdt::client_id first, std::size_t count) {
  update_builder update;
  for (std::size_t i = 0; i < count; ++i) update.client(first + i).gc(1);
  return update.build();
}

std::string update_frame(const byte_buffer& update) {
  std::string frame = R"({"type":"update","payload":{"update":")";
  append_base64(update, frame);
  return frame + R"("},"messageId":"m"})";
}

}  // namespace

TEST_CASE("a session may not use up the client ids that others need", "[document]") {
  crdt::limits limit;
  limit.clients_max = 100;
  limit.new_clients_max = 2;
  document_host host{limit};
  host.receive(alice, message_kind::sync_step2, many_clients(1, 80));
  CHECK(host.effects.writes.size() == 1);
  host.receive(alice, message_kind::update, many_clients(81, 1));
  REQUIRE(host.effects.closings.size() == 1);
  CHECK(host.effects.closings[0].session == alice);
  CHECK(host.effects.closings[0].reason == close_reason::document_full);
  host.receive(bob, message_kind::update, many_clients(81, 2));
  CHECK(host.effects.closings.empty());
  host.ask(bob, update_frame(many_clients(83, 1)));
  REQUIRE(host.told(bob).size() == 1);
  CHECK(host.told(bob)[0].find("DOCUMENT_FULL") != std::string::npos);
  CHECK(host.told(bob)[0].find("limits.max_new_client_ids") != std::string::npos);
  // The server's own updates and those of other nodes come from no session.
  document_effects effects;
  host.document.on_update(origin::of_server(), many_clients(83, 10), effects);
  CHECK(effects.refusals.empty());
}

TEST_CASE("what a user, or an address, leaves waiting is bounded in all documents together",
          "[document]") {
  const auto of_ada = std::make_shared<budget>(3000);
  const auto of_home = std::make_shared<budget>(5000);
  hosted_document first{crdt::doc_settings{}};
  hosted_document second{crdt::doc_settings{}};
  const auto join = [](hosted_document& to, session_id session, pending_payer payer) {
    to.on_join({.session = session, .may = rights::all(), .who = nullptr, .payer = payer});
  };
  for (hosted_document* const each : {&first, &second}) {
    join(*each, alice, {of_ada, of_home});
    join(*each, bob, {nullptr, of_home});
  }
  const byte_buffer waits =
      update_builder{}.client(2).text(after({1, 4}), std::string(2000, 'x')).build();
  // The detail of the refusal; empty: it was taken.
  const auto send = [&](hosted_document& to, session_id from, const byte_buffer& update) {
    document_effects out;
    to.on_request(from, {request_kind::update, dialect::y_websocket, update, {}}, {}, out);
    if (out.refusals.empty()) return std::string{};
    CHECK(out.refusals[0].why.code == errc::quota_exceeded);
    CHECK(close_reason_for(out.refusals[0].why.code, out.refusals[0].part) ==
          close_reason::quota_exceeded);
    return out.refusals[0].why.detail;
  };
  CHECK(send(first, alice, waits).empty());
  CHECK(of_ada->used() == first.state().pending_size());
  CHECK(send(second, alice, waits).starts_with("updates of this user"));
  CHECK(second.state().pending_size() == 0);
  CHECK(send(second, bob, waits).empty());
  const byte_buffer third =
      update_builder{}.client(3).text(after({1, 4}), std::string(2000, 'x')).build();
  CHECK(send(second, bob, third).starts_with("updates of this address"));
  // Who has left waiting what nobody completes is charged still.
  first.on_leave(alice, {});
  CHECK(of_ada->used() > 2000);
  CHECK(send(first, bob, update_builder{}.client(1).text(in_root("t"), "hello").build()).empty());
  CHECK(of_ada->used() == 0);
  CHECK(send(second, alice, waits).empty());  // it waits there already
}

TEST_CASE("a document that is full is read and emptied", "[document]") {
  crdt::limits limit;
  limit.document_size_max = 10'000;
  document_host host{limit};
  const byte_buffer text =
      update_builder{}.client(1).text(in_root("t"), std::string(9'000, 'x')).build();
  host.receive(alice, message_kind::update, text);
  CHECK(host.effects.closings.empty());
  const byte_buffer more =
      update_builder{}.client(2).text(in_root("t"), std::string(2'000, 'x')).build();
  host.receive(alice, message_kind::update, more);
  REQUIRE(host.effects.closings.size() == 1);
  CHECK(host.effects.closings[0].reason == close_reason::document_full);
  host.ask(bob, update_frame(more));
  CHECK(host.told(bob)[0].find("limits.max_document_size is 10000 bytes") != std::string::npos);
  host.receive(bob, message_kind::sync_step1, hex("00"));
  CHECK(host.effects.deliveries.size() == 2);
  host.receive(bob, message_kind::sync_step2, text);
  CHECK(host.effects.closings.empty());
  host.receive(bob, message_kind::update, update_builder{}.erase(1, 0, 9'000).build());
  CHECK(host.effects.closings.empty());
  host.receive(alice, message_kind::update, more);
  CHECK(host.effects.closings.empty());
}

TEST_CASE("what no client could use is repaired when it comes from storage, and then passed on",
          "[document]") {
  const auto subdocument = [](std::string_view options) {
    return update_builder{}.client(1).subdocument(in_root("m", "k"), "guid", hex(options)).build();
  };
  document_host host;
  REQUIRE(host.document.load(subdocument("7e")));
  REQUIRE(host.document.repaired().size() == 1);
  CHECK(host.document.repaired()[0].client == 1);
  CHECK(host.document.whole_state() == subdocument("76 00"));
  host.receive(alice, message_kind::update, subdocument("7e"));
  REQUIRE(host.effects.closings.size() == 1);
  CHECK(host.effects.closings[0].reason == close_reason::unusable_content);
}

}  // namespace troupe::hosted_document_limits_test
