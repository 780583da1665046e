// Where connections become sessions: decides by its route whether an upgrade is admitted, chooses
// the unit of its document (or the emptiest where that has too many), acquires a connection slot
// for the new WebSocket or refuses it, and spawns its session actor, or makes a shared_connection
// of it, for which it spawns sessions. Thread: admit and what it
// returns on the unit's; the rest before the units run. A client that comes back again and again
// after having been closed waits for its answer (recent_refusals).
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "actors/closing_log.hpp"
#include "actors/recent_refusals.hpp"
#include "actors/session.hpp"
#include "base/log_quota.hpp"
#include "net/http_routes.hpp"
#include "net/listener.hpp"
#include "protocol/route.hpp"
#include "protocol/siphash.hpp"

namespace troupe {

class session_host final : public connection_acceptor {
 public:
  /// `readiness`: why no new clients should come now.
  explicit session_host(caf::actor_system& system, route_rules routes = {},
                        readiness_check readiness = {});

  /// Names what the sessions of a unit share. Called for each unit before the listener opens.
  void add_unit(io_unit& unit, std::shared_ptr<session_environment> environment) {
    metrics_ = environment->metrics;
    slots_ = environment->slots;
    environment->refusals = refusals_;
    environment->closings = closings_;
    environment->access = access_;
    environment->on_bad_token = [this](access::token_fault why, const std::string& address) {
      note_fault(why, address);
    };
    environments_.emplace(&unit, std::move(environment));
    units_.push_back(&unit);
  }

  /// Called before units are added; without it everybody may do everything.
  void use(std::shared_ptr<access_control> access) { access_ = std::move(access); }

  result<std::unique_ptr<admitted_upgrade>> admit(upgrade_request request) override;
  std::optional<std::string> why_not_ready() const override;
  void on_refused(admission why) override;
  void on_origin_refused(std::string_view origin, const std::string& remote_address) override;
  void on_wrong_scheme(wrong_scheme spoken, const std::string& remote_address) override;

  /// No connection can be accepted; `why` is the system's text.
  void on_out_of_resources(const std::string& why);

 private:
  class admitted;

  void spawn_session(io_unit& unit, std::shared_ptr<websocket_connection> connection, route way,
                     visitor_id visitor);
  void spawn_carried(io_unit& unit, std::shared_ptr<websocket_connection> connection, route way);
  void open_shared(io_unit& unit, std::shared_ptr<websocket_connection> connection, route way,
                   visitor_id visitor);
  void refuse_session(io_unit& unit, const std::shared_ptr<websocket_connection>& connection,
                      const std::string& document, visitor_id visitor, close_reason why,
                      std::string_view detail = {});
  void note_fault(access::token_fault why, const std::string& address);
  visitor_id visitor_of(const upgrade_request& request, const route& way) const;
  io_unit& choose_unit(io_unit& current, const std::string& document);
  void on_return(close_reason why, const std::string& document, const std::string& address);
  std::uint64_t count_for_log(log_quota& quota, std::string_view key);

  caf::actor_system& system_;
  const route_rules routes_;
  const readiness_check readiness_;
  std::vector<io_unit*> units_;  // in the order in which they were added
  std::unordered_map<io_unit*, std::shared_ptr<session_environment>> environments_;
  std::shared_ptr<node_metrics> metrics_;
  std::shared_ptr<connection_slots> slots_;
  const siphash_key visitor_key_;
  std::shared_ptr<recent_refusals> refusals_ = std::make_shared<recent_refusals>();
  std::shared_ptr<closing_log> closings_ = std::make_shared<closing_log>();
  std::shared_ptr<access_control> access_ = std::make_shared<access_control>();
  std::atomic<session_id> last_id_{0};
  std::mutex log_mutex_;       // guards the quotas
  log_quota schemes_logged_;   // that were wrong
  log_quota origins_logged_;   // that were refused
  log_quota failures_logged_;  // to accept
  log_quota faults_logged_;    // of tokens
};

}  // namespace troupe
