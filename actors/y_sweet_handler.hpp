// Answers the HTTP requests of y-sweet's SDK on the public listener, below the path of its dialect;
// all others are left to another handler. Who may ask is decided here, by the header alone: the
// server token for what concerns the application, a token with the right for a document; what is
// stored is left to an archivist, as for the REST API. Owner: the listener. Thread: any.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include <caf/actor_system.hpp>

#include "actors/access_control.hpp"
#include "actors/admin_access.hpp"
#include "actors/archivist.hpp"
#include "actors/request_journal.hpp"
#include "actors/request_rates.hpp"
#include "actors/y_sweet_pages.hpp"
#include "base/log_quota.hpp"
#include "net/http_message.hpp"
#include "net/http_routes.hpp"

namespace troupe {

struct y_sweet_settings {
  std::string path;  ///< Without a slash at its end; empty: at the root.
  std::string url;   ///< dialects.y_sweet_url
  bool is_tls = false;
  token_rate user_rate{0, 0};  ///< Of the requests of one user.
  readiness_check readiness = {};
  std::shared_ptr<request_journal> journal = {};  ///< Null: nothing is written down.
};

class y_sweet_handler final : public http_handler {
 public:
  /// Of a body that is no update.
  static constexpr std::size_t small_body_bytes_max = 64 * 1024;

  y_sweet_handler(caf::actor_system& system, y_sweet_settings settings,
                  std::shared_ptr<access_control> access, std::shared_ptr<archive_desk> desk,
                  std::shared_ptr<http_handler> others);

  body_plan on_head(const http_request& head) override;
  void on_request(http_request request, std::function<void(http_answer)> answer) override;

 private:
  using found_page = std::optional<std::variant<http_answer, y_sweet::page_request>>;

  found_page find_page(const http_request& request) const;
  admin::judged_token judge(const y_sweet::page_request& wanted, const std::string& token,
                            http_asker& asker) const;
  std::optional<http_answer> refusal_of(const http_request& head,
                                        const y_sweet::page_request& wanted, http_asker& asker);
  std::shared_ptr<void> begin(const http_request& request,
                              const y_sweet::page_request& wanted) const;
  std::optional<http_answer> refusal_behind_body(const http_request& request,
                                                 const y_sweet::page_request& wanted) const;
  std::optional<http_answer> refusal_of_rate(const http_asker& asker);
  void log_wrong_token(const std::string& address);
  http_answer answer_auth(const http_request& request, const y_sweet::page_request& wanted) const;
  void if_not_removed(const std::string& document, std::function<void(http_answer)> answer,
                      std::function<http_answer()> otherwise);
  void ask_archivist(http_request request, admin::page_request wanted,
                     std::function<void(http_answer)> answer,
                     std::shared_ptr<void> under_way = nullptr);
  std::function<void(http_answer)> noting(const http_request& request,
                                          const y_sweet::page_request& wanted,
                                          std::function<void(http_answer)> answer) const;

  caf::actor_system& system_;
  const y_sweet_settings settings_;
  const std::shared_ptr<access_control> access_;
  const std::shared_ptr<archive_desk> desk_;
  const std::shared_ptr<http_handler> others_;
  admin::guard guard_;
  std::mutex mutex_;               // guards the next two
  request_rates rates_;            // by user
  log_quota wrong_tokens_logged_;  // by address
};

}  // namespace troupe
