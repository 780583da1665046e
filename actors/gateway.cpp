#include "actors/gateway.hpp"

#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>

#include "actors/gather.hpp"

namespace troupe {

gateway::behavior_type gateway::make_behavior() {
  end_on_exception(this);
  // What others send by mistake is answered, and not written to the standard output.
  set_default_handler(caf::drop);
  set_down_handler([this](const caf::down_msg& down) { sessions_.erase(down.source.id()); });
  return {
      [this](const open_client_session& from) { return on_open(from); },
      // as a hub
      [](const deliver_batch&) {},
      [](const close_subscribers&) {},
      [](const close_all_sessions&) {},
      [this](const change_access& change) { return on_change(change); },
      [this](const list_sessions& which) { return on_list(which); },
      [](const describe_sessions&) { return listed_sessions{}; },
      [](const survey_sessions&) { return surveyed_sessions{}; },
  };
}

void gateway::on_exit() {
  for (const auto& [id, each] : sessions_) send_exit(each, caf::exit_reason::user_shutdown);
  sessions_.clear();
  desk_.reset();
}

// --- for operators ---

std::vector<hub_actor> gateway::all_sessions_as_hubs() const {
  std::vector<hub_actor> all;
  for (const auto& [id, each] : sessions_) all.emplace_back(each);
  return all;
}

caf::result<changed_access> gateway::on_change(const change_access& change) {
  return gather(this, all_sessions_as_hubs(), change, changed_access{},
                [](changed_access& all, const changed_access& part) {
                  all.sessions += part.sessions;
                  all.documents.insert(all.documents.end(), part.documents.begin(),
                                       part.documents.end());
                });
}

/// The same page of each session, put together and cut as that of a hub.
caf::result<listed_sessions> gateway::on_list(const list_sessions& which) {
  const auto promise = std::make_shared<caf::typed_response_promise<listed_sessions>>(
      make_response_promise<listed_sessions>());
  gather_then(
      this, all_sessions_as_hubs(), which, listed_sessions{}, caf::infinite,
      [](listed_sessions& all, const listed_sessions& part) {
        all.count += part.count;
        all.sessions.insert(all.sessions.end(), part.sessions.begin(), part.sessions.end());
      },
      [promise, limit = which.limit](listed_sessions all, std::size_t) {
        std::ranges::sort(all.sessions, {}, &session_info::id);
        std::size_t kept = 0;
        for (std::size_t bytes = 0;
             kept < std::min(all.sessions.size(), limit) && bytes < listed_bytes_max; ++kept)
          for (const std::string& name : all.sessions[kept].documents) bytes += name.size();
        all.has_more = kept < all.sessions.size();
        all.sessions.resize(kept);
        promise->deliver(std::move(all));
      });
  return *promise;
}

bool gateway::may_try() {
  const auto now = std::chrono::steady_clock::now();
  if (now - second_began_ >= std::chrono::seconds{1}) {
    second_began_ = now;
    wrong_tries_ = 0;
  }
  return wrong_tries_ < wrong_tries_max;
}

caf::result<opened_client_session> gateway::on_open(const open_client_session& from) {
  if (!from.mark.is_ours())
    return caf::make_error(client_error::other_version, "this node speaks version " +
                                                            std::to_string(client::version) +
                                                            " of the interface");
  if (from.token.empty() || from.token.size() > client::token_size_bytes_max)
    return caf::make_error(client_error::wrong_token, "a token is needed, of at most 8 KiB");
  if (!may_try())
    return caf::make_error(client_error::unavailable, "too many wrong tokens have come");
  const caf::strong_actor_ptr owner = from.owner ? from.owner : current_sender();
  if (!owner) return caf::make_error(client_error::invalid_request, "a session needs an owner");
  auto who = desk_->client_of(from.token);
  if (!who) {
    ++wrong_tries_;
    return caf::make_error(client_error::wrong_token, "the token is no good");
  }
  auto place = gateway_desk::take_session(desk_);
  if (!place)
    return caf::make_error(client_error::unavailable, "there are gateway.max_sessions sessions");
  const auto opened =
      home_system().spawn<gateway_session>(desk_, std::move(place), *std::move(who), owner);
  watch(this, opened);
  sessions_.emplace(opened.id(), opened);
  return opened_client_session{
      {}, desk_->settings().program, caf::actor_cast<caf::strong_actor_ptr>(opened)};
}

}  // namespace troupe
