#include "actors/gateway.hpp"

#include <utility>

#include <caf/actor_cast.hpp>

namespace troupe {

gateway::behavior_type gateway::make_behavior() {
  end_on_exception(this);
  // What others send by mistake is answered, and not written to the standard output.
  set_default_handler(caf::drop);
  set_down_handler([this](const caf::down_msg& down) { sessions_.erase(down.source.id()); });
  return {[this](const open_client_session& from) { return on_open(from); }};
}

void gateway::on_exit() {
  for (const auto& [id, each] : sessions_) send_exit(each, caf::exit_reason::user_shutdown);
  sessions_.clear();
  desk_.reset();
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
