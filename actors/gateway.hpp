// The actor that programs reach which join as CAF peers (include/troupe/client.hpp): it looks at
// the token that one shows, and opens a session for it. The node spawns it where gateway.enabled,
// and publishes it at gateway.port.
//
// Its mailbox is filled by whoever reaches the port; each message is handled at once. Wrong tokens
// have a rate. Its sessions end with it.
#pragma once

#include <chrono>
#include <memory>
#include <unordered_map>

#include <troupe/client.hpp>

#include "actors/caf_compat.hpp"
#include "actors/gateway_desk.hpp"
#include "actors/gateway_session.hpp"

namespace troupe {

class gateway final : public client::gateway::base {
 public:
  /// Wrong tokens in a second; then none is compared until the second is over.
  static constexpr std::size_t wrong_tries_max = 10;

  gateway(caf::actor_config& config, std::shared_ptr<gateway_desk> desk)
      : client::gateway::base(config), desk_(std::move(desk)) {}

  const char* name() const override { return "troupe.gateway"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  caf::result<opened_client_session> on_open(const open_client_session& from);
  bool may_try();

  std::shared_ptr<gateway_desk> desk_;
  std::unordered_map<caf::actor_id, gateway_session_actor> sessions_;
  std::size_t wrong_tries_ = 0;  // since the second began
  std::chrono::steady_clock::time_point second_began_;
};

}  // namespace troupe
