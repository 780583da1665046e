// Answers one request to the admin listener about what runs: asks the hubs and the directory for
// the page that is wanted, on CAF's workers, so that writing a long list holds up no socket. The
// admin_handler spawns it for the request, or an archivist for one about what is stored; it ends
// with the answer.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "actors/access_control.hpp"
#include "actors/admin_access.hpp"
#include "actors/admin_pages.hpp"
#include "actors/archivist.hpp"
#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "base/log_quota.hpp"
#include "net/http_message.hpp"
#include "net/http_routes.hpp"
#include "net/io_unit.hpp"

namespace troupe {

/// The actors that know what an operator asks for.
struct admin_sources {
  directory_actor directory;
  std::vector<hub_actor> hubs;
  webhook_sender_actor webhooks = {};  ///< Null: there are none.
  std::shared_ptr<access_control> access = std::make_shared<access_control>();
  cluster_actor cluster = {};  ///< Null: the node is in none.
};

class admin_request final : public admin_request_actor::base {
 public:
  admin_request(caf::actor_config& config, std::shared_ptr<const admin_sources> sources,
                std::function<void(http_answer)> answer)
      : admin_request_actor::base(config),
        sources_(std::move(sources)),
        answer_(std::move(answer)) {}

  const char* name() const override { return "troupe.admin"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  void on_request(const answer_admin_request& order);
  void answer(const list_sessions& query);
  void answer(const list_documents& query);
  void answer(const list_clients& query);
  void answer(const admin::notify_query& query);
  void answer(const describe_webhooks& query);
  void answer(const replay_webhooks& query);
  void answer(const admin::access_query& query);
  void answer(const describe_cluster& query);
  void answer(const change_members& order);
  void answer(const admin::event_query& query);
  void answer(const http_answer& known) { finish(known); }
  void add_presence(listed_sessions page);
  void finish(http_answer with);

  std::shared_ptr<const admin_sources> sources_;
  std::function<void(http_answer)> answer_;  // empty once it was called
};

/// The handler of the admin listener. Requires: the unit is the one that its connections live on.
class admin_handler final : public http_handler {
 public:
  admin_handler(caf::actor_system& system, io_unit& unit, admin_sources sources,
                std::shared_ptr<archive_desk> desk, admin::access access,
                readiness_check readiness = {})
      : system_(system),
        unit_(unit),
        guard_(std::move(access)),
        readiness_(std::move(readiness)),
        sources_(std::make_shared<const admin_sources>(std::move(sources))),
        desk_(std::move(desk)) {}

  body_plan on_head(const http_request& head) override;
  void on_request(http_request request, std::function<void(http_answer)> answer) override;

 private:
  void log_wrong_token(const http_request& request);
  admin::user_token judge(const http_request& head, const admin::page_request* wanted,
                          const std::string& token) const;

  caf::actor_system& system_;
  io_unit& unit_;
  admin::guard guard_;
  const readiness_check readiness_;
  log_quota wrong_tokens_logged_;  // by address
  std::shared_ptr<const admin_sources> sources_;
  std::shared_ptr<archive_desk> desk_;
};

}  // namespace troupe
