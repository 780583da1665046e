#include "protocol/hosted_document.hpp"

#include <catch2/catch_test_macros.hpp>

#include "tests/support/document_host.hpp"
#include "tests/support/hex_bytes.hpp"
#include "tests/support/update_builder.hpp"

namespace troupe::hosted_document_test {

using namespace troupe::test;
using namespace std::chrono_literals;
using sync::message_kind;

namespace {

constexpr session_id alice = 1;
constexpr session_id bob = 2;
const hosted_document::time_point start{};

/// A document, its last event and the effects of that. Each event is a turn of its own.
struct host : document_host {
  using document_host::document_host;

  void receive(session_id from, message_kind kind, const byte_buffer& body,
               hosted_document::time_point now = start) {
    turn([&] { document_host::receive(from, kind, body, now); });
  }
  void leave(session_id session) {
    turn([&] { document_host::leave(session, start); });
  }
  void tick(hosted_document::time_point now) {
    turn([&] { document.on_tick(now); });
  }

  void check_delivery(std::size_t index, audience to, session_id session,
                      std::string_view message) const {
    const heard_effects::message& actual = effects.deliveries[index];
    CHECK(actual.to == to);
    CHECK(actual.session == session);
    CHECK(to_hex(sync::encode_message(actual.kind, actual.body.view())) == message);
  }

 private:
  /// The effects of an event and of the end of its turn.
  template <class Event>
  void turn(Event&& happens) {
    effects = {};
    happens();
    heard_effects of_event = std::move(effects);
    end_turn();
    for (auto& each : effects.deliveries) of_event.deliveries.push_back(std::move(each));
    for (auto& each : effects.texts) of_event.texts.push_back(std::move(each));
    effects = std::move(of_event);
  }
};

const byte_buffer hello = update_builder{}.client(1).text(in_root("t"), "hello").build();
/// Presence of client 1 with clock 1 and state `{}`.
const byte_buffer present = hex("01 01 01 02 7b7d");

std::string update_message(const byte_buffer& update) {
  return to_hex(sync::encode_message(message_kind::update, update));
}

}  // namespace

// --- sync ---

TEST_CASE("hosted document answers step 1 with step 2 and its own step 1", "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::sync_step1, hex("00"));
  REQUIRE(hosted.effects.deliveries.size() == 2);
  hosted.check_delivery(0, audience::one, alice,
                        "0001"
                        "02"
                        "0000");
  hosted.check_delivery(1, audience::one, alice,
                        "0000"
                        "01"
                        "00");
  CHECK(hosted.effects.writes.empty());
  CHECK(hosted.effects.closings.empty());
}

TEST_CASE("hosted document answers step 1 with what the client lacks", "[document]") {
  host hosted;
  REQUIRE(hosted.document.load(hello));
  hosted.receive(alice, message_kind::sync_step1, hex("01 01 03"));
  REQUIRE(hosted.effects.deliveries.size() == 2);
  hosted.check_delivery(0, audience::one, alice,
                        "0001"
                        "0b"
                        "01010103"
                        "840102"
                        "026c6f"
                        "00");
  hosted.check_delivery(1, audience::one, alice,
                        "0000"
                        "03"
                        "010105");
}

TEST_CASE("hosted document tells whoever joins who else is present", "[document]") {
  host hosted;
  hosted.receive(bob, message_kind::awareness, present);
  hosted.receive(alice, message_kind::sync_step1, hex("00"));
  REQUIRE(hosted.effects.deliveries.size() == 3);
  hosted.check_delivery(2, audience::one, alice,
                        "01"
                        "06"
                        "010104027b7d");
}

TEST_CASE("an answer that holds nothing leaves the encoded state as it is", "[document]") {
  host hosted;
  const std::string text(100'000, 'x');
  hosted.receive(1, message_kind::update,
                 update_builder{}.client(1).text(in_root("t"), text).build());
  (void)hosted.document.whole_state();
  const std::size_t with_state = hosted.document.state().memory();
  hosted.receive(2, message_kind::sync_step2, hex("00 00"));
  CHECK(hosted.is_quiet());
  CHECK(hosted.document.state().memory() == with_state);
}

TEST_CASE("hosted document closes a session whose state vector is not valid", "[document]") {
  host hosted;
  for (const char* digits : {"", "01", "00 00", "ffffffff0f 01 01"}) {
    CAPTURE(digits);
    hosted.receive(alice, message_kind::sync_step1, hex(digits));
    CHECK(hosted.effects.deliveries.empty());
    REQUIRE(hosted.effects.closings.size() == 1);
    CHECK(hosted.effects.closings[0].session == alice);
    CHECK(hosted.effects.closings[0].reason == close_reason::malformed_message);
  }
}

// --- updates ---

TEST_CASE("hosted document passes an update on to all others and confirms it once stored",
          "[document]") {
  for (const auto kind : {message_kind::update, message_kind::sync_step2}) {
    host hosted;
    hosted.receive(alice, kind, hello);
    REQUIRE(hosted.effects.deliveries.size() == 1);
    hosted.check_delivery(0, audience::all_but_one, alice, update_message(hello));
    REQUIRE(hosted.effects.writes.size() == 1);
    CHECK(to_hex(hosted.effects.writes[0].update.view()) == to_hex(hello));
    CHECK(hosted.effects.writes[0].sender == alice);
    CHECK(to_hex(hosted.effects.writes[0].confirmation.view()) == to_hex(hello));
    CHECK(hosted.document.state().text("t") == "hello");
  }
}

TEST_CASE("hosted document neither stores nor passes on what it knows", "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::update, hello);
  hosted.receive(bob, message_kind::sync_step2, hello);
  CHECK(hosted.is_quiet());
  hosted.receive(bob, message_kind::sync_step2, hex("00 00"));
  CHECK(hosted.is_quiet());
}

TEST_CASE("hosted document passes on only what is new in an update", "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::update, hello);
  const byte_buffer more = update_builder{}.client(1).text(in_root("t"), "hello you").build();
  hosted.receive(bob, message_kind::update, more);
  const byte_buffer news = update_builder{}.client(1, 5).text(after({1, 4}), " you").build();
  REQUIRE(hosted.effects.deliveries.size() == 1);
  hosted.check_delivery(0, audience::all_but_one, bob, update_message(news));
  REQUIRE(hosted.effects.writes.size() == 1);
  CHECK(to_hex(hosted.effects.writes[0].confirmation.view()) == to_hex(news));
}

TEST_CASE("hosted document stores an update that waits and asks its sender for what is missing",
          "[document]") {
  host hosted;
  const byte_buffer early = update_builder{}.client(2).text(after({1, 4}), "!").build();
  hosted.receive(alice, message_kind::update, early);
  REQUIRE(hosted.effects.deliveries.size() == 1);
  hosted.check_delivery(0, audience::one, alice,
                        "0000"
                        "01"
                        "00");
  REQUIRE(hosted.effects.writes.size() == 1);
  CHECK(to_hex(hosted.effects.writes[0].update.view()) == to_hex(early));
  CHECK(hosted.effects.writes[0].confirmation.empty());

  // Everybody who leaves a gap is asked, whatever waits already.
  hosted.receive(bob, message_kind::update,
                 update_builder{}.client(3).text(after({1, 4}), "?").build());
  REQUIRE(hosted.effects.deliveries.size() == 1);
  CHECK(hosted.effects.deliveries[0].session == bob);
  CHECK(hosted.effects.deliveries[0].kind == message_kind::sync_step1);
  CHECK(hosted.effects.writes.size() == 1);

  hosted.receive(bob, message_kind::update, hello);
  CHECK(hosted.document.state().text("t") == "hello!?");
  REQUIRE(hosted.effects.deliveries.size() == 1);
  // Alice lacks what bob has sent before, and bob what alice has.
  hosted.check_delivery(0, audience::all, no_session,
                        update_message(hosted.document.whole_state()));
}

TEST_CASE("hosted document closes only the session that sent an update which is not valid",
          "[document]") {
  host hosted;
  REQUIRE(hosted.document.load(hello));
  const byte_buffer before = hosted.document.whole_state();
  for (const byte_buffer& update :
       {hex(""), hex("00"), hex("00 00 00"), hex("01 01 02 00 1f 00"),
        update_builder{}.client(2).text(in_root("t"), "\xff").build(),
        update_builder{}.client(2).text(after({2, 5}), "x").build(),
        update_builder{}.client(std::uint64_t{1} << 53).gc(1).build()}) {
    CAPTURE(to_hex(update));
    hosted.receive(bob, message_kind::update, update);
    CHECK(hosted.effects.deliveries.empty());
    CHECK(hosted.effects.writes.empty());
    REQUIRE(hosted.effects.closings.size() == 1);
    CHECK(hosted.effects.closings[0].session == bob);
    CHECK(hosted.effects.closings[0].reason == close_reason::invalid_update);
    CHECK(hosted.document.whole_state() == before);
  }
}

TEST_CASE("hosted document closes a session whose update would wait beyond the limit",
          "[document]") {
  crdt::limits limit;
  limit.pending_size_max = 0;
  host hosted{limit};
  hosted.receive(alice, message_kind::update,
                 update_builder{}.client(2).text(after({1, 4}), "!").build());
  CHECK(hosted.effects.writes.empty());
  REQUIRE(hosted.effects.closings.size() == 1);
  CHECK(hosted.effects.closings[0].reason == close_reason::pending_limit);
  CHECK(hosted.effects.closings[0].why.code == errc::pending_limit);
}

TEST_CASE(
    "hosted document refuses an update that takes too much work, and brings back one that may",
    "[document]") {
  crdt::limits limit;
  limit.long_scan_steps = 1'000'000;
  limit.update_steps_max = 60;
  host hosted{limit};
  const auto insertions = [](crdt::client_id author, std::size_t count) {
    update_builder update;
    update.client(author).text(between({1, 0}, {1, 1}), "x");
    for (std::size_t i = 1; i < count; ++i) update.text(between({1, 0}, {author, i - 1}), "x");
    return update.build();
  };
  hosted.receive(alice, message_kind::update,
                 update_builder{}.client(1).text(in_root("t"), "ab").build());
  hosted.receive(alice, message_kind::update, insertions(9, 20));
  const byte_buffer before = hosted.document.whole_state();

  // For now there are too few steps: nothing happens, and the message id is not used up.
  const byte_buffer update = insertions(10, 2);
  const client_request request{request_kind::update, dialect::json, update, "u-1"};
  document_effects effects;
  CHECK_FALSE(hosted.document.on_request(alice, request, {}, effects, 5));
  CHECK(effects.empty());
  CHECK(hosted.document.whole_state() == before);
  CHECK(hosted.document.on_request(alice, request, {}, effects, 1'000));
  CHECK(effects.writes.size() == 1);
  CHECK(effects.deliveries.size() == 1);
  CHECK(effects.refusals.empty());

  const byte_buffer taken = hosted.document.whole_state();
  hosted.receive(bob, message_kind::update, insertions(11, 40));
  CHECK(hosted.effects.writes.empty());
  REQUIRE(hosted.effects.closings.size() == 1);
  CHECK(hosted.effects.closings[0].session == bob);
  CHECK(hosted.effects.closings[0].reason == close_reason::update_too_complex);
  CHECK(hosted.document.whole_state() == taken);
}

// --- presence ---

TEST_CASE("hosted document passes presence on to all, its sender too", "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::awareness, present);
  // Others may have seen it elsewhere under this clock, or under one that was raised there.
  REQUIRE(hosted.effects.deliveries.size() == 2);
  hosted.check_delivery(0, audience::one, alice,
                        "01"
                        "08"
                        "010103046e756c6c");
  hosted.check_delivery(1, audience::all, no_session,
                        "01"
                        "06"
                        "010104027b7d");
  CHECK(hosted.effects.writes.empty());
  hosted.receive(alice, message_kind::awareness, present);
  CHECK(hosted.is_quiet());
}

TEST_CASE("hosted document lets a client that comes back show itself under the next clock",
          "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::awareness, present);
  hosted.receive(alice, message_kind::awareness, hex("01 01 02 02 7b7d"));
  hosted.document.on_leave(alice, {});
  hosted.document.on_join({bob, rights::all(), nullptr});
  hosted.receive(bob, message_kind::awareness, hex("01 01 02 02 7b7d"));
  REQUIRE_FALSE(hosted.effects.deliveries.empty());
  hosted.check_delivery(0, audience::one, bob,
                        "01"
                        "08"
                        "010104046e756c6c");
  // Once a session, and never for what is shown.
  hosted.receive(bob, message_kind::awareness, hex("01 01 06 02 7b7d"));
  REQUIRE(hosted.effects.deliveries.size() == 1);
  CHECK(hosted.effects.deliveries[0].to == audience::all);
}

TEST_CASE("hosted document asks nobody to show again what is there, or others, or clock 0",
          "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::awareness, present);
  for (const char* digits : {"01 01 01 02 7b7d", "02 | 01 01 02 7b7d | 05 01 02 7b7d",
                             "01 09 00 02 7b7d", "01 07 04 04 6e756c6c"}) {
    CAPTURE(digits);
    hosted.receive(bob, message_kind::awareness, hex(digits));
    for (const auto& each : hosted.effects.deliveries) CHECK(each.to == audience::all);
  }
}

TEST_CASE("hosted document passes on only the presence that is new", "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::awareness, present);
  hosted.receive(bob, message_kind::awareness, hex("02 | 01 01 02 7b7d | 02 01 01 31"));
  REQUIRE(hosted.effects.deliveries.size() == 2);
  // Bob shows himself anew when he hears that he is gone.
  hosted.check_delivery(0, audience::one, bob, "0108010203046e756c6c");
  hosted.check_delivery(1, audience::all, no_session, "01050102040131");
}

TEST_CASE("hosted document hears an awareness update of nobody without a reaction", "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::awareness, hex("00"));
  CHECK(hosted.is_quiet());
}

TEST_CASE("hosted document answers a query with all presence", "[document]") {
  host hosted;
  hosted.receive(bob, message_kind::query_awareness, {});
  REQUIRE(hosted.effects.deliveries.size() == 1);
  hosted.check_delivery(0, audience::one, bob,
                        "01"
                        "01"
                        "00");
  hosted.receive(alice, message_kind::awareness, present);
  hosted.receive(bob, message_kind::query_awareness, {});
  REQUIRE(hosted.effects.deliveries.size() == 1);
  hosted.check_delivery(0, audience::one, bob,
                        "01"
                        "06"
                        "010104027b7d");
}

TEST_CASE("hosted document leaves presence out that is not valid, and closes nobody",
          "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::awareness, hex("01 01 01 01 7b"));
  CHECK(hosted.effects.deliveries.empty());
  CHECK(hosted.effects.closings.empty());
  REQUIRE(hosted.effects.left_out.size() == 1);
  CHECK(hosted.effects.left_out[0].from == alice);
  CHECK(hosted.effects.left_out[0].why.code == errc::invalid_json);
  CHECK_FALSE(hosted.document.presence().has_states());
}

TEST_CASE("hosted document tells all others when the presence of a session goes with it",
          "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::awareness, present);
  hosted.leave(alice);
  REQUIRE(hosted.effects.deliveries.size() == 1);
  hosted.check_delivery(0, audience::all, no_session,
                        "01"
                        "08"
                        "0101"
                        "04"
                        "046e756c6c");
  hosted.leave(bob);
  CHECK(hosted.is_quiet());
}

TEST_CASE("hosted document renews the presence of a session that is there", "[document]") {
  host hosted;
  hosted.receive(alice, message_kind::awareness, present, start);
  hosted.tick(start + 24s);
  CHECK(hosted.is_quiet());
  hosted.tick(start + 25s);
  REQUIRE(hosted.effects.deliveries.size() == 1);
  hosted.check_delivery(0, audience::all, no_session,
                        "01"
                        "06"
                        "010105027b7d");
}

// --- storage ---

TEST_CASE("hosted document has after a restart what it had before", "[document]") {
  host first;
  std::vector<byte_buffer> log;
  const std::vector<byte_buffer> history{
      hello,
      update_builder{}.client(2).text(after({1, 4}), "!").build(),
      update_builder{}.client(4).text(after({3, 0}), "waits").build(),
      update_builder{}.erase(1, 0, 1).build(),
      update_builder{}.client(3).text(before({1, 1}), "j").build(),
  };
  for (const byte_buffer& update : history) {
    first.receive(alice, message_kind::update, update);
    for (const auto& write : first.effects.writes)
      log.emplace_back(write.update.view().begin(), write.update.view().end());
  }
  CHECK(log.size() == history.size());

  host from_log, from_snapshot;
  for (const byte_buffer& update : log) REQUIRE(from_log.document.load(update));
  REQUIRE(from_snapshot.document.load(first.document.whole_state()));
  CHECK(from_log.document.state().text("t") == "jwaitsello!");
  CHECK(from_log.document.whole_state() == first.document.whole_state());
  CHECK(from_snapshot.document.whole_state() == first.document.whole_state());
}

TEST_CASE("hosted document does not load what is not an update", "[document]") {
  host hosted;
  const auto loaded = hosted.document.load(hex("01"));
  REQUIRE_FALSE(loaded.has_value());
  CHECK(loaded.error().code == errc::truncated);
  CHECK(to_hex(hosted.document.whole_state()) == "0000");
}

}  // namespace troupe::hosted_document_test
