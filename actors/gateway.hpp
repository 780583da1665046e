// The actor that programs reach which join as CAF peers (include/troupe/client.hpp): it looks at
// the token that one shows, and opens a session for it. The node spawns it where gateway.enabled,
// and publishes it at gateway.port.
//
// To operators it is a hub besides those of the sockets: it passes on what changes and lists
// sessions (actors/gateway_place).
//
// Its mailbox is filled by whoever reaches the port; each message is handled at once. Wrong tokens
// have a rate. Its sessions end with it.
#pragma once

#include <chrono>
#include <memory>
#include <unordered_map>
#include <vector>

#include <troupe/client.hpp>

#include "actors/caf_compat.hpp"
#include "actors/gateway_desk.hpp"
#include "actors/gateway_session.hpp"

namespace troupe {

/// What programs reach, and what the node itself asks.
using gateway_actor = client::gateway::extend_with<hub_actor>;

class gateway final : public gateway_actor::base {
 public:
  /// Wrong tokens in a second; then none is compared until the second is over.
  static constexpr std::size_t wrong_tries_max = 10;

  gateway(caf::actor_config& config, std::shared_ptr<gateway_desk> desk)
      : gateway_actor::base(config), desk_(std::move(desk)) {}

  const char* name() const override { return "troupe.gateway"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  caf::result<opened_client_session> on_open(const open_client_session& from);
  caf::result<changed_access> on_change(const change_access& change);
  caf::result<listed_sessions> on_list(const list_sessions& which);
  std::vector<hub_actor> all_sessions_as_hubs() const;
  bool may_try();

  std::shared_ptr<gateway_desk> desk_;
  std::unordered_map<caf::actor_id, gateway_session_actor> sessions_;
  std::size_t wrong_tries_ = 0;  // since the second began
  std::chrono::steady_clock::time_point second_began_;
};

}  // namespace troupe
