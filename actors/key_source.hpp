// The actor that fetches the keys of tokens from their issuer (access.jwks_url): when the node
// starts, now and then, and when a token names a key that is not there, at most once a minute. What
// it fetches it gives to `publish`, which reads it; if that fails, or the issuer does not answer,
// the keys that there are stay.
//
// One per node; sessions ask it to look again, and the HTTP client answers. All who ask while it
// fetches wait for the same answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <caf/typed_response_promise.hpp>

#include "actors/caf_compat.hpp"
#include "actors/interfaces.hpp"
#include "actors/node_metrics.hpp"
#include "base/log_quota.hpp"
#include "net/http_client.hpp"
#include "protocol/webhook/refresh_schedule.hpp"

namespace troupe {

struct key_source_settings {
  std::string url;
  std::chrono::milliseconds timeout{10'000};
  std::size_t body_bytes_max = 256 * 1024;
  webhook::refresh_schedule::settings when;
  /// Reads a key set and makes it known to those who verify. Called on the actor's thread.
  std::function<result<void>(std::string_view text)> publish;
};

class key_source final : public key_source_actor::base {
 public:
  /// `metrics` may be null.
  key_source(caf::actor_config& config, key_source_settings settings,
             std::shared_ptr<http_client> client, std::shared_ptr<node_metrics> metrics);

  const char* name() const override { return "troupe.key-source"; }

 protected:
  behavior_type make_behavior() override;
  void on_exit() override;

 private:
  using clock = std::chrono::steady_clock;
  using promise = caf::typed_response_promise<refreshed_keys>;

  void on_tick();
  caf::result<refreshed_keys> on_refresh();
  void on_answered(const keys_answered& answered);
  void fetch();
  result<void> read(const keys_answered& answered) const;

  key_source_settings settings_;
  std::shared_ptr<http_client> client_;
  std::shared_ptr<node_metrics> metrics_;
  webhook::refresh_schedule schedule_;
  std::vector<promise> waiting_;
  log_quota failures_logged_;  // by cause
  bool has_keys_ = false;
};

}  // namespace troupe
