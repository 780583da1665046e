#include "actors/supervisor.hpp"

#include <algorithm>

namespace troupe {

namespace {

/// Sessions have this long to end; their connections give up earlier by themselves.
constexpr std::chrono::seconds session_drain_max{3};
constexpr std::chrono::milliseconds drain_poll{10};
/// The sessions of a node of a cluster are closed within this time.
constexpr std::chrono::seconds drain_spread{1};

}  // namespace

supervisor::supervisor(caf::actor_config& config, std::shared_ptr<supervised_actors> watched)
    : supervisor_actor::base(config), watched_(std::move(watched)) {}

supervisor::behavior_type supervisor::make_behavior() {
  end_on_exception(this);
  set_down_handler([this](const caf::down_msg& down) { on_down(down); });
  watch(this, watched_->store);
  watch(this, watched_->reader);
  watch(this, watched_->directory);
  if (watched_->cluster) watch(this, watched_->cluster);
  if (watched_->sweeper) watch(this, watched_->sweeper);
  for (const hub_actor& hub : watched_->hubs) watch(this, hub);
  tell_later(this, supervisor_actor{this}, std::chrono::seconds{1}, second_passed{});
  return {
      [this](const second_passed&) { on_second(); },
      [this](drain_atom) { on_drain_step(); },
      [this](const drain_node&) { return on_drain(); },
  };
}

void supervisor::on_second() {
  if (is_draining_) return;
  tell(this, watched_->directory, second_passed{});
  tell_later(this, supervisor_actor{this}, std::chrono::seconds{1}, second_passed{});
}

caf::result<node_drained> supervisor::on_drain() {
  is_draining_ = true;
  drain_began_ = std::chrono::steady_clock::now();
  drain_deadline_ = drain_began_ + session_drain_max;
  drained_ = make_response_promise<node_drained>();
  auto promise = drained_;
  close_sessions();
  tell(this, supervisor_actor{this}, drain_atom_v);
  return promise;
}

/// Called again and again: a client may have upgraded after the last call. Where others serve on,
/// clients are sent to them one after the other.
void supervisor::close_sessions() {
  close_all_sessions order;
  if (watched_->cluster) {
    order.reason = close_reason::node_restarting;
    const auto passed = std::chrono::steady_clock::now() - drain_began_;
    order.share = static_cast<unsigned>(std::min<std::int64_t>(
        passed * std::int64_t{all_sessions} / drain_spread + 1, all_sessions));
  }
  for (const hub_actor& hub : watched_->hubs) tell(this, hub, order);
}

void supervisor::on_drain_step() {
  const std::size_t left = watched_->slots->connections();
  if (left > 0 && std::chrono::steady_clock::now() < drain_deadline_) {
    close_sessions();
    return tell_later(this, supervisor_actor{this}, drain_poll, drain_atom_v);
  }
  if (left > 0)
    log_line(log_severity::warning, std::to_string(left) + " sessions did not end in time");
  request(watched_->directory, caf::infinite, close_documents{})
      .then([this](const node_drained& drained) { drained_.deliver(drained); },
            [this](const caf::error& why) { drained_.deliver(why); });
}

void supervisor::on_down(const caf::down_msg& down) {
  if (is_draining_ || std::exchange(has_failed_, true)) return;
  log_line(log_severity::error,
           "an essential actor has failed, so the node stops: " + caf::to_string(down.reason));
  watched_->on_failure();
}

}  // namespace troupe
