#include "actors/session.hpp"

#include "actors/failure_codes.hpp"
#include "protocol/crdt/wire/state_vector.hpp"

namespace troupe {

namespace {

/// A y-websocket client drops a connection on which it hears nothing for 30 s.
constexpr std::chrono::seconds keep_alive_after{20};

/// How soon a session without tokens, or with much unread, looks again: often enough to keep its
/// rate, seldom enough to cost nothing.
constexpr std::chrono::milliseconds token_wait_min{10};
constexpr std::chrono::milliseconds token_wait_max{200};

/// A refused JSON message up to this size is read for its messageId.
constexpr std::size_t refused_read_max = 4096;

const shared_bytes& keep_alive_frame() {
  static const shared_bytes frame = encode_frame(frame_kind::binary, sync::encode_keep_alive());
  return frame;
}

}  // namespace

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
  bool on_frame_too_large(frame_kind kind) override {
    bool skip = false;
    session_->in_actor([&] { skip = session_->on_frame_too_large(kind); });
    return skip;
  }
  void on_pong() override { session_->on_pong(); }
  void on_closed(close_reason reason) override {
    session_->in_actor([&] { session_->on_closed(reason); });
  }

 private:
  session* session_;
  caf::strong_actor_ptr keep_;
};

session::session(caf::actor_config& config, io_unit& unit,
                 std::shared_ptr<session_environment> environment, session_id id,
                 std::string document, std::string user,
                 std::shared_ptr<websocket_connection> connection)
    : io_actor(config, unit),
      environment_(std::move(environment)),
      id_(id),
      document_name_(std::move(document)),
      user_(std::move(user)),
      connection_(std::move(connection)),
      tokens_(static_cast<double>(environment_->settings.messages_per_second),
              static_cast<double>(environment_->settings.message_burst), unit.now()),
      connected_since_(std::chrono::system_clock::now()),
      last_ping_(unit.now()),
      last_pong_(unit.now()) {}

session::behavior_type session::make_behavior() {
  end_on_exception(this);
  start();
  return {[this](const close_session& why) { close(why.reason); }};
}

void session::start() {
  environment_->metrics->sessions().inc();
  environment_->table->add(id_, this);
  connection_->start(std::make_shared<events>(this));
}

void session::on_exit() {
  if (!is_closed_) {  // an exception has ended us, not the connection
    environment_->metrics->closed(close_reason::io_error).inc();
    connection_->terminate();
  }
  for (const joined_document& document : joined_) {
    tell(this, document.opened.document, leave_document{id_});
    environment_->table->unsubscribe(document.opened.id, id_);
  }
  environment_->table->remove(id_);
  environment_->slots->release();
  environment_->metrics->sessions().dec();
  connection_.reset();
  joined_.clear();
  environment_.reset();
}

// --- opening ---

void session::on_open() {
  log_line(log_severity::debug, "session " + std::to_string(id_) + " from " +
                                    connection_->remote_address() + " opens document '" +
                                    document_name_ + "'");
  last_ping_ = last_pong_ = unit().now();
  if (document_name_.empty()) return;
  is_opening_ = true;
  update_reading();
  request(environment_->directory, caf::infinite,
          open_document{document_name_, id_, environment_->hub})
      .then([this](const opened_document& opened) { on_opened(document_name_, opened); },
            [this](const caf::error& why) {
              is_opening_ = false;
              if (is_closed_) return quit();
              close(to_close_reason(why));
            });
}

void session::on_opened(const std::string& name, const opened_document& opened) {
  is_opening_ = false;
  joined_.push_back({name, opened});
  if (is_closed_) return quit();
  if (!environment_->table->subscribe(opened.id, id_))
    return on_document_failed(opened.id, close_reason::document_failed);
  update_reading();
}

// --- input ---

void session::on_frame(frame_kind kind, byte_view payload) {
  environment_->metrics->messages().inc();
  if (kind == frame_kind::text)
    on_text(payload);
  else
    on_binary(payload);
}

void session::on_binary(byte_view payload) {
  joined_document* const document = own_document();
  if (document == nullptr) return close(close_reason::no_document);
  const auto decoded = sync::decode_message(payload);
  if (!decoded) {
    log_line(log_severity::warning, "session " + std::to_string(id_) + " from " +
                                        connection_->remote_address() +
                                        " is closed: " + to_string(decoded.error()));
    return close(close_reason_for(decoded.error().code));
  }
  if (!spoken_.contains(dialect::binary)) hear(*document, dialect::binary);
  const byte_view body = decoded->body;
  if (environment_->input_of != id_) {  // a session that failed may have left something
    environment_->input_of = id_;
    environment_->input.clear();
    environment_->input_bytes.clear();
  }
  byte_buffer& bytes = environment_->input_bytes;
  environment_->input.push_back({decoded->kind, bytes.size(), body.size()});
  bytes.insert(bytes.end(), body.begin(), body.end());
  tokens_.spend(unit().now());
  take_credit(*document, credit_weight(decoded->kind), body.size());
}

/// What came at once goes to the document as one message.
void session::on_frames_end() {
  std::vector<client_batch::message>& input = environment_->input;
  if (input.empty() || environment_->input_of != id_) return;
  if (joined_document* const document = own_document(); document != nullptr)
    tell(this, document->opened.document,
         client_batch{
             id_, shared_bytes::copy_of(environment_->input_bytes), {input.begin(), input.end()}});
  input.clear();
  environment_->input_bytes.clear();
}

void session::on_text(byte_view payload) {
  spoken_.insert(dialect::json);
  const bool has_token = tokens_.has_token(unit().now());
  if (!has_token && payload.size() > refused_read_max)
    return send_error(json::error_code::rate_limit_exceeded, {});
  auto decoded = json::decode_request(as_text(payload));
  if (!has_token)
    return send_error(json::error_code::rate_limit_exceeded, {},
                      decoded ? decoded->document : decoded.error().document,
                      decoded ? decoded->message_id : decoded.error().message_id);
  tokens_.spend(unit().now());
  if (!decoded)
    return send_error(json::error_code::invalid_message, decoded.error().text,
                      decoded.error().document, decoded.error().message_id);
  on_frames_end();  // what came before it stays before it
  take_request(std::move(*decoded), payload.size());
}

void session::take_request(json::request request, std::size_t size) {
  const std::string name = request.document.value_or(document_name_);
  if (name.empty())
    return send_error(json::error_code::not_joined,
                      "docName is missing, and the address names no document", {},
                      request.message_id);
  const bool is_sync = request.kind == json::request_kind::sync;
  if (is_sync && request.state_vector)
    if (const auto vector = crdt::state_vector::decode(*request.state_vector); !vector)
      return send_error(json::error_code::invalid_update,
                        "payload.stateVector: " + to_string(vector.error()), name,
                        request.message_id);
  joined_document* const document = find_joined(name);
  if (document != nullptr && (is_sync || document->by_sync))
    return send_request(*document, std::move(request), size);
  if (is_sync) return join(name, std::move(request), size);
  send_error(json::error_code::not_joined, "send a sync with this docName first", name,
             request.message_id);
}

/// Reading pauses until the directory has answered, so nothing overtakes the join.
void session::join(const std::string& document, json::request wanted, std::size_t size) {
  if (joined_.size() >= environment_->settings.documents_max)
    return send_error(json::error_code::too_many_documents, "on this connection", document,
                      wanted.message_id);
  is_opening_ = true;
  update_reading();
  request(environment_->directory, caf::infinite, open_document{document, id_, environment_->hub})
      .then(
          [this, document, wanted, size](const opened_document& opened) {
            on_opened(document, opened);
            if (joined_document* const joined = find_joined(document); joined && !is_closed_)
              send_request(*joined, wanted, size);
          },
          [this, document, id = wanted.message_id](const caf::error& why) {
            is_opening_ = false;
            if (is_closed_) return quit();
            const close_reason reason = to_close_reason(why);
            send_error(reason == close_reason::too_many_documents
                           ? json::error_code::too_many_documents
                           : json::error_code::document_unavailable,
                       troupe::describe(reason).text, document, id);
            update_reading();
          });
}

void session::send_request(joined_document& to, json::request wanted, std::size_t size) {
  if (!std::exchange(to.by_sync, true)) hear(to, dialect::json);
  const std::uint32_t weight = credit_weight(wanted.kind);
  tell(this, to.opened.document,
       client_request{id_, user_key(), std::make_shared<const json::request>(std::move(wanted)),
                      size});
  take_credit(to, weight, size);
}

void session::send_error(json::error_code code, std::string_view detail,
                         std::optional<std::string_view> document,
                         std::optional<std::string_view> message_id) {
  environment_->metrics->refused(code).inc();
  connection_->send(encode_frame(frame_kind::text,
                                 as_bytes(json::encode_error(code, detail, document, message_id))));
}

bool session::on_frame_too_large(frame_kind kind) {
  if (kind != frame_kind::text) return false;
  spoken_.insert(dialect::json);
  tokens_.spend(unit().now());
  send_error(json::error_code::message_too_large, {});
  return true;
}

void session::hear(joined_document& document, dialect spoken) {
  spoken_.insert(spoken);
  environment_->table->hear(document.opened.id, id_, spoken);
}

session::joined_document* session::own_document() noexcept {
  const bool has_one = !document_name_.empty() && !joined_.empty();
  return has_one ? &joined_.front() : nullptr;
}

session::joined_document* session::find_joined(std::string_view name) {
  const auto found = std::ranges::find(joined_, name, &joined_document::name);
  return found == joined_.end() ? nullptr : &*found;
}

session::joined_document* session::find_joined(document_id id) {
  const auto found =
      std::ranges::find(joined_, id, [](const joined_document& one) { return one.opened.id; });
  return found == joined_.end() ? nullptr : &*found;
}

/// Whose message ids: a user may reconnect, a session without a user is alone.
std::string session::user_key() const {
  return user_.empty() ? "session " + std::to_string(id_) : "user " + user_;
}

// --- output ---

void session::deliver(const frame_run& frames) { connection_->send(frames.bytes, frames.count); }

bool session::skips_presence(document_id document) {
  if (connection_->queued_bytes() <= environment_->settings.presence_skip_bytes) return false;
  if (std::ranges::find(presence_missed_, document) == presence_missed_.end())
    presence_missed_.push_back(document);
  environment_->metrics->presence_skipped().inc();
  return true;
}

void session::ask_for_missed_presence() {
  if (connection_->queued_bytes() > environment_->settings.presence_skip_bytes / 2) return;
  for (const document_id missed : std::exchange(presence_missed_, {}))
    for (const joined_document& document : joined_)
      if (document.opened.id == missed) tell(this, document.opened.document, presence_missed{id_});
}

void session::on_handled(document_id document, const deliver_batch::handled& progress) {
  if (joined_document* const from = find_joined(document); from != nullptr)
    give_back_credit(*from, progress.messages, progress.bytes);
}

void session::take_credit(joined_document& from, std::uint32_t messages, std::size_t bytes) {
  from.unhandled_messages += messages;
  from.unhandled_bytes += bytes;
  unhandled_messages_ += messages;
  unhandled_bytes_ += bytes;
  update_reading();
}

void session::give_back_credit(joined_document& to, std::uint32_t messages, std::size_t bytes) {
  const std::uint32_t given = std::min(messages, to.unhandled_messages);
  const std::size_t given_bytes = std::min(bytes, to.unhandled_bytes);
  to.unhandled_messages -= given;
  to.unhandled_bytes -= given_bytes;
  unhandled_messages_ -= given;
  unhandled_bytes_ -= given_bytes;
  update_reading();
}

// --- time ---

void session::on_pong() { last_pong_ = unit().now(); }

void session::on_second(time_point now) {
  if (is_closed_) return;
  connection_->tick(now);
  update_reading();
  if (!presence_missed_.empty()) ask_for_missed_presence();
  if (spoken_.contains(dialect::binary) && now - connection_->last_sent() >= keep_alive_after)
    connection_->send(keep_alive_frame());
  beat(now);
}

/// The heartbeat: a ping now and then, and an end to a peer that does not answer.
void session::beat(time_point now) {
  const session_settings& settings = environment_->settings;
  if (is_paused_) {  // pongs are not seen meanwhile
    last_pong_ = now;
    return;
  }
  if (now - last_pong_ >= settings.heartbeat_timeout)
    return connection_->terminate(close_reason::heartbeat_timeout);
  if (now - last_ping_ < settings.heartbeat_interval) return;
  last_ping_ = now;
  connection_->ping();
}

void session::update_reading() {
  if (is_closed_) return;
  const bool has_credit =
      unhandled_messages_ < unhandled_messages_max && unhandled_bytes_ < unhandled_bytes_max;
  // A JSON message without a token is answered with an error; a binary one waits.
  const bool has_token = !spoken_.contains(dialect::binary) || tokens_.has_token(unit().now());
  const bool has_room = connection_->queued_bytes() <= environment_->settings.reading_pause_bytes;
  if (!has_token || !has_room) look_again_soon();
  if (!has_token && !is_paused_) environment_->metrics->reading_paused().inc();
  const bool pause = is_opening_ || !has_credit || !has_token || !has_room;
  if (pause == is_paused_) return;
  is_paused_ = pause;
  if (pause)
    connection_->pause_reading();
  else
    connection_->resume_reading();
}

void session::look_again_soon() {
  if (std::exchange(looks_again_, true)) return;
  const auto delay =
      std::clamp(tokens_.wait_for_token(unit().now()), token_wait_min, token_wait_max);
  unit().call_later(delay, [this, keep = caf::strong_actor_ptr{ctrl()}] {
    in_actor([this] {
      looks_again_ = false;
      update_reading();
    });
  });
}

// --- the end ---

void session::close(close_reason reason) {
  if (!is_closed_) connection_->close(reason);
}

void session::on_document_failed(document_id document, close_reason reason) {
  joined_document* const failed = find_joined(document);
  if (failed == nullptr) return;
  if (failed == own_document()) return close(reason);
  send_error(json::error_code::document_unavailable, troupe::describe(reason).text, failed->name);
  environment_->table->unsubscribe(document, id_);
  // What it had of this session is answered no more.
  give_back_credit(*failed, failed->unhandled_messages, failed->unhandled_bytes);
  joined_.erase(joined_.begin() + (failed - joined_.data()));
}

void session::on_closed(close_reason reason) {
  is_closed_ = true;
  log_line(log_severity::debug, "session " + std::to_string(id_) +
                                    " ended: " + std::string{troupe::describe(reason).label});
  environment_->metrics->closed(reason).inc();
  // While the directory has not answered, a document may yet learn of us; then it must learn that
  // we left.
  if (!is_opening_) quit();
}

// --- for operators ---

session_info session::describe() const {
  const connection_counters& counted = connection_->counters();
  const auto pong_age = io_unit::clock::now() - last_pong_;
  session_info info;
  info.id = id_;
  info.user = user_;
  info.remote_address = connection_->remote_address();
  for (const joined_document& document : joined_) info.documents.push_back(document.name);
  info.speaks_binary = spoken_.contains(dialect::binary);
  info.speaks_json = spoken_.contains(dialect::json);
  info.connected_since = connected_since_;
  info.last_pong = std::chrono::system_clock::now() -
                   std::chrono::duration_cast<std::chrono::system_clock::duration>(pong_age);
  info.messages_in = counted.frames_in;
  info.messages_out = counted.frames_out;
  info.bytes_in = counted.bytes_in;
  info.bytes_out = counted.bytes_out;
  info.queued_bytes = connection_->queued_bytes();
  return info;
}

}  // namespace troupe
