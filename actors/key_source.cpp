#include "actors/key_source.hpp"

#include <utility>

#include "actors/answered.hpp"

namespace troupe {

namespace {

constexpr std::chrono::seconds look_interval{1};

}  // namespace

key_source::key_source(caf::actor_config& config, key_source_settings settings,
                       std::shared_ptr<http_client> client, std::shared_ptr<node_metrics> metrics)
    : key_source_actor::base(config),
      settings_(std::move(settings)),
      client_(std::move(client)),
      metrics_(std::move(metrics)),
      schedule_(settings_.when) {}

key_source::behavior_type key_source::make_behavior() {
  end_on_exception(this);
  tell(this, key_source_actor{this}, flush_atom_v);
  return {
      [this](const refresh_keys&) { return on_refresh(); },
      [this](const keys_answered& answered) { on_answered(answered); },
      [this](flush_atom) { on_tick(); },
  };
}

void key_source::on_exit() {
  waiting_.clear();
  settings_.publish = {};
  client_ = nullptr;
}

void key_source::on_tick() {
  if (schedule_.on_tick(clock::now())) fetch();
  tell_later(this, key_source_actor{this}, look_interval, flush_atom_v);
}

caf::result<refreshed_keys> key_source::on_refresh() {
  using enum webhook::refresh_schedule::step;
  const auto next = schedule_.on_missing(clock::now());
  if (next == too_soon) return refreshed_keys{false};
  auto answer = make_response_promise<refreshed_keys>();
  waiting_.push_back(answer);
  if (next == fetch_now) fetch();
  return answer;
}

void key_source::fetch() {
  http_call call;
  call.url = settings_.url;
  call.headers = {"Accept: application/jwk-set+json, application/json"};
  call.timeout = settings_.timeout;
  call.body_bytes_max = settings_.body_bytes_max;
  client_->send(std::move(call), [to = key_source_actor{this}](result<http_reply> answer) {
    tell_anonymously(to, with_outcome(keys_answered{}, std::move(answer)));
  });
}

void key_source::on_answered(const keys_answered& answered) {
  const auto good = read(answered);
  schedule_.on_done(good.has_value(), clock::now());
  if (good) {
    if (!std::exchange(has_keys_, true))
      log_line(log_severity::info, "the keys of " + shown_url(settings_.url) + " are known");
  } else {
    if (metrics_) metrics_->failed_key_fetches().inc();
    const std::uint64_t count = failures_logged_.note(good.error().detail, clock::now());
    if (count > 0)
      log_line(log_severity::error,
               "the keys of " + shown_url(settings_.url) + " are not read: " + good.error().detail +
                   (has_keys_ ? "; the old ones stay" : "") + since_last_line(count));
  }
  for (promise& each : std::exchange(waiting_, {})) each.deliver(refreshed_keys{good.has_value()});
}

result<void> key_source::read(const keys_answered& answered) const {
  if (!answered.why.empty()) return fail(errc::request_failed, answered.why);
  if (answered.status != 200)
    return fail(errc::request_failed, "the issuer answered " + std::to_string(answered.status));
  return settings_.publish(answered.body);
}

}  // namespace troupe
