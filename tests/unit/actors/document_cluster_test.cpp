// A document among its replicas on other nodes: when it is shown, what acknowledgements wait for,
// what it takes from peers and tells them, and how its copy goes.
#include <catch2/catch_test_macros.hpp>

#include "tests/support/editing_client.hpp"
#include "tests/support/peer_bed.hpp"

using namespace troupe;
using namespace troupe::cluster;
using namespace std::chrono_literals;
using sync::message_kind;
using test::fake_peer;
using test::payload_of;
using test::peer_bed;

namespace {

constexpr std::uint8_t empty_state_vector[] = {0};
constexpr session_id ann = 1;
constexpr session_id bob = 2;

/// The text that the answer to a sync step 1 shows; the question has been sent.
std::string next_text_shown(peer_bed& bed) {
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

void ask_for_state(peer_bed& bed, const opened_document& document, session_id session) {
  bed.node.send(document, session, message_kind::sync_step1, empty_state_vector);
}

std::string text_seen_by(peer_bed& bed, const opened_document& document, session_id session) {
  ask_for_state(bed, document, session);
  return next_text_shown(bed);
}

/// What happens to a session's update.
struct progress {
  std::uint32_t credited = 0;
  bool is_acknowledged = false;
};

/// Takes in all that has come so far for a session.
void look(peer_bed& bed, const opened_document& document, session_id session, progress& at) {
  bed.settle(document.document);
  for (;;) {
    deliver_batch batch;
    bool has_come = false;
    // Whatever was sent before the settling is in the mailbox of the test.
    if (!bed.node.take_batch(batch, has_come) || !has_come) return;
    for (const auto& each : batch.progress)
      if (each.session == session) at.credited += each.amount.messages;
    for (const auto& each : batch.in(dialect::y_websocket))
      if (each.to == audience::one && each.session == session) at.is_acknowledged = true;
  }
}

byte_buffer typed(test::editing_client& client, std::string_view text) {
  return client.insert_text("text", client.length("text"), text);
}

peer_update as_peer_update(const byte_buffer& update, state_number number) {
  return {shared_bytes::copy_of(update), number};
}

void wait_until_down(peer_bed& bed, const document_actor& which) {
  caf::scoped_actor waiter{bed.node.system()};
  waiter->wait_for(which);
}

}  // namespace
