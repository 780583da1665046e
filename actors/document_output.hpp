// What one turn of a document has for its subscribers, in both dialects: messages go in one by one,
// WebSocket frames come out, one behind the other in one piece of memory per dialect. So a
// subscriber that hears all of a turn gets it by one push, however many messages it was.
//
// Updates of one sender that come one behind the other are merged into one: fewer bytes for every
// receiver, and one message for its client to apply. Pure; owner: a document actor.
#pragma once

#include <string_view>
#include <vector>

#include "actors/interfaces.hpp"
#include "net/websocket_frame.hpp"
#include "protocol/dialect.hpp"
#include "protocol/sync/message.hpp"

namespace troupe {

class document_output {
 public:
  using delivery = deliver_batch::delivery;

  /// A message of the binary dialect, other than an update that may be merged.
  void add(audience to, session_id session, sync::message_kind kind, byte_view body);

  /// An update that has just been applied or stored.
  void add_update(audience to, session_id session, byte_view update);

  /// A message of the JSON dialect.
  void add_text(audience to, session_id session, std::string_view text, traffic what);

  /// A frame that was encoded before.
  void add_frame(audience to, session_id session, shared_bytes frame);

  bool empty() const noexcept {
    return binary_.deliveries.empty() && json_.deliveries.empty() && run_.updates.empty();
  }

  /// Gives back what an empty one keeps for the next turn.
  void release_memory();

  /// What has come since the last call, in order.
  std::vector<delivery> take(dialect which);

 private:
  /// The frames of one dialect.
  struct part {
    byte_buffer block;
    std::vector<delivery> deliveries;  // those without bytes lie in the block
  };
  /// Updates of one sender for the same receivers.
  struct run {
    audience to = audience::all;
    session_id session = no_session;
    byte_buffer bytes;
    std::vector<std::pair<std::size_t, std::size_t>> updates;  // offset, size
  };

  void end_run();
  void append(part& to_part, audience to, session_id session, traffic what, frame_kind kind,
              byte_view head, byte_view body);

  part binary_;
  part json_;
  run run_;
};

}  // namespace troupe
