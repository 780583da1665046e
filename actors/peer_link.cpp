#include "actors/peer_link.hpp"

#include <utility>

#include "actors/failure_codes.hpp"
#include "base/steady_time.hpp"
#include "protocol/cluster/peer_codec.hpp"

namespace troupe {

namespace {

/// What is kept for a document that is being opened; beyond it, its flows begin anew.
constexpr std::size_t opening_bytes_max = std::size_t{16} * 1024 * 1024;

/// Of a document that was never removed; no node has to be notified.
constexpr std::uint64_t first_life = 2;

}  // namespace

peer_link::peer_link(caf::actor_config& config, peer_link_settings settings,
                     directory_actor directory, cluster_actor owner)
    : peer_link_actor::base(config),
      settings_(std::move(settings)),
      directory_(std::move(directory)),
      owner_(std::move(owner)),
      link_(settings_.limits) {}

peer_link::behavior_type peer_link::make_behavior() {
  end_on_exception(this);
  set_down_handler([this](const caf::down_msg& down) { on_down(down); });
  // CAF compares a message with one handler after the other: what each edit brings comes first.
  return {
      [this](const send_to_peer& what) { on_send(what); },
      [this](const peer_batch& batch) { on_batch(batch); },
      [this](flush_atom) { on_flush(); },
      [this](const attach_document& which) { on_attach(which); },
      [this](const detach_document& which) { on_detach(which); },
      [this](const expect_link& what) { on_expect(what); },
      [this](const connect_link& what) { on_connect(what); },
      [this](const end_link& how) { on_end(how); },
      [this](const second_passed&) { on_second(); },
      [this](const describe_link&) { return on_describe(); },
  };
}

void peer_link::on_exit() {
  if (settings_.metrics) settings_.metrics->peers().up.of(settings_.label).value(0);
  documents_.clear();
  openings_.clear();
  remote_ = nullptr;
  directory_ = nullptr;
  owner_ = nullptr;
}

// --- documents ---

void peer_link::on_attach(const attach_document& which) {
  documents_[which.name] = which.document;
  tell(this, which.document,
       peer_news{settings_.peer, is_up_ ? peer_news::kind::up : peer_news::kind::down});
  const auto waiting = openings_.find(which.name);
  if (waiting == openings_.end()) return;
  const opening opened = std::move(waiting->second);
  openings_.erase(waiting);
  for (const block_ptr& each : opened.blocks)
    tell(this, which.document, peer_news{settings_.peer, peer_news::kind::block, each});
  if (opened.has_overflown) report_gone(which.name);
}

/// The peer must know that what it has sent last may have met nobody.
void peer_link::on_detach(const detach_document& which) {
  const auto known = documents_.find(which.name);
  if (known == documents_.end() || known->second.id() != which.document) return;
  documents_.erase(known);
  report_gone(which.name);
}

void peer_link::report_gone(const std::string& document) {
  push_alone(document, cluster::peer_closed{});
}

/// A document says only by ending that it cannot be loaded.
void peer_link::open_for(const std::string& document) {
  request(directory_, caf::infinite, open_document{document, std::nullopt, true})
      .then(
          [this, document](const opened_document& opened) {
            const auto waiting = openings_.find(document);
            if (waiting == openings_.end()) return;
            waiting->second.document = opened.document.id();
            watch(this, opened.document);
          },
          [this, document](const caf::error& why) { on_opening_failed(document, why); });
}

void peer_link::on_down(const caf::down_msg& down) {
  if (remote_ && down.source == remote_->address()) return lose("the connection has ended");
  const auto failed = std::ranges::find_if(
      openings_, [&](const auto& each) { return each.second.document == down.source.id(); });
  if (failed != openings_.end()) on_opening_failed(std::string{failed->first}, down.reason);
}

/// The peer is notified whether it was removed; else it asks again.
void peer_link::on_opening_failed(const std::string& document, const caf::error& why) {
  openings_.erase(document);
  log_line(log_severity::info, "document '" + document + "' cannot be opened for " +
                                   settings_.name + ": " + caf::to_string(why));
  send_generation(document, 0);
}

void peer_link::push_alone(const std::string& document, cluster::document_message what) {
  if (!is_up_) return;
  push(cluster::encode(cluster::document_block{document, 0, {std::move(what)}}),
       cluster::traffic_class::data, document);
}

/// Makes what the peer knows of a document that is not open here true, and says what is true.
void peer_link::send_generation(const std::string& document, std::uint64_t theirs) {
  request(directory_, caf::infinite, adopt_generation{document, theirs})
      .then(
          [this, document, theirs](const removed_document& known) {
            if (known.generation > theirs)
              push_alone(document, cluster::peer_generation{known.generation});
          },
          [](const caf::error&) {});
}

/// The same, and says when it is on the disk here. One that something else comes in the way of is
/// sent again by the peer.
void peer_link::confirm_generation(const std::string& document, std::uint64_t theirs) {
  request(directory_, caf::infinite, adopt_generation{document, theirs})
      .then(
          [this, document, theirs](const removed_document& known) {
            if (known.why) return;
            if (known.generation > theirs)
              push_alone(document, cluster::peer_generation{known.generation});
            if (known.generation >= theirs)
              push_alone(document, cluster::peer_generation_stored{known.generation});
          },
          [](const caf::error&) {});
}

// --- sending ---

void peer_link::on_send(const send_to_peer& what) {
  push(what.message, what.of, what.document ? std::string_view{*what.document} : "");
}

void peer_link::push(shared_bytes message, cluster::traffic_class of, std::string_view document) {
  if (!is_up_) return;
  const auto outcome = link_.push(std::move(message), of, document);
  if (outcome == cluster::pushed::overfull) return lose("it takes nothing any more");
  schedule_flush();
}

/// The note goes to the end of the mailbox, so that what is queued up to there goes out together.
void peer_link::schedule_flush() {
  if (std::exchange(flush_scheduled_, true)) return;
  tell(this, peer_link_actor{this}, flush_atom_v);
}

void peer_link::on_flush() {
  flush_scheduled_ = false;
  if (!is_up_) return;
  send_waiting();
}

void peer_link::send_waiting() {
  const auto now = current_time();
  while (auto next = link_.next_batch(now)) send_batch(*std::move(next));
  if (auto ack = link_.take_ack(now)) send_batch(*std::move(ack));
  report_lost();
}

void peer_link::send_batch(cluster::batch what) {
  tell(this, caf::actor_cast<remote_link_actor>(remote_), peer_batch{std::move(what), false});
}

void peer_link::report_lost() {
  for (const cluster::lost_document& each : link_.take_lost()) {
    const auto of = documents_.find(each.document);
    if (of == documents_.end()) {
      // That it has ended may be what was lost. One that is being opened says all anew.
      if (each.what == cluster::loss::data && !openings_.contains(each.document))
        report_gone(each.document);
      continue;
    }
    const auto what = each.what == cluster::loss::presence ? peer_news::kind::presence_lost
                                                           : peer_news::kind::lost;
    tell(this, of->second, peer_news{settings_.peer, what});
  }
}

// --- what comes ---

void peer_link::on_batch(const peer_batch& batch) {
  if (batch.what.epoch != epoch_ || !link_.is_open()) return;
  if (batch.is_reset) return lose("the other end gives the connection up");
  if (std::exchange(waits_for_remote_, false)) begin();
  auto arrived = link_.on_batch(batch.what, current_time());
  if (!arrived) return give_up(arrived.error());
  for (const shared_slice& each : arrived->messages) {
    on_message(each);
    if (!is_up_) return;
  }
  send_waiting();
}

void peer_link::on_message(const shared_slice& bytes) {
  auto message = cluster::decode(bytes);
  if (!message) return give_up(message.error());
  if (auto* const block = std::get_if<cluster::document_block>(&*message))
    return on_block(std::move(*block), bytes.size);
  auto& news = std::get<cluster::node_message>(*message);
  if (std::holds_alternative<cluster::peer_bye>(news)) return lose("it is stopping");
  tell(this, owner_, peer_said{settings_.peer, std::move(news)});
}

/// What becomes of a document concerns the directory, whether or not the document is open.
bool peer_link::is_about_generation(const cluster::document_block& block) {
  if (block.life != 0 || block.messages.size() != 1) return false;
  const cluster::document_message& only = block.messages.front();
  if (const auto* const stored = std::get_if<cluster::peer_generation_stored>(&only))
    tell(this, directory_, note_generation{settings_.peer, block.document, stored->generation});
  else if (const auto* const news = std::get_if<cluster::peer_generation>(&only))
    confirm_generation(block.document, news->generation);
  else
    return false;
  return true;
}

void peer_link::on_block(cluster::document_block block, std::size_t bytes) {
  if (is_about_generation(block)) return;
  const auto of = documents_.find(block.document);
  const bool is_gone = block.life == 0 && block.messages.size() == 1 &&
                       std::holds_alternative<cluster::peer_closed>(block.messages.front());
  if (of != documents_.end()) {
    const auto kind = is_gone ? peer_news::kind::gone : peer_news::kind::block;
    const document_actor to = of->second;
    tell(this, to,
         peer_news{settings_.peer, kind,
                   std::make_shared<const cluster::document_block>(std::move(block))});
    return;
  }
  if (is_gone) return;
  if (const auto* const first =
          block.messages.empty() ? nullptr
                                 : std::get_if<cluster::peer_generation>(&block.messages.front());
      first != nullptr && first->generation > first_life && !openings_.contains(block.document))
    send_generation(block.document, first->generation);
  // Nobody here cares any more whether a peer's sessions use the document.
  const bool is_needed = std::ranges::any_of(block.messages, cluster::needs_replica);
  const std::string name = block.document;
  const bool is_first = !openings_.contains(name);
  if (is_first && !is_needed) return;
  if (!settings_.opens_documents) return report_gone(name);
  opening& waiting = openings_[name];
  waiting.bytes += bytes;
  if (waiting.bytes > opening_bytes_max)
    waiting.has_overflown = true;
  else
    waiting.blocks.push_back(std::make_shared<const cluster::document_block>(std::move(block)));
  if (is_first) open_for(name);
}

// --- the connection ---

/// The other end may be quicker than the answer that names it.
void peer_link::on_expect(const expect_link& what) {
  if (is_up_) lose("a new connection begins");
  epoch_ = what.epoch;
  link_.open(epoch_);
  waits_for_remote_ = false;
  remote_ = nullptr;
}

void peer_link::on_connect(const connect_link& what) {
  if (is_up_) lose("a new connection begins");
  if (epoch_ != what.epoch || !link_.is_open()) {
    epoch_ = what.epoch;
    link_.open(epoch_);
  }
  remote_ = what.remote;
  monitor(remote_);
  waits_for_remote_ = !what.speaks_first;
  if (!what.speaks_first) return;
  send_batch({epoch_, 0, 0, {}});
  begin();
}

void peer_link::begin() {
  is_up_ = true;
  tell(this, owner_, link_changed{settings_.peer, true, {}});
  notify_documents(peer_news::kind::up);
}

void peer_link::lose(const std::string& why) {
  if (remote_) demonitor(remote_->address());
  link_.close();
  openings_.clear();
  remote_ = nullptr;
  epoch_ = 0;
  waits_for_remote_ = false;
  const bool was_up = std::exchange(is_up_, false);
  tell(this, owner_, link_changed{settings_.peer, false, why});
  if (was_up) notify_documents(peer_news::kind::down);
}

/// What has come makes no sense: both ends begin anew.
void peer_link::give_up(const failure& why) {
  tell(this, caf::actor_cast<remote_link_actor>(remote_), peer_batch{{epoch_, 0, 0, {}}, true});
  lose(to_string(why));
}

void peer_link::notify_documents(peer_news::kind what) {
  for (const auto& [name, document] : documents_)
    tell(this, document, peer_news{settings_.peer, what});
}

void peer_link::on_end(const end_link& how) {
  if (is_up_ && how.says_bye) {
    link_.push(cluster::encode(cluster::node_message{cluster::peer_bye{}}),
               cluster::traffic_class::control);
    send_waiting();
  }
  if (remote_ || link_.is_open()) lose("this node ends it");
}

void peer_link::on_second() {
  if (is_up_) send_waiting();
  show_figures();
}

/// Once a second, so that sending costs nothing more.
void peer_link::show_figures() {
  if (!settings_.metrics) return;
  const peer_metrics& to = settings_.metrics->peers();
  const std::string& peer = settings_.label;
  const cluster::link_figures now = link_.figures(current_time());
  const auto show = [&](const labelled<metric_gauge>& of, std::size_t value) {
    of.of(peer).value(static_cast<std::int64_t>(value));
  };
  show(to.up, is_up_ ? 1 : 0);
  show(to.queued_bytes, now.queued_bytes);
  show(to.unacknowledged_batches, now.unacknowledged_batches);
  show(to.unacknowledged_bytes, now.unacknowledged_bytes);
  to.lag.of(peer).value(std::chrono::duration<double>(now.lag).count());
  const auto add = [&](const labelled<metric_counter>& of, std::uint64_t count) {
    of.of(peer).inc(static_cast<std::int64_t>(count));
  };
  add(to.sent_bytes, now.sent_bytes - shown_.sent_bytes);
  add(to.received_bytes, now.received_bytes - shown_.received_bytes);
  add(to.dropped_messages, now.dropped_messages - shown_.dropped_messages);
  shown_ = now;
}

described_link peer_link::on_describe() const {
  return {settings_.peer, is_up_, documents_.size(), link_.figures(current_time())};
}

}  // namespace troupe
