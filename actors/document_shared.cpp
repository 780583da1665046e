// A document whose log all nodes share (cluster.durability: shared): what others have written to it
// is read, what is in it is known to peers and acknowledged, and what nobody else writes is written
// here. The rules stand in protocol/cluster/shared_log.hpp. Functions of the class document.
#include <limits>

#include "actors/document.hpp"
#include "actors/failure_codes.hpp"

namespace troupe {

namespace {

/// In the place of a peer: what is read from the log.
constexpr cluster::peer_id the_log = std::numeric_limits<cluster::peer_id>::max();

constexpr std::uint64_t first_generation = 2;

}  // namespace

/// Names this opening of the document among all that write to the log.
std::uint64_t document::log_origin() const noexcept { return settings_.life >> 1 | 1; }

std::uint64_t document::generation_of_writes() const noexcept {
  return std::max(generation_, first_generation);
}

// --- looks at the log ---

/// Somebody comes, and this node may have received nothing since the last one has left.
void document::look_if_unused() {
  if (shared_log() == nullptr || !work_.has_begun() || audience_.has_sessions()) return;
  shared_log()->want_look();
  look_at_shared_log();
}

void document::look_at_shared_log() {
  cluster::shared_log& log = *shared_log();
  const auto now = current_time();
  if (!work_.has_begun() || !settings_.log_reader || !log.is_look_due(now)) return;
  log.begin_look(now);
  request(settings_.log_reader, caf::infinite,
          look_at_log{{*name_, log.known(), log.checkpoint(), log_origin()}})
      .then([this](const looked_at_log& got) { queue(document_work::log_rest{got}); },
            [this](const caf::error&) { queue(document_work::log_rest{}); });
}

/// A document that is to end has no ticks, and must not wait for ever.
void document::on_look_failed() {
  shared_log()->on_look_failed();
  if (is_unloading_) tell_later(this, document_actor{this}, std::chrono::seconds{1}, log_changed{});
}

bool document::handle(document_work::log_rest& rest) {
  if (shared_log() == nullptr) return true;
  if (!rest.log.news) {
    on_look_failed();
    release_held();
    return true;
  }
  const storage::log_news& news = *rest.log.news;
  // It was removed, or is in its next life: what is here is of no use to anybody.
  if (news.generation != 0 && news.generation != generation_of_writes()) {
    quit(to_caf_error(close_reason::document_removed));
    return true;
  }
  check_store();
  while (rest.next < news.updates.size()) {
    apply_from_log(news.updates[rest.next++], rest.has_failed);
    if (!work_.state()) return false;
  }
  on_looked(news, *rest.has_failed);
  return true;
}

void document::apply_from_log(const shared_slice& update, const std::shared_ptr<bool>& has_failed) {
  using taking = hosted_document::peer_taking;
  shared_log()->on_read(update.view());
  const auto after = [this, update, has_failed](taking outcome) {
    if (outcome != taking::taken) *has_failed = true;
    carry_out_effects(update.bytes, 0);
  };
  if (weight_here(update) == weight::light || !work_.can_lend()) {
    const std::uint64_t steps = work_.can_lend() ? light_steps_max : crdt::unlimited_steps;
    const taking outcome =
        work_.state()->on_peer_update(the_log, update.view(), work_.effects(), steps);
    if (outcome != taking::deferred) return after(outcome);
  }
  const auto outcome = std::make_shared<taking>(taking::taken);
  work_.run(
      weight::heavy,
      [update, outcome](hosted_document& on, document_effects& out) {
        *outcome = on.on_peer_update(the_log, update.view(), out);
      },
      [after, outcome] { after(*outcome); });
}

void document::on_looked(const storage::log_news& news, bool has_failed) {
  cluster::shared_log& log = *shared_log();
  if (has_failed) {
    on_look_failed();
  } else {
    log.on_looked(news.known, news.checkpoint_number, !news.has_more, current_time());
    seen_covers_ = news.covers;
    // Else what was sent is on its way.
    if (news.covers >= sent_covers_) durability_.note_log(news.log_bytes, news.checkpoint_size);
    write_for_others();
  }
  look_what_is_settled();
  if (!work_.state()) return;
  if (durability_.is_long()) checkpoint();
  if (news.has_more && !has_failed) look_at_shared_log();
  if (work_.state()) release_held();
  schedule_flush();
}

/// A checkpoint replaces what was read of the log, whoever has written that; who still uses the
/// document elsewhere makes the last one.
bool document::is_checkpoint_of_use() const {
  if (shared_log() == nullptr) return true;
  if (is_unloading_ && peers_->core().has_users()) return false;
  return shared_log()->known() > std::max(seen_covers_, sent_covers_);
}

// --- what is in the log ---

void document::write_for_others() {
  cluster::shared_log& log = *shared_log();
  const auto now = current_time();
  const bool may_hurry = !settings_.health || !settings_.health->problem();
  const storage::sequence first = durability_.last() + 1;
  for (const shared_slice& each : log.to_take_over(now, may_hurry)) {
    durability_.append(each);
    note_written(origin::of_server());
  }
  log.on_taken_over(first, now, may_hurry);
}

/// The document is to end, so that peers tell it nothing more. Nobody ticks it any longer, either.
void document::hurry_shared_log() {
  if (shared_log() == nullptr || !work_.has_begun() || shared_log()->unlogged() == 0) return;
  shared_log()->on_ending();
  look_at_shared_log();
}

void document::look_what_is_settled() {
  const storage::sequence settled = shared_log()->settled(durability_.last());
  durability_.on_stored(durability::local_store, settled);
  peers_->core().on_durable(settled);
  schedule_flush();
  on_confirmed();
}

void document::notify_logged() {
  const auto logged = shared_log()->logged(peers_->core().life(), durability_.last());
  if (logged.up_to != said_logged_.up_to || logged.whole != said_logged_.whole)
    peers_->core().send_to_users(logged);
  said_logged_ = logged;
}

}  // namespace troupe
