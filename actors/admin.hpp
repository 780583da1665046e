// Answers one request to the admin listener about what runs: asks the hubs and the directory for
// the page that is wanted, on CAF's workers, so that writing a long list holds up no socket. The
// admin_handler spawns it for the request, or an archivist for one about what is stored; it ends
// with the answer.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "actors/access_control.hpp"
#include "actors/admin_access.hpp"
#include "actors/admin_pages.hpp"
#include "actors/archivist.hpp"
#include "actors/caf_compat.hpp"
#include "actors/gateway_place.hpp"
#include "actors/interfaces.hpp"
#include "actors/request_journal.hpp"
#include "actors/request_rates.hpp"
#include "base/log_quota.hpp"
#include "net/http_message.hpp"
#include "net/http_routes.hpp"

namespace troupe {

/// The actors that know what an operator asks for.
struct admin_sources {
  directory_actor directory;
  std::vector<hub_actor> hubs;
  webhook_sender_actor webhooks = {};  ///< Null: there are none.
  std::shared_ptr<access_control> access = std::make_shared<access_control>();
  authoriser_actor authoriser = {};  ///< Null unless access.mode is webhook.
  cluster_actor cluster = {};        ///< Null: the node is in none.
  std::shared_ptr<const gateway_place> gateway = std::make_shared<const gateway_place>();
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
  void answer(const admin::changes_query& query);
  void lift(admin::access_query query);
  /// Those who have sessions.
  std::vector<hub_actor> all_hubs() const { return sources_->gateway->beside(sources_->hubs); }
  void answer(const describe_cluster& query);
  void answer(const change_members& order);
  void answer(const admin::event_query& query);
  void answer(const admin::describe_log& query);
  void answer(const admin::log_change& change);
  void answer(const admin::metrics_query& query);
  void answer(const http_answer& known) { finish(known); }
  void add_presence(listed_sessions page);
  void finish(http_answer with);

  std::shared_ptr<const admin_sources> sources_;
  std::function<void(http_answer)> answer_;  // empty once it was called
  std::shared_ptr<void> under_way_;          // of the request
  bool is_of_user_ = false;                  // and not an operator's
};

/// How the handlers of two listeners differ.
struct admin_handler_settings {
  admin::access access;
  readiness_check readiness = {};
  token_rate user_rate{0, 0};                     ///< Of the requests of one user.
  std::shared_ptr<request_journal> journal = {};  ///< Null: nothing is written down.
};

/// The handler of the admin listener, and of requests to the API on the public one. Thread: any.
class admin_handler final : public http_handler {
 public:
  admin_handler(caf::actor_system& system, admin_sources sources,
                std::shared_ptr<archive_desk> desk, admin_handler_settings settings)
      : system_(system),
        guard_(std::move(settings.access)),
        readiness_(std::move(settings.readiness)),
        journal_(std::move(settings.journal)),
        rates_(settings.user_rate),
        sources_(std::make_shared<const admin_sources>(std::move(sources))),
        desk_(std::move(desk)) {}

  body_plan on_head(const http_request& head) override;
  void on_request(http_request request, std::function<void(http_answer)> answer) override;

 private:
  void log_wrong_token(const http_request& request, std::string_view why);
  void log_missing_right(const http_request& request, const http_asker& asker);
  admin::judged_token judge(const http_request& head, const admin::page_request* wanted,
                            const std::string& token, http_asker& asker) const;
  std::optional<http_answer> refusal_of_rate(const http_asker& asker);
  std::optional<http_answer> refusal_behind_body(const http_request& request,
                                                 const admin::page_request& wanted) const;
  std::shared_ptr<void> begin(const http_request& request, const admin::page_request& wanted) const;
  void note_refusal(const http_request& head, const admin::page_request* wanted,
                    const http_asker& asker, const http_answer& refusal);
  std::function<void(http_answer)> noting(const http_request& request,
                                          const admin::page_request& wanted,
                                          std::function<void(http_answer)> answer) const;

  caf::actor_system& system_;
  admin::guard guard_;
  const readiness_check readiness_;
  const std::shared_ptr<request_journal> journal_;
  std::mutex mutex_;               // guards the next two
  log_quota wrong_tokens_logged_;  // by address
  request_rates rates_;            // by user
  std::shared_ptr<const admin_sources> sources_;
  std::shared_ptr<archive_desk> desk_;
};

/// The handler of a listener on which the API stands behind a prefix, and all else elsewhere.
class prefixed_handler final : public http_handler {
 public:
  /// Of a body that is no document.
  static constexpr std::size_t small_body_bytes_max = 64 * 1024;

  /// `prefix`: "" or "/one/or/more".
  prefixed_handler(std::string prefix, std::shared_ptr<http_handler> api,
                   std::shared_ptr<http_handler> others)
      : prefix_(std::move(prefix)), api_(std::move(api)), others_(std::move(others)) {}

  body_plan on_head(const http_request& head) override;
  void on_request(http_request request, std::function<void(http_answer)> answer) override;

 private:
  bool is_for_api(const http_request& request) const noexcept;

  const std::string prefix_;
  const std::shared_ptr<http_handler> api_;
  const std::shared_ptr<http_handler> others_;
};

}  // namespace troupe
