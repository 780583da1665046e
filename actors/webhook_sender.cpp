#include "actors/webhook_sender.hpp"

#include <algorithm>
#include <utility>

#include "base/wall_clock.hpp"
#include "protocol/json/interchange.hpp"
#include "protocol/webhook/signature.hpp"

namespace troupe {

namespace {

using webhook::event_kind;
using verdict = webhook::delivery_queue::verdict;

constexpr std::chrono::milliseconds tick{100};

/// Of an answer, which nobody reads.
constexpr std::size_t receipt_bytes_max = 64 * 1024;

/// How many dead deliveries an operator is shown; the count says how many there are.
constexpr std::size_t listed_dead_max = 100;

}  // namespace

result<webhook::document_facts> read_facts(const storage::stored_document& stored,
                                           const crdt::doc_settings& doc,
                                           std::size_t contents_bytes_max) {
  crdt::doc state{doc};
  std::vector<crdt::repaired_struct> repaired;
  webhook::document_facts facts;
  const auto load = [&](byte_view update) -> result<void> {
    facts.size += update.size();
    if (const auto applied = state.load_update(update, repaired); !applied)
      return fail(errc::corrupt_document, to_string(applied.error()));
    return {};
  };
  if (!stored.checkpoint.empty()) TROUPE_TRY(load(stored.checkpoint.view()));
  for (const shared_slice& update : stored.updates) TROUPE_TRY(load(update.view()));
  facts.state_vector = state.state_vector().encode();
  if (contents_bytes_max == 0) return facts;
  const std::string contents = state.json();
  std::string scratch;
  if (contents.size() <= contents_bytes_max)
    facts.contents = json::to_interchange(contents, scratch);
  return facts;
}

webhook_sender::webhook_sender(caf::actor_config& config, webhook_settings settings,
                               webhook_parts parts)
    : webhook_sender_actor::base(config),
      settings_(std::move(settings)),
      parts_(std::move(parts)),
      queue_(settings_.limits, settings_.retries, settings_.seed) {}

webhook_sender::behavior_type webhook_sender::make_behavior() {
  end_on_exception(this);
  tell(this, webhook_sender_actor{this}, flush_atom_v);
  return {
      [this](const webhook_answered& answered) { on_answered(answered); },
      [this](const describe_webhooks&) { return on_describe(); },
      [this](const replay_webhooks& which) { return on_replay(which); },
      [this](flush_atom) { on_tick(); },
  };
}

/// What is not delivered is stored with all that is known of it, for the next process.
void webhook_sender::on_exit() {
  webhook_feed::taken left = parts_.feed->take_all();
  const auto put_authors = [this](const webhook::delivery& each) {
    if (each.what.by != webhook::authors{}) put(to_announcement(each));
  };
  queue_.for_each(put_authors);
  for (const webhook::delivery& each : left.stored) put_authors(each);
  for (const webhook::delivery& each : left.unstored) put(to_announcement(each));
  for (const storage::announcement_number each : left.void_numbers) remove(each);
  write();
  parts_ = {};
}

webhook::delivery_queue::moment webhook_sender::moment() const {
  return {std::chrono::steady_clock::now(), wall_clock_ms()};
}

void webhook_sender::on_tick() {
  if (!parts_.waiting.empty()) take_waiting();
  take(parts_.feed->take());
  write();
  pump();
  update_gauge();
  tell_later(this, webhook_sender_actor{this}, tick, flush_atom_v);
}

void webhook_sender::update_gauge() {
  if (!parts_.metrics) return;
  parts_.metrics->queued_webhooks().value(static_cast<std::int64_t>(queue_.size()));
  const std::uint64_t since = queue_.oldest_since();
  const std::uint64_t now = wall_clock_ms();
  const std::uint64_t age_ms = since == 0 || since > now ? 0 : now - since;
  parts_.metrics->oldest_webhook().value(static_cast<std::int64_t>(age_ms / 1000));
}

// --- taking ---

/// What an earlier process has announced and not delivered.
void webhook_sender::take_waiting() {
  const std::vector<storage::announcement> waiting = std::exchange(parts_.waiting, {});
  for (const storage::announcement& each : waiting) take_stored(each);
  if (queue_.size() > 0)
    log_line(log_severity::info,
             std::to_string(queue_.size()) + " webhooks of an earlier run are to be delivered");
}

void webhook_sender::take_stored(const storage::announcement& one) {
  const auto read = to_delivery(one);
  if (!read) return;  // of a newer server, which may come back
  if (is_void(one)) return remove(one.number);
  if (one.is_dead) return queue_.add_dead({*read, 0, "given up by an earlier run"});
  add(*read);
}

/// A removal that was announced and never made.
bool webhook_sender::is_void(const storage::announcement& one) const {
  if (one.details != unconfirmed_removal) return false;
  const auto info = parts_.archive->info(one.document);
  return info && !(*info && (*info)->is_removed);
}

void webhook_sender::take(webhook_feed::taken all) {
  for (const webhook::delivery& each : all.unstored) {
    // A removal is stored already, unconfirmed.
    put(to_announcement(each), each.what.what == event_kind::document_deleted);
    add(each);
  }
  for (const webhook::delivery& each : all.stored) add(each);
  for (const storage::announcement_number each : all.void_numbers) remove(each);
  left_out_ += all.left_out;
  if (all.left_out > 0 && parts_.metrics)
    parts_.metrics->left_out_webhooks().inc(static_cast<std::int64_t>(all.left_out));
}

void webhook_sender::add(const webhook::delivery& one) {
  const auto added = queue_.add(one, moment());
  if (added.replaced) remove(*added.replaced);
  if (added.is_taken) {
    if (added.replaced) put(to_announcement(*queue_.find(one.number)));  // with their authors
    return;
  }
  remove(one.number);
  ++left_out_;
  if (parts_.metrics) parts_.metrics->left_out_webhooks().inc();
  log_failure("the queue is full (webhooks.max_queued, webhooks.max_queue_size), so some are lost");
}

// --- delivering ---

void webhook_sender::pump() {
  while (const webhook::delivery* const next = queue_.take_due(moment())) deliver(*next);
}

void webhook_sender::deliver(const webhook::delivery& one) {
  const webhook::delivery_number number = one.number;
  std::optional<std::string> body = body_for(one.what);
  if (!body) {
    queue_.forget(number, moment());
    return remove(number);
  }
  const std::uint64_t now = wall_clock_ms() / 1000;
  http_call call;
  call.method = "POST";
  call.url = settings_.url;
  call.headers = {
      "Content-Type: application/json", header_line(webhook::event_header, name_of(one.what.what)),
      header_line(webhook::delivery_header, webhook::text_of(one.what.id)),
      header_line(webhook::signature_header, webhook::signature_of(settings_.key, now, *body))};
  call.body = *std::move(body);
  call.timeout = settings_.timeout;
  call.body_bytes_max = receipt_bytes_max;
  parts_.client->send(
      std::move(call), [to = webhook_sender_actor{this}, number](result<http_reply> answer) {
        webhook_answered answered{number, {}};
        if (!answer)
          answered.why = to_string(answer.error());
        else if (answer->status < 200 || answer->status > 299)
          answered.why = std::string{"it answered "}.append(std::to_string(answer->status));
        tell_anonymously(to, std::move(answered));
      });
}

/// Nothing: there is nothing to be said any more. A change of a document that was removed meanwhile
/// is one; of its removal others tell.
std::optional<std::string> webhook_sender::body_for(const webhook::event& of) {
  if (of.what != event_kind::document_changed) return body_of(of, nullptr);
  const auto stored = parts_.backend->load(of.document);
  if (!stored && stored.error().code == errc::document_removed) return std::nullopt;
  const auto facts =
      stored ? read_facts(*stored, settings_for(of.document, settings_.rules, settings_.doc),
                          settings_.includes_contents ? settings_.contents_bytes_max : 0)
             : result<webhook::document_facts>{tl::unexpected(stored.error())};
  if (!facts) log_failure("'" + of.document + "' cannot be read: " + to_string(facts.error()));
  return body_of(of, facts ? &*facts : nullptr);
}

void webhook_sender::on_answered(const webhook_answered& answered) {
  if (!answered.why.empty()) {
    on_failure(answered.number, answered.why);
  } else if (queue_.on_delivered(answered.number, moment())) {
    remove(answered.number);
    ++sent_;
    if (parts_.metrics) parts_.metrics->sent_webhooks().inc();
  }
  pump();
}

void webhook_sender::on_failure(webhook::delivery_number number, const std::string& why) {
  last_failure_ = why;
  ++failed_;
  if (parts_.metrics) parts_.metrics->failed_webhooks().inc();
  log_failure(why);
  const auto failed = queue_.on_failed(number, why, moment());
  if (failed.forgotten) remove(*failed.forgotten);
  if (failed.what == verdict::replaced) {
    put(to_announcement(*queue_.find(*failed.newer)));  // with the authors of both
    return remove(number);
  }
  // Its authors are known to this process alone until now.
  if (failed.what == verdict::retried && failed.is_first)
    if (const webhook::delivery* const again = queue_.find(number)) put(to_announcement(*again));
  if (failed.what != verdict::given_up) return;
  put(to_announcement(failed.dead->what, true));
  if (parts_.metrics) parts_.metrics->dead_webhooks().inc();
  log_line(log_severity::error, "the webhook " + std::string{name_of(failed.dead->what.what.what)} +
                                    " of document '" + failed.dead->what.what.document +
                                    "' is given up: " + why);
}

void webhook_sender::log_failure(const std::string& why) {
  const std::uint64_t count = failures_logged_.note(why, std::chrono::steady_clock::now());
  if (count > 0)
    log_line(log_severity::warning, "a webhook was not delivered: " + why + since_last_line(count) +
                                        "; " + std::to_string(queue_.size()) + " wait");
}

// --- the outbox ---

void webhook_sender::put(storage::announcement what, bool may_be_stored) {
  const storage::announcement_number number = what.number;
  unwritten& one = unwritten_.try_emplace(number, unwritten{{}, may_be_stored}).first->second;
  one.put = std::move(what);
}

void webhook_sender::remove(webhook::delivery_number number) {
  const auto found = unwritten_.find(number);
  if (found != unwritten_.end() && !found->second.may_be_stored)
    unwritten_.erase(found);
  else
    unwritten_.insert_or_assign(number, unwritten{});
}

/// While storage cannot be written it is tried again with the next tick.
void webhook_sender::write() {
  if (unwritten_.empty()) return;
  storage::outbox_change change;
  for (auto& [number, each] : unwritten_) {
    if (each.put)
      change.puts.push_back(*each.put);
    else
      change.removals.push_back(number);
  }
  const auto written = parts_.outbox->change(change);
  if (written) return unwritten_.clear();
  for (auto& [number, each] : unwritten_) each.may_be_stored = true;
  log_failure("its announcement cannot be stored: " + to_string(written.error()));
}

// --- for operators ---

described_webhooks webhook_sender::on_describe() const {
  described_webhooks all;
  all.url = shown_url(settings_.url);
  all.queued = queue_.size();
  all.queued_bytes = queue_.bytes();
  all.in_flight = queue_.in_flight();
  all.oldest_since = queue_.oldest_since();
  all.failures_in_row = queue_.failures_in_row();
  all.last_failure = last_failure_;
  all.sent = sent_;
  all.failed = failed_;
  all.left_out = left_out_;
  all.dead_count = queue_.dead().size();
  for (const auto& [number, each] : queue_.dead()) {
    if (all.dead.size() >= listed_dead_max) break;
    all.dead.push_back({webhook::text_of(each.what.what.id),
                        std::string{name_of(each.what.what.what)}, each.what.what.document,
                        each.what.what.happened_at, each.attempts, each.why});
  }
  return all;
}

replayed_webhooks webhook_sender::on_replay(const replay_webhooks& which) {
  std::optional<webhook::delivery_number> number;
  if (!which.delivery.empty()) {
    const auto& dead = queue_.dead();
    const auto found = std::ranges::find_if(dead, [&](const auto& each) {
      return webhook::text_of(each.second.what.what.id) == which.delivery;
    });
    if (found == dead.end()) return {0};
    number = found->first;
  }
  const auto again = queue_.replay(number, moment());
  for (const auto& each : again) {
    if (each.replaced) remove(*each.replaced);
    put(to_announcement(each.what));
  }
  pump();
  return {again.size()};
}

}  // namespace troupe
