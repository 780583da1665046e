// The actor that asks the application whether somebody may open a document (access.webhook). It
// puts a question by HTTP, signed, keeps the answer as long as that allows, and asks the same
// question once for all who wait for its answer. Where the application does not answer, or not
// what it should, nobody is let in: the outcome is `unavailable`, and clients try again.
//
// One per node; sessions write to it, and the HTTP client. Its mailbox is bounded by the sessions
// that wait, what it asks by questions_max. If it fails, sessions get an error, which counts as
// `unavailable`.
#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/typed_response_promise.hpp>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "base/log_quota.hpp"
#include "base/secret.hpp"
#include "net/http_client.hpp"
#include "protocol/siphash.hpp"
#include "protocol/webhook/expiring_cache.hpp"

namespace troupe {

struct authoriser_settings {
  std::string url;
  secret key;  ///< With which questions are signed.
  std::chrono::milliseconds timeout{5'000};
  std::chrono::milliseconds cache_max{60'000};  ///< No answer is kept longer.
  std::size_t cached_max = 100'000;             ///< Answers.
  std::size_t questions_max = 1'000;            ///< Different ones that wait for an answer.
};

class authoriser final : public authoriser_actor::base {
 public:
  /// `metrics` may be null.
  authoriser(caf::actor_config& config, authoriser_settings settings,
             std::shared_ptr<http_client> client, std::shared_ptr<node_metrics> metrics);

  const char* name() const override { return "troupe.authoriser"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  using clock = std::chrono::steady_clock;
  using key = webhook::expiring_cache<authorised>::key;
  using promise = caf::typed_response_promise<authorised>;

  /// A question that is being asked, and who waits for its answer.
  struct waiting {
    webhook::question what;
    std::vector<promise> promises;
  };

  caf::result<authorised> on_authorise(const authorise& asked);
  void on_answered(const authorisation_answered& answered);
  void ask(const key& of, const webhook::question& what);
  authorised read(const authorisation_answered& answered);
  void keep(const key& of, authorised& answer);
  void count(const authorised& answer) const;
  void log_failure(const std::string& why);

  const authoriser_settings settings_;
  std::shared_ptr<http_client> client_;
  std::shared_ptr<node_metrics> metrics_;
  const siphash_key hash_key_;
  webhook::expiring_cache<authorised> cache_;
  std::map<key, waiting> waiting_;
  std::uint64_t generation_ = 0;  // counts how often all was forgotten
  log_quota failures_logged_;     // by cause
};

}  // namespace troupe
