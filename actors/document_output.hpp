// What one turn of a document has for its subscribers: notices go in one by one, WebSocket frames
// come out, one behind the other in one piece of memory per dialect. So a subscriber that receives
// all of a turn gets it by one push, however many messages it was. A notice is encoded once per
// dialect, not once per subscriber.
//
// Where the dialect allows it, updates of one sender that come one behind the other are merged into
// one: fewer bytes for every receiver, and one message for its client to apply. Pure; owner: a
// document actor.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "actors/deliveries.hpp"
#include "protocol/dialects/codec.hpp"
#include "protocol/hosted_document.hpp"

namespace troupe {

class document_output {
 public:
  /// `document`: its name, for the dialects that put it into each message.
  explicit document_output(std::shared_ptr<const std::string> document)
      : document_(std::move(document)) {}

  /// A notice for some subscribers, in each of its dialects.
  void add(const document_effects::delivery& what);
  void add(audience to, session_id session, dialect in, const notice& what);

  /// Frames that were encoded before.
  void add_frames(session_id to, dialect in, const std::vector<shared_slice>& frames);

  bool empty() const noexcept;

  /// Gives back what an empty one keeps for the next turn.
  void release_memory();

  /// What has come since the last call, in order.
  deliveries_by_dialect take();

  /// How many updates went out as a part of another since the last call.
  std::size_t take_coalesced() noexcept { return std::exchange(coalesced_, 0); }

 private:
  /// The frames of one dialect.
  struct part {
    byte_buffer block;
    delivery_list deliveries;  // those without bytes lie in the block
  };
  /// Updates of one sender for the same receivers, in a dialect that merges them.
  struct run {
    audience to = audience::all;
    session_id session = no_session;
    byte_buffer bytes;
    std::vector<std::pair<std::size_t, std::size_t>> updates;  // offset, size
  };
  class appender;

  void add_update(audience to, session_id session, dialect in, byte_view update);
  void encode(audience to, session_id session, dialect in, const notice& what);
  void end_run();
  part& part_of(dialect in);

  std::shared_ptr<const std::string> document_;
  std::vector<part> parts_;  // by dialect; no longer than the dialects that were used
  run run_;
  dialect run_in_ = dialect::y_websocket;
  std::size_t coalesced_ = 0;
};

}  // namespace troupe
