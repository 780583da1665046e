// Answers one request to the admin listener: asks the supervisor, on CAF's workers, so that writing
// a long list holds up no socket. Spawned by admin_handler for the request; ends with the answer.
#pragma once

#include <functional>
#include <memory>

#include "actors/admin_pages.hpp"
#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "net/http_message.hpp"
#include "net/io_unit.hpp"

namespace troupe {

class admin_request final : public admin_request_actor::base {
 public:
  admin_request(caf::actor_config& config, supervisor_actor supervisor,
                std::function<void(http_answer)> answer)
      : admin_request_actor::base(config),
        supervisor_(std::move(supervisor)),
        answer_(std::move(answer)) {}

  const char* name() const override { return "troupe.admin"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  void show_sessions(const admin::sessions_query& wanted);
  void show_documents(const admin::documents_query& wanted);
  void notify(const admin::notify_query& wanted);
  void finish(http_answer with);

  supervisor_actor supervisor_;
  std::function<void(http_answer)> answer_;  // empty once it was called
};

/// The handler of the admin listener. Requires: the unit is the one that its connections live on.
class admin_handler final : public http_handler {
 public:
  admin_handler(caf::actor_system& system, io_unit& unit, supervisor_actor supervisor)
      : system_(system), unit_(unit), supervisor_(std::move(supervisor)) {}

  void on_request(http_request request, std::function<void(http_answer)> answer) override;

 private:
  caf::actor_system& system_;
  io_unit& unit_;
  supervisor_actor supervisor_;
};

}  // namespace troupe
