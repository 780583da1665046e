#include "actors/session.hpp"

#include <algorithm>

#include "actors/failure_codes.hpp"
#include "actors/framing.hpp"

namespace troupe {

/// Holds the actor alive as long as its connection calls back.
class session::events final : public connection_handler {
 public:
  explicit events(session* of) : session_(of), keep_(of->ctrl()) {}

  void on_open() override {
    session_->in_actor([this] { session_->on_open(); });
  }
  void on_frame(frame_kind kind, byte_view payload) override {
    session_->in_actor([&] { session_->on_frame(kind, payload); });
  }
  void on_frames_end() override {
    session_->in_actor([this] { session_->on_frames_end(); });
  }
  bool on_frame_too_large(frame_kind kind, std::uint64_t size, byte_view head) override {
    bool skip = false;
    session_->in_actor([&] { skip = session_->on_frame_too_large(kind, size, head); });
    return skip;
  }
  void on_pong() override { session_->core_.on_pong(session_->unit().now()); }
  void on_closed(close_reason reason) override {
    session_->in_actor([&] { session_->on_closed(reason); });
  }

 private:
  session* session_;
  caf::strong_actor_ptr keep_;
};

session::session(caf::actor_config& config, io_unit& unit,
                 std::shared_ptr<session_environment> environment, session_id id, route way,
                 std::shared_ptr<websocket_connection> connection, visitor_id visitor,
                 session_place place)
    : io_actor(config, unit),
      environment_(std::move(environment)),
      core_(id, std::move(way), environment_->settings, unit.now()),
      connection_(std::move(connection)),
      access_seen_(environment_->access->generation(unit.now())),
      connected_since_(std::chrono::system_clock::now()),
      active_at_(io_unit::clock::now()),
      visitor_(visitor),
      place_(place) {}

session::behavior_type session::make_behavior() {
  end_on_exception(this);
  environment_->metrics->sessions().inc();
  environment_->table->add(core_.id(), this);
  connection_->start(std::make_shared<events>(this));
  return {[this](const close_session& why) { close(why.reason); }};
}

void session::on_exit() {
  if (!core_.is_closed()) {  // an exception has ended us, not the connection
    environment_->metrics->closed(close_reason::io_error).inc();
    connection_->terminate();
  }
  opened_.for_each([this](const opened_document& each) {
    tell(this, each.document, leave_document{core_.id()});
    environment_->table->unsubscribe(each.id, core_.id());
  });
  report_traffic();
  environment_->table->remove(core_.id());
  if (place_ == session_place::own) environment_->slots->release();
  environment_->metrics->sessions().dec();
  // An exception may have left some, which concern this session alone.
  environment_->effects.clear();
  connection_.reset();
  opened_.clear();
  environment_.reset();  // the core, which refers to it, is not called any more
}

// --- events of the connection ---

void session::on_open() {
  log_line(log_severity::debug, [this] {
    return std::string{"session "}
        .append(std::to_string(core_.id()))
        .append(" from ")
        .append(connection_->remote_address())
        .append(" opens document '")
        .append(core_.way().document)
        .append("'");
  });
  handle([this](auto at, auto& out) { core_.on_open(at, out); });
}

void session::on_frame(frame_kind kind, byte_view payload) {
  handle([&](auto at, auto& out) { core_.on_frame(kind, payload, at, environment_->input, out); });
}

/// For each read of each socket, so it carries out the only effect there is by itself.
void session::on_frames_end() {
  session_effects& effects = environment_->effects;
  core_.on_frames_end(environment_->input, effects);
  forward(effects);
  effects.forwards.clear();
  if (!core_.has_large_message()) connection_->release_large_messages();
}

bool session::on_frame_too_large(frame_kind kind, std::uint64_t size, byte_view head) {
  bool skip = false;
  handle([&](auto at, auto& out) { skip = core_.on_frame_too_large(kind, size, head, at, out); });
  return skip;
}

void session::on_closed(close_reason reason) {
  core_.on_closed();
  log_line(log_severity::debug, [&] {
    return std::string{"session "}
        .append(std::to_string(core_.id()))
        .append(" ended: ")
        .append(troupe::describe(reason).label);
  });
  environment_->metrics->closed(reason).inc();
  const auto now = unit().now();
  if (environment_->refusals) environment_->refusals->note(visitor_, reason, now);
  if (environment_->closings && !has_logged_why_)
    log_if_due(log_severity::info,
               environment_->closings->line_for(reason, core_.way().document,
                                                connection_->remote_address(), now));
  quit_if_closed();
}

/// While the directory has not answered, a document may yet be joined by the session; then it must
/// be notified that the session has left.
void session::quit_if_closed() {
  if (core_.is_closed() && !core_.is_opening()) quit();
}

// --- events of documents ---

bool session::skips_presence(document_id document) {
  const bool skips = core_.skips_presence(document, connection_->queued_bytes());
  if (skips) environment_->metrics->presence_skipped().inc();
  return skips;
}

void session::on_handled(document_id document, credit_amount amount) {
  handle([&](auto at, auto& out) { core_.on_handled(document, amount, at, out); });
  if (!core_.has_large_message()) connection_->release_large_messages();
}

void session::on_document_failed(document_id document, close_reason reason) {
  handle([&](auto at, auto& out) { core_.on_document_failed(document, reason, at, out); });
}

void session::change_access(const access_change& change, changed_access& changed) {
  if (core_.is_closed()) return;
  std::vector<std::string> documents;
  for (const joined_document& each : core_.documents())
    if (change.concerns(core_.who_in(each), each.name)) documents.push_back(each.name);
  const bool is_whole = change.document.empty();
  // Whoever it is in one of its documents counts for the whole of it.
  if (documents.empty() && !(is_whole && change.concerns(core_.way().who))) return;
  ++changed.sessions;
  // What a session has sent is on its way to its documents, which the caller lets settle.
  changed.documents.insert(changed.documents.end(), documents.begin(), documents.end());
  if (!change.may && is_whole) return close(change.why);
  for (const std::string& each : documents) {
    if (core_.is_closed()) return;
    if (change.may && change.is_passing) core_.on_narrowed(each, *change.may);
    if (change.may) {
      set_rights(each, change.why, unit().now());
    } else {
      handle([&](auto at, auto& out) {
        core_.on_rights_changed(each, rights{}, change.why, at, out);
      });
    }
  }
}

void session::on_pause_ended(time_point now) {
  if (core_.is_closed()) return;
  core_.on_pause_ended(now);
  connection_->on_pause_ended(now);
}

void session::on_second(time_point now) {
  if (core_.is_closed()) return;
  if (reported_.has_new(connection_->counters().frames_in)) active_at_ = now;
  report_traffic();
  environment_->table->tally().add_session(connection_->queued_bytes(), core_.spoken());
  connection_->tick(now);
  if (questions_ && !questions_->empty()) ask_again(now);
  look_at_rights(now);
  if (core_.is_closed()) return;
  for (bool has_more = core_.has_expired(now); has_more;)
    handle([&](auto at, auto& out) { has_more = core_.on_expiry(at, out); });
  if (core_.is_closed()) return;
  session_effects& effects = environment_->effects;
  core_.on_second({now, connection_->queued_bytes()},
                  {connection_->last_sent(), connection_->last_alive()}, effects);
  carry_out(effects);
}

void session::close(close_reason reason) {
  if (!core_.is_closed()) connection_->close(reason);
}

// --- effects ---

void session::carry_out(session_effects& effects) {
  if (effects.empty()) return;
  for (const session_effects::reply& each : effects.replies) send_reply(each);
  for (const session_effects::hearing& each : effects.hears)
    environment_->table->enable_dialect(each.document, core_.id(), each.in);
  forward(effects);
  for (const auto& [document, may] : effects.new_rights)
    if (const document_actor* const of = opened_.find(document))
      tell(this, *of, change_rights{core_.id(), may});
  for (const document_id each : effects.wants_presence)
    if (const document_actor* const of = opened_.find(each))
      tell(this, *of, presence_missed{core_.id()});
  if (effects.no_longer_hears)
    environment_->table->disable_dialect(effects.no_longer_hears->document, core_.id(),
                                         effects.no_longer_hears->in);
  if (effects.leaves) leave(*effects.leaves);
  carry_out_on_connection(effects);
  // The core is called again for these and fills the effects anew.
  const auto asked = std::move(effects.authorise);
  const auto openings = std::move(effects.open);
  const auto token = std::exchange(effects.token, std::nullopt);
  effects.clear();
  if (token) on_token(*token);
  for (const std::string& document : asked) authorise(document);
  for (const auto& [document, may] : openings) open(document, may);
}

void session::forward(session_effects& effects) {
  for (auto& [document, batch] : effects.forwards)
    if (const document_actor* const to = opened_.find(document))
      tell(this, *to, client_batch{core_.id(), std::move(batch)});
}

void session::carry_out_on_connection(const session_effects& effects) {
  node_metrics& metrics = *environment_->metrics;
  if (effects.reading_paused_by_rate) metrics.reading_paused().inc();
  if (effects.dropped_presence > 0) metrics.dropped_presence().inc(effects.dropped_presence);
  if (effects.ignored > 0) metrics.ignored_messages().inc(effects.ignored);
  if (effects.first_ignored)
    log_line(log_severity::info,
             "session " + std::to_string(core_.id()) + " from " + connection_->remote_address() +
                 " sends messages that are ignored: " + to_string(*effects.first_ignored));
  if (effects.reading == session_effects::reading_change::pause) connection_->pause_reading();
  if (effects.reading == session_effects::reading_change::resume) connection_->resume_reading();
  if (effects.wake_in) wake_in(*effects.wake_in);
  if (effects.ping) connection_->ping();
  if (effects.problem) log_problem(*effects.problem, effects.close);
  if (effects.put_off) set_aside(*effects.put_off);
  if (effects.close && !core_.is_closed()) {
    if (effects.closes_all)
      connection_->close_whole(*effects.close, effects.close_detail);
    else
      connection_->close(*effects.close, effects.close_detail);
  }
  if (effects.terminate) connection_->terminate(*effects.terminate);
}

void session::set_aside(close_reason why) {
  log_line(log_severity::debug, [&] {
    return std::string{"session "}
        .append(std::to_string(core_.id()))
        .append(" waits for document '")
        .append(core_.way().document)
        .append("', which cannot be opened now: ")
        .append(troupe::describe(why).label);
  });
  connection_->set_aside(why);
}

void session::log_problem(const failure& what, std::optional<close_reason> why) {
  if (!environment_->closings) return;
  has_logged_why_ = true;
  const close_reason reason = why.value_or(close_reason::malformed_message);
  std::string text = "session " + std::to_string(core_.id()) + " from ";
  text.append(connection_->remote_address())
      .append(" is closed: ")
      .append(troupe::describe(reason).label)
      .append(" (")
      .append(explain(what))
      .append(")");
  log_if_due(log_severity::warning,
             environment_->closings->line_for_problem(reason, core_.way().document, std::move(text),
                                                      unit().now()));
}

/// The session receives nothing more of the document; one that has failed gets no leave.
void session::leave(document_id document) {
  if (const document_actor* const of = opened_.find(document))
    tell(this, *of, leave_document{core_.id()});
  environment_->table->unsubscribe(document, core_.id());
  opened_.remove(document);
}

void session::send_reply(const session_effects::reply& reply) {
  if (reply.what.kind == notice_kind::error) environment_->metrics->refused(reply.what.error).inc();
  for (const shared_bytes& frame : encode_frames(reply.in, reply.what, reply.document))
    connection_->send(frame);
}

void session::open(const std::string& document, rights may) {
  const join_document join{{.session = core_.id(), .may = may, .who = core_.who_in(document)},
                           environment_->hub};
  request(environment_->directory, caf::infinite, open_document{document, join})
      .then([this, document](const opened_document& opened) { on_opened(document, opened); },
            [this, document](const caf::error& why) { on_refused(document, why); });
}

void session::on_opened(const std::string& name, const opened_document& opened) {
  opened_.add(opened);
  const bool has_failed =
      !core_.is_closed() && !environment_->table->subscribe(opened.id, core_.id());
  handle(
      [&](auto at, auto& out) { core_.on_opened(name, opened.id, at, environment_->input, out); });
  if (has_failed) on_document_failed(opened.id, environment_->table->why_failed(opened.id));
  quit_if_closed();
}

void session::on_refused(const std::string& name, const caf::error& why) {
  const close_reason reason = to_close_reason(why);
  handle([&](auto at, auto& out) { core_.on_refused(name, reason, at, out); });
  quit_if_closed();
}

void session::wake_in(std::chrono::milliseconds delay) {
  unit().call_later(delay, [this, keep = caf::strong_actor_ptr{ctrl()}] {
    in_actor([this] { handle([this](auto at, auto& out) { core_.on_wake(at, out); }); });
  });
}

void session::on_probe(document_id document) {
  if (!life_) life_ = std::make_unique<life_check>();
  if (!life_->ask(document, unit().now())) return;
  connection_->probe();
  unit().call_later(life_check::patience, [this, keep = caf::strong_actor_ptr{ctrl()}] {
    in_actor([this] { look_for_life(); });
  });
}

void session::look_for_life() {
  const auto check = std::exchange(life_, nullptr);
  if (!check || core_.is_closed()) return;
  const bool may_be_held_up = core_.is_reading_paused() || connection_->queued_bytes() > 0;
  const auto last_life = std::max(core_.last_pong(), connection_->last_alive());
  for (const document_id each : check->look(unit().now(), last_life, may_be_held_up))
    if (const document_actor* const to = opened_.find(each))
      tell(this, *to, session_silent{core_.id()});
}

// --- for operators ---

/// The unit counts what its connections did since the last second.
void session::report_traffic() {
  const connection_counters& counted = connection_->counters();
  environment_->table->tally().add(reported_.take_new(
      {counted.frames_in, counted.frames_out, counted.bytes_in, counted.bytes_out}));
}

session_info session::describe() const {
  const connection_counters& counted = connection_->counters();
  const auto pong_age = io_unit::clock::now() - core_.last_pong();
  session_info info;
  info.id = core_.id();
  info.user = user_of(core_.way().who);
  info.remote_address = connection_->remote_address();
  for (const joined_document& each : core_.documents())
    if (each.state == join_state::joined) info.documents.push_back(each.name);
  info.speaks = core_.spoken();
  info.connected_since = connected_since_;
  info.last_pong = std::chrono::system_clock::now() -
                   std::chrono::duration_cast<std::chrono::system_clock::duration>(pong_age);
  info.messages_in = counted.frames_in;
  info.messages_out = counted.frames_out;
  info.bytes_in = counted.bytes_in;
  info.bytes_out = counted.bytes_out;
  info.queued_bytes = connection_->queued_bytes();
  info.idle = idle();
  return info;
}

session_load session::load() const {
  const connection_counters& counted = connection_->counters();
  return {core_.id(),
          connection_->queued_bytes(),
          counted.bytes_in,
          counted.bytes_out,
          static_cast<std::uint32_t>(core_.documents().size()),
          idle()};
}

/// Known by the second, so that a frame does not have to note its time.
std::chrono::milliseconds session::idle() const {
  if (reported_.has_new(connection_->counters().frames_in)) return {};
  return std::chrono::duration_cast<std::chrono::milliseconds>(io_unit::clock::now() - active_at_);
}

bool session::has_joined(const std::string& document) const {
  const joined_document* const of = core_.documents().find(document);
  return of != nullptr && of->state == join_state::joined;
}

}  // namespace troupe
