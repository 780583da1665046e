// A document that was never stored, and that the server which this one replaces may have: it is
// fetched once, before anybody sees it, and belongs to this server from then on. In a cluster its
// home fetches it, after the keepers have said that they have nothing; the other nodes ask the home
// what it has, which answers when it knows. Functions of the class document.
#include <algorithm>

#include "actors/document.hpp"
#include "actors/failure_codes.hpp"

namespace troupe {

namespace {

/// Beside the timeouts: for the home, which loads before it fetches.
constexpr std::chrono::seconds home_patience{15};

}  // namespace

/// Of a document that was removed, or admitted again, the generation is not 0: what the other
/// server has is of the life that has ended.
bool document::needs_upstream() const noexcept {
  return settings_.upstream && !is_fetched_ && durability_.last() == 0 && generation_ == 0;
}

/// All that the cluster has is here, which is nothing.
void document::look_upstream() {
  if (is_fetching_ || (held_.empty() && put_off_.empty())) return;
  if (!peers_ || peers_->is_home(current_time())) return fetch();
  await_home();
}

/// It was asked with all others, and answers when it knows, or brings the contents.
void document::await_home() {
  const auto now = current_time();
  if (awaits_home_since_ == hosted_document::time_point{}) {
    awaits_home_since_ = now;
    peers_->core().load_again(hosted_state{*work_.state()});
    return schedule_flush();
  }
  const auto patience = peers_->links().settings.load_timeout + home_patience;
  if (now - awaits_home_since_ >= patience) fail_upstream();
}

void document::fetch() {
  is_fetching_ = true;
  awaits_home_since_ = {};
  request(settings_.upstream, caf::infinite, fetch_document{*name_})
      .then([this](const fetched_document& got) { on_fetched(got); },
            [this](const caf::error& why) {
              on_fetched({{}, failure{errc::request_failed, caf::to_string(why)}});
            });
}

/// Not behind what is held; but the state may be lent.
void document::on_fetched(const fetched_document& got) {
  work_.push(got);
  handle_waiting();
}

/// As an update of the server itself: with all limits, to all keepers, and to whoever looks.
bool document::handle(fetched_document& got) {
  is_fetching_ = false;
  // A peer had something after all, so that this is of no use.
  if (!needs_upstream()) {
    release_held();
    return true;
  }
  if (got.why) {
    fail_upstream();
    return true;
  }
  is_fetching_ = true;
  check_store();
  std::size_t bytes = 0;
  for (const shared_bytes& each : got.updates) bytes += each.size();
  work_.run(
      weight_of(bytes, heavy_update_bytes),
      [updates = got.updates](hosted_document& on, document_effects& out) {
        for (const shared_bytes& each : updates)
          if (out.refusals.empty()) on.on_update(origin::of_server(), each.view(), out);
      },
      // What was written refers to the bytes.
      [this, updates = got.updates] { take_fetched(); });
  return true;
}

void document::take_fetched() {
  const document_effects& effects = work_.effects();
  if (!effects.refusals.empty()) {
    if (settings_.metrics) settings_.metrics->upstream_fetches("refused").inc();
    log_line(log_severity::error, "document '" + *name_ +
                                      "' cannot be fetched from upstream.url: " +
                                      to_string(effects.refusals.front().why));
    return fail_upstream();
  }
  is_fetching_ = false;
  carry_out({}, 0);
  note_known();
  if (!peers_) reporter_.on_opened();
  release_held();
}

void document::note_known() {
  is_fetched_ = true;
  awaits_home_since_ = {};
  if (peers_) peers_->core().note_looked_for();
}

/// Whoever waits is asked to come again, rather than shown an empty document, which they would fill
/// while the other server has another.
void document::fail_upstream() {
  const caf::error why = to_caf_error(close_reason::upstream_unavailable);
  if (peers_) {
    for (const auto& [from, load] : put_off_) peers_->core().refuse_load(from, load);
    put_off_.clear();
    notify_peers();
  }
  refuse_held(why);
  quit(why);
}

/// From now on the document exists, and is not fetched again.
void document::store_mark(const origin& from) {
  durability_.append(shared_bytes::copy_of(byte_view{cluster::update_without_contents}));
  if (peers_) note_written(from);
  schedule_flush();
}

/// Of a document of which there is nothing here.
bool document::is_mark(const cluster::document_message& message) const {
  const auto* const update = std::get_if<cluster::peer_update>(&message);
  return update != nullptr && durability_.last() == 0 &&
         std::ranges::equal(update->update.view(), cluster::update_without_contents);
}

// --- between nodes ---

/// The home answers whoever opens the document when it knows whether there is one.
bool document::is_put_off(cluster::peer_id from, const cluster::document_message& message) {
  const auto* const load = std::get_if<cluster::peer_load>(&message);
  if (load == nullptr || !needs_upstream() || !peers_->is_home(current_time())) return false;
  std::erase_if(put_off_, [from](const auto& each) { return each.first == from; });
  put_off_.emplace_back(from, *load);
  peers_->core().load(hosted_state{*work_.state()}, current_time());
  schedule_flush();
  return true;
}

void document::answer_put_off() {
  for (const auto& [from, load] : std::exchange(put_off_, {}))
    peers_->core().on_message(from, load, hosted_state{*work_.state()}, current_time());
  schedule_flush();
}

/// An answer to this node, which asks what others have: one without contents says that the document
/// exists, or was looked for.
void document::note_answer(const cluster::document_message& message) {
  if (!needs_upstream()) return;
  const auto* const answer = std::get_if<cluster::peer_loaded>(&message);
  if (answer == nullptr || answer->life != peers_->core().life()) return;
  if (answer->is_whole && !answer->update.empty()) return note_known();
  if (!answer->is_whole && awaits_home_since_ != hosted_document::time_point{}) fail_upstream();
}

}  // namespace troupe
