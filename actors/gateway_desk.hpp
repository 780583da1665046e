// What the sessions of a node's gateway share: whom they ask, who may do what, and how much at
// once. Thread: any.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "actors/access_control.hpp"
#include "actors/interfaces.hpp"
#include "actors/request_rates.hpp"
#include "actors/worker_pool.hpp"
#include "base/budget.hpp"
#include "base/secret.hpp"
#include "protocol/crdt/doc.hpp"

namespace troupe {

struct gateway_settings {
  std::string program;               ///< Version of troupe.
  secret admin_token;                ///< Empty: there is none.
  std::size_t sessions_max = 256;    ///< gateway.max_sessions
  std::size_t update_bytes_max = 0;  ///< limits.max_sync_size
  token_rate user_rate{0, 0};        ///< Of the requests of one user.
  /// With which a document is read.
  std::function<crdt::doc_settings(const std::string& document)> doc_of;
};

/// Who has opened a session.
struct gateway_client {
  bool is_operator = false;  ///< With the admin token.
  std::string token = {};    ///< Of a user; it is secret.
  std::string user = {};
  std::string token_id = {};
};

class gateway_desk {
 public:
  /// Documents that are written out at once.
  static constexpr std::size_t reads_max = 16;

  gateway_desk(gateway_settings settings, directory_actor directory,
               std::shared_ptr<access_control> access, std::shared_ptr<worker_pool> workers)
      : settings_(std::move(settings)),
        directory_(std::move(directory)),
        access_(std::move(access)),
        workers_(std::move(workers)),
        sessions_(settings_.sessions_max),
        rates_(settings_.user_rate) {}

  const gateway_settings& settings() const noexcept { return settings_; }
  const directory_actor& directory() const noexcept { return directory_; }
  worker_pool& workers() const noexcept { return *workers_; }

  /// Whose token it is; nothing: nobody's.
  std::optional<gateway_client> client_of(const std::string& token) const {
    if (settings_.admin_token.equals(token)) return gateway_client{.is_operator = true};
    const auto bearer = access_->bearer_of(token, {}, std::chrono::steady_clock::now());
    if (!bearer) return std::nullopt;
    return gateway_client{
        .is_operator = false, .token = token, .user = bearer->user, .token_id = bearer->token_id};
  }
  /// What the client may do to a document now; nothing: its token has ended.
  std::optional<rights> rights_of(const gateway_client& client, const std::string& document) const {
    if (client.is_operator) return rights::all();
    const auto bearer =
        access_->bearer_of(client.token, document, std::chrono::steady_clock::now());
    return bearer ? std::optional{bearer->may} : std::nullopt;
  }
  /// What the client is let do from here on, a change of its rights waits for; null: an operator's.
  std::shared_ptr<void> begin(const gateway_client& client, const std::string& document) const {
    if (client.is_operator) return nullptr;
    return access_->requests().begin(client.user, client.token_id, document);
  }
  /// Operators may ask as often as they like.
  bool may_ask(const gateway_client& client) {
    if (client.is_operator) return true;
    const std::lock_guard lock{mutex_};
    return rates_.take(client.user, std::chrono::steady_clock::now());
  }

  /// Names a session among all of the node: above those of the sockets, below those of peers, and a
  /// number that every reader of JSON keeps.
  session_id next_session() noexcept { return first_session | ++last_session_; }

  /// Places that are given back by their ends; null: there is none.
  static std::shared_ptr<void> take_session(const std::shared_ptr<gateway_desk>& at) {
    return place_in(at->sessions_, at);
  }
  static std::shared_ptr<void> take_read(const std::shared_ptr<gateway_desk>& at) {
    return place_in(at->reads_, at);
  }

 private:
  static constexpr session_id first_session = session_id{1} << 52;

  static std::shared_ptr<void> place_in(budget& of, std::shared_ptr<gateway_desk> keep) {
    if (!of.take(1)) return nullptr;
    return {&of, [keep = std::move(keep)](budget* at) { at->give_back(1); }};
  }

  const gateway_settings settings_;
  const directory_actor directory_;
  const std::shared_ptr<access_control> access_;
  const std::shared_ptr<worker_pool> workers_;
  budget sessions_;
  budget reads_{reads_max};
  std::atomic<std::uint64_t> last_session_{0};
  std::mutex mutex_;  // guards the next
  request_rates rates_;
};

}  // namespace troupe
