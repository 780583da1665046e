// Who clients are and what they may do: the policy with its keys, and what the application has
// changed about sessions since. The host asks it about each upgrade, sessions about each document
// they come to. One per node, shared by all I/O units. Thread: any.
//
// A change (access_change) counts for sessions that come later, too, until it is outdated or
// lifted: so neither a join under way nor a new connection with the same token slips past it. How
// several count together: actors/access_changes.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "actors/access_changes.hpp"
#include "actors/node_metrics.hpp"
#include "actors/operator_view.hpp"
#include "actors/requests_under_way.hpp"
#include "base/close_reason.hpp"
#include "net/listener.hpp"
#include "protocol/access/client_tokens.hpp"
#include "protocol/access/presented_token.hpp"
#include "protocol/access/verifier.hpp"
#include "protocol/identity.hpp"
#include "protocol/webhook/authorisation.hpp"

namespace troupe {

struct access_settings {
  access::access_policy_ptr policy = std::make_shared<const access::access_policy>();
  access::token_settings tokens;
  access::cookie_rule cookie;
  access::key_set_ptr keys = std::make_shared<const access::key_set>();
  /// Keys are fetched as well, so one that is unknown may be known in a moment.
  bool fetches_keys = false;
  /// Those that this server issues; null: it issues none.
  std::shared_ptr<const access::client_tokens> client_tokens = nullptr;
};

/// Who comes with an upgrade.
struct identified_client {
  identity_ptr who;
  /// When the token ends; nothing: never, or there is none.
  std::optional<std::chrono::steady_clock::time_point> expires;
  std::optional<close_reason> refused;
  std::optional<access::token_fault> fault;  ///< Why, if it is the token's.
};

/// Who asks without a session, and what they may do to a document.
struct token_bearer {
  std::string user;
  std::string token_id;
  rights may;
};

/// A time of the wall clock on the clock that only moves on.
std::chrono::steady_clock::time_point steady(std::chrono::system_clock::time_point when);

class access_control {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  /// `metrics`: count the tokens that are looked at; may be null.
  explicit access_control(access_settings settings = {},
                          std::shared_ptr<const node_metrics> metrics = {});

  access::mode mode() const noexcept { return settings_.policy->how; }

  /// Null: the server issues no tokens.
  const access::client_tokens* client_tokens() const noexcept {
    return settings_.client_tokens.get();
  }

  /// `claimed`: who the client says it is, which counts where the mode is open, and its address.
  identified_client identify(const upgrade_request& request, const identity_ptr& claimed);

  /// Who somebody is who shows a token in a message. `before`: what the upgrade said of them.
  identified_client identify(const std::string& token, const identity_ptr& before);

  /// Who somebody is whom the application has named; `before`: what was known of them.
  identity_ptr identify(const webhook::authorisation& answer, const identity_ptr& before) const;

  /// What somebody may do to a document; nothing: the application is to be asked
  /// (actors/authoriser).
  std::optional<rights> rights_to(const identity_ptr& who, std::string_view document) const;

  /// The bearer of a token who has no session; else what is wrong with it, or nothing where there
  /// are no tokens.
  tl::expected<token_bearer, std::optional<access::token_fault>>
  bearer_of(std::string_view token, std::string_view document, time_point now);

  /// What is left of rights after the changes that are kept.
  rights changed(const identity_ptr& who, std::string_view document, rights may,
                 time_point now) const {
    return changed(user_of(who), token_id_of(who), document, may, now);
  }

  /// Lets a change count until then, in place of an earlier one for the same. Returns false if
  /// there are too many.
  bool add(const access_change& change, time_point now, time_point until);
  /// Lifts the change of exactly this subject; nothing if there is none, else how long it would
  /// have counted.
  std::optional<std::chrono::seconds> lift(const access_change& subject, time_point now);
  /// The same of another node; remembered until then.
  void note_lift(const access_change& subject, time_point now, time_point until);
  /// For access_change::made_at of one that is made now.
  std::uint64_t next_change_time(std::uint64_t wall_ms);

  /// Counts how often changes were made, lifted or outdated: sessions look at their rights again
  /// when it has moved. Cheap.
  std::uint64_t generation(time_point now);

  /// All that are kept, the oldest first.
  std::vector<access_changes::counting> kept_changes(time_point now) const;

  /// What bearers of tokens have asked for without a session.
  requests_under_way& requests() noexcept { return requests_; }

  /// From now on tokens are verified by these keys.
  void use(access::key_set_ptr keys);

  /// `call` it, on any thread, whenever a token names a key that is not there. Set before the first
  /// token is looked at.
  void on_unknown_key(std::function<void()> call) { call_for_keys_ = std::move(call); }

 private:
  rights changed(std::string_view user, std::string_view token_id, std::string_view document,
                 rights may, time_point now) const;
  identified_client identify_token(std::string_view token, const std::string& address);
  access::token_result<access::grant_ptr> check(std::string_view token);
  bool is_issued(std::string_view token) const noexcept {
    return issued_ && access::client_tokens::claims_to_be(token);
  }
  void count(std::string_view outcome) const {
    if (metrics_) metrics_->token_checks(outcome).inc();
  }
  close_reason reason_for(access::token_fault why) const noexcept;

  const access_settings settings_;
  const std::shared_ptr<const node_metrics> metrics_;
  access::verifier verifier_;
  const std::unique_ptr<access::verifier> issued_;  // of the tokens that the server issues, or null
  std::function<void()> call_for_keys_;             // null: nobody fetches keys
  void note_moved();

  mutable std::mutex changes_mutex_;
  access_changes changes_;  // guarded by changes_mutex_
  requests_under_way requests_;
  std::atomic<bool> has_changes_{false};
  std::atomic<time_point::rep> next_end_{time_point::max().time_since_epoch().count()};
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace troupe
