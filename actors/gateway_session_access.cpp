// What the session of a program may do, now and when that changes, and what operators see of it.
// Functions of the class gateway_session.
#include <algorithm>
#include <utility>

#include <caf/actor_cast.hpp>
#include <caf/actor_system.hpp>
#include <caf/io/middleman.hpp>

#include "actors/gateway_session.hpp"

namespace troupe {

namespace {

/// The network layer knows whom it is connected to.
constexpr std::chrono::seconds address_patience{5};

constexpr std::string_view lost_right = "the token has no right to this document any more";

}  // namespace

std::optional<rights> gateway_session::rights_to(const std::string& document) const {
  auto may = desk_->rights_of(who_, document);
  if (!may || who_.is_operator) return may;
  for (const access_change& each : narrowed_)
    if (each.concerns(identity_, document)) may = *may & each.may.value_or(rights{});
  return may;
}

bool gateway_session::may_read(const std::string& document) const {
  const auto may = rights_to(document);
  return may && may->contains(right::read);
}

/// What is kept for those who come later is looked up with the token; the rest stands here.
changed_access gateway_session::on_change(const access_change& change) {
  changed_access changed;
  const bool is_spared = who_.is_operator && change.may;  // the admin token has all rights
  if (is_ending_ || is_spared || !change.concerns(identity_)) return changed;
  if (change.may && change.is_passing && !narrow(change)) return {1, {}};
  bool is_concerned = change.document.empty();
  for (const auto& each : opening_) {
    if (!change.concerns(identity_, each->document)) continue;
    is_concerned = true;
    each->is_closed = each->is_closed || !change.may;
  }
  for (const auto& [name, each] : observed_)
    if (change.concerns(identity_, name)) changed.documents.push_back(name);
  if (changed.documents.empty() && !is_concerned) return changed;
  changed.sessions = 1;
  if (!change.may && change.document.empty()) {
    end_at_once(change.why);
    return changed;
  }
  for (const std::string& name : changed.documents)
    if (!change.may)
      end_observing(observed_.find(name), std::string{troupe::describe(change.why).text});
    else if (!may_read(name))
      end_observing(observed_.find(name), std::string{lost_right});
  return changed;
}

/// A session that was narrowed too often is closed, rather than forget what was taken from it.
bool gateway_session::narrow(const access_change& change) {
  if (narrowed_.size() >= narrowed_max) {
    end_at_once(close_reason::closed_by_operator);
    return false;
  }
  narrowed_.push_back(change);
  return true;
}

void gateway_session::end_at_once(close_reason why) {
  while (!observed_.empty())
    end_observing(observed_.begin(), std::string{troupe::describe(why).text});
  end();
}

/// A token that has ended, and changes that are outdated, are noticed here.
void gateway_session::on_second() {
  std::vector<std::string> lost;
  for (const auto& [name, each] : observed_)
    if (!may_read(name)) lost.push_back(name);
  for (const std::string& name : lost) end_observing(observed_.find(name), std::string{lost_right});
  tell_later(this, gateway_session_actor{this}, look_at_rights, second_passed{});
}

// --- for operators ---

/// A program on this machine that is no CAF peer has none.
void gateway_session::ask_for_address() {
  const caf::node_id from = owner_ ? owner_->node() : caf::node_id{};
  if (!from || from == home_system().node() || !home_system().has_middleman()) return;
  request(home_system().middleman().actor_handle(), address_patience, caf::get_atom_v, from)
      .then(
          [this](const caf::node_id&, const std::string& host, std::uint16_t) { address_ = host; },
          [](const caf::error&) {});
}

listed_sessions gateway_session::on_list(const list_sessions& which) const {
  listed_sessions page;
  const bool is_meant = which.document.empty() || observed_.contains(which.document);
  if (is_ending_ || !is_meant) return page;
  page.count = 1;
  if (id_ > which.after) page.sessions.push_back(describe_session());
  return page;
}

session_info gateway_session::describe_session() const {
  session_info info;
  info.id = id_;
  info.user = who_.user;
  info.remote_address = address_;
  for (const auto& [name, each] : observed_) info.documents.push_back(name);
  info.connected_since = connected_since_;
  info.last_pong = std::chrono::system_clock::now();  // CAF ends it when its peer is gone
  info.messages_in = requests_seen_;
  return info;
}

}  // namespace troupe
