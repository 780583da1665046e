#include "actors/upstream.hpp"

#include <algorithm>

namespace troupe {

namespace {

bool has_nothing(const fetched_document& got) {
  return std::ranges::all_of(
      got.updates, [](const shared_bytes& update) { return has_no_contents(update.view()); });
}

void log_fetched(const std::string& document, const fetched_document& got) {
  std::size_t bytes = 0;
  for (const shared_bytes& each : got.updates) bytes += each.size();
  std::string line{"document '"};
  line.append(document).append("' was fetched from upstream.url");
  if (has_nothing(got))
    line.append(": the server has no such document, so it starts empty");
  else
    line.append(" (").append(std::to_string(bytes)).append(" bytes)");
  log_line(log_severity::info, line);
}

}  // namespace

upstream::behavior_type upstream::make_behavior() {
  end_on_exception(this);
  return {[this](const fetch_document& which) { return on_fetch(which); }};
}

caf::result<fetched_document> upstream::on_fetch(const fetch_document& which) {
  auto promise = make_response_promise<fetched_document>();
  waiting_.push_back({which.name, promise});
  begin_next();
  return promise;
}

void upstream::begin_next() {
  if (metrics_) metrics_->upstream_waiting().value(static_cast<std::int64_t>(waiting_.size()));
  if (waiting_.empty() || under_way_ == settings_.connections_max) return;
  ++under_way_;
  waiting_document next = std::move(waiting_.front());
  waiting_.pop_front();
  const auto fetcher = spawn<upstream_fetcher, caf::detached>(settings_.server);
  request(fetcher, caf::infinite, fetch_document{next.name})
      .then([this, next](const fetched_document& got) mutable { on_fetched(next, got); },
            [this, next](const caf::error& why) mutable {
              on_fetched(next, {{}, failure{errc::request_failed, caf::to_string(why)}});
            });
}

void upstream::on_fetched(waiting_document& of, const fetched_document& got) {
  --under_way_;
  note(of.name, got);
  of.promise.deliver(got);
  begin_next();
}

void upstream::note(const std::string& document, const fetched_document& got) {
  const std::string_view outcome = got.why ? "failed" : has_nothing(got) ? "empty" : "fetched";
  if (metrics_) metrics_->upstream_fetches(outcome).inc();
  if (!got.why) return log_fetched(document, got);
  const std::uint64_t count =
      failures_logged_.note(to_string(got.why->code), std::chrono::steady_clock::now());
  if (count == 0) return;
  log_line(log_severity::warning,
           "document '" + document +
               "' cannot be fetched from upstream.url, so it is not opened: " + explain(*got.why) +
               since_last_line(count));
}

upstream_fetcher::behavior_type upstream_fetcher::make_behavior() {
  end_on_exception(this);
  return {[this](const fetch_document& which) {
    fetched_document got = on_fetch(which);
    quit();
    return got;
  }};
}

fetched_document upstream_fetcher::on_fetch(const fetch_document& which) {
  const upstream_protocol protocol = server_->exchange.protocol;
  fetched_document found = fetch_as(upstream_name(protocol, which.name));
  if (found.why || !has_nothing(found)) return found;
  const std::string escaped = escaped_upstream_name(protocol, which.name);
  return escaped.empty() ? found : fetch_as(escaped);
}

/// `name`: empty where no client can have used it there, so that there is nothing to fetch.
fetched_document upstream_fetcher::fetch_as(const std::string& name) const {
  if (name.empty()) return {};
  upstream_state got;
  if (auto fetched = fetch_state(*server_, name, got); !fetched)
    return {{}, std::move(fetched).error()};
  fetched_document found;
  for (const byte_buffer& each : got.updates) found.updates.push_back(shared_bytes::copy_of(each));
  return found;
}

}  // namespace troupe
