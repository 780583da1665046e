#include "actors/authoriser.hpp"

#include <algorithm>
#include <utility>

#include "actors/answered.hpp"
#include "actors/random_key.hpp"
#include "base/printable.hpp"
#include "base/wall_clock.hpp"
#include "protocol/access/rights.hpp"
#include "protocol/webhook/signature.hpp"

namespace troupe {

namespace {

constexpr std::size_t verdict_bytes_max = 16 * 1024;

}  // namespace

authoriser::authoriser(caf::actor_config& config, authoriser_settings settings,
                       std::shared_ptr<http_client> client, std::shared_ptr<node_metrics> metrics)
    : authoriser_actor::base(config),
      settings_(std::move(settings)),
      client_(std::move(client)),
      metrics_(std::move(metrics)),
      hash_key_(random_key()),
      cache_(settings_.cached_max) {}

authoriser::behavior_type authoriser::make_behavior() {
  end_on_exception(this);
  return {
      [this](const authorise& asked) { return on_authorise(asked); },
      [this](const authorisation_answered& answered) { on_answered(answered); },
      [this](const forget_authorisations&) {
        cache_.clear();
        ++generation_;
      },
  };
}

void authoriser::on_exit() {
  waiting_.clear();
  cache_.clear();
  client_ = nullptr;
}

/// The cache knows questions by their hashes, so that no token stays in memory.
caf::result<authorised> authoriser::on_authorise(const authorise& asked) {
  const std::string text = key_of(asked.what);
  const auto hash = siphash128(as_bytes(text), hash_key_);
  const key of{hash.first, hash.second};
  if (const authorised* const known = cache_.find(of, clock::now())) {
    if (metrics_) metrics_->authorisations("cached").inc();
    return *known;
  }
  const auto found = waiting_.find(of);
  if (found == waiting_.end() && waiting_.size() >= settings_.questions_max) {
    authorised refused{authorised::outcome::unavailable, {}, "too many questions wait"};
    count(refused);
    log_failure(refused.why);
    return refused;
  }
  auto answer = make_response_promise<authorised>();
  if (found != waiting_.end()) {
    found->second.promises.push_back(answer);
    return answer;
  }
  waiting_[of] = {asked.what, {answer}};
  ask(of, asked.what);
  return answer;
}

void authoriser::ask(const key& of, const webhook::question& what) {
  const std::uint64_t now = wall_clock_ms();
  http_call call;
  call.method = "POST";
  call.url = settings_.url;
  call.body = webhook::body_of(what, now);
  call.headers = {"Content-Type: application/json",
                  header_line(webhook::event_header, webhook::authorise_event),
                  header_line(webhook::signature_header,
                              webhook::signature_of(settings_.key, now / 1000, call.body))};
  call.timeout = settings_.timeout;
  call.body_bytes_max = verdict_bytes_max;
  client_->send(std::move(call), [to = authoriser_actor{this}, of,
                                  generation = generation_](result<http_reply> answer) {
    tell_anonymously(
        to, with_outcome(authorisation_answered{of.first, of.second, generation, 0, {}, {}},
                         std::move(answer)));
  });
}

void authoriser::on_answered(const authorisation_answered& answered) {
  const key of{answered.question_high, answered.question_low};
  const auto found = waiting_.find(of);
  if (found == waiting_.end()) return;
  // All was forgotten meanwhile: what the application said before does not count.
  if (answered.generation != generation_) return ask(of, found->second.what);
  authorised answer = read(answered);
  keep(of, answer);
  std::vector<promise> promises = std::move(found->second.promises);
  waiting_.erase(found);
  for (promise& each : promises) {
    count(answer);
    each.deliver(answer);
  }
}

/// Only 200 with rights lets anybody in.
authorised authoriser::read(const authorisation_answered& answered) {
  using enum authorised::outcome;
  const auto fails = [this](std::string why) {
    log_failure(why);
    return authorised{unavailable, {}, std::move(why)};
  };
  if (!answered.why.empty()) return fails(answered.why);
  if (answered.status == 401 || answered.status == 403)
    return {denied, {}, "the application answered " + std::to_string(answered.status)};
  if (answered.status != 200)
    return fails("the application answered " + std::to_string(answered.status));
  auto read = webhook::read_authorisation(answered.body);
  if (!read) return fails("the application's answer is wrong: " + to_string(read.error()));
  for (const std::string& word : read->rights)
    if (!access::permission{}.add(word))
      return fails("the application's answer is wrong: there is no right '" + printable(word) +
                   "'");
  // It may come again when the clocks agree.
  if (read->expires_at && *read->expires_at <= wall_clock_ms() / 1000)
    return fails("what the application allows has expired (expiresAt)");
  if (read->rights.empty()) return {denied, *std::move(read), "the application allows nothing"};
  return {granted, *std::move(read), {}};
}

/// Keeps an answer as long as it says, and notes in it until when.
void authoriser::keep(const key& of, authorised& answer) {
  if (answer.what == authorised::outcome::unavailable) return;
  auto span =
      std::min(settings_.cache_max, std::chrono::milliseconds{std::min<std::chrono::seconds>(
                                        answer.allowed.cache_for, std::chrono::hours{24})});
  if (answer.allowed.expires_at) {
    const std::uint64_t until = *answer.allowed.expires_at * 1000;
    const std::uint64_t now = wall_clock_ms();
    const std::uint64_t left = until > now ? until - now : 0;
    if (left < static_cast<std::uint64_t>(span.count())) span = std::chrono::milliseconds{left};
  }
  const auto now = clock::now();
  if (span.count() > 0) answer.allowed.asks_again = now + span;
  cache_.put(of, answer, now + span, now);
}

void authoriser::count(const authorised& answer) const {
  if (!metrics_) return;
  switch (answer.what) {
    case authorised::outcome::granted: return metrics_->authorisations("granted").inc();
    case authorised::outcome::denied: return metrics_->authorisations("denied").inc();
    case authorised::outcome::unavailable: return metrics_->authorisations("unavailable").inc();
  }
}

void authoriser::log_failure(const std::string& why) {
  const std::uint64_t count = failures_logged_.note(why, clock::now());
  if (count > 0)
    log_line(log_severity::error,
             "nobody can be authorised (access.webhook.url): " + why + since_last_line(count));
}

}  // namespace troupe
