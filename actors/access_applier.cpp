#include "actors/access_applier.hpp"

#include <utility>

#include "actors/announced_changes.hpp"
#include "actors/gather.hpp"
#include "base/steady_time.hpp"

namespace troupe {

access_applier::access_applier(caf::actor_config& config, access_applier_settings settings,
                               std::shared_ptr<const access_change> what,
                               std::function<void(const applied_access&)> then)
    : access_applier_actor::base(config),
      settings_(std::move(settings)),
      what_(std::move(what)),
      then_(std::move(then)) {}

access_applier::behavior_type access_applier::make_behavior() {
  end_on_exception(this);
  tell_nodes();
  tell_sessions();
  return {[this](flush_atom) { look_at_requests(); }};
}

void access_applier::on_exit() {
  outcome_.has_failed = true;
  if (const auto then = std::exchange(then_, nullptr)) then(outcome_);
  settings_ = {};
}

void access_applier::fail() {
  outcome_.has_failed = true;
  is_done_here_ = is_done_elsewhere_ = true;
  finish_if_done();
}

void access_applier::finish_if_done() {
  if (!is_done_here_ || !is_done_elsewhere_) return;
  if (const auto then = std::exchange(then_, nullptr)) then(outcome_);
  quit();
}

void access_applier::tell_nodes() {
  is_done_elsewhere_ = !settings_.cluster;
  if (!settings_.cluster) return;
  // The cluster manager has a bound of its own; this one is for the end of the node.
  request(settings_.cluster, 2 * announced_changes::patience,
          announce_access{settings_.announcement, what_->made_at})
      .then(
          [this](const announced_access& others) {
            outcome_.sessions += others.sessions;
            outcome_.unfinished += others.unfinished;
            outcome_.silent = others.silent;
            is_done_elsewhere_ = true;
            finish_if_done();
          },
          [this](const caf::error&) { fail(); });
}

void access_applier::tell_sessions() {
  gather_then(
      this, settings_.hubs, change_access{what_}, changed_access{}, node_patience,
      [](changed_access& all, const changed_access& part) {
        all.sessions += part.sessions;
        all.documents.insert(all.documents.end(), part.documents.begin(), part.documents.end());
      },
      [this](const changed_access& all, std::size_t late) {
        if (late > 0) return fail();
        outcome_.sessions += all.sessions;
        request(settings_.directory, node_patience, settle_documents{all.documents})
            .then([this](const settled_documents&) { await_requests(); },
                  [this](const caf::error&) { fail(); });
      });
}

/// Those of whoever the change concerns that were let in before it.
void access_applier::await_requests() {
  requests_ = settings_.access->requests().when_over(
      *what_, [me = access_applier_actor{this}] { tell_anonymously(me, flush_atom_v); });
  deadline_ = current_time() + settings_.requests_patience;
  if (!requests_.expired())
    tell_later(this, access_applier_actor{this}, settings_.requests_patience, flush_atom_v);
}

void access_applier::look_at_requests() {
  const auto left = static_cast<std::uint64_t>(requests_.use_count());
  if (is_done_here_ || (left > 0 && current_time() < deadline_)) return;
  outcome_.unfinished += left;
  is_done_here_ = true;
  finish_if_done();
}

}  // namespace troupe
