// A document as a server hosts it: its Yjs state, its awareness and what its subscribers must hear.
// Events go in, effects come out; whoever drives it (the document actor, a test) carries them out.
// It knows no socket, clock, thread or actor, so everything a document decides can be tested by
// plain calls.
//
// Order of effects: an update is handed to storage with the message that tells its sender that it
// is stored; all others hear of it at once. A client that speaks first is answered with sync step
// 2, then step 1, then the awareness.
#pragma once

#include <vector>

#include "base/close_reason.hpp"
#include "protocol/crdt/doc.hpp"
#include "protocol/receivers.hpp"
#include "protocol/session_id.hpp"
#include "protocol/sync/awareness.hpp"
#include "protocol/sync/message.hpp"

namespace troupe {

/// What is to be done after an event, in this order within each list.
struct document_effects {
  struct delivery {
    receivers to = receivers::all;
    session_id session = no_session;  ///< The one, or the one left out.
    byte_buffer message;
  };
  struct storage_write {
    byte_buffer update;              ///< As validated; to be appended to the log.
    session_id sender = no_session;  ///< Hears `confirmation` once the update is stored.
    byte_buffer confirmation;
  };
  struct closing {
    session_id session = no_session;
    close_reason reason = close_reason::malformed_message;
    failure why;
  };

  std::vector<delivery> deliveries;
  std::vector<storage_write> writes;
  std::vector<closing> closings;

  void clear() {
    deliveries.clear();
    writes.clear();
    closings.clear();
  }
};

class hosted_document {
 public:
  using time_point = sync::awareness::time_point;

  explicit hosted_document(crdt::doc_options options) : state_(options) {}

  /// Takes in an update from storage. Fails as crdt::doc::apply_update does.
  result<void> load(byte_view update);

  /// A message of a session. Whatever is wrong with it closes that session and nobody else's.
  void on_message(session_id from, sync::message_kind kind, byte_view body, time_point now,
                  document_effects& out);

  /// The session is gone, its presence with it.
  void on_leave(session_id session, time_point now, document_effects& out);

  /// Time passes: presence that was not renewed vanishes.
  void on_tick(time_point now, document_effects& out);

  /// The whole state, for a snapshot. What waits for missing updates is part of it.
  byte_buffer snapshot() const { return state_.encode_state_as_update(); }

  const crdt::doc& state() const noexcept { return state_; }
  const sync::awareness& presence() const noexcept { return presence_; }

 private:
  void answer_sync(session_id to, byte_view wanted_from, document_effects& out);
  void take_update(session_id from, byte_view update, document_effects& out);
  void take_presence(session_id from, byte_view update, time_point now, document_effects& out);
  void broadcast_presence(const std::vector<sync::awareness::client_id>& changed,
                          document_effects& out);

  crdt::doc state_;
  sync::awareness presence_;
};

}  // namespace troupe
