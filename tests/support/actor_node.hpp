// The actors of a node without sockets: a store, a directory, and the test in the place of a hub.
// Documents are opened and spoken to as a session would; what they deliver is received by the test.
#pragma once

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/scoped_actor.hpp>

#include "actors/directory.hpp"
#include "tests/support/gated_engine.hpp"

namespace troupe::test {

class actor_node {
 public:
  explicit actor_node(directory_settings settings = {});
  ~actor_node();

  /// Opens a document for a session; the reason for which that was refused otherwise.
  tl::expected<opened_document, close_reason> open(const std::string& name, session_id session);

  void send(const opened_document& to, session_id from, sync::message_kind kind, byte_view body);
  void leave(const opened_document& from, session_id session);
  void pass_second();

  /// The next delivery or closing that documents have for this unit; fails the test after a while.
  deliver_batch next_batch();
  close_subscribers next_close();

  /// Receives batches until one has a delivery in the binary dialect; returns those.
  std::vector<deliver_batch::delivery> next_deliveries();

  caf::actor_system& system() { return *system_; }
  store_actor store_handle() const { return store_; }

  std::shared_ptr<gated_engine> engine = std::make_shared<gated_engine>();

 private:
  caf::actor_system_config config_;
  std::unique_ptr<caf::actor_system> system_;
  std::unique_ptr<caf::scoped_actor> self_;
  store_actor store_;
  directory_actor directory_;
  std::vector<document_actor> opened_;
};

/// The message in a frame made by encode_frame.
byte_view payload_of(const shared_slice& frame);

}  // namespace troupe::test
