#include "actors/session.hpp"

#include "actors/failure_codes.hpp"

namespace troupe {

namespace {

/// A y-websocket client drops a connection on which it hears nothing for 30 s.
constexpr std::chrono::seconds keep_alive_after{20};

/// How soon a session without tokens looks again: often enough to keep its rate, seldom enough to
/// cost nothing.
constexpr std::chrono::milliseconds token_wait_min{10};
constexpr std::chrono::milliseconds token_wait_max{200};

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
                 std::string document, std::shared_ptr<websocket_connection> connection)
    : io_actor(config, unit),
      environment_(std::move(environment)),
      id_(id),
      document_name_(std::move(document)),
      connection_(std::move(connection)),
      tokens_(static_cast<double>(environment_->settings.messages_per_second),
              static_cast<double>(environment_->settings.message_burst), unit.now()),
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
  if (opened_.document) tell(this, opened_.document, leave_document{id_});
  environment_->table->unsubscribe(opened_.id, id_);
  environment_->table->remove(id_);
  environment_->places->leave();
  environment_->metrics->sessions().dec();
  connection_.reset();
  opened_ = {};
  environment_.reset();
}

void session::on_open() {
  log_line(log_severity::debug, "session " + std::to_string(id_) + " from " +
                                    connection_->remote_address() + " opens document '" +
                                    document_name_ + "'");
  last_ping_ = last_pong_ = unit().now();
  is_opening_ = true;
  update_reading();
  request(environment_->directory, caf::infinite,
          open_document{document_name_, id_, environment_->hub})
      .then([this](const opened_document& opened) { on_opened(opened); },
            [this](const caf::error& why) {
              is_opening_ = false;
              if (is_closed_) return quit();
              close(to_close_reason(why));
            });
}

void session::on_opened(const opened_document& opened) {
  is_opening_ = false;
  opened_ = opened;
  if (is_closed_) return quit();
  if (!environment_->table->subscribe(opened_.id, id_)) return close(close_reason::document_failed);
  update_reading();
}

void session::on_frame(frame_kind kind, byte_view payload) {
  environment_->metrics->messages().inc();
  has_spoken_ = true;
  if (kind == frame_kind::text) return close(close_reason::unsupported_frame);
  const auto decoded = sync::decode_message(payload);
  if (!decoded) {
    log_line(log_severity::warning, "session " + std::to_string(id_) + " from " +
                                        connection_->remote_address() +
                                        " is closed: " + to_string(decoded.error()));
    return close(close_reason_for(decoded.error().code));
  }
  client_message message{id_, decoded->kind, shared_bytes::copy_of(payload), 0};
  if (!decoded->body.empty())
    message.body_offset = static_cast<std::uint32_t>(decoded->body.data() - payload.data());
  else
    message.body_offset = static_cast<std::uint32_t>(payload.size());
  tokens_.spend(unit().now());
  ++unhandled_messages_;
  unhandled_bytes_ += payload.size();
  tell(this, opened_.document, std::move(message));
  update_reading();
}

void session::on_pong() { last_pong_ = unit().now(); }

void session::on_closed(close_reason reason) {
  is_closed_ = true;
  log_line(log_severity::debug,
           "session " + std::to_string(id_) + " ended: " + std::string{describe(reason).label});
  environment_->metrics->closed(reason).inc();
  // While the directory has not answered, the document may yet learn of us; then it must learn that
  // we left.
  if (!is_opening_) quit();
}

void session::deliver(const shared_bytes& frame) {
  if (has_spoken_ && !is_closed_) connection_->send(frame);
}

void session::on_handled(const deliver_batch::handled& progress) {
  unhandled_messages_ -= std::min(progress.messages, unhandled_messages_);
  unhandled_bytes_ -= std::min(progress.bytes, unhandled_bytes_);
  update_reading();
}

void session::on_second(time_point now) {
  if (is_closed_) return;
  connection_->tick(now);
  update_reading();
  if (has_spoken_ && now - connection_->last_sent() >= keep_alive_after)
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
  const bool has_token = tokens_.has_token(unit().now());
  if (!has_token) look_again_with_token();
  const bool pause = is_opening_ || !has_credit || !has_token;
  if (pause == is_paused_) return;
  is_paused_ = pause;
  if (pause)
    connection_->pause_reading();
  else
    connection_->resume_reading();
}

void session::look_again_with_token() {
  if (std::exchange(waits_for_token_, true)) return;
  const auto delay =
      std::clamp(tokens_.wait_for_token(unit().now()), token_wait_min, token_wait_max);
  unit().call_later(delay, [this, keep = caf::strong_actor_ptr{ctrl()}] {
    in_actor([this] {
      waits_for_token_ = false;
      update_reading();
    });
  });
}

void session::close(close_reason reason) {
  if (!is_closed_) connection_->close(reason);
}

}  // namespace troupe
